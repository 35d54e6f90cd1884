"""Bodies of REPORT as values: ``read_report`` knows them all; here are those that are no queries of data.

sync-collection is RFC 6578 3, expand-property RFC 3253 3.8, those of principals and access control are RFC 3744 9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import frozen

from stalwart.codec.dav.addressbook_reports import (
    AddressbookMultiget,
    AddressbookQuery,
    addressbook_multiget,
    addressbook_query,
)
from stalwart.codec.dav.calendar_reports import (
    CalendarMultiget,
    CalendarQuery,
    FreeBusyQuery,
    calendar_multiget,
    calendar_query,
    free_busy_query,
    result_limit,
)
from stalwart.codec.dav.elements import Element, read_document
from stalwart.codec.dav.errors import MalformedXml, UnknownReport
from stalwart.codec.dav.names import DAV, Name, name, qualified
from stalwart.codec.dav.property_request import MOST_NAMES, PropertyRequest, property_request

_MOST_SEARCHES = 16


@frozen
class SyncCollection:
    """What has changed since ``token`` (empty: everything is new), of members only or of all that is below."""

    request: PropertyRequest | None
    token: str
    infinite: bool = False
    limit: int | None = None


@frozen
class ExpandedProperty:
    """A property, and what is wanted of the resources that it names."""

    name: Name
    properties: tuple[ExpandedProperty, ...] = ()


@frozen
class ExpandProperty:
    """Properties, some of them with properties of what they name."""

    properties: tuple[ExpandedProperty, ...]


@frozen
class AclPrincipalPropSet:
    """Properties of all who stand in the access control list."""

    request: PropertyRequest | None


@frozen
class PrincipalMatch:
    """What belongs to the one who asks; ``property`` names who that is on a resource, None means principals."""

    request: PropertyRequest | None
    property: Name | None = None


@frozen
class PropertySearch:
    """Properties of which one is to have ``match`` in it."""

    names: tuple[Name, ...]
    match: str


@frozen
class PrincipalPropertySearch:
    """Principals of which all (or any) of ``searches`` are true."""

    request: PropertyRequest | None
    searches: tuple[PropertySearch, ...]
    test: Literal["allof", "anyof"] = "allof"
    everywhere: bool = False  # in the whole collection of principals, whatever the request-URI


@frozen
class PrincipalSearchPropertySet:
    """By which properties principals can be found."""


Report: TypeAlias = (
    SyncCollection
    | ExpandProperty
    | AclPrincipalPropSet
    | PrincipalMatch
    | PrincipalPropertySearch
    | PrincipalSearchPropertySet
    | CalendarQuery
    | CalendarMultiget
    | FreeBusyQuery
    | AddressbookQuery
    | AddressbookMultiget
)


def read_report(body: bytes) -> Report:
    """What a REPORT asks for.

    :raises MalformedXml: it is no XML that is taken, or lacks what the report needs.
    :raises UnknownReport: nobody knows this report.
    :raises UnmetCondition: a named precondition fails.
    """
    root = read_document(body)
    reader = _READERS.get(root.name)
    if reader is None:
        raise UnknownReport(f"There is no report {str(root.name)[:100]}.")
    return reader(root)


def report_names() -> tuple[Name, ...]:
    """The reports that are known."""
    return tuple(_READERS)


def _sync_collection(root: Element) -> SyncCollection:
    token, level = root.first(name("D:sync-token")), root.first(name("D:sync-level"))
    # A client that leaves the level out means members.
    depth = "1" if level is None else level.text.strip().lower()
    if depth not in ("1", "infinite", "infinity"):
        raise MalformedXml("sync-level is 1 or infinite.")
    return SyncCollection(
        property_request(root),
        "" if token is None else token.text.strip(),
        infinite=depth != "1",
        limit=result_limit(root, "D:limit", "D:nresults"),
    )


def _expand_property(root: Element) -> ExpandProperty:
    properties = _expanded(root)
    if _count(properties) > MOST_NAMES:
        raise MalformedXml("The body names too many properties.")
    return ExpandProperty(properties)


def _count(properties: tuple[ExpandedProperty, ...]) -> int:
    return sum(1 + _count(each.properties) for each in properties)


def _expanded(element: Element) -> tuple[ExpandedProperty, ...]:
    found = []
    for prop in element.all(name("D:property")):
        called = prop.attribute("name")
        if not called:
            raise MalformedXml("A property that is to be expanded has no name.")
        namespace = prop.attribute("namespace")
        found.append(ExpandedProperty(qualified(DAV if namespace is None else namespace, called), _expanded(prop)))
    return tuple(found)


def _acl_principal_prop_set(root: Element) -> AclPrincipalPropSet:
    return AclPrincipalPropSet(property_request(root))


def _principal_match(root: Element) -> PrincipalMatch:
    holder = root.first(name("D:principal-property"))
    children = [] if holder is None else holder.children
    return PrincipalMatch(property_request(root), children[0].name if children else None)


def _principal_property_search(root: Element) -> PrincipalPropertySearch:
    searches = []
    for search in root.all(name("D:property-search")):
        prop, match = search.first(name("D:prop")), search.first(name("D:match"))
        if prop is None or match is None:
            raise MalformedXml("A property-search needs prop and match.")
        searches.append(PropertySearch(tuple(child.name for child in prop.children), match.text.strip()))
    if len(searches) > _MOST_SEARCHES:
        raise MalformedXml("The body searches for too much.")
    if not searches:
        raise MalformedXml("The body searches for nothing: property-search is missing.")
    return PrincipalPropertySearch(
        property_request(root),
        tuple(searches),
        test="anyof" if root.attribute("test") == "anyof" else "allof",
        everywhere=root.first(name("D:apply-to-principal-collection-set")) is not None,
    )


def _principal_search_property_set(_: Element) -> PrincipalSearchPropertySet:
    return PrincipalSearchPropertySet()


_READERS: dict[Name, Callable[[Element], Report]] = {
    name("D:sync-collection"): _sync_collection,
    name("D:expand-property"): _expand_property,
    name("D:acl-principal-prop-set"): _acl_principal_prop_set,
    name("D:principal-match"): _principal_match,
    name("D:principal-property-search"): _principal_property_search,
    name("D:principal-search-property-set"): _principal_search_property_set,
    name("A:calendar-query"): calendar_query,
    name("A:calendar-multiget"): calendar_multiget,
    name("A:free-busy-query"): free_busy_query,
    name("B:addressbook-query"): addressbook_query,
    name("B:addressbook-multiget"): addressbook_multiget,
}
