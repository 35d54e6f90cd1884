"""Plans and what comes of them show no private keys."""

from __future__ import annotations

from stalwart.config.domains.domain import Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.tls.plan import Obtained, Plan
from tests.tls.world import TlsWorld


class PlanTests(TlsWorld):
    def plan(self, **members: str) -> Plan:
        """A plan for the domain of the tests."""
        account = self.provider()
        domain = dict(self.settings.all(Domain))[self.domain_id]
        provider = dict(self.settings.all(AcmeProvider))[account]
        return Plan(self.domain_id, domain, account, provider, ("a.example.test",), **members)  # type: ignore[arg-type]

    def test_first_certificate_replaces_nothing(self) -> None:
        plan = self.plan()
        self.assertEqual((plan.former, plan.former_key), (None, None))

    def test_keys_are_not_shown(self) -> None:
        self.assertNotIn("SECRET", repr(self.plan(former_key="SECRET")))
        self.assertNotIn("SECRET", repr(Obtained("chain", "SECRET")))
