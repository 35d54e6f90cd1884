"""Which properties a response has, and where each comes from: the live ones that are declared, dead ones as stored.

A response is one template; properties of lists are asked for member by member, in the order of the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from attrs import frozen

from stalwart.codec.dav.multistatus import empty, found_and_missing, property_response
from stalwart.codec.dav.names import Name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.dav.declaring import On, Property, properties
from stalwart.dav.shown import Shown
from stalwart.groupware.traits import DEAD


@frozen
class Plan:
    """What is to be written of resources of one sort: live properties, or names of what there is no declaration for."""

    columns: tuple[Property | Name, ...]
    dead: bool
    names_only: bool


@lru_cache(maxsize=1024)
def plan(wanted: PropertyRequest, on: On) -> Plan:
    """What resources of a sort are to show."""
    declared = properties()
    if wanted.kind == "propname":
        return Plan(tuple(each for each in declared.values() if on in each.on), True, True)
    columns: list[Property | Name] = []
    if wanted.kind == "allprop":
        columns += (each for each in declared.values() if on in each.all_on)
    for called in wanted.names:
        live = declared.get(called)
        columns.append(live if live is not None and on in live.on else called)
    return Plan(tuple(dict.fromkeys(columns)), wanted.kind == "allprop", False)


def needs_data(wanted: PropertyRequest, on: On = ~On(0)) -> bool:
    """Whether lists have to be read with the data of their members, or of those of some sorts."""
    if wanted.kind != "prop":
        return True
    declared = properties()
    return any(called not in declared or declared[called].data_on & on for called in wanted.names)


@frozen
class Described:
    """What was found of a resource, (name, fragment), and what it has not."""

    found: list[tuple[Name, bytes]]
    missing: list[Name]


def described(shown: Shown) -> Described:
    """What was asked for of one resource."""
    wanted = plan(shown.wanted, shown.on)
    dead = {Name(*each[:2]): each[2].encode() for each in shown.data.get(DEAD, ())}
    found: list[tuple[Name, bytes]] = []
    missing: list[Name] = []
    for column in wanted.columns:
        if isinstance(column, Property):
            called = column.name
            value = empty(called) if wanted.names_only else column.value(shown)
        else:
            called, value = column, dead.get(column)
        if value is not None:
            found.append((called, value))
        elif called in shown.wanted.names:
            missing.append(called)
    if wanted.dead:
        found += ((called, empty(called) if wanted.names_only else value) for called, value in dead.items())
    return Described(found, missing)


def response(shown: Shown, *, minimal: bool = False) -> bytes:
    """The response with what was asked for of one resource."""
    return written(shown, described(shown), minimal=minimal)


def written(shown: Shown, what: Described, *, minimal: bool = False) -> bytes:
    """The response with this."""
    missing_first = shown.on in On.HOME | On.PRINCIPAL  # as it always was there (spec/dav.md 4.2)
    values = (value for _, value in what.found)
    propstats = found_and_missing(values, what.missing, minimal=minimal, missing_first=missing_first)
    return property_response(shown.href, propstats)


def responses(shown: Sequence[Shown], *, minimal: bool = False) -> list[bytes]:
    """The same of several."""
    return [response(each, minimal=minimal) for each in shown]
