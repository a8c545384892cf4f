"""Google Calendar: calendars that are read and written event by event."""
