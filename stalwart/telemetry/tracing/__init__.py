"""What happens, event by event: for those who watch, and for those who look later."""
