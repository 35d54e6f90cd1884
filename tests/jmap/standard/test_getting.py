"""Get: what is answered, in which shape, and what is refused (RFC 8620 5.1)."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.jmap.call import UnresolvedReference
from stalwart.jmap.standard.getting import answered_names, wire_object
from tests.jmap.standard.notes import GROUP_ID, NOTE, OTHER, OWN_ID, SHARING, NotesCase


class GetTests(NotesCase):
    def test_an_empty_account_has_every_member_and_no_object(self) -> None:
        self.assertEqual(self.call("get"), {"accountId": OWN_ID, "state": "n", "list": [], "notFound": []})

    def test_null_ids_are_all_objects(self) -> None:
        ids = self.made("one", "two")
        self.assertEqual([note["id"] for note in self.call("get", ids=None)["list"]], ids)

    def test_no_ids_are_no_objects(self) -> None:
        self.made("one")
        self.assertEqual(self.call("get", ids=[])["list"], [])

    def test_all_objects_beyond_the_limit_are_too_many(self) -> None:
        self.made("one", "two", "three")
        self.limit(max_objects_in_get=3)
        self.assertEqual(len(self.call("get")["list"]), 3)
        self.limit(max_objects_in_get=2)
        self.assertEqual(self.error("get"), "requestTooLarge")

    def test_ids_beyond_the_limit_are_too_many(self) -> None:
        self.limit(max_objects_in_get=2)
        self.assertEqual(self.error("get", ids=["a", "b", "c"]), "requestTooLarge")

    def test_the_same_id_twice_is_answered_once(self) -> None:
        (id,) = self.made("one")
        answer = self.call("get", ids=[id, id, "nothere", "nothere"])
        self.assertEqual([note["id"] for note in answer["list"]], [id])
        self.assertEqual(answer["notFound"], ["nothere"])

    def test_ids_that_cannot_be_are_not_found_as_they_were_given(self) -> None:
        strange = ["UPPER", "", "a b", "zzzzzzzzzzzzzzzzzzzz", "3333333333333"]
        self.assertEqual(self.call("get", ids=strange)["notFound"], strange)

    def test_objects_of_other_types_are_not_found(self) -> None:
        other = self.successResultOf(self.store.write(lambda tx: tx.objects.insert(1, 7, now=0, data={})))
        self.assertEqual(self.call("get", ids=[encode_id(other.id)])["notFound"], [encode_id(other.id)])

    def test_properties_are_those_asked_for_and_the_id(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(self.note(id, "title"), {"id": id, "title": "one"})
        self.assertEqual(self.call("get", ids=[id], properties=[])["list"], [{"id": id}])
        self.assertEqual(self.note(id, "id", "stamp"), {"id": id, "stamp": "1800000000"})

    def test_default_properties_leave_out_what_is_answered_by_name_only(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(
            self.note(id),
            {
                "id": id,
                "title": "one",
                "body": None,
                "parentId": None,
                "seeAlso": [],
                "tags": {},
                "place": None,
                "pinned": False,
                "kind": "plain",
                "createdAt": "2027-01-15T08:00:00Z",
                "length": 3,
            },
        )

    def test_a_property_of_an_extension_is_answered_to_who_uses_it_or_names_it(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(self.note(id, "shareWith")["shareWith"], {})
        self.request.using |= {SHARING}
        self.assertEqual(self.note(id)["shareWith"], {})

    def test_an_unknown_property_is_an_invalid_argument(self) -> None:
        problem = self.problem("get", properties=["title", "colour"])
        self.assertEqual(problem.type, "invalidArguments")
        self.assertIn('"colour"', problem.description or "")

    def test_further_names_are_known_to_the_declaration(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(self.note(id, "x-anything"), {"id": id})

    def test_the_account_must_be_given_be_ones_own_and_exist(self) -> None:
        self.assertEqual(self.error("get", accountId=None), "invalidArguments")
        self.assertEqual(self.error("get", accountId=encode_id(OTHER)), "accountNotFound")
        self.assertEqual(self.call("get", accountId=GROUP_ID)["accountId"], GROUP_ID)
        self.successResultOf(self.store.write(lambda tx: tx.accounts.delete(1, 0)))
        self.assertEqual(self.error("get"), "accountNotFound")

    def test_a_creation_reference_is_replaced_or_fails_the_call(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(self.call("get", ids=["#made0"], properties=["title"])["list"], [{"id": id, "title": "one"}])
        self.failureResultOf(self.begin("get", {"ids": ["#nobody"]}), UnresolvedReference)

    def test_a_property_declared_after_an_object_was_stored_has_its_default(self) -> None:
        old = self.successResultOf(self.store.write(lambda tx: tx.objects.insert(1, 901, now=0, data={"title": "old"})))
        self.assertEqual(
            self.note(encode_id(old.id), "title", "kind"), {"id": encode_id(old.id), "title": "old", "kind": "plain"}
        )


class NamesTests(NotesCase):
    def test_names_are_each_once_without_the_id(self) -> None:
        names = answered_names(NOTE.declared, ["title", "id", "title", "kind"], self.request.using)
        self.assertEqual(names, ["title", "kind"])

    def test_an_object_begins_with_its_id(self) -> None:
        self.assertEqual(list(wire_object(1, {"b": 1, "a": 2}, ["a", "b", "c"])), ["id", "a", "b"])
