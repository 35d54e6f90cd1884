"""By what cards can be looked for and sorted (RFC 9610 3.3); ``querying`` carries it out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from stalwart.codec.jscontact.terms import folded_term
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.scalars import Id, PropertyType, String
from stalwart.jmap.standard.sorting import Sort

_TEXT: Final = String(most=1024)
_PHRASES: Final = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|(\S+)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
OF_TEXT: Final[Mapping[str, str]] = {
    "name": "name",
    "nickname": "nicknames",
    "organization": "organizations",
    "email": "emails",
    "phone": "phones",
    "onlineService": "onlineServices",
    "address": "addresses",
    "note": "notes",
}
"""Conditions that look into one field of what is indexed, and the property that this is about."""
OF_NAME: Final[Mapping[str, str]] = {"name/given": "given", "name/surname": "surname", "name/surname2": "surname2"}
"""Conditions and sorts that are about one component of the name."""


def _on(name: str, type: PropertyType = _TEXT, *, searches: bool = False) -> Condition:
    return Condition(type, None, (name,), searches=searches)


def tokens(text: str) -> list[str]:
    """The folded texts that all have to be there: words, and phrases that are quoted (RFC 9610 3.3.1)."""
    found = []
    for one, other, word in _PHRASES.findall(text):
        phrase = _ESCAPED.sub(r"\1", one or other) if one or other else word
        found.append(folded_term(phrase))
    return list(dict.fromkeys(each for each in found if each))


CONDITIONS: Final[Mapping[str, Condition]] = {
    "inAddressBook": _on("addressBookIds", Id()),
    "uid": _on("uid"),
    "hasMember": _on("members", searches=True),
    "kind": _on("kind"),
    **{f"{name}{when}": _on(name, UTCDate()) for name in ("created", "updated") for when in ("Before", "After")},
    "text": Condition(_TEXT, None, tuple(OF_TEXT.values()), searches=True),
    **{name: _on(property, searches=True) for name, property in OF_TEXT.items()},
    **{name: _on("name", searches=True) for name in OF_NAME},
}


SORTS: Final[Mapping[str, Sort]] = {
    **{name: Sort(None, (name,)) for name in ("created", "updated")},
    **{name: Sort(None, ("name",)) for name in OF_NAME},
}
