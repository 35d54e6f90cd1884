"""The chain of addresses a request came through: ``Forwarded`` (RFC 7239) and ``X-Forwarded-For``.

Only what a trusted proxy appended at the right end means anything, so reading never fails as a whole: a
malformed element is an unknown hop, and reading goes on at the next comma. Thus a client cannot spoil the
element that the proxy adds after its own. ``proto`` and ``host`` are read but nothing here acts on them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence

from attrs import frozen

from stalwart.codec.ip_networks import InvalidAddress, normalise_ip

# RFC 9110 5.6.2. Brackets and colons are outside a token, but proxies send addresses without the quotes.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BARE_VALUE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z\[\]:-]+")
_QUOTED_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"')  # RFC 9110 5.6.4
_ESCAPE = re.compile(r"\\(.)")
_BLANK = re.compile(r"[ \t]*")
# RFC 7239 6: nodename [":" node-port]; the port may be obfuscated.
_NODE = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<four>[^\[\]:]*))(?::(?P<port>[0-9]{1,5}|_[0-9A-Za-z._-]+))?")


@frozen
class Node:
    """Who a hop was: ``address`` is canonical text, None if unknown or obfuscated; ``port`` None if absent or
    obfuscated.
    """

    address: str | None
    port: int | None = None


@frozen
class ForwardedElement:
    """One hop: parameters by lower-case name, values unquoted (RFC 7239 4)."""

    parameters: Mapping[str, str]

    @property
    def node(self) -> Node:
        """The ``for`` parameter (RFC 7239 5.2); unknown if it is missing or malformed."""
        return parse_node(self.parameters.get("for", ""))


def parse_node(text: str) -> Node:
    """``192.0.2.1``, ``192.0.2.1:80``, ``[2001:db8::1]:80``, ``2001:db8::1``, ``unknown``, ``_hidden`` (RFC
    7239 6).
    """
    if text.count(":") > 1 and not text.startswith("["):
        return Node(_address(text))
    match = _NODE.fullmatch(text)
    if match is None:
        return Node(None)
    port = match["port"]
    number = int(port) if port is not None and port.isdigit() else None
    if number is not None and number > 65535:
        return Node(None)
    six = match["six"]
    if six is not None and ":" not in six:
        return Node(None)
    return Node(_address(six if six is not None else match["four"]), number)


def _address(text: str) -> str | None:
    try:
        return normalise_ip(text)
    except InvalidAddress:
        return None


def parse_forwarded(lines: Iterable[str]) -> tuple[ForwardedElement | None, ...]:
    """The hops of all ``Forwarded`` field lines, left to right; None stands for a malformed element (RFC 7239
    4).
    """
    hops: list[ForwardedElement | None] = []
    for line in lines:
        position = 0
        while position < len(line):
            start = position
            element, position = _element(line, start)
            if position < 0:
                hops.append(None)
                comma = line.find(",", start)
                position = comma + 1 if comma >= 0 else len(line)
            elif element:  # RFC 9110 5.6.1.2: empty list elements are ignored
                hops.append(ForwardedElement(element))
    return tuple(hops)


def _element(line: str, position: int) -> tuple[dict[str, str], int]:
    """Parameters from ``position`` to the next comma, and where to go on; a negative place if it is
    malformed.
    """
    parameters: dict[str, str] = {}
    while True:
        position = _skip_blank(line, position)
        name = _NAME.match(line, position)
        if name is not None:
            value, position = _value(line, name.end())
            key = name[0].lower()
            if position < 0 or key in parameters:  # RFC 7239 4: a parameter occurs once per element
                return {}, -1
            parameters[key] = value
            position = _skip_blank(line, position)
        if position >= len(line):
            return parameters, position
        if line[position] not in ";,":
            return {}, -1
        position += 1
        if line[position - 1] == ",":
            return parameters, position


def _value(line: str, position: int) -> tuple[str, int]:
    """The value after an equals sign at ``position``, and its end; a negative end if there is none."""
    if line[position : position + 1] != "=":
        return "", -1
    quoted = _QUOTED_VALUE.match(line, position + 1)
    if quoted is not None:
        return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
    bare = _BARE_VALUE.match(line, position + 1)
    return (bare[0], bare.end()) if bare is not None else ("", -1)


def _skip_blank(line: str, position: int) -> int:
    match = _BLANK.match(line, position)
    return match.end() if match is not None else position


def forwarded_for(lines: Iterable[str]) -> list[str | None]:
    """Addresses of the ``Forwarded`` field lines, left to right; None for a hop that does not say."""
    return [hop.node.address if hop is not None else None for hop in parse_forwarded(lines)]


def x_forwarded_for(lines: Iterable[str]) -> list[str | None]:
    """Addresses of the ``X-Forwarded-For`` lines, left to right; None for an entry that is no address."""
    entries = (entry.strip(" \t") for line in lines for entry in line.split(","))
    return [parse_node(entry).address for entry in entries if entry]


def client_address(chain: Sequence[str | None], peer: str, trusted: Container[str]) -> str:
    """The right-most address that is not a trusted proxy: ``peer`` unless the peer is trusted.

    Each trusted hop vouches for the entry to its left only. An unknown entry ends the walk at the proxy that
    reported it; if all are trusted, the left-most is the client. The caller must pass the header that its
    proxies maintain: a proxy that only appends to the other one lets clients write this one.
    """
    client = _address(peer) or peer
    for entry in reversed(chain):
        if entry is None or client not in trusted:
            break
        client = entry
    return client
