"""Where events are written on this machine, and read back: log files, the journal."""
