"""iCalendar feeds: read what a channel publishes, publish what the hub holds."""
