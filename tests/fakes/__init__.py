"""Remotes for tests, served on loopback."""
