"""Each fault of a zone is named, with the line that mends it."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import certificates
from stalwart.mail.dns_findings import Finding, findings, questions
from stalwart.mail.domain_records import DkimKey, DomainFacts, domain_records
from stalwart.net.dns_answers import Answer, LookupFailed
from tests.codec.pem import certificate, key, named
from tests.mail.test_domain_records import facts
from tests.mail.zone_table import Table, table_of, value
from tests.net.fake_dns import FakeResolver

PROTOCOLS = ("http", "smtp", "imap", "pop3")
TLSA = "_25._tcp.mail.example.org"


class FindingCase(SynchronousTestCase):
    """A domain whose zone is as it should be, until a test breaks ``table``."""

    secure: Any = ()
    unreachable: str | None = None

    def setUp(self) -> None:
        self.facts = facts()
        self.table: Table = table_of(self.facts)

    def put(self, name: str, type: str, *texts: str) -> None:
        """Replace records; none if there are no texts."""
        self.table.pop((name, type), None)
        if texts:
            self.table[name, type] = [value(type, text) for text in texts]

    def look(self, known: DomainFacts | None = None, listening: Any = PROTOCOLS) -> list[Finding]:
        """What is found."""
        resolver = FakeResolver(self.table, self.secure)

        async def looked_up() -> dict[tuple[str, str], Answer | LookupFailed]:
            results: dict[tuple[str, str], Answer | LookupFailed] = {}
            for question in questions(known or self.facts):
                try:
                    results[question] = await resolver.lookup(*question)
                except LookupFailed as failed:
                    results[question] = failed
            return results

        results = self.successResultOf(Deferred.fromCoroutine(looked_up()))
        return findings(known or self.facts, results, listening, self.unreachable)

    def faults(self, known: DomainFacts | None = None, listening: Any = PROTOCOLS) -> list[tuple[str, str, str]]:
        """Type, name and state of what is not as it should be."""
        found = self.look(known, listening)
        self.advice = "\n".join(each.advice or "" for each in found)
        return [(each.type, each.name, each.state) for each in found if each.state != "ok"]


class WholeTests(FindingCase):
    def test_zone_as_it_should_be(self) -> None:
        found = self.look()
        self.assertEqual({each.state for each in found}, {"ok"})
        self.assertEqual(len(found), len(domain_records(self.facts)))
        self.assertEqual({each.advice for each in found}, {None})

    def test_empty_zone_names_every_record_and_its_line(self) -> None:
        self.table = {}
        found = self.look()
        records = [each.record for each in domain_records(self.facts)]
        self.assertEqual([(each.type, each.name) for each in found[:-1]], [(each.type, each.name) for each in records])
        for each, record in zip(found, records, strict=False):
            self.assertEqual((each.state, each.found), ("missing", ()))
            self.assertEqual(each.advice, f"Add this line to the zone:\n{record.line}")
        self.assertEqual((found[-1].type, found[-1].name), ("A", "mail.example.org"))

    def test_dead_name_server(self) -> None:
        self.table = {question: LookupFailed("timeout", "timed out") for question in questions(self.facts)}  # type: ignore[misc]
        found = self.look()
        self.assertEqual({each.state for each in found}, {"error"})
        self.assertIn("timed out", found[0].advice or "")

    def test_what_was_not_looked_up_is_told(self) -> None:
        found = findings(self.facts, {}, ())
        self.assertEqual({each.state for each in found}, {"error"})
        self.assertIn("too many records", found[0].advice or "")

    def test_other_scripts(self) -> None:
        known = facts(name="bücher.example")
        self.table = table_of(known)
        self.assertEqual(self.faults(known), [])


class FaultTests(FindingCase):
    def test_text_records(self) -> None:
        for name, text in {
            "v1-rsa-20261121._domainkey.example.org": "v=DKIM1; k=rsa; p=AAAA",
            "example.org": "v=spf1 -all",
            "mail.example.org": "v=spf1 -all",
            "_dmarc.example.org": "v=DMARC1; p=none; rua=mailto:postmaster@example.org",
            "_mta-sts.example.org": "v=STSv1; id=1",
            "_smtp._tls.example.org": "v=TLSRPTv1; rua=mailto:a@b.test",
            "_validation-persist.example.org": "letsencrypt.org; accounturi=https://else.test/1",
            "_ua-auto-config.example.org": "v=UAAC1; a=sha256; d=AAAA",
        }.items():
            self.setUp()
            self.put(name, "TXT", text)
            self.assertEqual(self.faults(), [("TXT", name, "wrong")])
            self.assertIn(f"Put this line in its place:\n{name}. IN TXT ", self.advice)

    def test_other_texts_do_no_harm(self) -> None:
        self.put("example.org", "TXT", "site-verification=1", "v=spf1 mx -all")
        self.assertEqual(self.faults(), [])

    def test_two_records_of_a_sort(self) -> None:
        self.put("example.org", "TXT", "v=spf1 mx -all", "v=spf1 include:else.test -all")
        self.assertEqual(self.faults(), [("TXT", "example.org", "wrong")])
        self.assertIn("There are 2 records of this sort", self.advice)

    def test_exchangers(self) -> None:
        self.put("example.org", "MX", "10 mx.else.test.")
        states = [("MX", "example.org", "missing"), ("MX", "example.org", "extra")]
        self.assertEqual(self.faults(), states)
        self.assertIn("Remove:\nexample.org. IN MX 10 mx.else.test.", self.advice)
        self.put("example.org", "MX", "20 mail.example.org.")
        self.assertEqual(self.faults(), [("MX", "example.org", "wrong")])
        self.put("example.org", "MX", "0 .")
        self.assertEqual(self.faults(), states)

    def test_exchanger_that_is_an_alias(self) -> None:
        del self.table["mail.example.org", "A"]
        self.put("mail.example.org", "CNAME", "real.example.org.")
        self.put("real.example.org", "A", "192.0.2.1")
        self.put("real.example.org", "TXT", "v=spf1 a -all")
        del self.table["mail.example.org", "TXT"]
        self.assertEqual(self.faults(), [("CNAME", "mail.example.org", "extra")])

    def test_host_without_an_address(self) -> None:
        del self.table["mail.example.org", "A"]
        self.assertEqual(self.faults(), [("A", "mail.example.org", "missing")])
        self.assertIn("mail.example.org. IN A ...", self.advice)
        self.put("mail.example.org", "AAAA", "2001:db8::1")
        self.assertEqual(self.faults(), [])

    def test_services(self) -> None:
        name = "_imaps._tcp.example.org"
        self.put(name, "SRV", "0 1 993 old.example.org.")
        self.assertEqual(self.faults(), [("SRV", name, "wrong")])
        self.put(name, "SRV", "0 0 0 .")
        self.assertEqual(self.faults(), [("SRV", name, "wrong")])

    def test_service_that_is_not_offered(self) -> None:
        known = facts({"services": {"jmap": {}}})
        unoffered = self.faults(known)
        names = {name.split(".")[0] for _, name, _ in unoffered}
        self.assertEqual(names, {"_imaps", "_pop3s", "_submissions", "_caldavs", "_carddavs"})
        self.assertEqual({state for _, _, state in unoffered}, {"extra"})
        for name in names:
            self.put(f"{name}._tcp.example.org", "SRV", "0 0 0 .")
        self.assertEqual(self.faults(known), [])

    def test_service_that_nobody_serves(self) -> None:
        self.assertEqual(self.faults(listening=("http", "smtp", "pop3")), [("SRV", "_imaps._tcp.example.org", "wrong")])
        self.assertIn("the server has no listener", self.advice)
        elsewhere = facts({"services": {"imap": {"hostname": "imap.else.test"}}})
        self.table = table_of(elsewhere)
        self.assertEqual(self.faults(elsewhere, ()), [])

    def test_postmaster_who_is_nobody(self) -> None:
        self.unreachable = "b"
        self.assertEqual(self.faults(), [("MX", "example.org", "wrong")])
        line = self.advice.strip().splitlines()[-1]
        command, given = line.split("'")[0], json.loads(line.split("'")[1])
        self.assertEqual(command, "stalwart-cli create MailingList --json ")
        self.assertEqual(
            given, {"name": "postmaster", "domainId": "b", "recipients": {"NAME@example.org": True}}, self.advice
        )
        self.put("example.org", "MX")
        self.assertEqual(self.faults(), [("MX", "example.org", "missing")])
        self.assertIn("IN MX", self.advice)
        self.assertIn("Nobody gets mail for postmaster@example.org", self.advice)

    def test_aliases(self) -> None:
        name = "autoconfig.example.org"
        self.put(name, "CNAME", "else.test.")
        self.assertEqual(self.faults(), [("CNAME", name, "wrong")])
        self.put(name, "CNAME")
        self.assertEqual(self.faults(), [("CNAME", name, "missing")])

    def test_address_in_place_of_an_alias(self) -> None:
        name = "autoconfig.example.org"
        self.put(name, "CNAME")
        self.put(name, "A", "192.0.2.1")
        self.assertEqual(self.faults(), [])
        self.put(name, "A", "192.0.2.9")
        self.assertEqual(self.faults(), [("CNAME", name, "wrong")])

    def test_authorities(self) -> None:
        issue = '0 issue "letsencrypt.org"'
        iodef = '0 iodef "mailto:postmaster@example.org"'
        self.put("example.org", "CAA", issue, iodef, '0 issuewild ";"')
        self.assertEqual(self.faults(), [("CAA", "example.org", "wrong"), ("CAA", "example.org", "extra")])
        self.put("example.org", "CAA", issue)
        self.assertEqual(self.faults(), [("CAA", "example.org", "wrong"), ("CAA", "example.org", "missing")])

    def test_policy_that_is_withdrawn(self) -> None:
        found = self.faults(evolve(self.facts, policy_id=None))
        self.assertEqual(found, [("TXT", "_mta-sts.example.org", "extra")])

    def test_retired_key_that_is_still_there(self) -> None:
        known = evolve(self.facts, keys=(*self.facts.keys, DkimKey("old", "rsa", "x", "retired")))
        self.assertEqual(self.faults(known), [])
        self.put("old._domainkey.example.org", "TXT", "v=DKIM1; p=AAAA")
        self.assertEqual(self.faults(known), [("TXT", "old._domainkey.example.org", "extra")])
        self.put("old._domainkey.example.org", "TXT", "v=DKIM1; p=")
        self.assertEqual(self.faults(known), [])

    def test_one_silent_name_server(self) -> None:
        self.table["_dmarc.example.org", "TXT"] = LookupFailed("servfail", "Server Failure")  # type: ignore[assignment]
        self.assertEqual(self.faults(), [("TXT", "_dmarc.example.org", "error")])
        self.assertIn("Server Failure", self.advice)

    def test_floods_of_records_are_cut(self) -> None:
        self.put("example.org", "MX", *(f"10 mx{number}.else.test." for number in range(200)))
        self.assertLess(len(self.look()), 60)


class TlsaTests(FindingCase):
    def setUp(self) -> None:
        super().setUp()
        (found,) = certificates(certificate(named("x"), key()))
        chain = (found.public_bytes(Encoding.DER),)
        self.facts = evolve(self.facts, chain_for=lambda name: chain if name == "mail.example.org" else ())
        self.secure = ["example.org"]
        self.table = table_of(self.facts)

    def test_zone_that_is_not_signed_needs_none(self) -> None:
        self.secure = []
        self.assertEqual(self.faults(), [])
        self.assertIn("not signed with DNSSEC", self.advice)
        for name in ("_25", "_993", "_995", "_465", "_443"):
            self.put(f"{name}._tcp.mail.example.org", "TLSA")
        self.assertEqual((self.faults(), self.advice.strip()), ([], ""))

    def test_signed_zone(self) -> None:
        self.assertEqual((self.faults(), self.advice.strip()), ([], ""))
        self.put(TLSA, "TLSA")
        self.assertEqual(self.faults(), [("TLSA", TLSA, "missing")])

    def test_record_of_another_certificate(self) -> None:
        other = "3 1 1 " + "ab" * 32
        self.put(TLSA, "TLSA", other)
        self.assertEqual(self.faults(), [("TLSA", TLSA, "wrong")])
        self.table = table_of(self.facts)
        self.table[TLSA, "TLSA"].append(value("TLSA", other))
        self.assertEqual(self.faults(), [("TLSA", TLSA, "extra")])
        self.assertIn("only while keys are changed", self.advice)
