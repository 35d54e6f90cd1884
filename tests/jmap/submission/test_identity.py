"""Identity/get, set and changes (RFC 8621 6)."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.email import Email
from stalwart.jmap.submission.identity import LONGEST_SIGNATURE
from tests.jmap.submission.sending_case import SendingCase


class IdentityTests(SendingCase):
    def made(self, **given: Any) -> Any:
        answer = self.call("Identity/set", create={"n": {"email": "al@example.test", **given}})
        self.assertIsNone(answer["notCreated"])
        return answer["created"]["n"]

    def problem(self, **given: Any) -> Any:
        return self.call("Identity/set", create={"n": given})["notCreated"]["n"]

    def test_one_for_each_address(self) -> None:
        self.patch_account(self.alice, {"description": "Alice Doe"})
        first, second = self.call("Identity/get")["list"]
        self.assertEqual(
            first,
            {
                "id": first["id"],
                "name": "Alice Doe",
                "email": "alice@example.test",
                "replyTo": None,
                "bcc": None,
                "textSignature": "",
                "htmlSignature": "",
                "mayDelete": True,
            },
        )
        self.assertEqual(second["email"], "al@example.test")

    def test_a_further_one(self) -> None:
        given = {"name": "Shop", "replyTo": [{"email": "a@b.test", "name": None}], "textSignature": "Bye"}
        made = self.made(**given)
        self.assertEqual({*made}, {"id", "bcc", "htmlSignature", "mayDelete"})
        (shown,) = self.call("Identity/get", ids=[made["id"]])["list"]
        self.assertEqual(shown, {"id": made["id"], "email": "al@example.test", **given, **made})

    def test_what_is_left_out_has_its_default(self) -> None:
        made = self.made()
        (shown,) = self.call("Identity/get", ids=[made["id"]])["list"]
        self.assertEqual((shown["name"], shown["bcc"], shown["htmlSignature"]), ("", None, ""))

    def test_addresses_with_details_and_of_others(self) -> None:
        self.made(email="Alice+shop@example.test")
        for email in ("bob@example.test", "alice@elsewhere.test", "*@example.test"):
            self.assertEqual(self.problem(email=email)["type"], "forbiddenFrom", email)
        for email in ("", "alice", "a b@example.test", "alice@example.test\r\nBcc: x@y.test"):
            problem = self.problem(email=email)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["email"]), email)

    def test_values_that_cannot_be(self) -> None:
        for name, value in (
            ("name", "x" * 256),
            ("replyTo", "a@b.test"),
            ("bcc", [{"name": "x"}]),
            ("bcc", [{"email": "x"}]),
            ("bcc", [{"email": "x@y.test", "further": 1}]),
            ("textSignature", "x" * (LONGEST_SIGNATURE + 1)),
            ("htmlSignature", None),
            ("mayDelete", False),
            ("colour", "red"),
        ):
            problem = self.problem(email="al@example.test", **{name: value})
            self.assertEqual(problem["type"], "invalidProperties", name)
        self.made(htmlSignature="x" * LONGEST_SIGNATURE)

    def test_update(self) -> None:
        id = self.identity()
        state = self.call("Identity/get", ids=[])["state"]
        answer = self.call("Identity/set", update={id: {"textSignature": "-- \nAlice", "bcc": None}})
        self.assertEqual(answer["updated"], {id: None})
        changes = self.call("Identity/changes", sinceState=state)
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([], [id], []))
        answer = self.call("Identity/set", update={id: {"email": "al@example.test"}})
        self.assertEqual(answer["notUpdated"][id]["properties"], ["email"])

    def test_one_that_was_destroyed_does_not_come_back(self) -> None:
        id = self.identity("al@example.test")
        self.assertEqual(self.call("Identity/set", destroy=[id])["destroyed"], [id])
        self.assertEqual([each["email"] for each in self.call("Identity/get")["list"]], ["alice@example.test"])

    def test_addresses_come_and_go(self) -> None:
        state = self.call("Identity/get")["state"]
        old = self.identity("al@example.test")
        further = self.made(email="al+x@example.test")["id"]
        self.patch_account(self.alice, {"aliases": {"0": {"name": "ally", "domainId": self.home}}})
        found = self.call("Identity/get")["list"]
        self.assertEqual([each["email"] for each in found], ["alice@example.test", "ally@example.test"])
        changes = self.call("Identity/changes", sinceState=state)
        self.assertEqual((changes["created"], changes["destroyed"]), ([found[1]["id"]], [old]))
        self.assertNotIn(further, [each["id"] for each in found])

    def test_nothing_changes_by_looking(self) -> None:
        state = self.call("Identity/get")["state"]
        self.assertEqual(self.call("Identity/get")["state"], state)
        changes = self.call("Identity/changes", sinceState=state)
        self.assertEqual((changes["newState"], changes["created"]), (state, []))

    def test_there_is_an_end(self) -> None:
        self.settle(self.settings.change(Email, {"maxIdentities": 3}))
        self.made()
        self.assertEqual(self.problem(email="al@example.test")["type"], "overQuota")
        aliases = {str(n): {"name": f"a{n}", "domainId": self.home} for n in range(9)}
        self.patch_account(self.alice, {"aliases": aliases})
        self.assertEqual(len(self.call("Identity/get")["list"]), 3)

    def test_own_limit_of_the_account(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxEmailIdentities": 2}})
        self.assertEqual(self.problem(email="al@example.test")["type"], "overQuota")

    def test_account_that_the_registry_does_not_know(self) -> None:
        self.write(lambda tx: tx.accounts.create(4711, "ghost", "user"))
        self.write(lambda tx: tx.registry.delete("Account", self.alice))
        self.assertEqual(self.call("Identity/get")["list"], [])
