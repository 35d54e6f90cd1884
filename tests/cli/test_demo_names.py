"""The demo's name server: what it answers, without a socket."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.demo_names import LARGEST_DATAGRAM, Zone

ZONE = Zone(
    ("demo.test",),
    {
        ("demo.test", "MX"): ["10 mx.demo.test."],
        ("mx.demo.test", "A"): ["127.0.0.1"],
        ("_25._tcp.mx.demo.test", "TLSA"): ["3 1 1 " + "ab" * 32],
        ("big.demo.test", "TXT"): [f'"{"x" * 200}{number}"' for number in range(20)],
    },
)


def ask(name: str, kind: str, largest: int = LARGEST_DATAGRAM) -> dns.message.Message:
    query = dns.message.make_query(name, kind, want_dnssec=True)
    answer = ZONE.answer(query.to_wire(), largest)
    assert answer is not None
    return dns.message.from_wire(answer)


class ZoneTests(SynchronousTestCase):
    """``Zone.answer``."""

    def test_known_record_is_answered_with_the_ad_bit(self) -> None:
        answer = ask("demo.test", "MX")
        self.assertEqual(str(answer.answer[0][0]), "10 mx.demo.test.")
        self.assertTrue(answer.flags & dns.flags.AD)

    def test_tlsa_record_is_answered(self) -> None:
        self.assertEqual(str(ask("_25._tcp.mx.demo.test", "TLSA").answer[0][0]), "3 1 1 " + "ab" * 32)

    def test_letter_case_of_the_question_is_kept(self) -> None:
        answer = ask("MX.Demo.Test", "A")
        self.assertIn(b"MX\x04Demo", answer.to_wire())
        self.assertEqual(len(answer.answer), 1)

    def test_missing_type_at_a_known_name_is_an_empty_answer(self) -> None:
        answer = ask("demo.test", "TXT")
        self.assertEqual((answer.rcode(), answer.answer), (dns.rcode.NOERROR, []))

    def test_name_with_names_below_it_exists(self) -> None:
        self.assertEqual(ask("_tcp.mx.demo.test", "TLSA").rcode(), dns.rcode.NOERROR)

    def test_unknown_name_does_not_exist(self) -> None:
        self.assertEqual(ask("nowhere.demo.test", "A").rcode(), dns.rcode.NXDOMAIN)

    def test_name_of_another_zone_is_refused(self) -> None:
        self.assertEqual(ask("example.org", "MX").rcode(), dns.rcode.REFUSED)

    def test_answer_too_large_for_a_datagram_is_truncated(self) -> None:
        answer = ask("big.demo.test", "TXT")
        self.assertTrue(answer.flags & dns.flags.TC)
        self.assertEqual(answer.answer, [])

    def test_the_same_answer_fits_a_stream(self) -> None:
        self.assertEqual(len(ask("big.demo.test", "TXT", 65535).answer[0]), 20)

    def test_garbage_is_not_answered(self) -> None:
        self.assertIsNone(ZONE.answer(b"\x00\x01garbage", LARGEST_DATAGRAM))

    def test_answer_is_not_answered(self) -> None:
        response = dns.message.make_response(dns.message.make_query("demo.test", "MX"))
        self.assertIsNone(ZONE.answer(response.to_wire(), LARGEST_DATAGRAM))
