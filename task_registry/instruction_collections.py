"""Collections whose rows bring an instruction of their own, for tasks of every cluster."""

TASKS = []
