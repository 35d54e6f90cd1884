"""What is read of a message itself: header properties, body parts and their values (RFC 8621 4.1.2 to 4.1.4).

The part table says where everything is, so that no more is read than what is shown. For threads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from stalwart.codec.mime import headers
from stalwart.codec.mime.body_lists import BodyLists, body_lists
from stalwart.codec.mime.body_values import body_value
from stalwart.codec.mime.header_forms import CONVENIENCE, HeaderProperty, each_value
from stalwart.codec.mime.headers import Field
from stalwart.codec.mime.part import Part, walk
from stalwart.codec.mime.preview import preview
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.blobs.ids import encoding_of
from stalwart.jmap.email.content import Content
from stalwart.jmap.email.wanted import Values, Wanted, WantedPart

_TEXT = "text/"
_PIECE = 1 << 20
_UNMEASURED = 256 << 10
_OCTETS_OF_FIELD = 24
_OCTETS_OF_PART = 128

_encode = msgspec.json.Encoder().encode


class EmailView:
    """A message with the parts ``root`` in ``content``. ``blob`` is its blob id without a section, ``offset`` where the
    message begins in that blob. What is shown is counted by ``allowance`` while it is made, so that neither many
    properties nor many parts make more of a message than it may give: every method that shows raises TooLarge.
    """

    def __init__(
        self, root: Part, content: Content, blob: str, offset: int = 0, allowance: Allowance | None = None
    ) -> None:
        self._root = root
        self._content = content
        self._blob = blob
        self._offset = offset
        self._allowance = Allowance() if allowance is None else allowance
        self._unmeasured = _UNMEASURED

    def properties(self, wanted: Wanted, names: Collection[str] = ()) -> dict[str, Any]:
        """What ``wanted`` asks for beside rows, and the properties ``names`` of the fragment."""
        shown: dict[str, Any] = {}
        asked = {**wanted.headers, **{name: CONVENIENCE[name] for name in names if name in CONVENIENCE}}
        if asked or wanted.all_headers:
            data, fields = self._header(self._root)
            shown |= self._fields(data, fields, asked)
            if wanted.all_headers:
                shown["headers"] = self._pairs(data, fields)
        if "hasAttachment" in names:
            shown["hasAttachment"] = self._lists.has_attachment
        if "preview" in names:
            shown["preview"] = self._preview()
        for name in wanted.body:
            shown[name] = self._body(name, wanted.part)
        if wanted.values is not None:
            shown["bodyValues"] = self._values(wanted.values)
        return shown

    @cached_property
    def _lists(self) -> BodyLists:
        return body_lists(self._root)

    def _body(self, name: str, wanted: WantedPart) -> Any:
        lists = self._lists
        if name == "bodyStructure":
            return self._part(self._root, wanted)
        listed = {"textBody": lists.text, "htmlBody": lists.html, "attachments": lists.attachments}[name]
        return [self._part(part, wanted) for part in listed]

    def _part(self, part: Part, wanted: WantedPart) -> dict[str, Any]:
        """An EmailBodyPart. The parts of a multipart are always shown: without them it would say nothing."""
        self._allowance.show(_OCTETS_OF_PART)
        shown: dict[str, Any] = {}
        for name in wanted.names:
            if name == "blobId":
                shown[name] = self._section(part)
            elif name == "subParts":
                shown[name] = None
            else:
                shown[name] = _PROPERTIES[name](part)
        if wanted.needs_header:
            data, fields = self._header(part)
            if wanted.all_headers:
                shown["headers"] = self._pairs(data, fields)
            shown |= self._fields(data, fields, wanted.headers)
        if part.is_multipart:
            shown["subParts"] = [self._part(child, wanted) for child in part.parts]
        return shown

    def _section(self, part: Part) -> str | None:
        """RFC 8621 4.1.4: null if and only if it is a multipart."""
        if part.is_multipart:
            return None
        begin, length = self._offset + part.body_begin, part.body_end - part.body_begin
        return f"{self._blob}-{begin}-{length}-{encoding_of(part.encoding)}"

    def _header(self, part: Part) -> tuple[bytes, tuple[Field, ...]]:
        data = self._content.section(part.header_begin, part.header_end)
        return data, headers.fields(data, 0, len(data))

    def _fields(self, data: bytes, fields: tuple[Field, ...], wanted: Mapping[str, HeaderProperty]) -> dict[str, Any]:
        """Header properties; each is counted before the next one is made."""
        shown: dict[str, Any] = {}
        for key, value in each_value(data, fields, wanted):
            self._allowance.show(len(key))
            self._count(value)
            shown[key] = value
        return shown

    def _count(self, value: Any) -> None:
        """Of a little text the length is near enough; what more of it becomes as JSON is looked at."""
        if not isinstance(value, str):
            self._allowance.show(len(_encode(value)))
        elif len(value) <= self._unmeasured:
            self._unmeasured -= len(value)
            self._allowance.show(len(value))
        else:
            for begin in range(0, len(value), _PIECE):
                self._allowance.show(len(_encode(value[begin : begin + _PIECE])))

    def _pairs(self, data: bytes, fields: tuple[Field, ...]) -> list[dict[str, str]]:
        self._allowance.show(sum(len(name) + end - begin + _OCTETS_OF_FIELD for name, begin, end in fields))
        return headers.pairs(data, fields)

    def _values(self, wanted: Values) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for part in self._with_values(wanted):
            part_id = part.part_id
            if part_id is not None and part_id not in values and part.type.startswith(_TEXT):
                found = body_value(*self._alone(part), wanted.most)
                self._count(found.value)
                values[part_id] = found.as_json()
        return values

    def _with_values(self, wanted: Values) -> Iterator[Part]:
        if wanted.all:
            yield from walk(self._root)
            return
        if wanted.text:
            yield from self._lists.text
        if wanted.html:
            yield from self._lists.html

    def _alone(self, part: Part) -> tuple[bytes, Part]:
        """The body of a part, and the part as if there were nothing else."""
        length = part.body_end - part.body_begin
        body = self._content.section(part.body_begin, part.body_end)
        return body, replace(part, header_begin=0, header_end=0, body_begin=0, body_end=length)

    def _preview(self) -> str:
        return next(filter(None, (preview(data, (part,)) for data, part in self._texts(self._lists.text))), "")

    def _texts(self, parts: Iterable[Part]) -> Iterator[tuple[bytes, Part]]:
        return (self._alone(part) for part in parts if part.type.startswith(_TEXT))


_PROPERTIES = {
    "partId": lambda part: part.part_id,
    "size": lambda part: part.size,
    "name": lambda part: part.filename,
    "type": lambda part: part.type,
    "charset": lambda part: part.charset,
    "disposition": lambda part: part.disposition,
    "cid": lambda part: part.cid,
    "language": lambda part: part.language,
    "location": lambda part: part.location,
}
