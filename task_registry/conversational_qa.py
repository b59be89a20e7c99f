"""Questions in a conversation: what is asked leans on what was asked before."""

TASKS = []
