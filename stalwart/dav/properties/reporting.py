"""Which reports a resource answers (RFC 3253 3.1.5, spec/dav.md 6.1, 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.codec.dav.fragments import supported_report_set
from stalwart.codec.dav.names import Name, name
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown

_SHARED = ("D:sync-collection", "D:acl-principal-prop-set", "D:principal-match")
_CALENDARS = ("A:calendar-query", "A:calendar-multiget", "A:free-busy-query")
_BOOKS = ("B:addressbook-query", "B:addressbook-multiget")


def _named(*called: str) -> tuple[Name, ...]:
    return tuple(map(name, called))


_OF_SERVICES: Final[Mapping[str, tuple[Name, ...]]] = {
    "cal": _named(*_SHARED, "D:expand-property", *_CALENDARS),
    "card": _named(*_SHARED, "D:expand-property", *_BOOKS),
    "file": _named(*_SHARED),
    "itip": _named("D:sync-collection", "A:calendar-query", "A:calendar-multiget"),
    "pal": _named("D:principal-property-search", "D:principal-search-property-set", "D:principal-match"),
}
_ON: Final = On.SERVICE | On.HOME | On.COLLECTION | On.SCHEDULING | On.PRINCIPAL


@prop("D:supported-report-set", on=_ON, all_on=On.HOME | On.PRINCIPAL, alike=_ON, lasting=_ON, spec="RFC 3253 3.1.5")
def supported_reports(shown: Shown) -> bytes | None:
    """The reports of its service."""
    return supported_report_set(_OF_SERVICES[shown.href.split(b"/", 3)[2].decode()])
