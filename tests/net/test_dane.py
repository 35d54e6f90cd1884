"""Whether TLSA records vouch for a server; matching single records is tested with their codec."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.tlsa import TlsaSet
from stalwart.net.dane import verify_dane
from tests.codec.test_tlsa import Tlsa
from tests.net.certificates import issue, make_ca

CA = make_ca("Root")
MIDDLE = make_ca("Middle", ca=CA)
NOW = datetime.now(UTC)


class Dane(SynchronousTestCase):
    def setUp(self) -> None:
        self.leaf = issue(["mx.test"], 30, MIDDLE)
        self.chain = (self.leaf.der, MIDDLE.der)

    def verdict(self, *records: Tlsa, chain: Any = None, names: Any = ("mx.test",), now: datetime = NOW) -> Any:
        found = self.chain if chain is None else chain
        return verify_dane(TlsaSet.from_records(records), found, list(names), now)

    def test_end_entity(self) -> None:
        verdict = self.verdict(Tlsa.of(3, 1, 1, self.leaf))
        self.assertEqual((verdict.ok, verdict.reason, verdict.usage), (True, None, 3))

    def test_end_entity_needs_neither_name_nor_date(self) -> None:
        old = issue(["else.test"], -100)
        self.assertTrue(self.verdict(Tlsa.of(3, 0, 2, old), chain=[old.der]).ok)

    def test_no_match(self) -> None:
        verdict = self.verdict(Tlsa.of(3, 1, 1, issue(["mx.test"])))
        self.assertEqual((verdict.ok, verdict.permanent), (False, True))
        self.assertEqual(verdict.reason, "No matching certificates found in TLSA records")

    def test_no_certificate(self) -> None:
        verdict = self.verdict(Tlsa.of(3, 1, 1, self.leaf), chain=())
        self.assertEqual(verdict.reason, "No certificates were provided by host")
        self.assertFalse(verdict.permanent)

    def test_unreadable_certificate(self) -> None:
        verdict = self.verdict(Tlsa.of(3, 1, 1, self.leaf), chain=[b"junk"])
        self.assertEqual(verdict.reason, "Failed to parse X.509 certificate")

    def test_anchor_that_the_server_sent(self) -> None:
        verdict = self.verdict(Tlsa.of(2, 0, 1, MIDDLE))
        self.assertEqual((verdict.ok, verdict.usage), (True, 2))

    def test_anchor_by_key(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(2, 1, 2, MIDDLE)).ok)

    def test_digest_of_an_anchor_that_the_server_did_not_send(self) -> None:
        self.assertFalse(self.verdict(Tlsa.of(2, 0, 1, CA)).ok)

    def test_whole_anchor_that_the_server_did_not_send(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(2, 0, 0, CA)).ok)

    def test_key_of_an_anchor_that_the_server_did_not_send(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(2, 1, 0, CA)).ok)

    def test_key_that_signed_the_server_itself(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(2, 1, 0, MIDDLE), chain=[self.leaf.der]).ok)

    def test_anchor_is_never_the_server_itself(self) -> None:
        own = issue(["mx.test"])
        self.assertFalse(self.verdict(Tlsa.of(2, 0, 1, own), chain=[own.der, own.der]).ok)
        self.assertFalse(self.verdict(Tlsa.of(2, 0, 0, own), chain=[own.der]).ok)

    def test_anchor_that_signed_nothing(self) -> None:
        stranger = make_ca("Stranger")
        verdict = self.verdict(Tlsa.of(2, 0, 1, stranger), chain=[*self.chain, stranger.der])
        self.assertIn("the path to it is not valid", verdict.reason)

    def test_anchor_and_other_name(self) -> None:
        verdict = self.verdict(Tlsa.of(2, 0, 1, MIDDLE), names=["mx.else.test", "else.test"])
        self.assertIn("the certificate is for none of mx.else.test, else.test", verdict.reason)

    def test_anchor_and_one_of_several_names(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(2, 0, 1, MIDDLE), names=["else.test", "MX.test."]).ok)

    def test_anchor_and_expired_certificate(self) -> None:
        verdict = self.verdict(Tlsa.of(2, 0, 1, MIDDLE), now=NOW + timedelta(days=31))
        self.assertIn("expired", verdict.reason)

    def test_anchor_and_certificate_that_is_not_for_servers(self) -> None:
        leaf = issue(["mx.test"], 30, MIDDLE, client_only=True)
        verdict = self.verdict(Tlsa.of(2, 0, 1, MIDDLE), chain=[leaf.der, MIDDLE.der])
        self.assertIn("not for servers", verdict.reason)

    def test_anchor_and_common_name_without_other_names(self) -> None:
        leaf = issue([], 30, MIDDLE, common_name="mx.test")
        self.assertTrue(self.verdict(Tlsa.of(2, 0, 1, MIDDLE), chain=[leaf.der, MIDDLE.der]).ok)

    def test_server_that_poses_as_an_authority(self) -> None:
        false_authority = issue(["mx.test"], 30, MIDDLE)
        below = issue(["mx.test"], 30, false_authority)
        verdict = self.verdict(Tlsa.of(2, 0, 1, MIDDLE), chain=[below.der, false_authority.der, MIDDLE.der])
        self.assertFalse(verdict.ok)

    def test_record_of_junk_anchors_nothing(self) -> None:
        verdict = self.verdict(Tlsa(2, 0, 0, b"junk"))
        self.assertFalse(verdict.ok)

    def test_either_record_suffices(self) -> None:
        self.assertTrue(self.verdict(Tlsa.of(3, 1, 1, issue(["x.test"])), Tlsa.of(2, 0, 1, MIDDLE)).ok)

    def test_work_is_bounded(self) -> None:
        strangers = [Tlsa.of(2, 1, 0, make_ca(f"Stranger {number}")) for number in range(40)]
        beyond = self.verdict(*strangers, Tlsa.of(2, 1, 0, CA))
        within = self.verdict(*strangers[:20], Tlsa.of(2, 1, 0, CA))
        self.assertEqual((beyond.ok, within.ok), (False, True))
