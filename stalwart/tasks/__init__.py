"""Background tasks: work that is stored as an x:Task and done later, however often the server starts meanwhile."""
