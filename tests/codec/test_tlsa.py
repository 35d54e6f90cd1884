"""TLSA records: which are usable, how they are shown, and what they match."""

from __future__ import annotations

import hashlib

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificates import MalformedCertificate
from stalwart.codec.tlsa import TlsaSet
from tests.net.certificates import Issued, issue


@frozen
class Tlsa:
    """A record as a resolver gives it."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @classmethod
    def of(cls, usage: int, selector: int, matching: int, issued: Issued) -> Tlsa:
        """The record that is about a certificate."""
        selected = issued.public_key_info if selector else issued.der
        digest = {
            0: bytes,
            1: lambda data: hashlib.sha256(data).digest(),
            2: lambda data: hashlib.sha512(data).digest(),
        }
        return cls(usage, selector, matching, digest[matching](selected))


ISSUED = issue(["mx.test"])
OTHER = issue(["mx.test"])
DIGEST = bytes(32)


class Usable(SynchronousTestCase):
    def kept(self, *records: Tlsa) -> int:
        return len(TlsaSet.from_records(records).entries)

    def test_usages_of_public_authorities_are_dropped(self) -> None:
        found = TlsaSet.from_records([Tlsa(0, 1, 1, DIGEST), Tlsa(1, 1, 1, DIGEST)])
        self.assertEqual((found.entries, found.dropped), ((), 2))

    def test_unknown_selector_is_dropped(self) -> None:
        self.assertEqual(self.kept(Tlsa(3, 2, 1, DIGEST)), 0)

    def test_unknown_matching_type_is_dropped(self) -> None:
        self.assertEqual(self.kept(Tlsa(3, 1, 3, DIGEST)), 0)

    def test_digest_of_wrong_length_is_dropped(self) -> None:
        self.assertEqual(self.kept(Tlsa(3, 1, 1, DIGEST[:-1]), Tlsa(3, 1, 2, DIGEST)), 0)

    def test_empty_data_is_dropped(self) -> None:
        self.assertEqual(self.kept(Tlsa(3, 0, 0, b"")), 0)

    def test_flags(self) -> None:
        found = TlsaSet.from_records([Tlsa(3, 1, 1, DIGEST), Tlsa(2, 0, 0, b"x"), Tlsa(1, 1, 1, DIGEST)])
        self.assertEqual((found.has_end_entities, found.has_intermediates), (True, True))

    def test_flags_of_nothing(self) -> None:
        self.assertEqual((TlsaSet().has_end_entities, TlsaSet().has_intermediates), (False, False))


class Wire(SynchronousTestCase):
    def test_form(self) -> None:
        found = TlsaSet.from_records([Tlsa(3, 1, 1, DIGEST), Tlsa(2, 0, 0, b"\x01\xff")])
        self.assertEqual(
            found.wire(),
            {
                "entries": [
                    {"is_end_entity": True, "is_spki": True, "matching": "Sha256", "data": [0] * 32},
                    {"is_end_entity": False, "is_spki": False, "matching": "Full", "data": [1, 255]},
                ],
                "has_end_entities": True,
                "has_intermediates": True,
            },
        )


class Matching(SynchronousTestCase):
    def assert_matches_its_own_only(self, selector: int, matching: int) -> None:
        found = TlsaSet.from_records([Tlsa.of(3, selector, matching, ISSUED)])
        self.assertIs(found.match_end_entity(ISSUED.der), found.entries[0])
        self.assertIsNone(found.match_end_entity(OTHER.der))

    def test_whole_certificate(self) -> None:
        self.assert_matches_its_own_only(0, 0)

    def test_whole_certificate_sha256(self) -> None:
        self.assert_matches_its_own_only(0, 1)

    def test_whole_certificate_sha512(self) -> None:
        self.assert_matches_its_own_only(0, 2)

    def test_key(self) -> None:
        self.assert_matches_its_own_only(1, 0)

    def test_key_sha256(self) -> None:
        self.assert_matches_its_own_only(1, 1)

    def test_key_sha512(self) -> None:
        self.assert_matches_its_own_only(1, 2)

    def test_anchor_records_do_not_match_the_server(self) -> None:
        self.assertIsNone(TlsaSet.from_records([Tlsa.of(2, 0, 1, ISSUED)]).match_end_entity(ISSUED.der))

    def test_any_record_suffices(self) -> None:
        found = TlsaSet.from_records([Tlsa.of(3, 1, 1, OTHER), Tlsa.of(3, 1, 1, ISSUED)])
        self.assertIs(found.match_end_entity(ISSUED.der), found.entries[1])

    @given(st.binary(max_size=200))
    def test_junk_matches_nothing(self, junk: bytes) -> None:
        found = TlsaSet.from_records([Tlsa.of(3, 1, 1, ISSUED)])
        try:
            self.assertIsNone(found.match_end_entity(junk))
        except MalformedCertificate:
            return

    def test_records_as_they_are_written(self) -> None:
        found = TlsaSet.from_records([Tlsa(3, 1, 1, b"\xab" * 32), Tlsa(2, 0, 0, b"\1")])
        self.assertEqual(found.texts(), ("3 1 1 " + "ab" * 32, "2 0 0 01"))
