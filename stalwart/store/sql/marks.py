"""The marks in a statement that stand for the values of rows."""

from __future__ import annotations

import functools
from typing import Final

LONGEST_INSERT: Final = 64
"""Rows that one statement adds."""


@functools.cache
def marks(columns: int, rows: int = 1) -> str:
    """Those of so many rows: ``(?, ?), (?, ?)``."""
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)
