"""Events and tasks as JSCalendar 2 has them (draft-ietf-calext-jscalendarbis): read from iCalendar, written as it."""
