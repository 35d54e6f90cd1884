"""Addresses in the objects of sending: EmailAddress (RFC 8621 4.1.2.3) and what can stand in an envelope."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path
from stalwart.jmap.standard.scalars import PropertyType, Unfit

_LONGEST_NAME: Final = 1000
_MEMBERS = frozenset(("name", "email"))


def path_of(address: str) -> Path | None:
    """The path of an address, None if it is none that mail can go to."""
    try:
        path, rest = forward_path(f"<{address}>")
    except InvalidPath:
        return None
    return path if not rest and path.domain else None


@frozen
class EmailAddress(PropertyType):
    """An address that mail can go to, with a name or without."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, dict) or not _MEMBERS.issuperset(value):
            raise Unfit("must be an object with a name and an email")
        name, email = value.get("name"), value.get("email")
        if not (name is None or (isinstance(name, str) and len(name) <= _LONGEST_NAME)):
            raise Unfit(f"must be a string of at most {_LONGEST_NAME} characters, or null", ("name",))
        if not isinstance(email, str) or path_of(email) is None:
            raise Unfit("must be an address such as jane@example.com", ("email",))
        return {"name": name, "email": email}
