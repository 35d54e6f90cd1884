"""``x:Action``: each action, its permission, and what is not there yet."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.http import Http
from stalwart.config.network.security import BlockedIp
from stalwart.config.operation.action import Action
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.action import ActionHandler
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.jmap.desk import Desk, access
from tests.jmap.registry.world import SleepingTasks

GET, SET, QUERY = "x:Action/get", "x:Action/set", "x:Action/query"
VERBS = ("sysActionGet", "sysActionQuery", "sysActionCreate", "sysActionUpdate", "sysActionDestroy")
MISSING: dict[str, dict[str, Any]] = {
    "ReloadLookupStores": {},
    "UpdateApps": {},
    "ClassifySpam": {"message": "x", "remoteIp": "192.0.2.1", "ehloDomain": "a.test", "envFrom": "a@a.test"},
    "TroubleshootDmarc": {"remoteIp": "192.0.2.1", "ehloDomain": "a.test", "mailFrom": "a@a.test"},
    "CheckDns": {"domainId": "b"},
    "PauseMtaQueue": {},
    "ResumeMtaQueue": {},
}


NEEDED = {"RevokeCertificate": {"certificateId": "c"}, "ChangeAcmeAccountKey": {"acmeProviderId": "b"}}


class FakeWorld:
    """What is remembered of the outside, and of who has signed in; notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.wrong: tuple[str, ...] = ()

    def reload(self) -> None:
        self.told.append("authorities")

    def forget_answers(self) -> None:
        self.told.append("answers")

    def problems(self) -> tuple[str, ...]:
        return self.wrong

    def forget_all(self) -> None:
        self.told.append("sign-ins")


class FakeCertificates:
    """Notes how often everything was read again, and what was revoked and changed."""

    def __init__(self) -> None:
        self.reloads = 0
        self.told: list[Any] = []

    async def reload(self) -> None:
        self.reloads += 1

    async def revoke(self, id: int, reason: str, provider_id: int | None) -> None:
        self.told.append((id, reason, provider_id))

    async def change_key(self, id: int) -> None:
        if id != 1:
            raise NotFound
        self.told.append(id)


class ActionTests(SynchronousTestCase):
    def setUp(self) -> None:
        first = Desk()
        self.store = first.store
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.settings = Settings(self.store, telemetry, first.clock)
        self.world = FakeWorld()
        self.certificates = FakeCertificates()
        self.runner = SleepingTasks()
        self.services = {
            "settings": self.settings,
            "directory": self.world,
            "outgoing": self.world,
            "certificates": self.certificates,
            "authorities": self.certificates,
            "tasks": self.runner,
            "store": self.store,
            "clock": first.clock,
        }
        self.open(*VERBS, *(f"action{name}" for name in Action.variants))

    def open(self, *permissions: str) -> None:
        """Alice has these permissions."""
        who = access(permissions=frozenset(("authenticate", *permissions)))
        self.desk = Desk(*type_methods(Action, ActionHandler), services=self.services, who=who)

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer."""
        ((_, found, _),) = self.desk.responses([name, arguments, "0"])
        return found

    def act(self, type: Any, **members: Any) -> Any:
        """The answer to an action: what it created, or a SetError."""
        found = self.call(SET, {"create": {"a": {"@type": type, **members}}})
        return (found["created"] or found["notCreated"])["a"]

    def store_row(self, type: str, id: int, data: dict[str, Any]) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.registry.insert(type, data, id=id)))

    def test_settings_are_read_again(self) -> None:
        self.store_row("Http", Http.first_id, {"enableHsts": True})
        self.assertEqual(list(self.act("ReloadSettings")), ["id"])
        self.assertTrue(self.settings.of(Http).enable_hsts)

    def test_setting_that_cannot_be_used_is_named(self) -> None:
        self.store_row("Http", Http.first_id, {"enableHsts": True})
        self.store_row("BlockedIp", 5, {"address": 7})
        error = self.act("ReloadSettings")
        named = (error["type"], error["objectId"], bool(error["description"]))
        self.assertEqual(named, ("validationFailed", {"object": "BlockedIp", "id": "f"}, True))
        self.assertFalse(self.settings.of(Http).enable_hsts)

    def test_blocked_addresses_are_read_again_alone(self) -> None:
        self.store_row("Http", Http.first_id, {"enableHsts": True})
        self.store_row("BlockedIp", 5, {"address": "192.0.2.1"})
        self.act("ReloadBlockedIps")
        self.assertEqual([id for id, _ in self.settings.all(BlockedIp)], [5])
        self.assertFalse(self.settings.of(Http).enable_hsts)

    def test_authorities_are_read_again_and_unreadable_ones_are_told(self) -> None:
        self.assertEqual(list(self.act("ReloadTlsCertificates")), ["id"])
        self.assertEqual(self.certificates.reloads, 1)
        self.world.wrong = ("ca.pem cannot be read",)
        expected = {"type": "validationFailed", "description": "ca.pem cannot be read"}
        self.assertEqual(self.act("ReloadTlsCertificates"), expected)
        self.assertEqual(self.world.told, ["authorities", "authorities"])

    def test_caches_are_dropped(self) -> None:
        self.act("InvalidateCaches")
        self.act("InvalidateNegativeCaches")
        self.assertEqual(self.world.told, ["sign-ins", "authorities", "answers"])

    def test_what_is_not_there_yet_says_so(self) -> None:
        for name, members in MISSING.items():
            error = self.act(name, **members)
            self.assertEqual(error["type"], "forbidden", name)
            self.assertTrue(error["description"].endswith(" not part of this server yet."), error)

    def test_every_action_does_something_or_says_why_not(self) -> None:
        for name in Action.variants.keys() - MISSING.keys():
            self.assertEqual(list(self.act(name, **NEEDED.get(name, {}))), ["id"], name)

    def test_certificate_is_revoked_and_its_successor_is_looked_after(self) -> None:
        self.act("RevokeCertificate", certificateId="c", reason="keyCompromise")
        self.act("RevokeCertificate", certificateId="c", acmeProviderId="b")
        self.assertEqual(self.certificates.told, [(2, "keyCompromise", None), (2, "unspecified", 1)])
        self.assertEqual(self.runner.woken, 2)

    def test_key_of_an_account_is_changed(self) -> None:
        self.act("ChangeAcmeAccountKey", acmeProviderId="b")
        self.assertEqual(self.certificates.told, [1])
        self.assertEqual(self.act("ChangeAcmeAccountKey", acmeProviderId="c")["type"], "notFound")

    def test_each_action_has_a_permission_of_its_own(self) -> None:
        self.open("sysActionCreate", "actionInvalidateCaches")
        error = self.act("ReloadSettings")
        self.assertEqual((error["type"], "ReloadSettings" in error["description"]), ("forbidden", True))
        self.assertIn("id", self.act("InvalidateCaches"))
        self.open(*(f"action{name}" for name in Action.variants))
        self.assertEqual(self.call(SET, {"create": {"a": {"@type": "InvalidateCaches"}}})["type"], "forbidden")

    def test_unknown_actions_and_members_are_refused(self) -> None:
        for type in ("Nothing", 5, None):
            self.assertEqual(self.act(type)["type"], "invalidPatch")
        self.assertEqual(self.act("InvalidateCaches", force=True)["type"], "invalidPatch")
        self.assertEqual(self.world.told, [])

    def test_nothing_is_ever_found(self) -> None:
        id = self.act("InvalidateCaches")["id"]
        self.assertEqual(self.call(GET, {"ids": [id]})["notFound"], [id])
        self.assertEqual(self.call(GET, {})["list"], [])
        self.assertEqual(self.call(QUERY, {})["type"], "invalidArguments")
        self.assertEqual(self.call(SET, {"update": {id: {}}})["notUpdated"][id]["type"], "notFound")
        self.assertEqual(self.call(SET, {"destroy": [id]})["notDestroyed"][id]["type"], "notFound")

    def test_several_actions_are_done_each_for_itself(self) -> None:
        creates = {"a": {"@type": "InvalidateNegativeCaches"}, "b": {"@type": "UpdateApps"}}
        found = self.call(SET, {"create": creates})
        self.assertEqual((list(found["created"]), list(found["notCreated"])), (["a"], ["b"]))
