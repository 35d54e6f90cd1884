"""What a domain needs of other objects, and the task that makes its keys."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.operation.task import Task
from stalwart.errors import Invalid
from stalwart.jmap.registry.domain_checks import check_domain, schedule_keys
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld

MANUAL = {"@type": "Manual"}


def domain(**members: Any) -> Domain:
    return Domain.from_wire({"name": "other.test", **members})


class ProviderTests(RegistryWorld):
    def checked(self, provider: str, **members: Any) -> None:
        """Check a domain whose certificates come from ``provider``."""
        certificates = {"@type": "Automatic", "acmeProviderId": provider}
        made = domain(certificateManagement=certificates, **members)
        self.store.read(lambda tx: check_domain(tx, 2, made)).addErrback(self._raise)

    def _raise(self, failure: Any) -> None:
        self.problem = failure.value

    def provider(self, challenge: str) -> str:
        self.problem: Any = None
        return self.create("AcmeProvider", contact={"a@example.test": True}, challengeType=challenge)

    def test_dns_challenge_needs_automatic_records(self) -> None:
        self.checked(self.provider("Dns01"))
        assert isinstance(self.problem, Invalid)
        self.assertEqual(self.problem.properties, ("acmeProviderId",))

    def test_dns_challenge_with_automatic_records(self) -> None:
        provider = self.provider("Dns01")
        self.checked(provider, dnsManagement={"@type": "Automatic", "dnsServerId": "b"})
        self.assertIsNone(self.problem)

    def test_other_challenges_need_no_records(self) -> None:
        for challenge in ("TlsAlpn01", "Http01"):
            self.checked(self.provider(challenge))
            self.assertIsNone(self.problem)


class NameTests(RegistryWorld):
    """Names that automatic certificates are for."""

    def refused(self, *names: str, challenge: str = "Http01", **members: Any) -> Any:
        """What is wrong with a new domain ``other.test`` with these names, None if nothing."""
        provider = self.create("AcmeProvider", contact={"a@example.test": True}, challengeType=challenge)
        certificates = {
            "@type": "Automatic",
            "acmeProviderId": provider,
            "subjectAlternativeNames": dict.fromkeys(names, True),
        }
        wanted = {"name": "other.test", "certificateManagement": certificates, **members}
        answer = self.ask("x:Domain/set", {"create": {"new": wanted}})
        return (answer["notCreated"] or {}).get("new")

    def test_names_that_no_certificate_can_have(self) -> None:
        for name in ("-x", "a..b", "a b", "a" * 300, "127.0.0.1", "*"):
            error = self.refused(name)
            self.assertEqual(
                (error["type"], error["properties"]), ("invalidProperties", ["subjectAlternativeNames"]), name
            )

    def test_more_names_than_authorities_take(self) -> None:
        self.assertIn("at most", self.refused(*(f"n{number}" for number in range(101)))["description"])

    def test_administrator_may_name_what_he_likes(self) -> None:
        self.assertIsNone(self.refused("mail", "other.test", "elsewhere.test", "münchen"))

    def test_domain_of_a_tenant_is_for_its_own_names(self) -> None:
        tenant = self.create("Tenant", name="one")
        self.create("Domain", name="deep.other.test")
        for name in ("elsewhere.test", "mail.example.test", "deep.other.test", "x.deep.other.test"):
            error = self.refused(name, memberTenantId=tenant)
            self.assertEqual(error["properties"], ["subjectAlternativeNames"], name)
        own = ("mail", "other.test", "a.b.other.test", "mail.also.test")
        self.assertIsNone(self.refused(*own, memberTenantId=tenant, aliases={"also.test": True}))


class KeyTests(RegistryWorld):
    def scheduled(self, former: Domain | None, now: Domain) -> list[Any]:
        """The tasks that a write of domain 1 makes."""

        def work(tx: Any) -> list[Any]:
            made = schedule_keys(tx, 1, former, now, NOW)
            tasks = [Task.from_stored(row.data) for row in tx.registry.list("Task")]
            self.assertEqual(made, bool(tasks))
            return tasks

        return self.successResultOf(self.store.write(work))

    def test_new_domain_gets_keys_at_once(self) -> None:
        (task,) = self.scheduled(None, domain())
        self.assertEqual((task.tag, encode_id(task.domain_id), task.due), ("DkimManagement", "b", NOW))

    def test_manual_keys_need_no_task(self) -> None:
        self.assertEqual(self.scheduled(None, domain(dkimManagement=MANUAL)), [])

    def test_keys_that_become_automatic(self) -> None:
        self.assertEqual(len(self.scheduled(domain(dkimManagement=MANUAL), domain())), 1)

    def test_another_choice_of_algorithms(self) -> None:
        fewer = domain(dkimManagement={"@type": "Automatic", "algorithms": {"Dkim1RsaSha256": True}})
        self.assertEqual(len(self.scheduled(fewer, domain())), 1)

    def test_other_changes_need_no_task(self) -> None:
        self.assertEqual(self.scheduled(domain(), domain(description="new")), [])


class MethodTests(RegistryWorld):
    def tasks(self) -> list[tuple[Any, Any]]:
        """Variant and domain of the tasks that there are."""
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        return [(row.data["@type"], row.data["domainId"]) for row in rows]

    def test_creation_makes_the_task_in_its_transaction(self) -> None:
        id = self.create("Domain", name="other.test")
        self.assertEqual(self.tasks(), [("DkimManagement", id)])

    def test_refused_creation_makes_no_task(self) -> None:
        provider = self.create("AcmeProvider", contact={"a@example.test": True}, challengeType="Dns01")
        certificates = {"@type": "Automatic", "acmeProviderId": provider}
        error = self.not_created("Domain", name="other.test", certificateManagement=certificates)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["acmeProviderId"]))
        self.assertEqual(self.tasks(), [])

    def test_zone_file_is_shown(self) -> None:
        self.assertIn("example.test. IN MX 10 ", self.get("Domain", "b")["dnsZoneFile"])
