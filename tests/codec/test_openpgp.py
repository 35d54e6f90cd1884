"""OpenPGP keys by their shape. The sample is the version 4 key of RFC 9580 A.1 with a user id put behind it."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.openpgp import BEGIN, END, UnreadableOpenPgp, addresses, packets

KEY = base64.b64decode("xjMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJku" + "Q+47JAY=")


def packet(tag: int, body: bytes) -> bytes:
    """In the current format, one octet of length."""
    return bytes((0xC0 | tag, len(body))) + body


def armored(data: bytes, headers: str = "", checksum: str = "=AAAA\n") -> str:
    """``data`` in armor whose checksum is wrong."""
    return f"{BEGIN}\n{headers}\n{base64.encodebytes(data).decode()}{checksum}{END}\n"


ALICE = KEY + packet(13, b"Alice <Alice@Example.test>") + packet(13, b"bob@example.test") + packet(13, b"no address")


class ArmorTests(SynchronousTestCase):
    def test_addresses_come_from_user_ids(self) -> None:
        self.assertEqual(addresses(armored(ALICE)), ("alice@example.test", "bob@example.test"))

    def test_headers_of_the_armor_are_skipped(self) -> None:
        self.assertEqual(addresses(armored(KEY, "Version: 1\nComment: x\n")), ())

    def test_wrong_checksum_is_ignored(self) -> None:
        # RFC 9580 6.1 forbids to refuse it
        self.assertEqual(addresses(armored(KEY, checksum="=0000\n")), addresses(armored(KEY, checksum="")))

    def test_truncated_key_is_refused(self) -> None:
        self.assertRaises(UnreadableOpenPgp, addresses, armored(KEY[:-3]))

    def test_message_is_no_key(self) -> None:
        self.assertRaises(UnreadableOpenPgp, addresses, armored(packet(11, b"text")))

    def test_armor_needs_its_end(self) -> None:
        self.assertRaises(UnreadableOpenPgp, addresses, armored(KEY).replace(END, ""))

    def test_other_letters_are_refused(self) -> None:
        self.assertRaises(UnreadableOpenPgp, addresses, armored(KEY).replace("xjME", "!!!!"))


class PacketTests(SynchronousTestCase):
    def test_lengths_of_both_formats(self) -> None:
        data = b"".join(
            (
                b"\x98\x01a",  # legacy, one octet
                b"\x99\x00\x01b",  # legacy, two octets
                b"\x9a\x00\x00\x00\x01c",  # legacy, four octets
                b"\xcd\x01d",
                b"\xcd\xc0\x00" + b"e" * 192,
                b"\xcd\xff\x00\x00\x00\x01f",
            )
        )
        self.assertEqual(
            [(tag, body[:1]) for tag, body in packets(data)],
            [(6, b"a"), (6, b"b"), (6, b"c"), (13, b"d"), (13, b"e"), (13, b"f")],
        )

    def test_packet_without_length_is_refused(self) -> None:
        for data in (b"\x9b\x01a", b"\xcd\xe1aa", b"\x01", b""):
            self.assertRaises(UnreadableOpenPgp, list, packets(data))

    @given(st.binary())
    def test_whatever_comes_is_walked_or_refused(self, data: bytes) -> None:
        try:
            found = list(packets(data))
        except UnreadableOpenPgp:
            return
        self.assertLess(sum(len(body) for _, body in found), len(data))
