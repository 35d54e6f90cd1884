"""Copies between accounts, and what becomes of the originals (RFC 8620 5.4)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.standard import copying
from tests.jmap.standard.notes import GROUP_ID, OTHER, OWN_ID, NotesCase


class CopyTests(NotesCase):
    def setUp(self) -> None:
        super().setUp()
        (self.parent,) = self.made("parent")
        (self.one,) = self.made("one", body="text", parentId=self.parent, tags={"x": True}, kind="list")
        self.request.created_ids.clear()

    def copy(self, create: dict[str, Any], **arguments: Any) -> list[tuple[str, dict[str, Any]]]:
        return self.responses("copy", fromAccountId=OWN_ID, accountId=GROUP_ID, create=create, **arguments)

    def refusal(self, **given: Any) -> dict[str, Any]:
        ((_, answer),) = self.copy({"c": given})
        self.assertIsNone(answer["created"])
        refused = answer["notCreated"]["c"]
        assert isinstance(refused, dict)
        return refused

    def copied(self) -> list[dict[str, Any]]:
        notes = self.call("get", accountId=GROUP_ID)["list"]
        assert isinstance(notes, list)
        return notes

    def test_a_copy_has_the_properties_of_its_original(self) -> None:
        ((name, answer),) = self.copy({"c": {"id": self.one, "pinned": True}})
        self.assertEqual(name, "Note/copy")
        self.assertEqual((answer["fromAccountId"], answer["accountId"]), (OWN_ID, GROUP_ID))
        self.assertEqual((answer["oldState"], answer["notCreated"]), ("n", None))
        self.assertEqual(answer["newState"], self.call("get", accountId=GROUP_ID)["state"])
        (copy,) = self.copied()
        shown = (copy["title"], copy["body"], copy["tags"], copy["kind"], copy["pinned"])
        self.assertEqual(shown, ("one", "text", {"x": True}, "list", True))
        self.assertEqual(self.note(self.one, "pinned")["pinned"], False)

    def test_what_the_server_set_is_told(self) -> None:
        self.clock.advance(5)
        ((_, answer),) = self.copy({"c": {"id": self.one}})
        (copy,) = self.copied()
        told = answer["created"]["c"]
        self.assertEqual(told["id"], copy["id"])
        self.assertEqual(told["createdAt"], "2027-01-15T08:00:05Z")
        self.assertNotIn("title", told)

    def test_ids_of_the_other_account_stay_behind(self) -> None:
        self.copy({"c": {"id": self.one}})
        self.assertIsNone(self.copied()[0]["parentId"])

    def test_creation_ids_are_known_to_later_calls(self) -> None:
        self.copy({"c": {"id": self.one}})
        self.assertEqual(self.request.created_ids, {"c": self.copied()[0]["id"]})

    def test_an_original_can_be_a_creation_reference(self) -> None:
        self.request.created_ids["before"] = self.one
        self.copy({"c": {"id": "#before"}})
        self.assertEqual(self.copied()[0]["title"], "one")
        self.assertEqual(self.refusal(id="#nobody")["type"], "notFound")

    def test_originals_that_are_not_there(self) -> None:
        self.assertEqual(self.refusal(id="zzz"), {"type": "notFound"})
        self.assertEqual(self.refusal(id="No Id"), {"type": "notFound"})
        self.assertEqual(self.refusal(title="x")["properties"], ["id"])

    def test_overriding_properties_obey_the_rules_of_new_objects(self) -> None:
        self.assertEqual(self.refusal(id=self.one, title=7)["properties"], ["title"])
        self.assertEqual(self.refusal(id=self.one, colour=7)["properties"], ["colour"])
        self.assertEqual(self.refusal(id=self.one, title="unlucky")["type"], "forbidden")
        self.assertEqual(self.copied(), [])

    def test_the_same_account(self) -> None:
        arguments = {"fromAccountId": OWN_ID, "accountId": OWN_ID, "create": {"c": {"id": self.one}}}
        self.assertEqual(self.error("copy", **arguments), "invalidArguments")

    def test_accounts_that_cannot_be_used(self) -> None:
        create = {"c": {"id": self.one}}
        other = encode_id(OTHER)
        self.assertEqual(self.error("copy", fromAccountId=other, create=create), "fromAccountNotFound")
        self.assertEqual(self.error("copy", fromAccountId=OWN_ID, accountId=other, create=create), "accountNotFound")
        self.assertEqual(self.error("copy", create=create), "invalidArguments")
        self.successResultOf(self.store.write(lambda tx: tx.accounts.delete(2, 0)))
        self.assertEqual(self.error("copy", fromAccountId=GROUP_ID, create=create), "fromAccountNotFound")

    def test_only_in_the_states_that_are_wanted(self) -> None:
        create = {"c": {"id": self.one}}
        there = {"fromAccountId": OWN_ID, "accountId": GROUP_ID, "create": create}
        self.assertEqual(self.error("copy", ifInState="s9", **there), "stateMismatch")
        self.assertEqual(self.error("copy", ifFromInState="n", **there), "stateMismatch")
        self.copy(create, ifInState="n", ifFromInState=self.state())
        self.assertEqual(len(self.copied()), 1)

    def test_what_must_be_given_and_how_many(self) -> None:
        there = {"fromAccountId": OWN_ID, "accountId": GROUP_ID}
        self.assertEqual(self.error("copy", **there), "invalidArguments")
        self.limit(max_objects_in_set=1)
        self.assertEqual(self.error("copy", create={"a": {}, "b": {}}, **there), "requestTooLarge")

    def test_originals_of_what_was_copied_are_destroyed(self) -> None:
        create = {"a": {"id": self.one}, "b": {"id": self.one}, "c": {"id": "zzz"}}
        (copy, implied) = self.copy(create, onSuccessDestroyOriginal=True, destroyFromIfInState=self.state())
        self.assertEqual(sorted(copy[1]["created"]), ["a", "b"])
        self.assertEqual(implied[0], "Note/set")
        self.assertEqual((implied[1]["accountId"], implied[1]["destroyed"]), (OWN_ID, [self.one]))

    def test_originals_stay_if_nothing_was_copied(self) -> None:
        self.assertEqual(len(self.copy({"c": {"id": "zzz"}}, onSuccessDestroyOriginal=True)), 1)

    def test_an_implied_call_that_fails_is_an_answer_of_its_own(self) -> None:
        responses = self.copy({"c": {"id": self.one}}, onSuccessDestroyOriginal=True, destroyFromIfInState="n")
        self.assertEqual([name for name, _ in responses], ["Note/copy", "error"])
        self.assertEqual(responses[1][1]["type"], "stateMismatch")
        self.without("Destroy")
        responses = self.copy({"c": {"id": self.one}}, onSuccessDestroyOriginal=True)
        self.assertEqual(responses[1][1]["type"], "forbidden")

    def test_rules_can_keep_an_original(self) -> None:
        responses = self.copy({"c": {"id": self.parent}}, onSuccessDestroyOriginal=True)
        self.assertEqual(responses[1][1]["notDestroyed"][self.parent]["type"], "noteHasChildren")
        self.assertTrue(copying.__doc__)
