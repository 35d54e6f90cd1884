"""Email/copy: from the own account to a group's and back (RFC 8621 4.7, RFC 8620 5.4)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.email.copying import copy_emails
from tests.jmap.email.writing import GROUP_ID, OWN_ID, WritingCase, message


class CopyTests(WritingCase):
    """Who can write in both accounts can copy between them."""

    def copied(self, id: Any, **given: Any) -> dict[str, Any]:
        entry = {"id": id, "mailboxIds": {self.team: True}} | given
        return self.call("copy", fromAccountId=OWN_ID, accountId=GROUP_ID, create={"k": entry})

    def refusal(self, id: Any, **given: Any) -> dict[str, Any]:
        answer = self.copied(id, **given)
        self.assertIsNone(answer["created"])
        return dict(answer["notCreated"]["k"])

    def test_a_copy_has_the_message_and_its_keywords(self) -> None:
        id = self.email(message("Copied"), keywords=("$seen", "work"))
        self.clock.advance(500)
        answer = self.copied(id)
        self.assertEqual([*answer], ["fromAccountId", "accountId", "oldState", "newState", "created", "notCreated"])
        made = answer["created"]["k"]
        self.assertEqual([*made], ["id", "blobId", "threadId", "size"])
        names = ("subject", "keywords", "receivedAt", "blobId")
        copy = self.shown(made["id"], *names, "mailboxIds", account=GROUP_ID)
        self.assertEqual(copy, self.shown(id, *names) | {"id": made["id"], "mailboxIds": {self.team: True}})
        self.assertEqual(self.request.created_ids, {"k": made["id"]})

    def test_keywords_and_time_can_be_others(self) -> None:
        id = self.email(keywords=("old",))
        made = self.copied(id, keywords={}, receivedAt="2020-01-01T00:00:00Z")["created"]["k"]
        copy = self.shown(made["id"], "keywords", "receivedAt", account=GROUP_ID)
        self.assertEqual((copy["keywords"], copy["receivedAt"]), ({}, "2020-01-01T00:00:00Z"))

    def test_a_copy_outlives_the_original(self) -> None:
        id = self.email(message("Copied", "y" * 80_000))
        made = self.copied(id)["created"]["k"]
        self.call("set", destroy=[id])
        shown = self.shown(made["id"], "bodyValues", "textBody", account=GROUP_ID, fetchTextBodyValues=True)
        self.assertEqual([each["value"] for each in shown["bodyValues"].values()], ["y" * 80_000])

    def test_the_original_goes_if_that_is_asked_for(self) -> None:
        one, other = self.email(), self.email()
        place = {"mailboxIds": {self.team: True}}
        create = {"a": {"id": one, **place}, "b": {"id": "zz", **place}}
        first, second = self.responses(
            "copy", fromAccountId=OWN_ID, accountId=GROUP_ID, create=create, onSuccessDestroyOriginal=True
        )
        self.assertEqual(([*first[1]["created"]], [*first[1]["notCreated"]]), (["a"], ["b"]))
        self.assertEqual((second[0], second[1]["accountId"], second[1]["destroyed"]), ("Email/set", OWN_ID, [one]))
        self.assertEqual(self.call("get", ids=[one, other], properties=[])["list"], [{"id": other}])

    def test_the_original_stays_if_its_account_changed(self) -> None:
        id = self.email()
        create = {"a": {"id": id, "mailboxIds": {self.team: True}}}
        _, second = self.responses(
            "copy",
            fromAccountId=OWN_ID,
            accountId=GROUP_ID,
            create=create,
            onSuccessDestroyOriginal=True,
            destroyFromIfInState="n",
        )
        self.assertEqual((second[0], second[1]["type"]), ("error", "stateMismatch"))
        self.assertEqual(self.shown(id, "id"), {"id": id})

    def test_wrong_members_are_named(self) -> None:
        id = self.email()
        for given, name in (
            ({"mailboxIds": None}, "mailboxIds"),
            ({"mailboxIds": {"zzz": True}}, "mailboxIds"),
            ({"keywords": {"a b": True}}, "keywords/a b"),
            ({"subject": "x"}, "subject"),
        ):
            problem = self.refusal(id, **given)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", [name]), given)
        self.assertEqual(self.refusal(None)["properties"], ["id"])
        for missing in ("zz", "ZZ", "#none"):
            self.assertEqual(self.refusal(missing)["type"], "notFound")

    def test_states_are_compared(self) -> None:
        for argument in ("ifInState", "ifFromInState"):
            arguments = {"fromAccountId": OWN_ID, "accountId": GROUP_ID, "create": {}, argument: "s99"}
            self.assertEqual(self.error("copy", **arguments), "stateMismatch")

    def test_accounts_must_differ_and_be_the_clients(self) -> None:
        self.assertEqual(copy_emails.needs, "jmapEmailCopy")
        self.assertEqual(self.error("copy", fromAccountId=OWN_ID, create={}), "invalidArguments")
        self.assertEqual(self.error("copy", fromAccountId="d", create={}), "fromAccountNotFound")
        self.assertEqual(self.error("copy", fromAccountId=OWN_ID, accountId="d", create={}), "accountNotFound")
        self.assertEqual(self.error("copy", fromAccountId=OWN_ID, accountId=GROUP_ID), "invalidArguments")
