"""A run's folder, and where its model comes from."""
