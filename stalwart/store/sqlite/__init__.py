"""SQLite as the embedded engine: one file, write-ahead log, blobs beside it."""
