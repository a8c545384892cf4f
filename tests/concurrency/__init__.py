"""What many do at once: load, races, and what they look like when a safeguard is taken away."""
