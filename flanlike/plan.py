"""Memory a device and FLOPs of a training step: python -m flanlike.plan (see `training.plan`)."""

from flanlike.training import plan_command

if __name__ == "__main__":
    plan_command.main()
