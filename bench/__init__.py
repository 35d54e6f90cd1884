"""Speed checks of the project: every number is a ratio inside one run, or CPU time of one process."""
