"""What replies mean: records, aliases and denials, asked for through the stub resolver."""

from __future__ import annotations

from stalwart.codec.dns_records import MX, TLSA
from stalwart.net.dns import Answer
from tests.net.test_dns import MX_LINE, SOA, TRUSTED, StubCase


class Answers(StubCase):
    """Positive answers."""

    def test_records_are_values(self) -> None:
        answer = self.looked_up(MX_LINE)
        self.assertEqual(answer, Answer("good.test.", "MX", (MX(10, "mx.good.test."),), ttl=300))

    def test_nothing_is_left_behind(self) -> None:
        self.looked_up(MX_LINE)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tlsa(self) -> None:
        answer = self.looked_up("_25._tcp.mx.test. 60 TLSA 3 1 1 " + "ab" * 32, name="_25._tcp.mx.test", rtype="TLSA")
        self.assertEqual(answer.records, (TLSA(3, 1, 1, b"\xab" * 32),))

    def test_idn_is_asked_as_a_label(self) -> None:
        answer = self.looked_up("xn--bcher-kva.test. 1 A 192.0.2.9", name="Bücher.test", rtype="A")
        self.assertEqual((answer.name, answer.records), ("xn--bcher-kva.test.", ("192.0.2.9",)))

    def test_shortest_ttl_counts(self) -> None:
        answer = self.looked_up("www.test. 9 CNAME a.test.", "a.test. 5 A 192.0.2.1", name="www.test", rtype="A")
        self.assertEqual(answer.ttl, 5)

    def test_aliases_in_the_answer_are_followed(self) -> None:
        answer = self.looked_up(
            "www.test. 9 CNAME a.test.", "b.test. 9 A 192.0.2.1", "a.test. 9 CNAME B.test.", name="www.test", rtype="A"
        )
        self.assertEqual((answer.aliases, answer.records), (("a.test.", "b.test."), ("192.0.2.1",)))

    def test_records_of_other_names_are_ignored(self) -> None:
        answer = self.looked_up("evil.test. 9 MX 1 evil.test.", MX_LINE)
        self.assertEqual(answer.records, (MX(10, "mx.good.test."),))

    def test_records_of_other_names_alone_are_no_answer(self) -> None:
        self.assertEqual(self.refused("evil.test. 9 MX 1 evil.test.").kind, "nodata")

    def test_cname_itself_can_be_asked_for(self) -> None:
        answer = self.looked_up("www.test. 9 CNAME a.test.", name="www.test", rtype="CNAME")
        self.assertEqual((answer.records, answer.aliases), (("a.test.",), ()))

    def test_repeated_records_count_once(self) -> None:
        self.assertEqual(len(self.looked_up(MX_LINE, MX_LINE).records), 1)

    def test_alias_without_its_target_is_asked_further(self) -> None:
        looking = self.look("www.test", "A")
        self.asked().answer("www.test. 9 CNAME a.test.")
        self.assertEqual(self.asked().parsed.question[0].name.to_text().lower(), "a.test.")
        self.asked().answer("a.test. 5 A 192.0.2.1")
        answer = self.successResultOf(looking)
        self.assertEqual((answer.name, answer.aliases, answer.ttl), ("www.test.", ("a.test.",), 5))


class Denials(StubCase):
    """NXDOMAIN and NODATA."""

    def test_no_such_name(self) -> None:
        failure = self.refused(rcode="NXDOMAIN", authority=SOA)
        self.assertEqual((failure.kind, failure.ttl), ("nxdomain", 60))
        self.assertEqual(failure.reason, "DNS record not found: Non-Existent Domain")

    def test_no_such_record(self) -> None:
        failure = self.refused(authority=SOA)
        self.assertEqual((failure.kind, failure.ttl), ("nodata", 60))
        self.assertEqual(failure.reason, "DNS record not found: No Error")

    def test_no_such_record_without_a_soa_is_not_kept(self) -> None:
        failure = self.refused()
        self.assertEqual((failure.kind, failure.ttl), ("nodata", 0))

    def test_soa_of_a_foreign_zone_is_ignored(self) -> None:
        self.assertEqual(self.refused(rcode="NXDOMAIN", authority=SOA.replace("test. 120", "other. 120")).ttl, 0)

    def test_end_of_an_alias_that_does_not_exist(self) -> None:
        failure = self.refused("www.test. 9 CNAME a.test.", rcode="NXDOMAIN", authority=SOA, name="www.test", rtype="A")
        self.assertEqual((failure.kind, failure.ttl), ("nxdomain", 9))

    def test_denial_of_a_trusted_server_is_secure(self) -> None:
        self.make(TRUSTED)
        self.assertTrue(self.refused(rcode="NXDOMAIN", authority=SOA, flags="AD").secure)

    def test_denial_of_any_other_is_not(self) -> None:
        self.assertFalse(self.refused(rcode="NXDOMAIN", authority=SOA, flags="AD").secure)


class Aliases(StubCase):
    """Chains that do not end."""

    def test_loop_in_the_answer_fails(self) -> None:
        failure = self.refused("a.test. 9 CNAME b.test.", "b.test. 9 CNAME a.test.", name="a.test", rtype="A")
        self.assertEqual(
            (failure.kind, failure.reason.split(": ")[1]), ("error", "the aliases of the name form a loop")
        )

    def test_alias_to_itself_fails(self) -> None:
        self.assertEqual(self.refused("a.test. 9 CNAME a.test.", name="a.test", rtype="A").kind, "error")

    def test_loop_over_several_replies_fails(self) -> None:
        looking = self.look("a.test", "A")
        self.asked().answer("a.test. 9 CNAME b.test.")
        self.asked().answer("b.test. 9 CNAME a.test.")
        self.assertEqual(self.failed(looking).kind, "error")

    def test_nine_aliases_are_too_many(self) -> None:
        lines = [f"n{n}.test. 9 CNAME n{n + 1}.test." for n in range(9)]
        failure = self.refused(*lines, "n9.test. 9 A 192.0.2.1", name="n0.test", rtype="A")
        self.assertIn("too many aliases", failure.reason)

    def test_eight_aliases_are_followed(self) -> None:
        lines = [f"n{n}.test. 9 CNAME n{n + 1}.test." for n in range(8)]
        answer = self.looked_up(*lines, "n8.test. 9 A 192.0.2.1", name="n0.test", rtype="A")
        self.assertEqual(len(answer.aliases), 8)

    def test_aliases_over_many_replies_are_bounded(self) -> None:
        looking = self.look("n0.test", "A")
        for n in range(12):
            if looking.called:
                break
            self.asked().answer(f"n{n}.test. 9 CNAME n{n + 1}.test.")
        self.assertIn("too many aliases", self.failed(looking).reason)
        self.assertLess(len(self.transport.asked), 10)
