"""What a blob is to be made of: the UploadObject and its DataSourceObjects (RFC 9404 4.1). Pure: nothing is looked up.

Nothing is guessed: a member that is not known, of the wrong type, or one too many is refused.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.argument_reader import LARGEST_INTEGER

_TEXT, _BASE64, _BLOB = "data:asText", "data:asBase64", "blobId"
_KINDS = (_TEXT, _BASE64, _BLOB)
_RANGE = ("offset", "length")


@frozen
class Given:
    """Bytes that the client sends along."""

    content: bytes


@frozen
class Part:
    """A part of a blob, which is named by its id or as ``#creation_id``; ``length`` None is all of the rest."""

    blob: str
    offset: int = 0
    length: int | None = None


Source = Given | Part


@frozen
class UploadObject:
    """The blob is the ``sources`` one after the other; ``type`` is a media type, for the client only."""

    sources: tuple[Source, ...]
    type: str | None


def read_upload_object(value: Mapping[str, Any], most_sources: int) -> UploadObject:
    """The UploadObject that stands in ``create``.

    :raises SetRefused: ``invalidProperties``, or ``tooLarge`` for more than ``most_sources``.
    """
    unknown = sorted(set(value) - {"data", "type"})
    if unknown:
        raise SetRefused("invalidProperties", "There are no such properties.", unknown)
    type, data = value.get("type"), value.get("data")
    if type is not None and not isinstance(type, str):
        raise SetRefused("invalidProperties", "The type must be a string or null.", ["type"])
    if not isinstance(data, list):
        raise _invalid("must be a list")
    if len(data) > most_sources:
        raise SetRefused("tooLarge", f"A blob can be made of at most {most_sources} data sources.")
    return UploadObject(tuple(_source(each) for each in data), type)


def mentioned_creations(value: Mapping[str, Any]) -> Iterator[str]:
    """The creation ids of the blobs that an UploadObject takes parts of, whether or not it is sound."""
    data = value.get("data")
    for each in data if isinstance(data, list) else ():
        blob = each.get(_BLOB) if isinstance(each, dict) else None
        if isinstance(blob, str) and blob.startswith("#"):
            yield blob[1:]


def _source(value: Any) -> Source:
    members = {name: each for name, each in value.items() if each is not None} if isinstance(value, dict) else {}
    kinds = [name for name in _KINDS if name in members]
    if len(kinds) != 1:
        raise _invalid(f"must be a list of objects with one of {', '.join(_KINDS)}")
    kind = kinds[0]
    unknown = set(members) - {kind} - set(_RANGE if kind == _BLOB else ())
    if unknown:
        raise _invalid(f"has an object with {kind} and a member that does not go with it")
    if not isinstance(members[kind], str):
        raise _invalid(f"has a {kind} that is no string")
    if kind == _BLOB:
        return Part(members[kind], _number(members, "offset") or 0, _number(members, "length"))
    return Given(_octets(kind, members[kind]))


def _octets(kind: str, text: str) -> bytes:
    try:
        return text.encode() if kind == _TEXT else b64decode(text, validate=True)
    except UnicodeEncodeError:
        raise _invalid("has text that is not Unicode") from None
    except ValueError:
        raise _invalid("has a data:asBase64 that is not base64") from None


def _number(members: Mapping[str, Any], name: str) -> int | None:
    value = members.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= LARGEST_INTEGER):
        raise _invalid(f"has a {name} that is no unsigned integer")
    return value


def _invalid(rule: str) -> SetRefused:
    return SetRefused("invalidProperties", f"The property data {rule}.", ["data"])
