"""``x:Action``: each action, its permission, and what is not there yet."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX
from stalwart.codec.expression import EvaluationError
from stalwart.codec.ids import decode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.network.http import Http
from stalwart.config.network.security import BlockedIp
from stalwart.config.operation.action import Action
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.permissions import ALL
from stalwart.errors import NotFound
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.action import MOST_CHECKS, ActionHandler
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.recipients import Recipients
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.jmap.desk import Desk, access
from tests.jmap.registry.world import ROOT, FakeServed, RegistryWorld, SleepingTasks
from tests.net.fake_dns import FakeResolver

GET, SET, QUERY = "x:Action/get", "x:Action/set", "x:Action/query"
VERBS = ("sysActionGet", "sysActionQuery", "sysActionCreate", "sysActionUpdate", "sysActionDestroy")
MISSING: dict[str, dict[str, Any]] = {
    "ReloadLookupStores": {},
    "ClassifySpam": {"message": "x", "remoteIp": "192.0.2.1", "ehloDomain": "a.test", "envFrom": "a@a.test"},
    "TroubleshootDmarc": {"remoteIp": "192.0.2.1", "ehloDomain": "a.test", "mailFrom": "a@a.test"},
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

    def __getattr__(self, name: str) -> Any:
        async def refused(*arguments: object) -> object:
            raise EvaluationError(name)

        return refused


class FakeQueue:
    """The service ``mail_queue``: notes what it is told."""

    def __init__(self) -> None:
        self.paused: list[bool] = []

    async def pause(self, paused: bool) -> None:
        self.paused.append(paused)


class FakeApplications:
    """The service ``applications``: notes how it is asked."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.problems: list[str] = []

    async def update(self, *, anew: bool = False) -> list[str]:
        self.asked.append(anew)
        return self.problems


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
        self.queue = FakeQueue()
        self.applications = FakeApplications()
        self.services = {
            "settings": self.settings,
            "directory": self.world,
            "outgoing": self.world,
            "certificates": self.certificates,
            "authorities": self.certificates,
            "tasks": self.runner,
            "mail_queue": self.queue,
            "applications": self.applications,
            "expression_io": self.world,
            "store": self.store,
            "clock": first.clock,
            "domain_zones": DomainZones(self.settings, Vault(VaultKey("t" * 40)), FakeServed(), lambda name: None),
            "recipients": Recipients(self.store, self.settings, None, first.clock),  # type: ignore[arg-type]  # no rules
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
        for name in Action.variants.keys() - MISSING.keys() - {"CheckDns", "TryExpression"}:
            self.assertEqual(list(self.act(name, **NEEDED.get(name, {}))), ["id"], name)

    def test_expression_is_tried_out(self) -> None:
        wire = {"match": {"0": {"if": "starts_with(path, '/a')", "then": "403"}}, "else": "200"}
        asked: dict[str, Any] = {"group": "x:Http", "property": "allowedEndpoints", "expression": wire}
        tried = self.act("TryExpression", **asked, variables={"path": "/admin"})
        self.assertEqual((tried["result"], tried["part"], tried["problem"]), ("403", "match/0/then", None))
        self.assertIn("path", tried["knownVariables"])
        self.assertIn("starts_with/2", tried["knownFunctions"])
        self.assertEqual(tried["knownConstants"], {})
        tried = self.act("TryExpression", **{**asked, "expression": {"else": "1 + where"}})
        self.assertEqual((tried["result"], tried["part"], tried["position"]), (None, "else", 4))
        self.assertIn("where", tried["problem"])
        error = self.act("TryExpression", **{**asked, "property": "redirectRoot"})
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["group", "property"]))
        self.open(*VERBS)
        self.assertEqual(self.act("TryExpression", **asked)["type"], "forbidden")

    def test_certificate_is_revoked_and_its_successor_is_looked_after(self) -> None:
        self.act("RevokeCertificate", certificateId="c", reason="keyCompromise")
        self.act("RevokeCertificate", certificateId="c", acmeProviderId="b")
        self.assertEqual(self.certificates.told, [(2, "keyCompromise", None), (2, "unspecified", 1)])
        self.assertEqual(self.runner.woken, 2)

    def test_the_queue_is_paused_and_goes_on(self) -> None:
        self.act("PauseMtaQueue")
        self.act("ResumeMtaQueue")
        self.assertEqual(self.queue.paused, [True, False])

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

    def test_applications_are_fetched_anew_and_what_could_not_be_is_named(self) -> None:
        self.assertIn("id", self.act("UpdateApps"))
        self.applications.problems = ["Mail: The file cannot be fetched: refused"]
        self.assertEqual(self.act("UpdateApps")["description"], "Mail: The file cannot be fetched: refused")
        self.assertEqual(self.applications.asked, [True, True])

    def test_nothing_is_ever_found(self) -> None:
        id = self.act("InvalidateCaches")["id"]
        self.assertEqual(self.call(GET, {"ids": [id]})["notFound"], [id])
        self.assertEqual(self.call(GET, {})["list"], [])
        self.assertEqual(self.call(QUERY, {})["type"], "invalidArguments")
        self.assertEqual(self.call(SET, {"update": {id: {}}})["notUpdated"][id]["type"], "notFound")
        self.assertEqual(self.call(SET, {"destroy": [id]})["notDestroyed"][id]["type"], "notFound")

    def test_several_actions_are_done_each_for_itself(self) -> None:
        creates = {"a": {"@type": "InvalidateNegativeCaches"}, "b": {"@type": "ReloadLookupStores"}}
        found = self.call(SET, {"create": creates})
        self.assertEqual((list(found["created"]), list(found["notCreated"])), (["a"], ["b"]))


class Outside(FakeWorld):
    """The outside world, of which only the name service is there."""

    def __init__(self, clock: Any, resolver: Any) -> None:
        super().__init__()
        self.reactor = clock
        self.resolver = resolver

    def __call__(self) -> Outside:
        return self


class CheckDnsTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.resolver = FakeResolver(
            {
                ("example.test", "MX"): [MX(10, "mail.example.test.")],
                ("mail.example.test", "A"): ["192.0.2.1"],
                ("_mta-sts.example.test", "TXT"): ["v=STSv1; id=1"],
            }
        )
        self.serve(outgoing=Outside(self.clock, self.resolver))
        self.chief = self.user("chief", roles={"@type": "Admin"})

    def checked(self, **members: Any) -> Any:
        """The answer to a creation."""
        answer = self.ask(SET, {"create": {"a": {"@type": "CheckDns", **members}}})
        return (answer["created"] or answer["notCreated"])["a"]

    def test_each_record_is_told_of(self) -> None:
        records = list(self.checked(domainId="b")["records"].values())
        found = {(each["type"], each["name"]): each for each in records}
        exchanger = found["MX", "example.test"]
        self.assertEqual(
            exchanger,
            {
                "type": "MX",
                "name": "example.test",
                "expected": "10 mail.example.test.",
                "found": {"10 mail.example.test.": True},
                "state": "ok",
                "advice": None,
            },
        )
        self.assertEqual(found["TXT", "_mta-sts.example.test"]["state"], "wrong")
        missing = found["TXT", "_dmarc.example.test"]
        self.assertEqual((missing["state"], missing["found"]), ("missing", {}))
        line = '_dmarc.example.test. IN TXT "v=DMARC1; p=reject; rua=mailto:postmaster@example.test"'
        self.assertEqual(missing["advice"], f"Add this line to the zone:\n{line}")

    def test_postmaster_who_is_nobody_is_told_of(self) -> None:
        def told() -> str | None:
            records = self.checked(domainId="b")["records"].values()
            return next(str(each["advice"]) if each["advice"] else None for each in records if each["type"] == "MX")

        self.assertIsNone(told())
        domain = decode_id("b")
        self.settle(self.settings.change(Domain, {"isEnabled": False}, domain))
        self.assertIsNone(told(), "it takes no mail at all")
        self.settle(self.settings.change(Domain, {"isEnabled": True}, domain))
        self.patch_account(self.chief, {"roles": {"@type": "User"}})
        advice = told() or ""
        self.assertIn("Nobody gets mail for postmaster@example.test", advice)
        given = advice.splitlines()[-1].split("'")[1].replace("NAME", "chief")
        self.create("MailingList", **json.loads(given))
        self.assertIsNone(told())

    def test_domain_of_another_script(self) -> None:
        self.checked(domainId=self.create("Domain", name="bücher.test"))
        self.assertIn(("xn--bcher-kva.test", "MX"), self.resolver.asked)

    def test_service_without_a_listener_is_told_of(self) -> None:
        name = "_submissions._tcp.example.test"
        records = self.checked(domainId="b")["records"].values()
        (found,) = (each for each in records if each["name"] == name)
        self.assertIn("the server has no listener", found["advice"])

    def test_unknown_domain(self) -> None:
        self.assertEqual(self.checked(domainId="zzz")["type"], "notFound")
        self.assertEqual(self.checked()["type"], "validationFailed")
        self.assertEqual(self.resolver.asked, [])

    def test_domain_of_another_tenant(self) -> None:
        tenant = self.create("Tenant", name="t")
        self.who = evolve(ROOT, tenant_id=decode_id(tenant))
        self.assertEqual(self.checked(domainId="b")["type"], "notFound")

    def test_checks_of_one_call_are_bounded(self) -> None:
        check = {"@type": "CheckDns", "domainId": "b"}
        answer = self.ask(SET, {"create": {f"a{number}": check for number in range(MOST_CHECKS + 1)}})
        self.assertEqual(len(answer["created"]), MOST_CHECKS)
        self.assertEqual([error["type"] for error in answer["notCreated"].values()], ["rateLimit"])

    def test_needs_its_permission(self) -> None:
        self.who = evolve(ROOT, permissions=ALL - {"actionCheckDns"})
        self.assertEqual(self.checked(domainId="b")["type"], "forbidden")
