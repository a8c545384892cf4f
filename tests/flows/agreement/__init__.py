"""Games in which the hub, people at Google and everything that can go wrong play at random."""
