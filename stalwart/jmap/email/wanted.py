"""What Email/get and Email/parse are asked to show (RFC 8621 4.2, 4.9): properties, also of body parts, body values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from stalwart.codec.mime.header_forms import HeaderProperty, parse_property
from stalwart.jmap.email.data_type import (
    DEFAULT_PART_PROPERTIES,
    HEADER_PREFIX,
    PART_PROPERTIES,
    is_header_property,
)
from stalwart.jmap.email.rows import ROW_NAMES, RowWriter
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid

LISTS = ("textBody", "htmlBody", "attachments")
"""The properties that are lists of body parts."""

MOST_HEADERS = 100
"""Header properties that are shown of an e-mail, and of each of its parts."""

MOST_OCTETS = 64 << 10
"""Of the names of what is wanted, for every object of the answer repeats them."""


@frozen
class WantedPart:
    """The properties of each EmailBodyPart: plain ones, ``headers`` with ``all_headers``, and header properties."""

    names: tuple[str, ...]
    all_headers: bool
    headers: Mapping[str, HeaderProperty]

    @property
    def needs_header(self) -> bool:
        """Whether the header of the part has to be read."""
        return self.all_headers or bool(self.headers)


@frozen
class Values:
    """Of which parts the text is wanted, and how many octets of it; 0 is all."""

    text: bool
    html: bool
    all: bool
    most: int

    @property
    def any(self) -> bool:
        """Whether of any."""
        return self.text or self.html or self.all


@frozen(eq=False)
class Wanted:
    """What to show of an e-mail, one value for the same arguments.

    ``rows`` writes what rows may have ready, ``row_names`` are the names of that.

    ``body`` are the properties that show body parts; ``values`` is None where bodyValues is not asked for.
    """

    row_names: frozenset[str]
    rows: RowWriter
    all_headers: bool
    headers: Mapping[str, HeaderProperty]
    body: tuple[str, ...]
    part: WantedPart
    values: Values | None

    @property
    def is_ready(self) -> bool:
        """Whether rows have all of it."""
        return not (self.needs_parts or self.needs_header)

    @property
    def needs_parts(self) -> bool:
        """Whether the places of the parts must be known."""
        return bool(self.body) or self.values is not None

    @property
    def needs_header(self) -> bool:
        """Whether the header of the message has to be read, for more than rows have."""
        return self.all_headers or bool(self.headers)

    @property
    def needs_content(self) -> bool:
        """Whether anything has to be read of the message itself."""
        return (
            self.needs_header or (bool(self.body) and self.part.needs_header) or bool(self.values and self.values.any)
        )


def read_wanted(names: Iterable[str], rest: Mapping[str, Any]) -> Wanted:
    """From the properties, which are known to be such, and the further arguments of the call.

    Raises ``MethodError`` ``invalidArguments``.
    """
    reader = ArgumentReader(rest)
    part_names = reader.texts("bodyProperties")
    names = tuple(names)
    _check("properties", names)
    _check("bodyProperties", part_names or ())
    values = Values(
        reader.flag("fetchTextBodyValues"),
        reader.flag("fetchHTMLBodyValues"),
        reader.flag("fetchAllBodyValues"),
        reader.unsigned("maxBodyValueBytes") or 0,
    )
    return _wanted(names, None if part_names is None else tuple(part_names), values)


def _check(argument: str, names: Collection[str]) -> None:
    """What is asked for of each e-mail is bounded, before any of it is kept."""
    if sum(map(len, names)) > MOST_OCTETS:
        raise invalid(argument, f"must not be more than {MOST_OCTETS} octets long altogether")
    if len({name for name in names if name.startswith(HEADER_PREFIX)}) > MOST_HEADERS:
        raise invalid(argument, f"must not name more than {MOST_HEADERS} header fields")


@lru_cache(maxsize=64)
def _wanted(names: tuple[str, ...], part_names: tuple[str, ...] | None, values: Values) -> Wanted:
    row_names = frozenset(name for name in names if name in ROW_NAMES)
    return Wanted(
        row_names,
        RowWriter(name for name in names if name in row_names),
        "headers" in names,
        {name: parse_property(name) for name in names if name.startswith(HEADER_PREFIX)},
        tuple(name for name in ("bodyStructure", *LISTS) if name in names),
        _wanted_part(DEFAULT_PART_PROPERTIES if part_names is None else part_names),
        values if "bodyValues" in names else None,
    )


def _wanted_part(names: tuple[str, ...]) -> WantedPart:
    for name in names:
        if name not in PART_PROPERTIES and not is_header_property(name):
            raise MethodError("invalidArguments", f'An EmailBodyPart has no property "{name[:255]}".')
    return WantedPart(
        tuple(dict.fromkeys(name for name in names if name in PART_PROPERTIES and name != "headers")),
        "headers" in names,
        {name: parse_property(name) for name in names if name.startswith(HEADER_PREFIX)},
    )
