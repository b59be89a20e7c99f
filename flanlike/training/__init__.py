"""A step of training, and the loop around it."""
