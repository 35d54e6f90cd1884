"""Events and cards as reports give them, with their data: rows by templates, read in portions that memory can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from stalwart.codec.dav.paths import encode_segment, href
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.dav.asking import Asking
from stalwart.dav.responses import needs_data
from stalwart.dav.rows import Rows
from stalwart.dav.shown import Shown, kept_on
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Content, Member

PAGE_OCTETS = 512 << 10
"""Octets of items that are read in one go."""

Given = tuple[Member, bytes | None]
"""A member, and what is given as its data."""


class CutShort(Exception):
    """A report gives more than it may; ``written`` are the responses before, and the one that says so."""

    def __init__(self, written: list[bytes]) -> None:
        super().__init__()
        self.written = written


class DataRows(Protocol):
    """Writes members with the part of their data that a report asks for."""

    @property
    def wanted(self) -> PropertyRequest:
        """What is asked for."""

    def written(self, tx: Transaction, above: Resource, contents: Iterable[Given]) -> list[bytes]:
        """The responses of members of a collection. Raises CutShort."""


def responses_with(
    tx: Transaction, asking: Asking, above: Resource, wanted: PropertyRequest, given: Sequence[Given]
) -> list[bytes]:
    """The responses of members of ``above``; their data are what is given."""
    on = kept_on(above.kind, is_collection=False)
    octets = {member.segment: data for member, data in given}
    known = {segment: data for segment, data in octets.items() if data is not None}
    members = [member for member, _ in given]
    if needs_data(wanted, on):
        members = [_with_data(tx, above, member) for member in members]
    base = href(above.kind.service, above.home.address, *above.segments).encode()
    shown = _shown(tx, asking, above, wanted, base, octets)
    data = known if len(known) == len(octets) else None
    return Rows(wanted, on, base, shown, minimal=asking.preferences.minimal, data=data).responses(members)


def _shown(
    tx: Transaction,
    asking: Asking,
    above: Resource,
    wanted: PropertyRequest,
    base: bytes,
    octets: dict[str, bytes | None],
) -> Callable[[Member], Shown]:
    on = kept_on(above.kind, is_collection=False)

    def shown(member: Member) -> Shown:
        path = base + encode_segment(member.segment).encode()
        return Shown(
            *(tx, asking, on, path, wanted, above.home, above.kind),
            *((*above.segments, member.segment), member, above.rights, above.is_own, octets[member.segment]),
        )

    return shown


def portions(members: Iterable[Member], most: int) -> Iterator[list[Member]]:
    """Members in portions of so many, and of so many octets, as are read in one go."""
    portion: list[Member] = []
    size = 0
    for member in members:
        if portion and (len(portion) >= most or size + member.size > PAGE_OCTETS):
            yield portion
            portion, size = [], 0
        portion.append(member)
        size += member.size
    if portion:
        yield portion


def pairs(contents: Iterable[Content]) -> Iterator[Given]:
    """Contents as ``DataRows.written`` takes them."""
    return ((content.member, content.octets) for content in contents)


def _with_data(tx: Transaction, above: Resource, member: Member) -> Member:
    return tx.collections.member(above.account_id, above.inside, member.segment, with_data=True) or member
