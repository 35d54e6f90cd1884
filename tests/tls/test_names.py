"""Which names the certificate of a domain is for."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_names import InvalidName
from stalwart.config.domains.domain import Domain
from stalwart.config.network.system import SystemSettings
from stalwart.net.dns_answers import Kind, LookupFailed
from stalwart.tls.names import derived_names, known_names, listed_names, strange_names, wanted_names


def domain(name: str = "example.test", names: tuple[str, ...] = (), **members: Any) -> Domain:
    management = {"@type": "Automatic", "acmeProviderId": "b", "subjectAlternativeNames": dict.fromkeys(names, True)}
    return Domain.from_wire({"name": name, "certificateManagement": management, **members})


class FakeResolver:
    """Knows some names; of others it says ``kind``, a name for itself."""

    def __init__(self, known: dict[str, str], kind: Kind = "nxdomain") -> None:
        self.known = known
        self.kind: Kind = kind
        self.asked: list[tuple[str, str]] = []

    async def lookup(self, name: str, rtype: str) -> object:
        self.asked.append((name, rtype))
        if self.known.get(name) != rtype:
            raise LookupFailed(self.kind, "no")
        return object()


class NamesTests(SynchronousTestCase):
    def names(self, given: Domain, resolver: FakeResolver, kind: str = "Http01", **system: Any) -> tuple[str, ...]:
        settings = SystemSettings.from_wire({"defaultHostname": "mail.example.test", **system})
        wanted = wanted_names(given, settings, kind, lambda: resolver)
        return self.successResultOf(Deferred.fromCoroutine(wanted))

    def test_labels_are_completed_and_names_kept(self) -> None:
        found = listed_names(domain(names=("WWW", "imap.Other.test.", "*.example.test", "bücher")))
        self.assertEqual(found, ("*.example.test", "imap.other.test", "www.example.test", "xn--bcher-kva.example.test"))

    def test_listed_names_are_not_looked_up(self) -> None:
        resolver = FakeResolver({})
        self.assertEqual(self.names(domain(names=("a",)), resolver), ("a.example.test",))
        self.assertEqual(resolver.asked, [])

    def test_names_follow_from_what_is_announced(self) -> None:
        system = SystemSettings.from_wire(
            {
                "defaultHostname": "mail.example.test",
                "mailExchangers": {
                    "0": {"hostname": "mx.example.test", "priority": 10},
                    "1": {"hostname": "mx.else.test"},
                },
                "services": {"jmap": {"hostname": "jmap.example.test"}, "caldav": {}},
            }
        )
        labels = ("autoconfig", "autodiscover", "jmap", "mail", "mta-sts", "mx", "ua-auto-config")
        self.assertEqual(
            derived_names(domain(), system, "TlsAlpn01"), tuple(f"{label}.example.test" for label in labels)
        )

    def test_host_of_another_domain_is_not_ours(self) -> None:
        system = SystemSettings.from_wire({"defaultHostname": "mail.notexample.test"})
        self.assertNotIn("mail.notexample.test", derived_names(domain(), system, "Http01"))

    def test_records_prove_everything_below(self) -> None:
        self.assertEqual(self.names(domain(), FakeResolver({}), "Dns01"), ("*.example.test", "example.test"))

    def test_derived_names_without_an_address_wait(self) -> None:
        resolver = FakeResolver({"mail.example.test": "AAAA", "mta-sts.example.test": "A"})
        self.assertEqual(self.names(domain(), resolver), ("mail.example.test", "mta-sts.example.test"))

    def test_names_stay_if_nobody_can_tell(self) -> None:
        looking = Deferred.fromCoroutine(known_names(["a.test", "b.test"], FakeResolver({}, "timeout")))
        self.assertEqual(self.successResultOf(looking), ("a.test", "b.test"))

    def test_no_unknown_name_joins_a_certificate(self) -> None:
        held = frozenset(["a.test", "gone.test"])
        looking = Deferred.fromCoroutine(known_names(["a.test", "b.test"], FakeResolver({}, "timeout"), held))
        self.assertEqual(self.successResultOf(looking), ("a.test",))

    def test_no_name_at_all(self) -> None:
        self.assertEqual(self.names(domain(), FakeResolver({})), ())

    def test_names_that_are_none(self) -> None:
        self.assertRaises(InvalidName, listed_names, domain(names=("a b.test",)))


class FakeTransaction:
    """Domains by name."""

    def __init__(self, **domains: int) -> None:
        self.registry = self
        self._domains = {name.replace("_", "."): id for name, id in domains.items()}

    def lookup(self, key: str, name: str) -> tuple[str, int] | None:
        assert key == "Domain.name"
        return ("Domain", self._domains[name]) if name in self._domains else None


class StrangeNameTests(SynchronousTestCase):
    """The server answers proofs for all names: domains of tenants may only have their own."""

    tx: Any = FakeTransaction(one_test=1, deep_one_test=2, two_test=3, münchen_test=1)

    def strange(self, *names: str, tenant: str | None = "b") -> list[str]:
        members = {"memberTenantId": tenant} if tenant is not None else {}
        return strange_names(self.tx, 1, domain("one.test", **members), names)

    def test_names_of_the_domain_are_its_own(self) -> None:
        self.assertEqual(self.strange("one.test", "*.one.test", "a.b.one.test", "mail.xn--mnchen-3ya.test"), [])

    def test_names_of_others_are_not(self) -> None:
        others = ("two.test", "mail.two.test", "deep.one.test", "x.deep.one.test", "nobody.test", "test")
        self.assertEqual(self.strange(*others), list(others))

    def test_domains_of_no_tenant_may_name_any(self) -> None:
        self.assertEqual(self.strange("two.test", tenant=None), [])
