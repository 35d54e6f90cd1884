"""Blob ids: ``B`` and the SHA-256 of the content in base 32, with the place of a section where it is part of a blob.

jmap.md 21.4 rule 8: ``B<hash>`` or ``B<hash>-<offset>-<length>-<encoding>``. Equal content has one id in all accounts;
who may read it is decided by links (``access``), never by the id. A section is a part of a message as it stands there,
and ``encoding`` says how its bytes are to be read. Pure text.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from typing import Literal

from attrs import frozen

from stalwart.errors import Invalid

Encoding = Literal["n", "q", "b", "u"]
"""None, quoted-printable, base64 (RFC 2045 6), uuencode."""

_ENCODINGS: dict[str, Encoding] = {"quoted-printable": "q", "base64": "b", "x-uuencode": "u"}
TRANSFER_ENCODINGS: dict[Encoding, str] = {"n": "binary", **{letter: name for name, letter in _ENCODINGS.items()}}
"""The names that ``codec.mime.transfer`` reads them by."""

_ID = re.compile(
    r"B(?P<hash>[a-z2-7]{52})(?:-(?P<offset>0|[1-9]\d{0,15})-(?P<length>0|[1-9]\d{0,15})-(?P<encoding>[nqbu]))?",
    re.ASCII,
)


class NotABlobId(Invalid):
    """A text is no id of a blob; for clients that is the same as a blob that does not exist."""

    default_detail = "This is not the id of a blob."


def encoding_of(transfer_encoding: str) -> Encoding:
    """How a section of a part with this Content-Transfer-Encoding is to be read; an unknown one is left as it is."""
    return _ENCODINGS.get(transfer_encoding, "n")


@frozen
class Section:
    """``length`` bytes from ``offset`` on, and how they are encoded."""

    offset: int
    length: int
    encoding: Encoding = "n"


@frozen
class BlobId:
    """``hash`` is the SHA-256 of the whole content; ``section`` None is all of it."""

    hash: bytes
    section: Section | None = None

    def __str__(self) -> str:
        name = "B" + b32encode(self.hash).decode("ascii").rstrip("=").lower()
        part = self.section
        return name if part is None else f"{name}-{part.offset}-{part.length}-{part.encoding}"


def parse_blob_id(text: str) -> BlobId:
    """The blob that ``text`` names.

    :raises NotABlobId: it is no id in exactly the form that ``str`` gives.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise NotABlobId
    found = BlobId(b32decode(match["hash"].upper() + "===="), _section(match))
    if str(found) != text:  # the last digit of the hash has unused bits
        raise NotABlobId
    return found


def _section(match: re.Match[str]) -> Section | None:
    encoding = match["encoding"]
    if encoding is None:
        return None
    return Section(int(match["offset"]), int(match["length"]), encoding)  # type: ignore[arg-type]  # one of these
