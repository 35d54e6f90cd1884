"""The body of an e-mail to be made: ``bodyStructure``, or ``textBody``, ``htmlBody``, ``attachments`` (RFC 8621 4.6).

What it becomes is a tree of ``Piece``; which blobs it names is known, whether they exist is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from stalwart.codec.mime import composer
from stalwart.codec.mime.composer import Outline
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue, field
from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.drafts.fields import Fields
from stalwart.jmap.email.data_type import PART_PROPERTIES
from stalwart.jmap.email.wanted import LISTS
from stalwart.jmap.standard.patch import Path

BODY: Final = frozenset(("bodyStructure", "bodyValues", *LISTS))
MOST_PARTS: Final = 1000
MOST_MEMBERS: Final = 2000
"""Members of an object: properties of a part, body values."""

DEEPEST: Final = 24
LONGEST_NAME: Final = 1000
MOST_LANGUAGES: Final = 100

_STANDS_FOR = {  # which field of a part its properties stand for
    "type": "content-type",
    "charset": "content-type",
    "disposition": "content-disposition",
    "cid": "content-id",
    "language": "content-language",
    "location": "content-location",
}
_FILE = "application/octet-stream"


@attrs.frozen
class Piece:
    """A part: ``outline`` without content and parts; the content is that of ``blob_id``, or ``text``."""

    path: Path
    outline: Outline
    blob_id: str | None = None
    parts: tuple[Piece, ...] = ()

    def built(self, filled: Callable[[Piece], Outline]) -> Outline:
        """The outline with all below it; ``filled`` makes that of a part with a blob."""
        if self.blob_id is not None:
            return filled(self)
        return attrs.evolve(self.outline, parts=tuple(each.built(filled) for each in self.parts))

    def with_blobs(self, named: Callable[[str], str]) -> Piece:
        """With other blob ids."""
        parts = tuple(each.with_blobs(named) for each in self.parts)
        return attrs.evolve(self, blob_id=None if self.blob_id is None else named(self.blob_id), parts=parts)


@attrs.frozen
class Body:
    """``structure`` is what the client arranged; else the rest says what there is."""

    structure: Piece | None = None
    text: Piece | None = None
    html: Piece | None = None
    attachments: tuple[Piece, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not any((self.structure, self.text, self.html, self.attachments))

    @property
    def root(self) -> Piece | None:
        """The part whose header fields are those of the message."""
        alone = (self.text is None) != (self.html is None) and not self.attachments
        return self.structure or ((self.text or self.html) if alone else None)

    def pieces(self) -> Iterator[Piece]:
        """All parts."""
        pending = [each for each in (self.structure, self.text, self.html, *self.attachments) if each is not None]
        while pending:
            piece = pending.pop(0)
            yield piece
            pending[:0] = piece.parts

    def with_blobs(self, named: Callable[[str], str]) -> Body:
        """With the blob ids that ``named`` makes of those that were given."""
        structure, text, html = (
            None if each is None else each.with_blobs(named) for each in (self.structure, self.text, self.html)
        )
        return Body(structure, text, html, tuple(each.with_blobs(named) for each in self.attachments))

    def outline(self, filled: Callable[[Piece], Outline]) -> Outline:
        """What is to be written."""
        if self.structure is not None:
            return self.structure.built(filled)
        if self.is_empty:
            return Outline(text="")
        text, html = (None if each is None else each.built(filled) for each in (self.text, self.html))
        return composer.structure(text, html, [each.built(filled) for each in self.attachments])


def read_body(given: Mapping[str, Any], faults: Faults) -> Body:
    """From the members of an e-mail; what is wrong is added to ``faults``."""
    reader = _Reader(_values(given.get("bodyValues"), faults), faults)
    structure = given.get("bodyStructure")
    lists = [name for name in LISTS if given.get(name) is not None]
    if structure is not None:
        for name in lists:
            faults.add((name,), "cannot be given beside bodyStructure")
        piece = reader.part(structure, ("bodyStructure",), None, whole=True)
        return Body(structure=piece)
    found = {name: reader.parts(given[name], name) for name in lists}
    return Body(
        text=_only(found.get("textBody"), "textBody", "text/plain", faults),
        html=_only(found.get("htmlBody"), "htmlBody", "text/html", faults),
        attachments=tuple(found.get("attachments") or ()),
    )


def _only(pieces: list[Piece] | None, name: str, type: str, faults: Faults) -> Piece | None:
    if pieces is None:
        return None
    if len(pieces) != 1:
        if not faults.within(name):
            faults.add((name,), "must have exactly one part")
        return None
    if pieces[0].outline.type.lower() != type:
        faults.add((name, "0", "type"), f"must be {type}")
    return pieces[0]


def _values(given: Any, faults: Faults) -> dict[str, str]:
    """The texts of ``bodyValues``, those that are wrong left out."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        faults.add(("bodyValues",), "must be an object")
        return {}
    if len(given) > MOST_MEMBERS:
        faults.add(("bodyValues",), f"has more than {MOST_MEMBERS} values")
        return {}
    found = {}
    for part_id, each in given.items():
        if not isinstance(each, dict) or not isinstance(each.get("value"), str):
            faults.add(("bodyValues", part_id), "must be an object with a value, which is a string")
            continue
        for flag in ("isEncodingProblem", "isTruncated"):
            if each.get(flag) not in (None, False):
                faults.add(("bodyValues", part_id, flag), "must be false or left out")
        for name in each.keys() - {"value", "isEncodingProblem", "isTruncated"}:
            faults.add(("bodyValues", part_id, name), "is not known")
        found[part_id] = each["value"]
    return found


class _Reader:
    def __init__(self, values: dict[str, str], faults: Faults) -> None:
        self._values = values
        self._faults = faults
        self._count = 0

    def parts(self, given: Any, name: str) -> list[Piece]:
        """A list of parts that have no parts."""
        if not isinstance(given, list):
            self._faults.add((name,), "must be a list of parts")
            return []
        default = {"textBody": "text/plain", "htmlBody": "text/html"}.get(name)
        read = (self.part(each, (name, str(place)), default) for place, each in enumerate(given[: MOST_PARTS + 1]))
        return [piece for piece in read if piece is not None]

    def part(self, given: Any, path: Path, default: str | None, *, whole: bool = False) -> Piece | None:
        """An EmailBodyPart; ``whole`` ones may have parts."""
        self._count += 1
        if self._count > MOST_PARTS:
            self._faults.add(path[:1], f"has more than {MOST_PARTS} parts")
            return None
        if not isinstance(given, dict):
            self._faults.add(path, "must be an object")
            return None
        if len(given) > MOST_MEMBERS:
            self._faults.add(path, f"has more than {MOST_MEMBERS} properties")
            return None
        fields = self._fields(given, path)
        blob_id, text = self._content(given, path)
        type = self._type(given, fields, default or ("text/plain" if blob_id is None else _FILE))
        outline = self._outline(given, type, fields, path)
        if type.lower().startswith("multipart/"):
            return self._multipart(given, outline, path, whole)
        if given.get("subParts"):
            self._faults.add((*path, "subParts"), "cannot be given where the type is no multipart")
        if blob_id is None and text is None:
            self._faults.add((*path, "partId"), "or blobId must be given")
        if blob_id is None and type.lower().startswith("message/"):
            self._faults.add((*path, "type"), "cannot be made of a body value")
        return Piece(path, attrs.evolve(outline, text=text if blob_id is None else None), blob_id)

    def _multipart(self, given: dict[str, Any], outline: Outline, path: Path, whole: bool) -> Piece | None:
        for name in ("partId", "blobId", "charset"):
            if given.get(name) is not None:
                self._faults.add((*path, name), "cannot be given for a multipart")
        below = given.get("subParts") or []
        if not whole:
            self._faults.add((*path, "type"), "can be a multipart in bodyStructure only")
            return None
        if not isinstance(below, list) or len(path) >= 2 * DEEPEST:
            rule = "must be a list of parts" if not isinstance(below, list) else "are nested too deep"
            self._faults.add((*path, "subParts"), rule)
            return None
        read = [
            self.part(each, (*path, "subParts", str(place)), None, whole=True)
            for place, each in enumerate(below[: MOST_PARTS + 1])
        ]
        return Piece(path, outline, parts=tuple(each for each in read if each is not None))

    def _content(self, given: dict[str, Any], path: Path) -> tuple[str | None, str | None]:
        """The blob id, or the text."""
        part_id, blob_id = given.get("partId"), given.get("blobId")
        for name, value in (("partId", part_id), ("blobId", blob_id)):
            if value is not None and not isinstance(value, str):
                self._faults.add((*path, name), "must be a string")
                return (None, "")
        if blob_id is not None:
            if part_id is not None:
                self._faults.add((*path, "partId"), "cannot be given beside blobId")
            return blob_id, None
        if part_id is None:
            return None, None
        for name in ("charset", "size"):
            if given.get(name) is not None:
                self._faults.add((*path, name), "cannot be given beside partId")
        if part_id not in self._values:
            self._faults.add((*path, "partId"), "has no value in bodyValues")
            return None, ""
        return None, self._values[part_id]

    def _fields(self, given: dict[str, Any], path: Path) -> Fields:
        """The header fields of a part, and what else it must not have."""
        fields = Fields(self._faults, path)
        for key, value in given.items():
            if key in _STANDS_FOR and value is not None and key != "charset":
                fields.claim(_STANDS_FOR[key], key)
            if key.startswith("header:"):
                fields.take(key, value)
            elif key == "headers" and value is not None:
                fields.fault(key, "cannot be set; give each header field by its name")
            elif key not in PART_PROPERTIES:
                fields.fault(key, "is not known")
        if "content-transfer-encoding" in fields.names:
            fields.fault(fields.names["content-transfer-encoding"], "is chosen by the server")
        self._own_type(given, fields)
        return fields

    def _own_type(self, given: dict[str, Any], fields: Fields) -> None:
        """A Content-Type that is given as a field says all itself."""
        key = fields.names.get("content-type", "type")
        if key == "type":
            return
        type = composer.type_of_field(fields.written)
        if type is None or type.lower().startswith("multipart/"):
            fields.fault(key, "must begin with a media type that is no multipart")
        for name in ("charset", *(() if given.get("disposition") else ("name",))):
            if given.get(name) is not None:
                fields.fault(name, f'stands for the same header field as "{key[:100]}"')

    def _type(self, given: dict[str, Any], fields: Fields, default: str) -> str:
        type = given.get("type")
        if type is None:
            own = composer.type_of_field(fields.written) or default
            return default if own.lower().startswith("multipart/") else own
        if not isinstance(type, str) or not composer.is_media_type(type):
            fields.fault("type", "must be a media type")
            return default
        return type

    def _outline(self, given: dict[str, Any], type: str, fields: Fields, path: Path) -> Outline:
        language = given.get("language")
        if language is not None and not (
            isinstance(language, list)
            and len(language) <= MOST_LANGUAGES
            and all(isinstance(tag, str) and composer.is_language(tag) for tag in language)
        ):
            self._faults.add((*path, "language"), f"must be a list of at most {MOST_LANGUAGES} language tags")
            language = None
        return Outline(
            type,
            charset=self._text(given, "charset", path),
            disposition=self._text(given, "disposition", path),
            name=self._text(given, "name", path),
            cid=self._text(given, "cid", path),
            language=tuple(language or ()),
            location=self._text(given, "location", path),
            fields=tuple(fields.written),
        )

    def _text(self, given: dict[str, Any], name: str, path: Path) -> str | None:
        value = given.get(name)
        rule = None if value is None else _TEXTS[name](value) if isinstance(value, str) else "must be a string"
        if rule is None:
            return value or None
        self._faults.add((*path, name), rule)
        return None


def _short(value: str) -> str | None:
    return None if len(value) <= LONGEST_NAME else f"must have at most {LONGEST_NAME} characters"


def _identifier(value: str) -> str | None:
    try:
        field("Content-ID", Form.MESSAGE_IDS, [value])
    except InvalidValue:
        return "must be an id without angle brackets"
    return None


_TEXTS: Mapping[str, Callable[[str], str | None]] = {
    "charset": lambda value: None if composer.is_charset(value) else "must be the name of a character set",
    "disposition": lambda value: None if composer.is_disposition(value) else "must be one word",
    "name": _short,
    "cid": _identifier,
    "location": lambda value: None if composer.is_location(value) else "must be a URI",
}
