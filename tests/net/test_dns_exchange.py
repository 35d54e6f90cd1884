"""One server: its AD bit, its failures, EDNS, truncation, and replies that cannot be read."""

from __future__ import annotations

from stalwart.net.dns_transport import Unreachable
from tests.net.fake_dns import reply_to
from tests.net.test_dns import FIRST, MX_LINE, SECOND, TRUSTED, StubCase


class Trust(StubCase):
    """The AD bit."""

    def test_trusted_server_vouches_with_ad(self) -> None:
        self.make(TRUSTED)
        answer = self.looked_up(MX_LINE, flags="AD")
        self.assertEqual((answer.secure, answer.trust), (True, "ad-bit"))

    def test_trusted_server_without_ad_does_not(self) -> None:
        self.make(TRUSTED)
        answer = self.looked_up(MX_LINE)
        self.assertEqual((answer.secure, answer.trust), (False, None))

    def test_ad_of_any_other_server_is_nothing(self) -> None:
        answer = self.looked_up(MX_LINE, flags="AD")
        self.assertEqual((answer.secure, answer.trust), (False, None))

    def test_every_part_of_a_chain_must_be_secure(self) -> None:
        self.make(TRUSTED)
        looking = self.look("www.test", "A")
        self.asked().answer("www.test. 9 CNAME a.test.")
        self.asked().answer("a.test. 5 A 192.0.2.1", flags="AD")
        self.assertFalse(self.successResultOf(looking).secure)

    def test_failure_that_ends_with_checking_disabled_is_bogus(self) -> None:
        self.make(TRUSTED, SECOND)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.assertIn("CD", self.asked().parsed.to_text())
        self.asked().answer(MX_LINE)
        failure = self.failed(looking)
        self.assertEqual(failure.kind, "bogus")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: DNSSEC validation failed")
        self.assertEqual([one.server for one in self.transport.asked], [TRUSTED, TRUSTED])

    def test_failure_that_stays_is_a_server_failure(self) -> None:
        self.make(TRUSTED)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.asked().answer(rcode="SERVFAIL")
        self.assertEqual(self.failed(looking).kind, "servfail")

    def test_question_with_checking_disabled_that_breaks_off_is_a_server_failure(self) -> None:
        self.make(TRUSTED)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.asked().waiting.errback(Unreachable("gone"))
        self.assertEqual(self.failed(looking).kind, "servfail")

    def test_other_servers_are_not_asked_with_checking_disabled(self) -> None:
        self.assertEqual(self.refused(rcode="SERVFAIL").kind, "servfail")
        self.assertEqual(len(self.transport.asked), 1)

    def test_untrusted_server_does_not_overtake_a_trusted_one(self) -> None:
        self.make(TRUSTED, SECOND)
        looking = self.look()
        self.clock.advance(2)
        self.assertEqual(len(self.transport.asked), 1)
        self.asked().answer(MX_LINE, flags="AD")
        self.assertTrue(self.successResultOf(looking).secure)


class Fallbacks(StubCase):
    """EDNS, truncation, and replies that cannot be read."""

    def check_without_edns(self, rcode: str) -> None:
        looking = self.look()
        self.assertEqual(self.asked().parsed.edns, 0)
        self.asked().answer(rcode=rcode)
        self.assertEqual(self.asked().parsed.edns, -1)
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_format_error_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("FORMERR")

    def test_not_implemented_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("NOTIMP")

    def test_bad_version_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("BADVERS")

    def test_format_error_without_edns_is_final(self) -> None:
        self.make(FIRST, edns=False)
        failure = self.refused(rcode="FORMERR")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: error response: Form Error")

    def test_truncated_reply_is_fetched_over_tcp(self) -> None:
        looking = self.look()
        self.asked().answer(flags="TC")
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_reply_in_other_letter_case_is_fetched_over_tcp(self) -> None:
        self.make(FIRST, bits=lambda count: (1 << count) - 1)
        looking = self.look()
        wire = reply_to(self.asked().query.wire, MX_LINE)
        self.asked().waiting.callback(wire[:12] + wire[12:23].lower() + wire[23:])
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def cut(self) -> None:
        self.asked().waiting.callback(reply_to(self.asked().query.wire, MX_LINE)[:-15])

    def test_cut_reply_is_fetched_over_tcp(self) -> None:
        looking = self.look()
        self.cut()
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_cut_reply_without_tcp_is_malformed(self) -> None:
        self.make(FIRST, attempts=1, tcp_on_error=False)
        looking = self.look()
        self.cut()
        self.assertEqual(self.failed(looking).kind, "malformed")

    def test_record_that_cannot_be_decoded_is_malformed(self) -> None:
        self.make(FIRST, attempts=1)
        looking = self.look()
        wire = reply_to(self.asked().query.wire, MX_LINE)
        self.asked().waiting.callback(wire.replace(b"\x02mx", b"\x3fmx"))
        failure = self.failed(looking)
        self.assertEqual(failure.kind, "malformed")
        self.assertTrue(failure.reason.startswith("DNS resolution error: malformed answer: "))

    def test_every_query_has_its_own_id(self) -> None:
        for _ in range(20):
            self.looked_up(MX_LINE)
        self.assertGreater(len({one.query.wire[:2] for one in self.transport.asked}), 15)
