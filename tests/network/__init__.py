"""What only a network of its own can prove: the system's resolver, real addresses, names that change."""
