"""Memory a device and FLOPs of a training step: python -m flanlike.plan (see `training.plan`)."""

import signal

from flanlike.training import plan

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    plan.main()
