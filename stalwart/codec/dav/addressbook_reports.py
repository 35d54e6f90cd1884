"""Bodies of addressbook-query and addressbook-multiget as values (RFC 6352 8.6, 8.7).

An unknown collation fails the precondition ``B:supported-collation``, a filter that makes no sense
``B:supported-filter``.
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.dav.calendar_reports import check_size, hrefs, result_limit, text_match
from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.errors import UnmetCondition
from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import PropertyRequest, property_request
from stalwart.codec.dav.text_match import UNICODE_CASEMAP, TextMatch
from stalwart.codec.vcard.conditions import Filter, ParamFilter, PropFilter, Test

_PROP_FILTER, _PARAM_FILTER = name("B:prop-filter"), name("B:param-filter")
_TEXT_MATCH, _ABSENT = name("B:text-match"), name("B:is-not-defined")
_COLLATION, _SUPPORTED = name("B:supported-collation"), name("B:supported-filter")


@frozen
class AddressbookQuery:
    """The cards of an address book that ``filter`` means."""

    request: PropertyRequest | None
    filter: Filter
    limit: int | None = None


@frozen
class AddressbookMultiget:
    """The cards at ``hrefs``, which are as they were written."""

    request: PropertyRequest | None
    hrefs: tuple[str, ...]


def addressbook_query(root: Element) -> AddressbookQuery:
    """The query that ``root`` is; one without a filter means every card.

    :raises UnmetCondition: its filter is none, or compares in a way that is not known.
    """
    found = root.first(name("B:filter"))
    if found is not None:
        check_size(found, _SUPPORTED)
    return AddressbookQuery(
        property_request(root),
        Filter() if found is None else Filter(tuple(map(_prop_filter, found.all(_PROP_FILTER))), _test(found)),
        limit=result_limit(root, "B:limit", "B:nresults"),
    )


def addressbook_multiget(root: Element) -> AddressbookMultiget:
    """The request that ``root`` is."""
    return AddressbookMultiget(property_request(root), hrefs(root))


def _prop_filter(element: Element) -> PropFilter:
    return PropFilter(
        _name(element),
        absent=element.first(_ABSENT) is not None,
        text_matches=tuple(map(_match, element.all(_TEXT_MATCH))),
        params=tuple(map(_param_filter, element.all(_PARAM_FILTER))),
        test=_test(element),
    )


def _param_filter(element: Element) -> ParamFilter:
    text = element.first(_TEXT_MATCH)
    return ParamFilter(_name(element), element.first(_ABSENT) is not None, None if text is None else _match(text))


def _match(element: Element) -> TextMatch:
    return text_match(element, UNICODE_CASEMAP, _COLLATION)


def _test(element: Element) -> Test:
    # RFC 6352 10.5: anyof is the default.
    return "allof" if element.attribute("test") == "allof" else "anyof"


def _name(element: Element) -> str:
    called = element.attribute("name")
    if not called:
        raise UnmetCondition(_SUPPORTED, f"{element.name} has no name.")
    return called.upper()
