"""What an addressbook-query asks for, as values: its filter (RFC 6352 10.5) and which part of the card to give
(RFC 6352 10.4).

Names are in upper case; the name of a property may carry a group, ``ITEM1.EMAIL``. What these mean for a card is said
elsewhere.
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.dav.text_match import ParamFilter as ParamFilter
from stalwart.codec.dav.text_match import Test as Test
from stalwart.codec.dav.text_match import TextMatch as TextMatch


@frozen
class PropFilter:
    """A property: there (nothing else is given), not there (``absent``), or there and as told, by ``test``."""

    name: str
    absent: bool = False
    text_matches: tuple[TextMatch, ...] = ()
    params: tuple[ParamFilter, ...] = ()
    test: Test = "anyof"


@frozen
class Filter:
    """All that is told of a card; without properties every card is meant."""

    props: tuple[PropFilter, ...] = ()
    test: Test = "anyof"


@frozen
class PropSelection:
    """A property to be given, without its value if ``novalue``."""

    name: str
    novalue: bool = False


@frozen
class AddressData:
    """An ``address-data`` of a request: no properties means the whole card; None where it says no type or version."""

    props: tuple[PropSelection, ...] = ()
    content_type: str | None = None
    version: str | None = None
