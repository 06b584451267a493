"""Working calendars: when work goes on, by which calendar, in which version."""
