"""What is left after something was killed or emptied in the middle of work."""
