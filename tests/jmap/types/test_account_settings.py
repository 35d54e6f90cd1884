"""x:AccountSettings (settings C.5)."""

from __future__ import annotations

from stalwart.jmap.types.account_settings import AccountSettingsHandler
from tests.jmap.registry.world import ROOT, RegistryWorld


class AccountSettingsTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account(description="Alice Example")
        self.become("alice")

    def test_shape_is_that_of_the_reference(self) -> None:
        expected = [
            ("description", "Alice Example"),
            ("locale", "en_US"),
            ("timeZone", None),
            ("encryptionAtRest", {"@type": "Disabled"}),
            ("id", "singleton"),
        ]
        (found,) = self.ask("x:AccountSettings/get")["list"]
        self.assertEqual(list(found.items()), expected)
        self.assertEqual(self.ask("x:AccountSettings/get", {"ids": ["b"]})["notFound"], ["b"])

    def test_update_changes_the_account(self) -> None:
        self.update("AccountSettings", "singleton", description="Alicia", timeZone="Europe/Berlin")
        self.who = ROOT
        found = self.get("Account", self.alice)
        self.assertEqual((found["description"], found["timeZone"]), ("Alicia", "Europe/Berlin"))

    def test_what_a_sign_in_remembers_is_forgotten(self) -> None:
        self.directory.remember("header", self.who)
        self.update("AccountSettings", "singleton", locale="de_DE")
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        self.assertEqual(self.sign_in().locale, "de-DE")

    def test_create_puts_defaults_back(self) -> None:
        self.update("AccountSettings", "singleton", locale="de_DE")
        answer = self.ask("x:AccountSettings/set", {"create": {"x": {"description": "A"}}})
        self.assertEqual(answer["created"], {"x": {"id": "singleton"}})
        found = self.get("AccountSettings")
        self.assertEqual((found["description"], found["locale"]), ("A", "en_US"))

    def test_other_members_of_the_account_are_none(self) -> None:
        error = self.not_updated("AccountSettings", "singleton", name="bob")
        self.assertEqual((error["type"], error["properties"]), ("invalidPatch", ["name"]))

    def test_account_of_somebody_else_is_forbidden(self) -> None:
        self.assertEqual(self.error("x:AccountSettings/get", {"accountId": "zz"})["type"], "forbidden")

    def test_who_has_no_account_has_no_settings(self) -> None:
        self.who = ROOT
        answer = self.ask("x:AccountSettings/get", {"ids": ["singleton"]})
        self.assertEqual((answer["list"], answer["notFound"]), ([], ["singleton"]))
        self.assertEqual(self.not_updated("AccountSettings", "singleton", locale="de_DE"), {"type": "notFound"})
        self.assertEqual(AccountSettingsHandler.handled, ("AccountSettings",))
