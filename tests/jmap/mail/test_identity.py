"""Identity/get and Identity/changes (RFC 8621 6.1, 6.2)."""

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
        access = Access(JANE, "jane@example.test", None, frozenset(("jmapIdentityGet", "jmapIdentityChanges")))
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

    def call(self, method: str, **arguments: Any) -> tuple[str, Any]:
        """Name and arguments of the response."""
        call = (method, {"accountId": encode_id(JANE), **arguments}, "0")
        work = self.engine.responses(self.request, [call], 1_000_000)
        ((name, answer, _),) = self.successResultOf(Deferred.fromCoroutine(work))
        return name, answer

    def get(self, **arguments: Any) -> Any:
        name, answer = self.call("Identity/get", **arguments)
        self.assertEqual(name, "Identity/get", answer)
        return answer

    def assertUnchanged(self, state: str) -> None:
        name, answer = self.call("Identity/changes", sinceState=state)
        nothing = {"hasMoreChanges": False, "created": [], "updated": [], "destroyed": []}
        expected = {"accountId": encode_id(JANE), "oldState": state, "newState": state, **nothing}
        self.assertEqual((name, answer), ("Identity/changes", expected))

    def assertRefused(self, state: str, problem: str) -> None:
        name, answer = self.call("Identity/changes", sinceState=state)
        self.assertEqual((name, answer["type"]), ("error", problem))

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

    def test_nothing_has_changed(self) -> None:
        self.aliases(("info", OTHER, True))
        state = self.get(ids=[])["state"]
        self.assertUnchanged(state)
        self.aliases(("info", OTHER, True), password="another")
        self.assertUnchanged(state)

    def test_what_has_changed_is_not_told(self) -> None:
        self.aliases()
        states = {self.get()["state"]}
        for aliases, members in (((("info", OTHER, True),), {}), ((), {"description": "Jane Doe"})):
            self.aliases(*aliases, **members)
            for state in states:
                self.assertRefused(state, "cannotCalculateChanges")
            states.add(self.get()["state"])
        self.assertEqual(len(states), 3)
        self.aliases()
        self.assertUnchanged(min(states & {self.get()["state"]}))

    def test_states_that_were_never_given_out(self) -> None:
        self.aliases()
        number = self.get()["state"].removeprefix("s")
        for state in ("n", "s1", "s9999999999999999999", f"r{number}-{number}"):
            self.assertRefused(state, "cannotCalculateChanges")
        self.assertRefused("garbage", "invalidArguments")

    def test_no_identities_and_no_account(self) -> None:
        self.assertEqual(self.get()["state"], "n")
        self.assertUnchanged("n")
        self.write(lambda tx: tx.accounts.delete(JANE, 0))
        self.assertRefused("n", "accountNotFound")
