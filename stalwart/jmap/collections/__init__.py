"""What address books and calendars have in common over JMAP (RFC 9610 2, draft-ietf-jmap-calendars 4)."""
