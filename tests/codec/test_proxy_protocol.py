"""PROXY headers of both versions, whole, in pieces, and broken."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.proxy_protocol import Header, Incomplete, Invalid, crc32c, parse

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
INET = ip_address("192.0.2.1").packed + ip_address("198.51.100.7").packed + struct.pack("!HH", 40000, 443)
INET6 = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed + struct.pack("!HH", 40000, 443)


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def _version_2(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + bytes((command, family)) + struct.pack("!H", len(body)) + body


V1 = {
    "tcp4": (
        b"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n",
        (False, "192.0.2.1", 40000, "198.51.100.7", 443),
    ),
    "tcp6": (b"PROXY TCP6 2001:DB8::1 ::1 0 65535\r\n", (False, "2001:db8::1", 0, "::1", 65535)),
    "mapped": (
        b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
        (False, "192.0.2.1", 1, "::1", 2),
    ),
    "unknown": (b"PROXY UNKNOWN\r\n", (True, None, None, None, None)),
    "unknown_with_more": (b"PROXY UNKNOWN ff::1 junk 1 2\r\n", (True, None, None, None, None)),
    "longest": (
        b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535".ljust(105) + b"\r\n",
        (True, None, None, None, None),
    ),
}
V1_INVALID = {
    "family": b"PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n",
    "lower_case": b"proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
    "wrong_family_of_address": b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
    "mixed_families": b"PROXY TCP6 2001:db8::1 192.0.2.1 1 2\r\n",
    "address": b"PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n",
    "port_range": b"PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n",
    "port_zeros": b"PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n",
    "port_sign": b"PROXY TCP4 192.0.2.1 198.51.100.7 +1 2\r\n",
    "too_few": b"PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n",
    "too_many": b"PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n",
    "two_blanks": b"PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
    "nothing": b"PROXY \r\n",
    "too_long": b"PROXY UNKNOWN".ljust(107),
    "end_after_107_bytes": b"PROXY UNKNOWN".ljust(106) + b"\r\n",
    "http": b"GET / HTTP/1.1\r\n",
    "tls": b"\x16\x03\x01",
}
SSL = bytes((0x01, 0, 0, 0, 0)) + _tlv(0x21, b"TLSv1.3")
V2 = {
    "tcp4": (_version_2(0x21, 0x11, INET), (False, "192.0.2.1", 40000, "198.51.100.7", 443, False)),
    "tcp6": (_version_2(0x21, 0x21, INET6), (False, "2001:db8::1", 40000, "2001:db8::2", 443, False)),
    "client_tls": (
        _version_2(0x21, 0x11, INET + _tlv(0x02, b"a.example") + _tlv(0x20, SSL)),
        (False, "192.0.2.1", 40000, "198.51.100.7", 443, True),
    ),
    "no_client_tls": (
        _version_2(0x21, 0x11, INET + _tlv(0x20, bytes(5)) + _tlv(0x04, b"pad")),
        (False, "192.0.2.1", 40000, "198.51.100.7", 443, False),
    ),
    "local": (_version_2(0x20, 0x11, INET), (True, None, None, None, None, False)),
    "local_without_addresses": (_version_2(0x20, 0x00, b""), (True, None, None, None, None, False)),
    "unspecified": (_version_2(0x21, 0x00, b"junk"), (True, None, None, None, None, False)),
    "unix_with_tls": (
        _version_2(0x21, 0x31, bytes(216) + _tlv(0x20, SSL)),
        (True, None, None, None, None, True),
    ),
}
V2_INVALID = {
    "version": _version_2(0x11, 0x11, INET),
    "command": _version_2(0x22, 0x11, INET),
    "family": _version_2(0x21, 0x41, INET),
    "datagram": _version_2(0x21, 0x12, INET),
    "short_addresses": _version_2(0x21, 0x21, INET),
    "short_tlv_head": _version_2(0x21, 0x11, INET + b"\x02\x00"),
    "short_tlv_value": _version_2(0x21, 0x11, INET + b"\x02\x00\x09abc"),
    "short_tls_information": _version_2(0x21, 0x11, INET + _tlv(0x20, b"\x01")),
    "broken_tls_information": _version_2(0x21, 0x11, INET + _tlv(0x20, bytes(5) + b"\x21\x00\x09")),
    "too_long": SIGNATURE + b"\x21\x11\xff\xff",
    "checksum": _version_2(0x21, 0x11, INET + _tlv(0x03, b"\x00\x00\x00\x00")),
    "short_checksum": _version_2(0x21, 0x11, INET + _tlv(0x03, b"\x00")),
    "signature": SIGNATURE[:-1] + b"X\x21\x11",
}


class HeaderTests(SynchronousTestCase):
    def test_what_follows_is_left_alone(self) -> None:
        for data in (V1["tcp4"][0], V2["tcp4"][0]):
            header = parse(data + b"GET / HTTP/1.1\r\n")
            assert isinstance(header, Header)
            self.assertEqual(header.length, len(data))

    def test_a_right_checksum_is_accepted(self) -> None:
        blank = _version_2(0x21, 0x11, INET + _tlv(0x03, bytes(4)))
        data = blank[:-4] + struct.pack("!I", crc32c(blank))
        self.assertIsInstance(parse(data), Header)

    def test_the_checksum_is_castagnoli(self) -> None:
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)

    def test_nothing_yet_is_incomplete(self) -> None:
        self.assertEqual(parse(b""), Incomplete())

    @given(
        st.one_of(
            st.binary(max_size=150),
            st.binary(max_size=100).map(lambda tail: b"PROXY " + tail),
            st.tuples(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300)).map(
                lambda parts: _version_2(*parts)
            ),
            st.binary(max_size=60).map(lambda tail: _version_2(0x21, 0x11, INET + tail)),
        )
    )
    def test_any_bytes_are_judged(self, data: bytes) -> None:
        verdict = parse(data)
        if isinstance(verdict, Header):
            self.assertLessEqual(verdict.length, len(data))
            self.assertEqual(verdict.local, verdict.source_ip is None)
        self.assertIsInstance(verdict, Header | Invalid | Incomplete)


def _expand() -> None:
    def whole(data: bytes, wanted: Header):  # type: ignore[no-untyped-def]
        def test(self: HeaderTests) -> None:
            self.assertEqual(parse(data), wanted)
            pieces = [parse(data[:end]) for end in range(len(data))]
            self.assertEqual(set(pieces), {Incomplete()})

        return test

    def invalid(data: bytes):  # type: ignore[no-untyped-def]
        return lambda self: self.assertIsInstance(parse(data), Invalid)

    for name, (data, members) in V1.items():
        setattr(HeaderTests, f"test_version_1_{name}", whole(data, Header(len(data), *members)))
    for name, (data, members2) in V2.items():
        setattr(HeaderTests, f"test_version_2_{name}", whole(data, Header(len(data), *members2)))
    for name, data in V1_INVALID.items():
        setattr(HeaderTests, f"test_version_1_{name}_is_invalid", invalid(data))
    for name, data in V2_INVALID.items():
        setattr(HeaderTests, f"test_version_2_{name}_is_invalid", invalid(data))


_expand()
