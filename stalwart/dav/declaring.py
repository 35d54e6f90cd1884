"""Declaring what DAV can do: a function under ``@method``, ``@prop`` or ``@report`` is all that a new one needs.

Decorators make frozen values, which ``collect`` finds in the packages ``methods``, ``properties`` and ``reports``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Flag, auto
from functools import cache
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.names import Name, name
from stalwart.dav.asking import Asking
from stalwart.schema import collect
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer, EventStream

Handler = Callable[[Asking], Awaitable[Answer | EventStream]]


class On(Flag):
    """What a property is on."""

    SERVICE = auto()  # /dav/cal and the like
    HOME = auto()
    CALENDAR = auto()
    EVENT = auto()
    BOOK = auto()
    CARD = auto()
    FOLDER = auto()
    FILE = auto()
    INBOX = auto()
    OUTBOX = auto()
    NOTICE = auto()  # what is in the inbox
    PRINCIPAL = auto()
    COLLECTION = CALENDAR | BOOK | FOLDER
    ITEM = EVENT | CARD | FILE
    KEPT = COLLECTION | ITEM
    SCHEDULING = INBOX | OUTBOX


_NOWHERE: Final = On(0)


@frozen
class Method:
    """A method of HTTP or DAV. It answers, or raises what ``refusals.translated`` knows."""

    names: tuple[str, ...]
    handler: Handler
    made_in: str


def method(*names: str) -> Callable[[Handler], Method]:
    """Declare ``async (asking) -> Answer`` as what these methods do."""
    return lambda handler: Method(names, handler, handler.__module__)


FromRow = Callable[[Member], bytes | None]


@frozen
class Property:
    """A live property. ``value(shown)`` is its whole element as a fragment, None where the resource has it not.

    ``data_on`` is where it is made of what lists have not without being asked for (``Member.data``). Where it is
    ``alike`` all members of a listing have the same; on ``rows_on``, ``of_row`` makes it of the row of a member alone.
    Where it is ``lasting`` it changes only with the state of what is listed, so that answers can be kept.
    """

    name: Name
    on: On
    all_on: On
    value: Callable[[Any], bytes | None]
    spec: str
    made_in: str
    data_on: On = _NOWHERE
    alike: On = _NOWHERE
    rows_on: On = _NOWHERE
    of_row: FromRow | None = None
    lasting: On = _NOWHERE


def prop(
    called: str,
    *,
    on: On,
    all_on: On = _NOWHERE,
    needs_data: bool = False,
    alike: On = _NOWHERE,
    lasting: On = _NOWHERE,
    rows_on: On = _NOWHERE,
    of_row: FromRow | None = None,
    spec: str,
) -> Callable[[Callable[[Any], bytes | None]], Property]:
    """Declare a function ``(Shown) -> fragment | None`` as the property ``called`` (``D:getetag``).

    ``all_on`` is where ``allprop`` has it too.
    """
    data_on = on if needs_data else _NOWHERE
    ways = (alike, rows_on, of_row, lasting)
    return lambda value: Property(name(called), on, all_on, value, spec, value.__module__, data_on, *ways)


def row_prop(
    called: str, *, on: On, all_on: On = _NOWHERE, data_on: On = _NOWHERE, spec: str
) -> Callable[[FromRow], Property]:
    """Declare a function ``(Member) -> fragment | None`` as the property: one that is in the row of a member, which
    long lists are written of.
    """

    def declared(of_row: FromRow) -> Property:
        def value(shown: Any) -> bytes | None:
            return None if shown.member is None else of_row(shown.member)

        return Property(
            *(name(called), on, all_on, value, spec, of_row.__module__, data_on),
            rows_on=on,
            of_row=of_row,
            lasting=on,
        )

    return declared


@frozen
class Setter:
    """How PROPPATCH, MKCOL and MKCALENDAR change a live property. ``work(change, element)`` takes down what is to be,
    None where the property is to go, or raises ``changing.Unsettable``.
    """

    name: Name
    on: On
    work: Callable[[Any, Element | None], None]
    made_in: str


def setter(called: str, *, on: On) -> Callable[[Callable[[Any, Element | None], None]], Setter]:
    """Declare a function ``(Change, element or None)`` as what sets the property ``called``."""
    return lambda work: Setter(name(called), on, work, work.__module__)


@frozen
class Report:
    """What REPORT answers to a body of the type ``asked`` (``codec.dav.reports``)."""

    asked: type
    handler: Callable[[Asking, Any], Awaitable[Any]]
    made_in: str


def report(asked: type) -> Callable[[Callable[[Asking, Any], Awaitable[Any]]], Report]:
    """Declare ``async (asking, asked) -> Answer`` as the report."""
    return lambda handler: Report(asked, handler, handler.__module__)


@cache
def methods() -> dict[str, Handler]:
    """All methods by name."""
    found: list[Method] = collect("stalwart.dav.methods", Method)
    return {name: each.handler for each in found for name in each.names}


@cache
def properties() -> dict[Name, Property]:
    """All live properties by name, in the order of their declaration."""
    found: list[Property] = collect("stalwart.dav.properties", Property)
    return {each.name: each for each in found}


@cache
def setters() -> dict[Name, Setter]:
    """What sets properties, by their names."""
    found: list[Setter] = collect("stalwart.dav.properties", Setter)
    return {each.name: each for each in found}


@cache
def reports() -> dict[type, Callable[[Asking, Any], Awaitable[Any]]]:
    """All reports by what is asked."""
    found: list[Report] = collect("stalwart.dav.reports", Report)
    return {each.asked: each.handler for each in found}
