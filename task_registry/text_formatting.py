"""Text formatting: letter case, punctuation and the spaces between words."""

TASKS = []
