"""Network: listeners, the HTTP service, name resolution, who is kept out (settings C.2)."""
