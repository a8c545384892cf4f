"""A zoo of channels with their quirks and faults: served for the demo and the tour, driven by tests."""
