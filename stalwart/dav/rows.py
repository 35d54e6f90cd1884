"""Long lists: members of a collection from the columns of their rows, by one template for each sort of member.

What is the same for all of a listing is written once; what a row has is put in; only for what needs more than the row,
a member is looked at as a resource of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Final

from stalwart.codec.dav.multistatus import data_element, empty, found_and_missing, property_response
from stalwart.codec.dav.names import Name
from stalwart.codec.dav.paths import encode_segment, href
from stalwart.codec.dav.property_request import ADDRESS_DATA, CALENDAR_DATA, PropertyRequest
from stalwart.codec.dav.rights import Rights
from stalwart.dav.declaring import On, Property, properties
from stalwart.dav.responses import plan
from stalwart.dav.shown import Showing, Shown, kept_on
from stalwart.groupware.resources import Resource
from stalwart.groupware.traits import DEAD
from stalwart.store.collection_rows import Member

Write = Callable[[Member], bytes | None]
_HOLE: Final = b"%b"
_DATA: Final = (CALENDAR_DATA, ADDRESS_DATA)


class Rows:
    """Writes members of one sort. ``shown`` makes one of them a resource."""

    def __init__(
        self,
        wanted: PropertyRequest,
        on: On,
        base: bytes,
        shown: Callable[[Member], Shown],
        *,
        minimal: bool = False,
        data: Mapping[str, bytes] | None = None,
    ) -> None:
        """
        :param base: the path of the collection that they are in.
        :param data: by the names of members, what their data are as they are to be given.
        """
        self._data = data
        self._wanted = wanted
        self._on = on
        self._base = base
        self._shown = shown
        self._minimal = minimal
        self._slash = b"" if on in On.ITEM | On.NOTICE else b"/"
        self._plan = plan(wanted, on)
        self._pieces: list[bytes | None] | None = None
        self._writers: list[Write] = []
        self._templates: dict[tuple[bool, ...], bytes] = {}

    def responses(self, members: list[Member]) -> list[bytes]:
        """A response for each."""
        if not members:
            return []
        if self._pieces is None:
            self._pieces = [self._piece(column, members[0]) for column in self._plan.columns]
            if self._plan.dead:
                self._writers.append(_names_of_dead if self._plan.names_only else _all_dead)
        writers, base, written = self._writers, self._base, []
        complete = self._template((True,) * len(writers))
        for member in members:
            values = [write(member) for write in writers]
            name = encode_segment(member.segment).encode()
            if None not in values:
                written.append(complete % (base, name, *values))
            else:
                template = self._template(tuple(value is not None for value in values))
                written.append(template % (base, name, *(value for value in values if value is not None)))
        return written

    def _piece(self, column: Property | Name, first: Member) -> bytes | None:
        """What stands for a column in all responses, or a hole, whose content its writer knows; None where no member
        has it.
        """
        if self._plan.names_only and isinstance(column, Property):
            return empty(column.name)
        if not isinstance(column, Property):
            if column in properties():
                return None
            self._writers.append(lambda member: _dead(member, column))
            return _HOLE
        data, called = self._data, column.name
        if data is not None and called in _DATA:
            self._writers.append(lambda member: data_element(called, data[member.segment]))
            return _HOLE
        if self._on in column.alike:
            value = column.value(self._shown(first))
            return None if value is None else value.replace(b"%", b"%%")
        if self._on in column.rows_on and column.of_row is not None:
            self._writers.append(column.of_row)
        else:
            value_of = column.value
            self._writers.append(lambda member: value_of(self._shown(member)))
        return _HOLE

    def _template(self, there: tuple[bool, ...]) -> bytes:
        """The response where those writers write something, and the others do not."""
        known = self._templates.get(there)
        if known is None:
            known = self._templates[there] = self._made_template(there)
        return known

    def _made_template(self, there: tuple[bool, ...]) -> bytes:
        written = iter(there)
        found: list[bytes] = []
        missing: list[Name] = []
        for column, piece in zip(self._plan.columns, self._pieces or (), strict=True):
            if piece is not None and (piece is not _HOLE or next(written)):
                found.append(piece)
                continue
            called = column.name if isinstance(column, Property) else column
            if called in self._wanted.names:
                missing.append(called)
        if self._plan.dead:
            found.append(_HOLE)
        names = [Name(*(part.replace("%", "%%") for part in called)) for called in missing]
        propstats = found_and_missing(found, names, minimal=self._minimal)
        return property_response(b"%b%b" + self._slash, propstats)


def member_responses(
    showing: Showing, above: Resource, members: list[Member], rights: dict[int, Rights] | None, *, minimal: bool = False
) -> list[bytes]:
    """Members of a home or a collection, each with what was asked for; ``rights`` as ``Showing.members`` has them."""
    base = href(above.kind.service, above.home.address, *above.segments).encode()
    written: list[bytes] = []
    sorts: dict[bool, Rows] = {}
    for is_collection, run in groupby(members, key=attrgetter("is_collection")):
        rows = sorts.get(is_collection)
        if rows is None:
            on = kept_on(above.kind, is_collection)
            rows = sorts[is_collection] = Rows(
                showing.wanted, on, base, lambda one: showing.members(above, [one], rights)[0], minimal=minimal
            )
        written += rows.responses(list(run))
    return written


def _all_dead(member: Member) -> bytes:
    return "".join(each[2] for each in (member.data or {}).get(DEAD, ())).encode()


def _names_of_dead(member: Member) -> bytes:
    return b"".join(empty(Name(*each[:2])) for each in (member.data or {}).get(DEAD, ()))


def _dead(member: Member, called: Name) -> bytes | None:
    for namespace, local, written, *_ in (member.data or {}).get(DEAD, ()):
        if (namespace, local) == called:
            return str(written).encode()
    return None
