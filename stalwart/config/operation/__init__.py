"""Operation: setting up, web applications, actions and background tasks (settings C.12)."""
