"""Three sample channels, played by a local server for the demo and the tour."""
