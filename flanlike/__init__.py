"""Instruction tuning in the manner of FLAN: registry, templates, mixtures, models and trainer."""
