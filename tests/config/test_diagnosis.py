"""x:Diagnosis and x:DnsResolver: the defaults that the delivery diagnosis runs with (design 8)."""

from dns.name import root
from dns.rdata import from_text
from dns.rdataclass import IN
from dns.rdatatype import DS
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.diagnosis import ROOT_ANCHORS, Diagnosis
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.schema import ValidationFailed


class DiagnosisTests(SynchronousTestCase):
    def test_defaults_are_careful(self) -> None:
        made = Diagnosis()
        self.assertEqual(
            (made.allow_private_targets, made.port, made.max_per_account, made.operation_timeout, made.test_mode),
            (False, 25, 4, 30_000, False),
        )

    def test_root_anchors_are_ds_records_of_both_keys(self) -> None:
        records = [from_text(IN, DS, anchor.removeprefix(". IN DS "), root) for anchor in ROOT_ANCHORS]
        self.assertEqual(
            [(record.key_tag, record.algorithm, record.digest_type) for record in records],
            [(20326, 8, 2), (38696, 8, 2)],
        )
        self.assertEqual([len(record.digest) for record in records], [32, 32])

    def test_resolver_must_be_an_address(self) -> None:
        self.assertRaises(ValidationFailed, Diagnosis.from_wire, {"trustedResolvers": {"dns.example": True}})


class DnsResolverTests(SynchronousTestCase):
    def test_custom_resolver_needs_a_server(self) -> None:
        error = self.assertRaises(ValidationFailed, DnsResolver.from_wire, {"@type": "Custom"})
        self.assertEqual(error.violations[0].entry(), {"type": "MinLength", "property": "servers", "required": 1})

    def test_server_listens_on_port_53_by_default(self) -> None:
        made = DnsResolver.from_wire({"@type": "Custom", "servers": {"0": {"address": "::1"}}})
        self.assertEqual((made.servers[0].port, made.servers[0].protocol), (53, "udp"))

    def test_another_resolver_starts_from_its_defaults(self) -> None:
        system = DnsResolver.from_wire({"@type": "System", "timeout": 1})
        found = DnsResolver.patched(system, {"@type": "Quad9"})
        self.assertEqual((found.tag, found.timeout, found.use_tls), ("Quad9", 5000, True))
