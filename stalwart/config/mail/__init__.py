"""Mail transport: routes, schedules, throttles, the stages of an inbound session (settings C.7, C.8)."""
