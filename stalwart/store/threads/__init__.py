"""Runs the SQL repositories in threads: one writer with group commit, several readers; the same for every engine."""
