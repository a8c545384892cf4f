"""Every type of conflict, from both of its sides, over feeds and calendars of both directions."""
