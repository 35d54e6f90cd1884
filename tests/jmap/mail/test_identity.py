"""Identity/get (RFC 8621 6.1)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.directory.access import Access
from stalwart.jmap.call import Request
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.engine import Engine
from stalwart.jmap.mail.identity import IDENTITY, MOST, SUBMISSION
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level

JANE, DOMAIN, OTHER = 1, 5, 6


class TwoDomains:
    """Settings that know two domains."""

    def all(self, declaration: Any) -> Any:
        return ((DOMAIN, Domain(name="example.test")), (OTHER, Domain(name="other.test")))


class IdentityTests(SynchronousTestCase):
    def setUp(self) -> None:
        clock = Clock()
        self.store = MemoryStore(clock.seconds)
        self.addCleanup(self.store.close)
        self.write(lambda tx: tx.accounts.create(JANE, "jane@example.test", "user"))
        services = {"store": self.store, "clock": clock, "settings": TwoDomains()}
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.engine = Engine(IDENTITY.methods(), services, telemetry=telemetry, clock=clock)
        access = Access(JANE, "jane@example.test", None, frozenset(("jmapIdentityGet",)))
        self.request = Request(access, using=frozenset((CORE, SUBMISSION)))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def aliases(self, *aliases: tuple[str, int, bool], **members: Any) -> None:
        """Give Jane's account of the registry these aliases."""
        data = {
            "@type": "User",
            "name": "jane",
            "domainId": encode_id(DOMAIN),
            "aliases": {
                str(index): {"name": name, "domainId": encode_id(domain), "enabled": enabled}
                for index, (name, domain, enabled) in enumerate(aliases)
            },
            **members,
        }

        def work(tx: Any) -> None:
            if tx.registry.get(Account.type_name, JANE) is not None:
                tx.registry.delete(Account.type_name, JANE)
            tx.registry.insert(Account.type_name, data, id=JANE)

        self.write(work)

    def get(self, **arguments: Any) -> Any:
        call = ("Identity/get", {"accountId": encode_id(JANE), **arguments}, "0")
        work = self.engine.responses(self.request, [call], 1_000_000)
        ((name, answer, _),) = self.successResultOf(Deferred.fromCoroutine(work))
        self.assertEqual(name, "Identity/get", answer)
        return answer

    def test_one_for_each_address(self) -> None:
        self.aliases(("info", OTHER, True), ("old", DOMAIN, False), ("gone", 99, True), description="Jane Doe")
        first, second = self.get()["list"]
        self.assertEqual(
            first,
            {
                "id": first["id"],
                "name": "Jane Doe",
                "email": "jane@example.test",
                "replyTo": None,
                "bcc": None,
                "textSignature": "",
                "htmlSignature": "",
                "mayDelete": False,
            },
        )
        self.assertEqual(second["email"], "info@other.test")

    def test_ids_stay_and_the_state_follows(self) -> None:
        self.aliases()
        before = self.get()
        self.aliases(("info", OTHER, True))
        after = self.get()
        self.assertEqual(after["list"][0], before["list"][0])
        self.assertEqual(after["list"][0]["name"], "jane")
        self.assertNotEqual(after["state"], before["state"])
        one = self.get(ids=[after["list"][1]["id"], "zz"], properties=["email"])
        self.assertEqual([each["email"] for each in one["list"]], ["info@other.test"])
        self.assertEqual(one["notFound"], ["zz"])

    def test_there_is_an_end(self) -> None:
        self.aliases(*((f"a{n}", OTHER, True) for n in range(MOST + 5)))
        self.assertEqual(len(self.get()["list"]), MOST)

    def test_an_account_that_the_registry_does_not_know(self) -> None:
        self.assertEqual(self.get()["list"], [])
