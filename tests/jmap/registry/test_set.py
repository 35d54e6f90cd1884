"""``x:Type/set``: what becomes of each object, and of the call (settings A.6 to A.8, A.11)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.network.http import Http
from stalwart.config.settings import SettingsBroken
from stalwart.directory.access import Access
from stalwart.errors import Conflict
from stalwart.jmap.call import RequestLimits
from stalwart.jmap.registry import set as set_module
from stalwart.jmap.registry.handler import Handler
from stalwart.telemetry.events import REGISTRY_CHANGED
from tests.jmap.registry.world import ROOT, RegistryWorld

MEMBERS = ["accountId", "created", "updated", "destroyed", "notCreated", "notUpdated", "notDestroyed"]


def holding(*permissions: str) -> Access:
    """Somebody with these permissions."""
    return Access(7, "seven@example.test", None, frozenset(permissions))


class CallTests(RegistryWorld):
    limits = RequestLimits(max_objects_in_set=3)

    def test_every_member_is_there_without_states(self) -> None:
        answer = self.ask("x:Domain/set", {})
        self.assertEqual(list(answer), MEMBERS)
        self.assertEqual([answer[name] for name in MEMBERS[1:]], [None] * 6)

    def test_there_is_no_state_to_match(self) -> None:
        self.assertEqual(self.error("x:Domain/set", {"ifInState": "n"})["type"], "stateMismatch")
        self.ask("x:Domain/set", {"ifInState": None})

    def test_too_many_objects_are_refused(self) -> None:
        create = {str(number): {"name": f"d{number}.test"} for number in range(4)}
        self.assertEqual(self.error("x:Domain/set", {"create": create})["type"], "requestTooLarge")

    def test_who_holds_no_verb_may_not_even_call(self) -> None:
        self.who = holding("sysDomainGet")
        error = self.error("x:Domain/set", {})
        text = "You are not authorized to create, update or destroy objects of this type"
        self.assertEqual((error["type"], error["description"]), ("forbidden", text))

    def test_using_a_verb_that_is_not_held_fails_the_whole_call(self) -> None:
        self.who = holding("sysDomainCreate")
        arguments = {"create": {"d": {"name": "new.test"}}, "destroy": ["b"]}
        self.assertEqual(self.error("x:Domain/set", arguments)["type"], "forbidden")
        self.who = ROOT
        self.assertEqual(self.ids("Domain"), ["b"])

    def test_verb_that_is_held_is_enough(self) -> None:
        self.who = holding("sysDomainCreate")
        self.assertIsNotNone(self.ask("x:Domain/set", {"create": {"d": {"name": "new.test"}}})["created"])

    def test_get_and_query_need_their_permission(self) -> None:
        self.who = holding("sysDomainCreate")
        for name in ("x:Domain/get", "x:Domain/query"):
            error = self.error(name)
            self.assertEqual(error["type"], "forbidden")
            self.assertEqual(error["description"], "You are not authorized to perform this action")

    def test_account_of_somebody_else_is_forbidden(self) -> None:
        self.who = holding("sysDomainGet")
        error = self.error("x:Domain/get", {"accountId": "zz"})
        self.assertEqual((error["type"], error["description"]), ("forbidden", "You are not an owner of account zz"))

    def test_who_may_impersonate_can_name_any_account(self) -> None:
        self.who = holding("sysDomainGet", "impersonate")
        self.assertEqual(self.ask("x:Domain/get", {"accountId": "zz"})["accountId"], "zz")

    def test_own_account_and_groups_can_be_named(self) -> None:
        self.who = Access(7, "x", None, frozenset(("sysDomainGet",)), group_ids=frozenset((8,)))
        self.assertEqual(self.ask("x:Domain/get", {"accountId": "i"})["accountId"], "i")
        self.assertEqual(self.ask("x:Domain/get")["accountId"], "h")

    def test_account_id_must_be_a_string(self) -> None:
        self.assertEqual(self.error("x:Domain/get", {"accountId": 7})["type"], "invalidArguments")
        self.who = holding("sysDomainGet")
        self.assertEqual(self.error("x:Domain/get", {"accountId": "!"})["type"], "forbidden")

    def test_change_underneath_is_server_unavailable_and_undoes_everything(self) -> None:
        def lost(*_: Any) -> Any:
            raise Conflict

        self.patch(Handler, "destroy", lost)
        arguments = {"create": {"d": {"name": "new.test"}}, "destroy": ["b"]}
        self.assertEqual(self.error("x:Role/set", {"destroy": ["b"]})["type"], "serverUnavailable")
        self.assertEqual(self.error("x:Domain/set", arguments)["type"], "serverUnavailable")
        self.assertEqual(self.ids("Domain"), ["b"])


class InForceTests(RegistryWorld):
    def test_next_request_sees_the_change(self) -> None:
        self.update("Http", "singleton", enableHsts=True)
        self.assertTrue(self.settings.of(Http).enable_hsts)

    def test_what_waits_for_a_restart_is_told(self) -> None:
        patch = {"update": {"singleton": {"defaultHostname": "new.test"}}}
        text = "defaultHostname takes effect when the server is restarted."
        self.assertEqual(self.ask("x:SystemSettings/set", patch)["notices"], [text])

    def test_nothing_is_told_otherwise(self) -> None:
        self.assertNotIn("notices", self.ask("x:Http/set", {"update": {"singleton": {"enableHsts": True}}}))

    def test_nothing_is_told_of_what_was_refused(self) -> None:
        self.assertNotIn("notices", self.ask("x:SystemSettings/set", {"update": {"singleton": {"nope": 1}}}))

    def test_what_nothing_obeys_is_told(self) -> None:
        answer = self.ask("x:Enterprise/set", {"update": {"singleton": {"logoUrl": None}}})
        self.assertEqual(answer["notices"], ["Enterprise is stored; nothing in this server obeys it yet."])

    def test_settings_that_another_object_breaks_are_told(self) -> None:
        async def broken(types: Any = None) -> bool:
            raise SettingsBroken(("Tracer", 1), "no such file")

        self.patch(self.settings, "reload", broken)
        answer = self.ask("x:Http/set", {"update": {"singleton": {"enableHsts": True}}})
        self.assertEqual(answer["updated"], {"singleton": None})
        text = "Stored, but the running settings stay as they were: Tracer: no such file"
        self.assertEqual(answer["notices"], [text])

    def test_failure_after_the_write_is_told(self) -> None:
        async def failing(*_: Any) -> list[str]:
            raise Conflict("somebody was faster")

        self.patch(Handler, "committed", failing)
        answer = self.ask("x:Http/set", {"update": {"singleton": {"enableHsts": True}}})
        self.assertEqual(answer["notices"], ["Stored, but not in force yet: somebody was faster"])
        self.assertTrue(callable(set_module.set_objects))

    def test_who_changed_what_is_an_event_without_contents(self) -> None:
        told: list[dict[str, Any]] = []
        self.telemetry.observe(lambda event, keys: event is REGISTRY_CHANGED and told.append(dict(keys)))
        self.ask("x:Http/set", {"update": {"singleton": {"redirectRoot": "/x"}}})
        self.ask("x:Http/set", {"update": {"singleton": {"nope": 1}}})
        ((keys),) = told
        self.assertEqual((keys["object"], keys["updated"]), ("Http", "singleton"))
        self.assertEqual(keys["accountName"], self.who.login)
        self.assertNotIn("/x", str(keys))

    def test_two_who_save_at_once_lose_nothing(self) -> None:
        write, gates = self.store.write, [Deferred(), Deferred()]
        waiting = list(gates)
        self.patch(self.store, "write", lambda work: waiting.pop(0).addCallback(lambda _: write(work)))
        first = self.begin("x:Http/set", {"update": {"singleton": {"enableHsts": True}}})
        second = self.begin("x:Http/set", {"update": {"singleton": {"redirectRoot": "/x"}}})
        self.assertEqual(waiting, [])  # both are about to write, neither has
        for gate in gates:
            gate.callback(None)
        for done in (first, second):
            ((_, answer, _),) = self.successResultOf(done)
            self.assertEqual(answer["updated"], {"singleton": None})
        found = self.get("Http")
        self.assertEqual((found["enableHsts"], found["redirectRoot"]), (True, "/x"))
