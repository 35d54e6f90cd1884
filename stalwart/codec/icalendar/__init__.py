"""iCalendar (RFC 5545): lines, components, values, zones, recurrence; pure, bounded, byte for byte what was read."""
