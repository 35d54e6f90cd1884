"""Messages of LDAP as bytes (RFC 4511 4 and 5): what this client sends, and what it understands of the answers.

Requests are made with ldaptor's `pureldap`, answers are taken apart with its `pureber`. ldaptor's own client is not
used: it imports the global reactor, buffers without limit, and loses its place at tags that it does not know. Controls,
SASL, and intermediate responses are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from ldaptor.protocols import pureber, pureldap

from stalwart.codec.ldap_filters import (
    Comparison,
    Extensible,
    Filter,
    Group,
    Not,
    Pattern,
    Present,
    Substrings,
    pattern_value,
)

LARGEST = 256 * 1024
"""Octets of one message that are read at most."""

BASE, SUBTREE = pureldap.LDAP_SCOPE_baseObject, pureldap.LDAP_SCOPE_wholeSubtree
MATCH_ALL = Present("objectClass")

# Tags of protocol operations without the bit for "constructed" (RFC 4511 4.2.2, 4.5.2, 4.12).
BIND_RESPONSE = 0x41
SEARCH_DONE = 0x45
EXTENDED_RESPONSE = 0x58
_SEARCH_ENTRY = 0x44
_SEARCH_REFERENCE = 0x53

_SEQUENCE = 0x30
_LENGTH_OCTETS = 4


class Malformed(ValueError):
    """What the server sent is no LDAP, or too long; the message is half a sentence."""


@frozen
class Result:
    """How an operation ended: the ``code`` of RFC 4511 appendix A and the server's own words for a person."""

    id: int
    operation: int
    code: int
    text: str


@frozen
class Entry:
    """One entry. ``attributes``: the values by name in lower case, without options."""

    dn: bytes
    attributes: dict[str, tuple[bytes, ...]]


@frozen
class EntryMessage:
    """An entry on its way; ``size`` in octets."""

    id: int
    entry: Entry
    size: int


@frozen
class Reference:
    """The server knows of further entries elsewhere (RFC 4511 4.5.3)."""

    id: int


Message = Result | EntryMessage | Reference


def bind_request(id: int, dn: bytes, secret: bytes) -> bytes:
    """A simple bind (RFC 4511 4.2)."""
    return _message(id, pureldap.LDAPBindRequest(dn=dn, auth=secret))


def unbind_request(id: int) -> bytes:
    """The end of a connection (RFC 4511 4.3)."""
    return _message(id, pureldap.LDAPUnbindRequest())


def starttls_request(id: int) -> bytes:
    """RFC 4511 4.14.1."""
    return _message(id, pureldap.LDAPStartTLSRequest())


def search_request(
    id: int,
    base: bytes,
    scope: int,
    filter: Filter,
    value: bytes,
    attributes: Sequence[str],
    size_limit: int,
    time_limit: int,
) -> bytes:
    """A search (RFC 4511 4.5.1) with ``value`` in the places of ``filter``; limits in entries and seconds."""
    request = pureldap.LDAPSearchRequest(
        baseObject=base,
        scope=scope,
        sizeLimit=size_limit,
        timeLimit=time_limit,
        filter=_filter(filter, value),
        attributes=list(attributes),
    )
    return _message(id, request)


class MessageBuffer:
    """Bytes as they come, messages as they are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether there is a part of a message."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes. Raises `Malformed`."""
        self._buffer += data
        found = []
        while (size := _size(self._buffer)) is not None and size <= len(self._buffer):
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            found.append(_read(frame))
        return found


def _message(id: int, operation: Any) -> bytes:
    wire: bytes = pureldap.LDAPMessage(operation, id=id).toWire()
    return wire


def _filter(tree: Filter, value: bytes) -> Any:
    if isinstance(tree, Group):
        kind = pureldap.LDAPFilter_and if tree.operator == "&" else pureldap.LDAPFilter_or
        return kind([_filter(part, value) for part in tree.parts])
    if isinstance(tree, Not):
        return pureldap.LDAPFilter_not(_filter(tree.part, value))
    if isinstance(tree, Present):
        return pureldap.LDAPFilter_present(tree.attribute)
    if isinstance(tree, Comparison):
        return _COMPARISONS[tree.operator](
            attributeDesc=pureldap.LDAPAttributeDescription(tree.attribute),
            assertionValue=pureldap.LDAPAssertionValue(pattern_value(tree.value, value)),
        )
    if isinstance(tree, Substrings):
        return pureldap.LDAPFilter_substrings(type=tree.attribute, substrings=_substrings(tree, value))
    return _extensible(tree, value)


def _substrings(tree: Substrings, value: bytes) -> list[Any]:
    def parts(kind: Callable[[bytes], Any], *patterns: Pattern | None) -> list[Any]:
        return [kind(pattern_value(each, value)) for each in patterns if each is not None]

    return [
        *parts(pureldap.LDAPFilter_substrings_initial, tree.initial),
        *parts(pureldap.LDAPFilter_substrings_any, *tree.middle),
        *parts(pureldap.LDAPFilter_substrings_final, tree.final),
    ]


def _extensible(tree: Extensible, value: bytes) -> Any:
    return pureldap.LDAPFilter_extensibleMatch(
        matchingRule=tree.rule,
        type=tree.attribute,
        matchValue=pattern_value(tree.value, value),
        dnAttributes=tree.in_dn,
    )


_COMPARISONS = {
    "=": pureldap.LDAPFilter_equalityMatch,
    "~=": pureldap.LDAPFilter_approxMatch,
    ">=": pureldap.LDAPFilter_greaterOrEqual,
    "<=": pureldap.LDAPFilter_lessOrEqual,
}


class _Tolerant(pureber.BERDecoderContext):
    """Takes a tag that it does not know for octets, instead of complaining on standard output."""

    def lookup_id(self, id: int) -> Any:
        return self.Identities.get(id, pureber.BEROctetString)


_CONTEXT = _Tolerant()


def _size(buffer: bytearray) -> int | None:
    """How long the first message is, head included; None while that is not known (X.690 8.1.3, definite form only)."""
    if buffer and buffer[0] != _SEQUENCE:
        raise Malformed("it does not begin like an LDAP message")
    if len(buffer) < 2:
        return None
    head, size = 2, buffer[1]
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= _LENGTH_OCTETS:
            raise Malformed("the length of a message is not in the definite form")
        if len(buffer) < 2 + count:
            return None
        head, size = 2 + count, int.from_bytes(buffer[2 : 2 + count])
    if size > LARGEST:
        raise Malformed(f"a message has more than {LARGEST} octets")
    return head + size


def _read(frame: bytes) -> Message:
    try:
        message, _ = pureber.berDecodeObject(_CONTEXT, frame)
        id, operation = message[0].value, message[1]
        parts = pureber.berDecodeMultiple(operation.value, _CONTEXT)
        if operation.tag == _SEARCH_ENTRY:
            return EntryMessage(id, _entry(parts), len(frame))
        if operation.tag == _SEARCH_REFERENCE:
            return Reference(id)
        if operation.tag in (BIND_RESPONSE, SEARCH_DONE, EXTENDED_RESPONSE):
            return Result(id, operation.tag, int(parts[0].value), _text(parts[2].value))
    except Exception as problem:  # ldaptor raises whatever comes of unexpected types
        raise Malformed("a message cannot be decoded") from problem
    raise Malformed("it answers with an operation that was not asked for")


def _entry(parts: Sequence[Any]) -> Entry:
    attributes: dict[str, tuple[bytes, ...]] = {}
    for description, values in parts[1]:
        name = _text(description.value).partition(";")[0].lower()
        attributes[name] = (*attributes.get(name, ()), *(bytes(value.value) for value in values))
    return Entry(bytes(parts[0].value), attributes)


def _text(octets: bytes) -> str:
    return "".join(sign for sign in octets.decode("utf-8", "replace") if sign.isprintable())
