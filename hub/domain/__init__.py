"""What is true whatever the storage: pure decisions, without I/O and without a clock."""
