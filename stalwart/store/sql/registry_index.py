"""The index of settings objects, kept in step with them: rows of (type, property, value, id)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from stalwart.store.registry import Indexed
from stalwart.store.sql.lists import insert_new
from stalwart.store.sql.session import Session

_INSERT = "INSERT INTO registry_index(type, property, value, id)"
_REBUILT_AT_ONCE = 512


class RegistryIndex:
    """Writes ``registry_index``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, type: str, id: int, rows: Iterable[Indexed]) -> None:
        """Add rows of an object."""
        insert_new(self._session, _INSERT, [(type, property, value, id) for property, value in rows])

    def replace(self, type: str, id: int, rows: set[Indexed]) -> None:
        """Make ``rows`` the rows of an object, touching only those that differ."""
        held = set(self._session.all("SELECT property, value FROM registry_index WHERE type = ? AND id = ?", type, id))
        for property, value in held - rows:
            self._session.later(
                "DELETE FROM registry_index WHERE type = ? AND property = ? AND value = ? AND id = ?",
                *(type, property, value, id),
            )
        self.add(type, id, rows - held)

    def remove(self, type: str, id: int) -> None:
        """Remove the rows of an object."""
        self._session.later("DELETE FROM registry_index WHERE type = ? AND id = ?", type, id)

    def forms(self) -> dict[str, str]:
        """How the rows of each type were made."""
        return dict(self._session.all("SELECT type, form FROM registry_index_form"))

    def rebuild(self, type: str, form: str, rows: Iterable[tuple[int, str, str]]) -> None:
        """Replace all rows of a type."""
        self._session.later("DELETE FROM registry_index WHERE type = ?", type)
        waiting = ((type, property, value, id) for id, property, value in rows)
        while chunk := list(islice(waiting, _REBUILT_AT_ONCE)):
            insert_new(self._session, _INSERT, chunk)
        self._session.later(
            "INSERT INTO registry_index_form(type, form) VALUES (?, ?)"
            " ON CONFLICT (type) DO UPDATE SET form = excluded.form",
            *(type, form),
        )
