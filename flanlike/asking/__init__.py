"""Putting questions to one model: on a terminal, from a command line, or many in a file."""
