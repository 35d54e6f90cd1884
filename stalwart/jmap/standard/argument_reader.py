"""Reads the arguments of one call by name and exact JSON type (RFC 8620 1.3, 3.6.2).

``null`` is the same as absent. Numbers are integers that a double holds exactly; a boolean is no number. What no one
asked for stays in ``rest``: arguments of the type's own, or of nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.jmap.errors import MethodError

LARGEST_INTEGER = (1 << 53) - 1  # RFC 8620 1.3

_LONGEST_CREATION_ID = 255  # RFC 8620 1.2


class ArgumentReader:
    """Takes arguments out of ``given`` one by one; every method raises ``MethodError`` ``invalidArguments``."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.rest = dict(given)

    def text(self, name: str) -> str | None:
        """A String."""
        return self._take(name, str, "a string")

    def required_text(self, name: str) -> str:
        """A String that must be there."""
        found = self.text(name)
        if found is None:
            raise invalid(name, "is missing")
        return found

    def flag(self, name: str) -> bool:
        """A Boolean, false by default."""
        return bool(self._take(name, bool, "true or false"))

    def integer(self, name: str) -> int | None:
        """An Int."""
        value = self.rest.pop(name, None)
        if value is None:
            return None
        if type(value) is not int or abs(value) > LARGEST_INTEGER:
            raise invalid(name, "must be an integer")
        return value

    def unsigned(self, name: str, least: int = 0) -> int | None:
        """An UnsignedInt of at least ``least``."""
        value = self.integer(name)
        if value is not None and value < least:
            raise invalid(name, f"must be {least} or more")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of Strings."""
        found = self._take(name, list, "a list of strings")
        if found is not None and not all(isinstance(each, str) for each in found):
            raise invalid(name, "must be a list of strings")
        return found

    def object(self, name: str) -> dict[str, Any] | None:
        """An object."""
        return self._take(name, dict, "an object")

    def objects(self, name: str) -> list[dict[str, Any]] | None:
        """A list of objects."""
        found = self._take(name, list, "a list of objects")
        if found is not None and not all(isinstance(each, dict) for each in found):
            raise invalid(name, "must be a list of objects")
        return found

    def object_map(self, name: str) -> dict[str, dict[str, Any]]:
        """An object of objects, empty by default."""
        found = self.object(name) or {}
        if not all(isinstance(each, dict) for each in found.values()):
            raise invalid(name, "must be an object whose values are objects")
        return found

    def creations(self, name: str) -> dict[str, dict[str, Any]]:
        """Objects to be made, by creation id."""
        found = self.object_map(name)
        if not all(0 < len(creation_id) <= _LONGEST_CREATION_ID for creation_id in found):
            raise invalid(name, f"must have creation ids of 1 to {_LONGEST_CREATION_ID} characters")
        return found

    def _take(self, name: str, kind: type, wanted: str) -> Any:
        value = self.rest.pop(name, None)
        if value is not None and not isinstance(value, kind):
            raise invalid(name, f"must be {wanted}")
        return value


def invalid(name: str, rule: str) -> MethodError:
    """The error for one argument: which one, and the rule that it breaks."""
    return MethodError("invalidArguments", f'The argument "{name[:255]}" {rule}.')
