"""What is mixed, how often, and what is held out."""
