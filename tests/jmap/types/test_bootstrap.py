"""``x:Bootstrap``: suggestions, the one answer, and nothing in a server that is set up."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.first_setup import Administrator
from stalwart.config.operation.bootstrap import Bootstrap
from stalwart.directory.permissions import BOOTSTRAP
from stalwart.errors import Invalid
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.bootstrap import ONLY_UPDATED, STARTS_AGAIN, BootstrapHandler
from tests.jmap.desk import Desk, access

GET, SET = "x:Bootstrap/get", "x:Bootstrap/set"


class FakeSetup:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.wanted: list[Any] = []
        self.refusal: Exception | None = None
        self.administrator: Administrator | None = Administrator("admin@example.org", "once-told-secret")

    def suggestion(self) -> Any:
        return Bootstrap.from_wire({"serverHostname": "mail.example.org", "defaultDomain": "example.org"})

    async def run(self, wanted: Any) -> Administrator | None:
        self.wanted.append(wanted)
        if self.refusal is not None:
            raise self.refusal
        return self.administrator


class BootstrapTests(SynchronousTestCase):
    """A server that has no store yet."""

    def setUp(self) -> None:
        self.setup = FakeSetup()
        self.open(self.setup)

    def open(self, setup: Any) -> None:
        """A desk whose service ``setup`` is this."""
        desk = Desk()
        services = {"settings": desk.settings, "setup": setup, "store": desk.store, "clock": desk.clock}
        who = access(permissions=frozenset((*BOOTSTRAP, "authenticate")))
        self.desk = Desk(*type_methods(Bootstrap, BootstrapHandler), services=services, who=who, mode="bootstrap")

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer."""
        ((_, found, _),) = self.desk.responses([name, arguments, "0"])
        return found

    def update(self, patch: dict[str, Any]) -> Any:
        """Answer the questions."""
        return self.call(SET, {"update": {"singleton": patch}})

    def test_suggestions_can_be_read(self) -> None:
        (found,) = self.call(GET, {})["list"]
        self.assertEqual((found["id"], found["serverHostname"]), ("singleton", "mail.example.org"))
        self.assertNotIn("secret", found)

    def test_the_answer_tells_the_new_login_once(self) -> None:
        answer = self.update({"defaultDomain": "example.net"})
        told = {"username": "admin@example.org", "secret": "once-told-secret"}
        self.assertEqual(answer["updated"], {"singleton": told})
        self.assertEqual(answer["notices"], [STARTS_AGAIN])
        (wanted,) = self.setup.wanted
        self.assertEqual((wanted.default_domain, wanted.server_hostname), ("example.net", "mail.example.org"))

    def test_with_an_external_directory_there_is_no_login_to_tell(self) -> None:
        self.setup.administrator = None
        self.assertEqual(self.update({})["updated"], {"singleton": None})

    def test_bad_answers_are_named_and_nothing_is_done(self) -> None:
        error = self.update({"defaultDomain": "-", "nothing": 1})["notUpdated"]["singleton"]
        self.assertEqual(error["type"], "invalidPatch")
        self.assertEqual(self.setup.wanted, [])

    def test_a_set_up_that_fails_says_why(self) -> None:
        self.setup.refusal = Invalid("The disk is full.", ("dataStore",))
        error = self.update({})["notUpdated"]["singleton"]
        expected = {"type": "invalidProperties", "description": "The disk is full.", "properties": ["dataStore"]}
        self.assertEqual(error, expected)

    def test_it_is_neither_created_nor_destroyed(self) -> None:
        self.assertEqual(
            self.call(SET, {"create": {"a": {}}})["notCreated"],
            {"a": {"type": "forbidden", "description": ONLY_UPDATED}},
        )
        self.assertEqual(self.call(SET, {"destroy": ["singleton"]})["notDestroyed"]["singleton"]["type"], "singleton")
        self.assertEqual(self.call(SET, {"update": {"b": {}}})["notUpdated"]["b"]["type"], "notFound")
        self.assertEqual(self.setup.wanted, [])

    def test_a_server_that_is_set_up_has_none(self) -> None:
        self.open(None)
        self.assertEqual(self.call(GET, {"ids": ["singleton"]})["notFound"], ["singleton"])
        self.assertEqual(self.update({})["notUpdated"]["singleton"]["type"], "notFound")
