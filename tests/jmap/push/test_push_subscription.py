"""PushSubscription/get and PushSubscription/set (RFC 8620 7.2)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.errors import StalwartError
from stalwart.jmap.call import Call, Request
from stalwart.jmap.errors import MethodError, method_error
from stalwart.jmap.push import push_subscription
from stalwart.jmap.standard.dates import utc_date
from stalwart.mail.delivery.addresses import is_public
from tests.codec.push_receiver import Receiver
from tests.directory.world import NOW
from tests.jmap.push.push_case import PushCase

URL = "https://push.example.net/send/1"
WEEK = NOW + 7 * 86_400
PHONE = {"deviceClientId": "phone", "url": URL}


class FakeDevices:
    """Who would be told."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def changed(self, account_id: int) -> None:
        self.told.append(account_id)


class SubscriptionCase(PushCase):
    """alice asks."""

    def setUp(self) -> None:
        super().setUp()
        self.devices = FakeDevices()
        self.created_ids: dict[str, str] = {}

    def _ask(self, name: str, arguments: dict[str, Any], access: Access | None) -> Deferred[Any]:
        method = push_subscription.get if name == "get" else push_subscription.set_
        services: dict[str, Any] = {
            "store": self.store,
            "settings": self.settings,
            "directory": self.directory,
            "push_devices": self.devices,
            "push_addresses": is_public,
            "clock": self.clock,
        }
        request = Request(access or self.access, created_ids=self.created_ids)
        call = Call(f"PushSubscription/{name}", arguments, "0", request)
        given = {each: services[each] for each in method.services}
        return Deferred.fromCoroutine(method.handler(call, **given))

    def ask(self, name: str, arguments: dict[str, Any], access: Access | None = None) -> Any:
        answer = self.successResultOf(self._ask(name, arguments, access))
        return json.loads(msgspec.json.encode(answer))

    def refused(self, name: str, arguments: dict[str, Any], access: Access | None = None) -> str:
        problem = self.failureResultOf(self._ask(name, arguments, access), StalwartError, MethodError).value
        return problem.type if isinstance(problem, MethodError) else method_error(problem).type

    def create(self, **members: Any) -> dict[str, Any]:
        answer = self.ask("set", {"create": {"p": PHONE | members}})
        self.assertIsNone(answer["notCreated"])
        made: dict[str, Any] = answer["created"]["p"]
        return made

    def not_created(self, members: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("set", {"create": {"p": members}})
        self.assertIsNone(answer["created"])
        problem: dict[str, Any] = answer["notCreated"]["p"]
        return problem

    def update(self, id: str, **patch: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("set", {"update": {id: patch}})
        return answer

    def code(self, id: str) -> str:
        (found,) = [each for each in self.rows() if push_subscription.encode_id(each.id) == id]
        return str(found.code)

    def rows(self) -> Any:
        return self.successResultOf(
            self.store.read(lambda tx: tx.push_subscriptions.of_account(self.alice, int(self.clock.seconds())))
        )

    def list(self, **arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("get", {"ids": None} | arguments)["list"]
        return found


class CreateTests(SubscriptionCase):
    def test_what_the_server_has_set_is_answered(self) -> None:
        made = self.create()
        id = made.pop("id")
        expected = {"keys": None, "expires": utc_date(WEEK), "verificationCode": None, "types": None}
        self.assertEqual(made, expected)
        self.assertEqual(self.created_ids, {"p": id})
        self.assertEqual(self.devices.told, [self.alice])

    def test_the_answer_names_no_account_and_no_state(self) -> None:
        answer = self.ask("set", {"create": {"p": PHONE}})
        members = ["created", "updated", "destroyed", "notCreated", "notUpdated", "notDestroyed"]
        self.assertEqual(list(answer), members)

    def test_the_code_is_long_and_told_nobody(self) -> None:
        id = self.create()["id"]
        self.assertRegex(self.code(id), r"\A[A-Za-z0-9]{32}\Z")
        self.assertNotIn(self.code(id), json.dumps(self.list()))

    def test_keys(self) -> None:
        p256dh, auth = Receiver().keys
        made = self.create(keys={"p256dh": p256dh, "auth": auth})
        self.assertIsNone(made["keys"])
        self.assertEqual(self.rows()[0].keys, (p256dh, auth))
        for keys in ({"p256dh": p256dh}, {"p256dh": "x", "auth": auth}, [], "x", {"p256dh": auth, "auth": auth}):
            self.assertEqual(self.not_created(PHONE | {"keys": keys})["type"], "invalidProperties", keys)

    def test_expires(self) -> None:
        self.assertEqual(self.create(expires=utc_date(NOW + 60))["expires"], utc_date(NOW + 60))
        self.assertEqual(self.create(expires="2100-01-01T00:00:00Z")["expires"], utc_date(WEEK))
        for expires in (utc_date(NOW - 60), "tomorrow", 5):
            self.assertEqual(self.not_created(PHONE | {"expires": expires})["properties"], ["expires"])

    def test_types(self) -> None:
        self.assertEqual(self.create(types=["Email", "CalendarEvent"])["types"], ["Email", "CalendarEvent"])
        self.assertIsNone(self.create(types=[])["types"])
        for types in (["Nothing"], "Email", [1]):
            self.assertEqual(self.not_created(PHONE | {"types": types})["type"], "invalidProperties")

    def test_urls_that_are_not_pushed_to(self) -> None:
        for url in (
            "http://push.example.net/",
            "https://user:secret@push.example.net/",
            "https://127.0.0.1/",
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://push.example.net/#x",
            "https:///x",
            "ftp://x/",
            "",
            "x" * 3000,
            7,
            None,
        ):
            problem = self.not_created({"deviceClientId": "phone", "url": url})
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["url"]), url)

    def test_what_must_be_there(self) -> None:
        self.assertEqual(self.not_created({"url": URL})["properties"], ["deviceClientId"])
        self.assertEqual(self.not_created({"deviceClientId": "phone"})["properties"], ["url"])
        self.assertEqual(self.not_created(PHONE | {"deviceClientId": "x" * 256})["properties"], ["deviceClientId"])

    def test_what_must_not(self) -> None:
        for members in ({"verificationCode": "x"}, {"id": "x"}, {"nothing": 1}):
            self.assertEqual(self.not_created(PHONE | members)["properties"], list(members))

    def test_the_same_device_has_one(self) -> None:
        first = self.create()["id"]
        second = self.create(url=URL + "2")["id"]
        self.assertNotEqual(first, second)
        self.assertEqual([each["id"] for each in self.list()], [second])
        self.assertEqual(self.rows()[0].url, URL + "2")

    def test_an_account_has_so_many(self) -> None:
        self.set_jmap(maxSubscriptions=2)
        self.create()
        self.create(deviceClientId="tablet")
        self.assertEqual(self.not_created(PHONE | {"deviceClientId": "watch"})["type"], "overQuota")
        self.create(deviceClientId="tablet")

    def test_it_rests_on_the_access_that_made_it(self) -> None:
        self.create()
        grant = self.settle(self.directory.standing.grant(self.access))
        self.assertEqual(self.rows()[0].holder, msgspec.to_builtins(grant))


class UpdateTests(SubscriptionCase):
    def setUp(self) -> None:
        super().setUp()
        self.id = self.create()["id"]
        self.devices.told.clear()

    def test_the_code_verifies(self) -> None:
        self.assertEqual(self.update(self.id, verificationCode=self.code(self.id))["updated"], {self.id: None})
        self.assertTrue(self.rows()[0].verified)
        self.assertEqual(self.list()[0]["verificationCode"], self.code(self.id))
        self.assertEqual(self.devices.told, [self.alice])

    def test_another_code_does_not(self) -> None:
        for code in ("x", "", "é", self.code(self.id)[:-1]):
            problem = self.update(self.id, verificationCode=code)["notUpdated"][self.id]
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["verificationCode"]))
        self.assertFalse(self.rows()[0].verified)
        self.assertEqual(self.devices.told, [])

    def test_what_is_verified_stays_so(self) -> None:
        self.update(self.id, verificationCode=self.code(self.id))
        self.update(self.id, types=["Email"])
        self.update(self.id, verificationCode=None)
        self.assertTrue(self.rows()[0].verified)

    def test_longer_life(self) -> None:
        self.clock.advance(1000)
        answer = self.update(self.id, expires="2100-01-01T00:00:00Z")
        self.assertEqual(answer["updated"], {self.id: {"expires": utc_date(WEEK + 1000)}})
        answer = self.update(self.id, expires=None)
        self.assertEqual(answer["updated"], {self.id: {"expires": utc_date(WEEK + 1000)}})
        problem = self.update(self.id, expires=utc_date(NOW))["notUpdated"][self.id]
        self.assertEqual(problem["properties"], ["expires"])

    def test_types(self) -> None:
        self.assertEqual(self.update(self.id, types=["Email"])["updated"], {self.id: None})
        self.assertEqual(self.list()[0]["types"], ["Email"])
        self.assertEqual(self.update(self.id, types=[])["updated"], {self.id: {"types": None}})

    def test_url_keys_and_device_stay(self) -> None:
        for patch in ({"url": URL + "2"}, {"keys": {"p256dh": "x", "auth": "y"}}, {"deviceClientId": "other"}):
            problem = self.update(self.id, **patch)["notUpdated"][self.id]
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", list(patch)))

    def test_those_of_others_are_not_found(self) -> None:
        self.user("bob")
        bob = self.sign_in("bob@example.test")
        for answer in (
            self.ask("set", {"update": {self.id: {"types": None}}, "destroy": [self.id]}, bob),
            self.ask("set", {"update": {"x!": {}, "zzzzzzzzzzzzzzzzz": {}}, "destroy": ["x!"]}),
        ):
            problems = [*(answer["notUpdated"] or {}).values(), *(answer["notDestroyed"] or {}).values()]
            self.assertLessEqual({each["type"] for each in problems}, {"notFound", "willDestroy"})
        self.assertEqual(len(self.rows()), 1)

    def test_numbers_that_nothing_can_have_are_not_found(self) -> None:
        ids = [encode_id(1 << 63), encode_id((1 << 64) - 1)]
        answer = self.ask("set", {"update": {id: {"types": None} for id in ids}})
        self.assertEqual([answer["notUpdated"][id]["type"] for id in ids], ["notFound"] * 2)
        answer = self.ask("set", {"destroy": ids})
        self.assertEqual([answer["notDestroyed"][id]["type"] for id in ids], ["notFound"] * 2)

    def test_one_that_is_over_is_not_found(self) -> None:
        self.clock.advance(7 * 86_400 + 1)
        self.assertEqual(self.list(), [])
        self.assertEqual(self.update(self.id, types=None)["notUpdated"][self.id]["type"], "notFound")

    def test_destroy(self) -> None:
        answer = self.ask("set", {"destroy": [self.id, "nothing"]})
        self.assertEqual((answer["destroyed"], answer["notDestroyed"]["nothing"]["type"]), ([self.id], "notFound"))
        self.assertEqual((self.list(), self.devices.told), ([], [self.alice]))

    def test_creation_references(self) -> None:
        answer = self.ask(
            "set", {"create": {"q": PHONE | {"deviceClientId": "q"}}, "update": {"#q": {"types": ["Email"]}}}
        )
        self.assertEqual(list(answer["updated"]), [answer["created"]["q"]["id"]])
        answer = self.ask("set", {"destroy": ["#q"]})
        self.assertEqual(len(answer["destroyed"]), 1)


class GetTests(SubscriptionCase):
    def test_the_answer(self) -> None:
        id = self.create(types=["Email"])["id"]
        answer = self.ask("get", {"ids": [id, "nothing", id]})
        shown = {
            "id": id,
            "deviceClientId": "phone",
            "verificationCode": None,
            "expires": utc_date(WEEK),
            "types": ["Email"],
        }
        self.assertEqual(answer, {"list": [shown], "notFound": ["nothing"]})

    def test_properties(self) -> None:
        id = self.create()["id"]
        self.assertEqual(self.list(properties=["types"]), [{"id": id, "types": None}])
        self.assertEqual(self.list(properties=["id"]), [{"id": id}])

    def test_secret_ones_are_forbidden_and_others_unknown(self) -> None:
        for name in ("url", "keys"):
            self.assertEqual(self.refused("get", {"ids": None, "properties": ["id", name]}), "forbidden")
        self.assertEqual(self.refused("get", {"ids": None, "properties": ["x"]}), "invalidArguments")


class PermissionTests(SubscriptionCase):
    def without(self, name: str) -> Access:
        return evolve(self.access, permissions=self.access.permissions - {name})

    def test_each_verb_needs_its_own(self) -> None:
        id = self.create()["id"]
        for verb, arguments in (
            ("Create", {"create": {"p": PHONE}}),
            ("Update", {"update": {id: {"types": None}}}),
            ("Destroy", {"destroy": [id]}),
        ):
            access = self.without(f"jmapPushSubscription{verb}")
            self.assertEqual(self.refused("set", arguments, access), "forbidden")
            self.ask("set", {}, access)
        self.assertEqual(push_subscription.get.needs, "jmapPushSubscriptionGet")
