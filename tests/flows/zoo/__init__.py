"""Weeks of a property whose channels, guests and faults are played: the drivers behind test_zoo."""
