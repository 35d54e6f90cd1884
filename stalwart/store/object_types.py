"""The type numbers of objects of accounts. They are in databases: a number never changes and is never used again."""

from __future__ import annotations

from typing import Final

MAILBOX: Final = 1
EMAIL: Final = 2
THREAD: Final = 3
