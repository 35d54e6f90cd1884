"""Creations and updates one by one: what is kept, told and refused, each in a savepoint (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from tests.jmap.standard.notes import NotesCase


class CreateTests(NotesCase):
    def refusal(self, **given: Any) -> dict[str, Any]:
        answer = self.call("set", create={"a": given})
        self.assertIsNone(answer["created"])
        refused = answer["notCreated"]["a"]
        assert isinstance(refused, dict)
        return refused

    def wrong(self, **given: Any) -> list[str]:
        refused = self.refusal(**given)
        self.assertEqual(refused["type"], "invalidProperties")
        self.assertTrue(refused["description"])
        return list(refused["properties"])

    def test_the_answer_has_the_id_and_what_the_server_set_or_defaulted(self) -> None:
        answer = self.call("set", create={"a": {"title": " one ", "pinned": True, "tags": {"x": True, "y": False}}})
        created = answer["created"]["a"]
        self.assertEqual(created.pop("id"), self.call("get")["list"][0]["id"])
        self.assertEqual(
            created,
            {
                "title": "one",
                "body": None,
                "parentId": None,
                "seeAlso": [],
                "tags": {"x": True},
                "place": None,
                "kind": "plain",
                "createdAt": "2027-01-15T08:00:00Z",
                "length": 3,
            },
        )

    def test_required_properties(self) -> None:
        self.assertEqual(self.wrong(body="x"), ["title"])

    def test_unknown_properties_are_all_named(self) -> None:
        self.assertEqual(self.wrong(title="x", colour="red", size=1), ["colour", "size"])

    def test_properties_of_the_server(self) -> None:
        given = {"title": "x", "id": "abc", "createdAt": "2027-01-15T08:00:00Z", "length": 1}
        self.assertEqual(self.wrong(**given), ["id", "createdAt", "length"])

    def test_a_value_of_a_wrong_type(self) -> None:
        self.assertEqual(self.wrong(title=7), ["title"])

    def test_a_value_deep_inside(self) -> None:
        self.assertEqual(self.wrong(title="x", place={"name": "a", "floor": -1}), ["place/floor"])

    def test_an_immutable_property_can_be_set_now(self) -> None:
        (id,) = self.made("one", kind="list")
        self.assertEqual(self.note(id, "kind")["kind"], "list")

    def test_null_is_a_value_like_another(self) -> None:
        self.assertEqual(self.wrong(title=None), ["title"])
        self.assertEqual(self.wrong(title="x", pinned=None), ["pinned"])

    def test_rules_refuse_with_an_error_of_their_own(self) -> None:
        refused = self.refusal(title="x", parentId="zzz")
        self.assertEqual(refused["description"], "There is no such parent.")

    def test_what_is_refused_after_it_was_written_is_not_there(self) -> None:
        self.assertEqual(self.refusal(title="unlucky")["type"], "forbidden")
        self.assertEqual(self.call("get")["list"], [])
        self.assertEqual(self.state(), "n")

    def test_defaults_are_not_shared_between_objects(self) -> None:
        one, two = self.made("one", "two")
        self.call("set", update={one: {"tags/x": True}})
        self.assertEqual(self.note(two, "tags")["tags"], {})


class UpdateTests(NotesCase):
    def setUp(self) -> None:
        super().setUp()
        place = {"name": "cellar", "floor": 0}
        (self.one,) = self.made("one", tags={"x": True}, place=place, body="text")

    def update(self, patch: dict[str, Any]) -> Any:
        """What the client is told; asserts that it works."""
        answer = self.call("set", update={self.one: patch})
        self.assertIsNone(answer["notUpdated"])
        return answer["updated"][self.one]

    def refusal(self, patch: dict[str, Any]) -> tuple[str, list[str]]:
        before = self.note(self.one)
        answer = self.call("set", update={self.one: patch})
        self.assertIsNone(answer["updated"])
        self.assertEqual(self.note(self.one), before)
        refused = answer["notUpdated"][self.one]
        return refused["type"], refused.get("properties", [])

    def test_whole_properties_and_parts_of_them(self) -> None:
        self.assertIsNone(self.update({"pinned": True, "tags/y": True, "tags/x": None, "place/floor": 2}))
        note = self.note(self.one)
        self.assertEqual(note["tags"], {"y": True})
        self.assertEqual(note["place"], {"name": "cellar", "floor": 2})
        self.assertTrue(note["pinned"])

    def test_null_is_the_default_or_nothing(self) -> None:
        self.update({"pinned": True})
        self.update({"pinned": None, "tags": None, "body": None})
        note = self.note(self.one, "pinned", "tags", "body")
        self.assertEqual((note["pinned"], note["tags"], note["body"]), (False, {}, None))

    def test_removing_what_is_not_there_is_fine(self) -> None:
        self.assertIsNone(self.update({"tags/never": None}))

    def test_a_required_property_cannot_be_removed(self) -> None:
        self.assertEqual(self.refusal({"title": None}), ("invalidProperties", ["title"]))

    def test_what_the_server_changed_is_told(self) -> None:
        self.assertEqual(self.update({"title": "  two "}), {"title": "two"})

    def test_what_the_server_changed_beside_the_patch_is_told(self) -> None:
        self.clock.advance(1)
        self.assertEqual(self.update({"title": "two", "stamp": "1800000000"}), {"stamp": "1800000001"})

    def test_properties_of_the_server_can_be_repeated_not_changed(self) -> None:
        whole = self.note(self.one)
        self.assertIsNone(self.update(whole))
        self.assertEqual(self.refusal({"length": 4}), ("invalidProperties", ["length"]))
        self.assertEqual(self.refusal({"id": "zzz"}), ("invalidProperties", ["id"]))
        self.assertEqual(self.refusal({"createdAt": "2020-01-01T00:00:00Z"}), ("invalidProperties", ["createdAt"]))

    def test_immutable_properties_can_be_repeated_not_changed(self) -> None:
        self.assertIsNone(self.update({"kind": "plain"}))
        self.assertEqual(self.refusal({"kind": "list"}), ("invalidProperties", ["kind"]))
        self.assertIsNone(self.update({"kind": None}))

    def test_unknown_properties(self) -> None:
        self.assertEqual(self.refusal({"colour": 1, "size/x": 1}), ("invalidProperties", ["colour", "size/x"]))

    def test_a_wrong_value_is_named_by_its_path(self) -> None:
        self.assertEqual(self.refusal({"place/floor": "high"}), ("invalidProperties", ["place/floor"]))
        self.assertEqual(self.refusal({"place/door": 1}), ("invalidProperties", ["place/door"]))

    def test_pointers_that_break_the_rules_of_patches(self) -> None:
        self.assertEqual(self.refusal({"place": None, "place/floor": 1}), ("invalidPatch", ["place/floor"]))
        self.assertEqual(self.refusal({"seeAlso/0": "abc"}), ("invalidPatch", ["seeAlso/0"]))
        self.assertEqual(self.refusal({"place/name/x": "abc"}), ("invalidPatch", ["place/name/x"]))
        self.assertEqual(self.refusal({"tags/~2": True})[0], "invalidPatch")

    def test_escapes_in_pointers(self) -> None:
        self.update({"tags/a~1b": True, "tags/c~0d": True})
        self.assertEqual(self.note(self.one, "tags")["tags"], {"x": True, "a/b": True, "c~d": True})

    def test_references_in_values_and_pointers(self) -> None:
        (other,) = self.made("other")
        self.update({"parentId": "#made0", "shareWith/#made0": True})
        note = self.note(self.one, "parentId", "shareWith")
        self.assertEqual((note["parentId"], note["shareWith"]), (other, {other: True}))

    def test_two_pointers_to_the_same_place(self) -> None:
        (other,) = self.made("other")
        kind, _ = self.refusal({"shareWith/#made0": True, f"shareWith/{other}": True})
        self.assertEqual(kind, "invalidPatch")

    def test_an_unknown_object(self) -> None:
        answer = self.call("set", update={"zzz": {}, "No Id": {}})
        self.assertEqual(answer["notUpdated"], {"zzz": {"type": "notFound"}, "No Id": {"type": "notFound"}})

    def test_what_the_same_call_destroys_is_not_updated(self) -> None:
        answer = self.call("set", update={self.one: {"title": "two"}}, destroy=[self.one])
        self.assertEqual(answer["notUpdated"][self.one]["type"], "willDestroy")
        self.assertEqual(answer["destroyed"], [self.one])

    def test_what_is_refused_after_it_was_written_is_as_before(self) -> None:
        state = self.state()
        self.assertEqual(self.refusal({"title": "unlucky"})[0], "forbidden")
        self.assertEqual(self.state(), state)

    def test_others_of_the_same_call_are_not_touched_by_a_refusal(self) -> None:
        (other,) = self.made("other")
        answer = self.call("set", update={self.one: {"title": 1}, other: {"title": "new"}})
        self.assertEqual(list(answer["notUpdated"]), [self.one])
        self.assertEqual(self.note(other, "title")["title"], "new")


class UntimelyTests(NotesCase):
    """What waits for other changes of the same call."""

    def titles(self) -> dict[str, str]:
        return {each["id"]: each["title"] for each in self.call("get")["list"]}

    def test_a_parent_goes_after_its_children_however_they_are_named(self) -> None:
        for turn in (1, -1):
            chain = self.made("a")
            for _ in range(20):
                chain += self.made("b", parentId=chain[-1])
            answer = self.call("set", destroy=chain[::turn])
            self.assertIsNone(answer["notDestroyed"])
            self.assertEqual(set(answer["destroyed"]), set(chain))

    def test_titles_are_handed_on(self) -> None:
        ids = self.made(*(f"only {number}" for number in range(8)))
        for turn in (1, -1):
            titles = self.titles()
            update = {id: {"title": f"only {int(titles[id][5:]) + 1}"} for id in ids[::turn]}
            answer = self.call("set", update=update)
            self.assertIsNone(answer["notUpdated"])
            self.assertEqual(set(answer["updated"]), set(ids))

    def test_a_creation_waits_for_an_update_and_what_refers_to_it_waits_with_it(self) -> None:
        (old,) = self.made("only one")
        create = {
            "c": {"title": "c", "parentId": "#b"},
            "b": {"title": "b", "parentId": "#a"},
            "a": {"title": "only one"},
            "free": {"title": "free"},
        }
        answer = self.call("set", create=create, update={old: {"title": "other"}})
        self.assertIsNone(answer["notCreated"])
        self.assertEqual(set(answer["created"]), set(create))
        made = answer["created"]
        self.assertEqual(self.note(made["c"]["id"])["parentId"], made["b"]["id"])
        self.assertEqual(self.note(made["b"]["id"])["parentId"], made["a"]["id"])
        self.assertEqual(self.request.created_ids["a"], made["a"]["id"])
        self.assertEqual(made["a"]["length"], len("only one"))

    def test_what_stays_refused_is_refused_for_its_reason(self) -> None:
        one, two = self.made("only one", "only two")
        update = {one: {"title": "only two"}, two: {"title": "only one"}}
        create = {"a": {"title": "only two"}, "b": {"title": "b", "parentId": "#a"}}
        answer = self.call("set", create=create, update=update)
        self.assertEqual({each["type"] for each in answer["notUpdated"].values()}, {"alreadyExists"})
        types = {key: each["type"] for key, each in answer["notCreated"].items()}
        self.assertEqual(types, {"a": "alreadyExists", "b": "invalidProperties"})
        self.assertEqual((answer["created"], answer["updated"]), (None, None))
        self.assertEqual(answer["oldState"], answer["newState"])
