"""The records of a domain; the first test is the example of the specification (discovery 6)."""

from __future__ import annotations

import hashlib
from typing import Any

import dns.rdata
from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import certificates
from stalwart.codec.certificates import public_key_info
from stalwart.codec.zone_file import zone_text
from stalwart.config.domains.domain import DNS_RECORD_TYPE, Domain
from stalwart.config.network.system import SystemSettings
from stalwart.mail.domain_records import DkimKey, DomainFacts, Issuer, domain_records, srv_names
from stalwart.schema import ValidationFailed
from tests.codec.pem import certificate, key, named

ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/1"
AUTOMATIC = {"@type": "Automatic", "acmeProviderId": "b"}
SERVICES: dict[str, Any] = {
    name: {} for name in ("caldav", "carddav", "imap", "jmap", "managesieve", "pop3", "smtp", "webdav")
}
SYSTEM = {"defaultHostname": "mail.example.org", "services": SERVICES}
EXAMPLE = f"""\
v1-ed25519-20261121._domainkey.example.org. IN TXT "v=DKIM1; k=ed25519; h=sha256; p=abc="
v1-rsa-20261121._domainkey.example.org. IN TXT (
    "v=DKIM1; k=rsa; h=sha256; p={"M" * 227}"
    "{"M" * 165}"
)
mail.example.org. IN TXT "v=spf1 a -all"
example.org. IN TXT "v=spf1 mx -all"
example.org. IN MX 10 mail.example.org.
_dmarc.example.org. IN TXT "v=DMARC1; p=reject; rua=mailto:postmaster@example.org"
_caldavs._tcp.example.org. IN SRV 0 1 443 mail.example.org.
_carddavs._tcp.example.org. IN SRV 0 1 443 mail.example.org.
_imap._tcp.example.org. IN SRV 0 0 0 .
_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.
_jmap._tcp.example.org. IN SRV 0 1 443 mail.example.org.
_pop3._tcp.example.org. IN SRV 0 0 0 .
_pop3s._tcp.example.org. IN SRV 0 1 995 mail.example.org.
_submission._tcp.example.org. IN SRV 0 0 0 .
_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.
mta-sts.example.org. IN CNAME mail.example.org.
_mta-sts.example.org. IN TXT "v=STSv1; id=1234567890123456789"
_smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@example.org"
example.org. IN CAA 0 issue "letsencrypt.org;accounturi={ACCOUNT}"
example.org. IN CAA 0 iodef "mailto:postmaster@example.org"
_validation-persist.example.org. IN TXT "letsencrypt.org; accounturi={ACCOUNT}; policy=wildcard"
ua-auto-config.example.org. IN CNAME mail.example.org.
_ua-auto-config.example.org. IN TXT "v=UAAC1; a=sha256; d=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
autoconfig.example.org. IN CNAME mail.example.org.
autodiscover.example.org. IN CNAME mail.example.org.
_autodiscover._tcp.example.org. IN SRV 0 0 443 mail.example.org.
"""


def facts(system: Any = None, **members: Any) -> DomainFacts:
    """A domain with everything but certificates."""
    domain = Domain.from_wire({"name": "example.org", "certificateManagement": AUTOMATIC, **members})
    keys = (DkimKey("v1-ed25519-20261121", "ed25519", "abc="), DkimKey("v1-rsa-20261121", "rsa", "M" * 392))
    return DomainFacts(
        domain,
        SystemSettings.from_wire({**SYSTEM, **(system or {})}),
        keys,
        (Issuer("letsencrypt.org", ACCOUNT),),
        policy_id="1234567890123456789",
        configuration=b"{}",
    )


def lines(known: DomainFacts, *kinds: str) -> list[str]:
    """The lines of some kinds of records, all if none are named."""
    return [each.record.line for each in domain_records(known, kinds or None)]


class ExampleTests(SynchronousTestCase):
    maxDiff = None

    def test_example_of_the_specification(self) -> None:
        self.assertEqual(zone_text(each.record for each in domain_records(facts())), EXAMPLE)

    def test_kinds_are_those_of_the_settings_in_their_order(self) -> None:
        kinds = list(dict.fromkeys(each.kind for each in domain_records(facts())))
        self.assertEqual(kinds, [name for name in DNS_RECORD_TYPE.names if name != "tlsa"])

    def test_some_kinds(self) -> None:
        self.assertEqual(lines(facts(), "mx"), ["example.org. IN MX 10 mail.example.org."])


class RuleTests(SynchronousTestCase):
    def test_ports_without_tls_come_first(self) -> None:
        services = {name: {"cleartext": True} for name in ("smtp", "imap", "pop3", "caldav")}
        found = [line.split("._tcp")[0] for line in lines(facts({"services": services}), "srv")]
        expected = ["_submission", "_submissions", "_imap", "_imaps", "_pop3", "_pop3s", "_caldavs"]
        self.assertEqual(found, expected)

    def test_service_on_a_host_of_its_own(self) -> None:
        found = lines(facts({"services": {"jmap": {"hostname": "jmap.else.test"}}}), "srv")
        self.assertEqual(found, ["_jmap._tcp.example.org. IN SRV 0 1 443 jmap.else.test."])

    def test_hosts_elsewhere_have_no_spf_record_of_ours(self) -> None:
        exchangers = {"0": {"hostname": "mx.else.test", "priority": 5}, "1": {"hostname": "example.org"}}
        known = facts({"mailExchangers": exchangers})
        self.assertEqual(lines(known, "spf"), ['example.org. IN TXT "v=spf1 mx -all"'])
        self.assertEqual(lines(known, "mx")[0], "example.org. IN MX 5 mx.else.test.")

    def test_nobody_wants_reports(self) -> None:
        found = "".join(lines(facts(reportAddressUri=None)))
        for absent in ("DMARC1", "TLSRPT", "iodef"):
            self.assertNotIn(absent, found)

    def test_no_policy_no_announcement_of_it(self) -> None:
        known = evolve(facts(), policy_id=None)
        self.assertEqual(lines(known, "mtaSts"), [])
        self.assertEqual(len(lines(known, "tlsRpt")), 1)

    def test_certificates_that_others_get_need_no_caa(self) -> None:
        self.assertEqual(lines(facts(certificateManagement={"@type": "Manual"}), "caa"), [])

    def test_listed_names_are_no_wildcard(self) -> None:
        listed = {**AUTOMATIC, "subjectAlternativeNames": {"www": True}}
        self.assertNotIn("wildcard", lines(facts(certificateManagement=listed), "caa")[-1])

    def test_account_that_is_not_known_yet(self) -> None:
        found = lines(evolve(facts(), issuers=(Issuer("ca.test"), Issuer("b.test", "https://b.test/1"))), "caa")
        self.assertEqual(found[0], 'example.org. IN CAA 0 issue "ca.test"')
        self.assertEqual(found[1], 'example.org. IN CAA 0 issue "b.test;accounturi=https://b.test/1"')
        self.assertEqual(len([line for line in found if "_validation-persist" in line]), 1)

    def test_retired_keys_are_withdrawn(self) -> None:
        keys = tuple(DkimKey(stage, "rsa", "x", stage) for stage in ("active", "pending", "retiring", "retired"))
        found = [line.split(".")[0] for line in lines(evolve(facts(), keys=keys), "dkim")]
        self.assertEqual(found, ["active", "pending", "retiring"])

    def test_selector_that_is_no_name_is_left_out(self) -> None:
        for selector in ("my key", 'a"b', "x" * 64, "", "a..b", "a\n.b"):
            self.assertEqual(lines(evolve(facts(), keys=(DkimKey(selector, "rsa", "x"),)), "dkim"), [])

    def test_the_server_is_no_alias_of_itself(self) -> None:
        found = lines(facts({"defaultHostname": "autoconfig.example.org"}))
        self.assertNotIn("autoconfig.example.org. IN CNAME autoconfig.example.org.", found)
        self.assertIn("autodiscover.example.org. IN CNAME autoconfig.example.org.", found)

    def test_other_scripts(self) -> None:
        text = "".join(lines(facts({"defaultHostname": "пошта.example.org"}, name="bücher.example")))
        self.assertTrue(text.isascii())
        self.assertIn("_dmarc.xn--bcher-kva.example.", text)
        self.assertIn("rua=mailto:postmaster@xn--bcher-kva.example", text)

    def test_names_that_clients_ask_for(self) -> None:
        names = dict(srv_names(facts()))
        self.assertEqual((names["_imap._tcp.example.org"], names["_caldavs._tcp.example.org"]), ("imap", "caldav"))

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_each_record_can_be_read(self, address: str, selector: str) -> None:
        try:
            known = evolve(facts(reportAddressUri=address), keys=(DkimKey(selector, "rsa", "x"),))
        except ValidationFailed:
            return
        for each in domain_records(known):
            data = each.record.line.replace("\n", " ").split(f" IN {each.record.type} ", 1)[1]
            dns.rdata.from_text("IN", each.record.type, data.strip("()"))


class TlsaTests(SynchronousTestCase):
    def test_each_certificate_of_each_name_inside(self) -> None:
        texts = [certificate(named("x"), key(which=which)) for which in range(2)]
        chain = tuple(each.public_bytes(Encoding.DER) for each in certificates("".join(texts)))
        services = {"imap": {}, "jmap": {"hostname": "jmap.else.test"}}
        known = evolve(facts({"services": services}), chain_for=lambda name: chain)
        found = lines(known, "tlsa")
        digests = [hashlib.sha256(public_key_info(each)).hexdigest() for each in chain]
        self.assertEqual(
            found[:2],
            [
                f"_25._tcp.mail.example.org. IN TLSA 3 1 1 {digests[0]}",
                f"_25._tcp.mail.example.org. IN TLSA 2 1 1 {digests[1]}",
            ],
        )
        names = list(dict.fromkeys(line.split(".example")[0] for line in found))
        expected = ["_25._tcp.mail", "_993._tcp.mail"]
        expected += [f"_443._tcp.{label}" for label in ("ua-auto-config", "autoconfig", "autodiscover", "mta-sts")]
        self.assertEqual(names, expected)

    def test_name_without_a_certificate(self) -> None:
        self.assertEqual(lines(facts(), "tlsa"), [])
