"""A message as a script sees it: fields decoded and unfolded, addresses, texts of bodies; its header can be changed.

Fields are read when they are asked for. What a script changes (RFC 5293) it sees from then on, and so does whoever gets
the message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, frozen

from stalwart.codec.mime import addresses, header_forms, headers
from stalwart.codec.mime.body_values import beginning
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue, field
from stalwart.codec.mime.html_text import text_of
from stalwart.codec.mime.part import Part, walk
from stalwart.codec.sieve.matching import LONGEST_VALUE

MOST_BODY: Final = 1 << 20
"""Octets of a part that the body test looks at."""
MOST_BODIES: Final = 4 << 20
"""Octets of all parts together."""
MOST_ADDED: Final = 50
"""Fields that a script may add."""

_BLANKS = " \t\r\n"


@define(eq=False)
class _Field:
    name: str
    octets: bytes
    """The value as it stands there, folds included."""
    is_new: bool = False

    @property
    def raw(self) -> str:
        return headers.text(self.octets)


@frozen
class Envelope:
    """What the server knows beside the message: return path, "" for none, and the address it came to."""

    sender: str = ""
    recipient: str = ""


class Message:
    """``data`` with its part table."""

    def __init__(self, data: bytes, root: Part, envelope: Envelope) -> None:
        self.data = data
        self.envelope = envelope
        self.size = len(data)
        self._root = root
        self._fields: list[_Field] | None = None
        self._version = 0
        self._heads: list[bytes] = []

    @property
    def fields(self) -> list[_Field]:
        """The fields in order."""
        if self._fields is None:
            found = headers.fields(self.data, self._root.header_begin, self._root.header_end)
            self._fields = [_Field(name, self.data[begin:end]) for name, begin, end in found]
        return self._fields

    def has(self, name: str) -> bool:
        """Whether there is a field of that name."""
        name = name.lower()
        return any(each.name.lower() == name for each in self.fields)

    def count(self, name: str) -> int:
        """How many fields of that name there are."""
        name = name.lower()
        return sum(each.name.lower() == name for each in self.fields)

    def raw(self, names: Sequence[str], index: int | None = None, last: bool = False) -> list[str]:
        """Raw values of fields; with ``index`` only those that are the n-th of their name, counted from 1."""
        found = []
        for name in dict.fromkeys(name.lower() for name in names):
            values = [each.raw for each in self.fields if each.name.lower() == name]
            if index is not None:
                values = [values[-index] if last else values[index - 1]] if 0 < index <= len(values) else []
            found += values
        return found

    def texts(self, names: Sequence[str], index: int | None = None, last: bool = False) -> list[str]:
        """Values of fields as text, without blanks around them (RFC 5228 5.7)."""
        return [text(raw) for raw in self.raw(names, index, last)]

    def addresses(self, names: Sequence[str], index: int | None = None, last: bool = False) -> list[str]:
        """Addresses in fields (RFC 5228 5.1)."""
        raws = self.raw(names, index, last)
        found = (addresses.mailboxes(addresses.parse(raw[:LONGEST_VALUE])) for raw in raws)
        return [each.email for group in found for each in group if each.email]

    def bodies(self, types: Sequence[str] | None) -> list[str]:
        """Texts of parts (RFC 5173 5): of the media types named, or those that are text, HTML without its tags."""
        found: list[str] = []
        left = MOST_BODIES
        for part in walk(self._root):
            wanted = part.type.startswith("text/") if types is None else _is_of(part.type, types)
            if part.is_multipart or not wanted or left <= 0:
                continue
            content = beginning(self.data, part, min(MOST_BODY, left))
            left -= len(content)
            found.append(text_of(content, MOST_BODY) if types is None and part.type == "text/html" else content)
        return found

    def raw_body(self) -> str:
        """What stands behind the header, undecoded (RFC 5173 5.1)."""
        begin = self._root.body_begin
        return self.data[begin : begin + MOST_BODIES].decode("utf-8", "replace").replace("\r\n", "\n")

    def add(self, name: str, value: str, last: bool) -> None:
        """Another field, before all or after them. Raises ``ValueError`` if it cannot be."""
        if sum(each.is_new for each in self.fields) >= MOST_ADDED:
            raise ValueError(f"a script can add {MOST_ADDED} fields at most")
        try:
            written = field(name, Form.TEXT, " ".join(value.split()))
        except InvalidValue as problem:
            raise ValueError(str(problem)) from None
        new = _Field(name, written.partition(b":")[2].removesuffix(b"\r\n"), is_new=True)
        self.fields.insert(len(self.fields) if last else 0, new)
        self._version += 1

    def delete(self, name: str, index: int | None, last: bool, is_wanted: Callable[[str], object]) -> None:
        """Remove fields for whose text ``is_wanted`` says yes, or the n-th of them."""
        named = [each for each in self.fields if each.name.lower() == name.lower()]
        if index is not None:
            named = [named[-index] if last else named[index - 1]] if 0 < index <= len(named) else []
        gone = {id(each) for each in named if is_wanted(text(each.raw))}
        if gone:
            self._fields = [each for each in self.fields if id(each) not in gone]
            self._version += 1

    def version(self) -> int:
        """The number of the header as it is now: 0 as it came; ``heads`` has the others."""
        if not self._version:
            return 0
        head = b"".join(each.name.encode() + b":" + each.octets + b"\r\n" for each in self.fields)
        if head not in self._heads:
            self._heads.append(head)
        return self._heads.index(head) + 1

    def heads(self) -> tuple[bytes, ...]:
        """Headers as they were when something was done with the message, without the empty line."""
        return tuple(self._heads)

    def with_head(self, head: bytes) -> bytes:
        """The message under another header."""
        return head + b"\r\n" + self.data[self._root.body_begin :]


def text(raw: str) -> str:
    """A value as it is compared: encoded words decoded, in one line."""
    return header_forms.as_text(raw[:LONGEST_VALUE]).strip(_BLANKS)


def _is_of(type: str, wanted: Sequence[str]) -> bool:
    """RFC 5173 5.2: a media type, a type for all its subtypes, or "" for all."""
    kind = type.partition("/")[0]
    for each in wanted:
        each = each.lower()
        if not each or each == type or ("/" not in each and each == kind):
            return True
    return False
