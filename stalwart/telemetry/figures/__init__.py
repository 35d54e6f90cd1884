"""Figures at a moment: where they come from, under which names, and how they are written."""
