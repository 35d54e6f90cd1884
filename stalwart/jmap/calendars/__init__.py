"""JMAP for Calendars: calendars, events, who takes part (draft-ietf-jmap-calendars)."""
