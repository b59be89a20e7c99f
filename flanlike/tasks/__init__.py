"""What a task and a template are, and their registry."""
