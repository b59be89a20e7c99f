"""Rows and records, wherever they come from."""
