"""The field DKIM-Signature: what it says, and how one is written (RFC 6376 3.5, RFC 8301, RFC 8463).

ARC-Message-Signature has the same tags but for ``v`` and ``i`` (RFC 8617 4.1.2).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

from attrs import frozen

from stalwart.codec import tag_list
from stalwart.codec.dkim.fields import Field
from stalwart.codec.dns_names import InvalidName, to_ascii

ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
"""What is verified: rsa-sha1 is not any more (RFC 8301 3.1)."""

MOST_NAMES = 200
_LINE = 72
_B_TAG = re.compile(rb"((?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_BLANKS = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"[0-9]{1,12}\Z")
_LENGTH = re.compile(r"[0-9]{1,76}\Z")
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,200}[A-Za-z0-9_])?\Z")


class MalformedSignature(Exception):
    """The field cannot be used; the message says why, in half a sentence."""


@frozen
class Signature:
    """What a signature says; ``domain`` and ``selector`` in A-labels, ``body_length`` None for the whole body."""

    algorithm: str
    signature: bytes
    body_hash: bytes
    domain: str
    selector: str
    names: tuple[bytes, ...]
    relaxed_head: bool = False
    relaxed_body: bool = False
    identity: str = ""
    body_length: int | None = None
    made_at: int | None = None
    expires_at: int | None = None

    @property
    def key_name(self) -> str:
        """Where the key is (RFC 6376 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def read(field: Field, *, arc: bool = False) -> Signature:
    """What ``field`` says; ``arc``: it is an ARC-Message-Signature.

    :raises MalformedSignature: a tag is missing or cannot be used.
    """
    tags = tags_of(field)
    if not arc and tags.get("v") != "1":
        raise MalformedSignature("the version is not 1")
    head, _, body = tags.get("c", "simple/simple").lower().partition("/")
    body = body or "simple"
    if not {head, body} <= {"simple", "relaxed"}:
        raise MalformedSignature("the canonicalization is not known")
    if "dns/txt" not in _BLANKS.sub("", tags.get("q", "dns/txt")).split(":"):
        raise MalformedSignature("the key is not in DNS")
    domain = domain_of(tags, "d")
    made, expires = number_of(tags, "t"), number_of(tags, "x")
    if made is not None and expires is not None and expires <= made:
        raise MalformedSignature("it ends before it begins")
    return Signature(
        algorithm_of(tags),
        octets_of(tags, "b"),
        octets_of(tags, "bh"),
        domain,
        selector_of(tags),
        _names(tags),
        head == "relaxed",
        body == "relaxed",
        f"@{domain}" if arc else _identity(tags, domain),
        _length(tags),
        made,
        expires,
    )


def tags_of(field: Field) -> dict[str, str]:
    """The tags of a signature.

    :raises MalformedSignature: it is no list of tags.
    """
    try:
        return tag_list.parse(field.value.decode("utf-8", "replace"))
    except tag_list.MalformedTagList as malformed:
        raise MalformedSignature(str(malformed)) from None


def algorithm_of(tags: dict[str, str]) -> str:
    """One of ALGORITHMS."""
    algorithm = _needed(tags, "a").lower()
    if algorithm not in ALGORITHMS:
        raise MalformedSignature("the algorithm is not accepted")
    return algorithm


def octets_of(tags: dict[str, str], name: str) -> bytes:
    """A tag in base64."""
    try:
        found = base64.b64decode(_BLANKS.sub("", _needed(tags, name)), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise MalformedSignature(f"the tag {name} is not base64")
    return found


def number_of(tags: dict[str, str], name: str) -> int | None:
    """A tag that is a moment."""
    text = tags.get(name)
    if text is None:
        return None
    if not _NUMBER.match(text):
        raise MalformedSignature(f"the tag {name} is not a number")
    return int(text)


def domain_of(tags: dict[str, str], name: str) -> str:
    """A tag that is a domain, in A-labels (RFC 8616 4)."""
    try:
        domain = to_ascii(_needed(tags, name)).removesuffix(".").lower()
    except InvalidName:
        domain = ""
    if not domain:
        raise MalformedSignature(f"the tag {name} is not a domain")
    return domain


def selector_of(tags: dict[str, str]) -> str:
    """The selector."""
    selector = _needed(tags, "s")
    if not selector.isascii():
        return domain_of(tags, "s")
    if not _SELECTOR.match(selector) or ".." in selector:
        raise MalformedSignature("the selector is not a name")
    return selector.lower()


def without_value(field: Field) -> Field:
    """The field with an empty ``b``, as it is hashed (RFC 6376 3.7)."""
    name, colon, value = field.raw.partition(b":")
    return Field(field.name, name + colon + _B_TAG.sub(rb"\1", value, count=1))


def folded(tags: Sequence[str], name: str = "DKIM-Signature") -> str:
    """A field of ``tag=value`` texts, its lines cut between them, or after a colon within h; no CRLF at its end."""
    lines, line = [], f"{name}:"
    for place, tag in enumerate(tags):
        pieces = re.findall(r"[^:]+:?", tag) if tag.startswith("h=") else [tag]
        pieces[0] = " " + pieces[0]
        pieces[-1] += ";" if place < len(tags) - 1 else ""
        for piece in pieces:
            if len(line) + len(piece) > _LINE:
                lines.append(line)
                line = " " + piece.lstrip()
            else:
                line += piece
    return "\r\n".join([*lines, line])


def with_value(field: str, signature: bytes) -> bytes:
    """A field that ends in ``b=``, completed, with its CRLF."""
    text = base64.b64encode(signature).decode()
    first = max(1, _LINE - len(field) + field.rfind("\n"))
    pieces = [text[:first], *(text[start : start + _LINE] for start in range(first, len(text), _LINE))]
    return (field + "\r\n ".join(piece for piece in pieces if piece) + "\r\n").encode()


def _needed(tags: dict[str, str], name: str) -> str:
    text = tags.get(name)
    if not text:
        raise MalformedSignature(f"the tag {name} is missing")
    return text


def _names(tags: dict[str, str]) -> tuple[bytes, ...]:
    names = tuple(name.strip(" \t\r\n").lower().encode() for name in _needed(tags, "h").split(":"))
    if len(names) > MOST_NAMES:
        raise MalformedSignature("it signs too many fields")
    if b"from" not in names:  # RFC 6376 6.1.1
        raise MalformedSignature("it does not sign From")
    return names


def _identity(tags: dict[str, str], domain: str) -> str:
    """RFC 6376 6.1.1: it has to be at the domain, or below it."""
    if "i" not in tags:
        return f"@{domain}"
    identity = tags["i"]
    try:
        place = to_ascii(identity.rpartition("@")[2]).removesuffix(".").lower()
    except InvalidName:
        place = ""
    if "@" not in identity or not (place == domain or place.endswith(f".{domain}")):
        raise MalformedSignature("the identity is not of the domain")
    return identity


def _length(tags: dict[str, str]) -> int | None:
    text = tags.get("l")
    if text is None:
        return None
    if not _LENGTH.match(text):
        raise MalformedSignature("the tag l is not a number")
    return int(text)
