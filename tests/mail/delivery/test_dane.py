"""Which TLSA records bind a host."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import TLSA
from stalwart.mail.delivery.dane import NO_RECORDS, UNSIGNED_MX, UNUSABLE, Dane, find_tlsa
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

RECORD = TLSA(3, 1, 1, b"\1" * 32)
NAME = "_25._tcp.mx.test"
SECURE = ("mx.test", NAME, "real.test", "_25._tcp.real.test")


class DaneTests(SynchronousTestCase):
    """RFC 7672 2 and 3.1.3."""

    def dane(self, zone: dict[tuple[str, str], Any], secure: tuple[str, ...] = SECURE, mx_secure: bool = True) -> Dane:
        """The state of mx.test."""
        resolver = FakeResolver({("mx.test", "A"): ["192.0.2.1"], **zone}, secure)
        return self.successResultOf(Deferred.fromCoroutine(find_tlsa(resolver, "mx.test", 25, mx_secure)))

    def test_a_secure_record_binds(self) -> None:
        found = self.dane({(NAME, "TLSA"): [RECORD]})
        assert found.tlsa is not None
        self.assertEqual((len(found.tlsa.entries), found.trust, found.base), (1, "ad-bit", "mx.test"))

    def test_an_insecure_one_does_not(self) -> None:
        found = self.dane({(NAME, "TLSA"): [RECORD]}, secure=())
        self.assertEqual((found.tlsa, found.reason), (None, NO_RECORDS))

    def test_nothing_binds_below_an_unsigned_mx_set(self) -> None:
        found = self.dane({(NAME, "TLSA"): [RECORD]}, mx_secure=False)
        self.assertEqual((found.tlsa, found.reason), (None, UNSIGNED_MX))

    def test_no_record(self) -> None:
        found = self.dane({})
        self.assertEqual((found.tlsa, found.failure, found.reason), (None, None, NO_RECORDS))

    def test_only_unusable_records_still_ask_for_tls(self) -> None:
        found = self.dane({(NAME, "TLSA"): [TLSA(1, 1, 1, b"\1" * 32)]})
        self.assertEqual((found.unusable, found.reason), (True, UNUSABLE))

    def test_a_forged_answer_forbids_delivery(self) -> None:
        found = self.dane({(NAME, "TLSA"): LookupFailed("bogus", "validation failed")})
        self.assertEqual((found.bogus, found.failure), (True, "validation failed"))

    def test_a_time_out_is_a_failure_but_not_forged(self) -> None:
        found = self.dane({(NAME, "TLSA"): LookupFailed("timeout", "request timed out")})
        self.assertEqual((found.bogus, found.failure), (False, "request timed out"))

    def test_the_name_that_an_alias_leads_to_comes_first(self) -> None:
        zone: dict[tuple[str, str], Any] = {
            ("mx.test", "A"): [],
            ("mx.test", "CNAME"): ["real.test."],
            ("real.test", "A"): ["192.0.2.1"],
            ("_25._tcp.real.test", "TLSA"): [RECORD],
        }
        resolver = FakeResolver({key: value for key, value in zone.items() if value}, SECURE)
        found = self.successResultOf(Deferred.fromCoroutine(find_tlsa(resolver, "mx.test", 25, True)))
        self.assertEqual(found.base, "real.test")
