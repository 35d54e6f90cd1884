"""The PROXY protocol header a load balancer puts before a connection, versions 1 and 2 (HAProxy
proxy-protocol.txt).

Incremental and pure: ``parse`` is given what has arrived so far. Addresses and the TLS flag are taken; other
TLVs (ALPN, authority, unique id, namespaces) are checked for shape and left out. Connections over UNIX
sockets and unknown families keep the address of the socket, datagrams are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from attrs import frozen

from stalwart.codec.ip_networks import InvalidAddress, normalise_ip

LONGEST_V1 = 107  # proxy-protocol.txt 2.1, with CRLF
LONGEST_V2 = 4096  # ours; 2.2 allows 65,551 and promises that 536 suffice
_V1_START = b"PROXY "
_V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED = 16
_PORT = re.compile(r"0|[1-9][0-9]{0,4}")
_PP2_TYPE_CRC32C = 0x03
_PP2_TYPE_SSL = 0x20
_PP2_CLIENT_SSL = 0x01
_AF_UNSPEC, _AF_INET, _AF_INET6, _AF_UNIX = range(4)
_ADDRESS_SIZES = {_AF_UNSPEC: 0, _AF_INET: 12, _AF_INET6: 36, _AF_UNIX: 216}
_CRC32C_REVERSED = 0x82F63B78  # RFC 9260 appendix A


@frozen
class Incomplete:
    """So far it may become a header: call again with more."""


@frozen
class Invalid:
    """No PROXY header: the connection must be dropped without an answer."""

    reason: str


@frozen
class Header:
    """A complete header of ``length`` bytes.

    ``local`` means that the addresses of the socket stay (``LOCAL``, ``UNKNOWN``): the four address members
    are then None. ``tls`` says that the client spoke TLS to the proxy. Addresses are canonical text,
    IPv4-mapped ones as IPv4.
    """

    length: int
    local: bool = True
    source_ip: str | None = None
    source_port: int | None = None
    destination_ip: str | None = None
    destination_port: int | None = None
    tls: bool = False


def parse(data: bytes) -> Incomplete | Invalid | Header:
    """Reads a header at the start of ``data``; never raises."""
    if data[: len(_V2_SIGNATURE)] == _V2_SIGNATURE[: len(data)]:
        return _version_2(data) if len(data) >= _V2_FIXED else Incomplete()
    if data[: len(_V1_START)] == _V1_START[: len(data)]:
        return _version_1(data)
    return Invalid("no PROXY signature")


def _version_1(data: bytes) -> Incomplete | Invalid | Header:
    end = data.find(b"\r\n", 0, LONGEST_V1)
    if end < 0:
        return Incomplete() if len(data) < LONGEST_V1 else Invalid("version 1 header without an end")
    words = data[:end].decode("latin-1").split(" ")
    if words[1] == "UNKNOWN":  # 2.1: the rest of the line is ignored
        return Header(end + 2)
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        return Invalid("malformed version 1 header")
    _, family, source, destination, source_port, destination_port = words
    if (":" in source) != (family == "TCP6") or (":" in destination) != (family == "TCP6"):
        return Invalid("address of another family")
    ports = [int(port) for port in (source_port, destination_port) if _PORT.fullmatch(port)]
    if len(ports) != 2 or max(ports) > 65535:
        return Invalid("malformed port")
    try:
        return Header(end + 2, False, normalise_ip(source), ports[0], normalise_ip(destination), ports[1], tls=False)
    except InvalidAddress:
        return Invalid("malformed address")


def _version_2(data: bytes) -> Incomplete | Invalid | Header:
    version, command = data[12] >> 4, data[12] & 0x0F
    family, transport = data[13] >> 4, data[13] & 0x0F
    length = _V2_FIXED + int.from_bytes(data[14:16], "big")
    if version != 2 or command > 1:
        return Invalid("unknown version or command")
    if length > LONGEST_V2:
        return Invalid("version 2 header too long")
    if len(data) < length:
        return Incomplete()
    if command == 0:  # 2.2: LOCAL, the block is skipped
        return Header(length)
    if family not in _ADDRESS_SIZES or transport > 1:
        return Invalid("unknown family or transport")
    return _proxied(data[:length], family if transport == 1 else _AF_UNSPEC)


def _proxied(header: bytes, family: int) -> Invalid | Header:
    start = _V2_FIXED + _ADDRESS_SIZES[family]
    if start > len(header):
        return Invalid("address block too short")
    if family == _AF_UNSPEC:  # 2.2.1: what follows has no known layout
        return Header(len(header))
    tls = False
    try:
        for kind, value, place in _tlvs(header, start):
            if kind == _PP2_TYPE_SSL:
                tls = tls or _client_tls(value)
            elif kind == _PP2_TYPE_CRC32C and not _checksum_holds(header, place, value):
                return Invalid("wrong checksum")
    except ValueError as error:
        return Invalid(str(error))
    if family == _AF_UNIX:
        return Header(len(header), tls=tls)
    source, destination, *_ = _addresses(header[_V2_FIXED:start])
    source_port = int.from_bytes(header[start - 4 : start - 2], "big")
    destination_port = int.from_bytes(header[start - 2 : start], "big")
    return Header(len(header), False, source, source_port, destination, destination_port, tls)


def _addresses(block: bytes) -> tuple[str, str]:
    size = (len(block) - 4) // 2
    source, destination = block[:size], block[size : 2 * size]
    return normalise_ip(str(ip_address(source))), normalise_ip(str(ip_address(destination)))


def _tlvs(data: bytes, position: int) -> Iterator[tuple[int, bytes, int]]:
    """Type, value and the place of the value (2.2: type-length-value)."""
    while position < len(data):
        if position + 3 > len(data):
            raise ValueError("truncated TLV")
        start = position + 3
        position = start + int.from_bytes(data[start - 2 : start], "big")
        if position > len(data):
            raise ValueError("truncated TLV")
        yield data[start - 3], data[start:position], start


def _client_tls(value: bytes) -> bool:
    """2.2.5: one byte of client flags, four bytes of verify result, then sub-TLVs."""
    if len(value) < 5:
        raise ValueError("truncated TLS information")
    for _ in _tlvs(value, 5):
        pass
    return bool(value[0] & _PP2_CLIENT_SSL)


def _checksum_holds(header: bytes, place: int, value: bytes) -> bool:
    """2.2.3: CRC32c of the header with this field zeroed."""
    blanked = header[:place] + bytes(len(value)) + header[place + len(value) :]
    return len(value) == 4 and crc32c(blanked) == int.from_bytes(value, "big")


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum (RFC 9260 appendix A); bit by bit, because it is seldom sent and headers are
    short.
    """
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (_CRC32C_REVERSED if register & 1 else 0)
    return register ^ 0xFFFFFFFF
