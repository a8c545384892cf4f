"""
Calendars that are read and written, at a service of our own; and the server that plays it, and a zoo of iCal
channels with their quirks and faults: for the demo and the tour, and driven by tests.
"""
