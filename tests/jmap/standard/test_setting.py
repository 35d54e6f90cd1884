"""Set as a whole: states, members, permissions, limits, references between the objects of one call (RFC 8620 5.3)."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.jmap.standard import setting
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.rules import Backed
from tests.jmap.standard.notes import GROUP_ID, NOTE, NOW, OWN_ID, NotesCase


class SetTests(NotesCase):
    def test_nothing_to_do_has_every_member(self) -> None:
        self.assertEqual(
            self.call("set"),
            {
                "accountId": OWN_ID,
                "oldState": "n",
                "newState": "n",
                "created": None,
                "updated": None,
                "destroyed": None,
                "notCreated": None,
                "notUpdated": None,
                "notDestroyed": None,
            },
        )

    def test_states_are_those_before_and_after_and_what_get_says_next(self) -> None:
        first = self.call("set", create={"a": {"title": "one"}})
        second = self.call("set", create={"a": {"title": "two"}, "b": {"title": "three"}})
        self.assertEqual((first["oldState"], second["oldState"]), ("n", first["newState"]))
        self.assertNotEqual(second["oldState"], second["newState"])
        self.assertEqual(self.state(), second["newState"])

    def test_what_changes_nothing_keeps_the_state(self) -> None:
        (id,) = self.made("one")
        before = self.state()
        self.assertEqual(self.call("set", update={id: {"title": "one"}})["updated"], {id: None})
        self.assertEqual(self.state(), before)

    def test_only_in_the_state_that_is_wanted(self) -> None:
        (id,) = self.made("one")
        state = self.state()
        self.assertEqual(self.call("set", ifInState=state, update={id: {"title": "two"}})["updated"], {id: None})
        self.assertEqual(self.error("set", ifInState=state, update={id: {"title": "three"}}), "stateMismatch")
        self.assertEqual(self.error("set", ifInState="what is this", update={}), "stateMismatch")
        self.assertEqual(self.note(id, "title")["title"], "two")

    def test_create_then_update_then_destroy(self) -> None:
        answer = self.call(
            "set",
            create={"a": {"title": "one"}, "b": {"title": "two"}},
            update={"#a": {"pinned": True}},
            destroy=["#b"],
        )
        one, two = answer["created"]["a"]["id"], answer["created"]["b"]["id"]
        self.assertEqual(answer["updated"], {one: None})
        self.assertEqual(answer["destroyed"], [two])
        self.assertEqual(self.call("get")["list"], [self.note(one)])

    def test_siblings_are_made_in_the_order_they_need(self) -> None:
        create = {
            "leaf": {"title": "leaf", "parentId": "#branch"},
            "branch": {"title": "branch", "parentId": "#root", "seeAlso": ["#root"]},
            "root": {"title": "root"},
        }
        created = self.call("set", create=create)["created"]
        self.assertEqual(self.note(created["leaf"]["id"], "parentId")["parentId"], created["branch"]["id"])
        self.assertEqual(self.note(created["branch"]["id"], "seeAlso")["seeAlso"], [created["root"]["id"]])

    def test_siblings_that_need_each_other_fail_the_call(self) -> None:
        circle = {"a": {"title": "a", "parentId": "#b"}, "b": {"title": "b", "parentId": "#a"}}
        self.assertEqual(self.error("set", create=circle), "invalidArguments")

    def test_text_that_looks_like_a_reference_is_text(self) -> None:
        answer = self.call("set", create={"a": {"title": "#b"}, "b": {"title": "#a"}})
        self.assertEqual(self.note(answer["created"]["a"]["id"], "title")["title"], "#b")

    def test_who_needs_a_sibling_that_is_refused_is_refused(self) -> None:
        answer = self.call("set", create={"a": {"title": 1}, "b": {"title": "b", "parentId": "#a"}})
        self.assertIsNone(answer["created"])
        self.assertEqual(answer["notCreated"]["b"]["properties"], ["parentId"])
        self.assertEqual(answer["notCreated"]["b"]["type"], "invalidProperties")

    def test_what_was_created_is_known_to_later_calls(self) -> None:
        (id,) = self.made("one")
        self.assertEqual(self.request.created_ids, {"made0": id})
        self.assertEqual(self.call("set", update={"#made0": {"title": "two"}})["updated"], {id: None})
        self.assertEqual(self.call("set", destroy=["#made0"])["destroyed"], [id])

    def test_unknown_references_are_not_found(self) -> None:
        answer = self.call("set", update={"#x": {"title": "two"}}, destroy=["#y"])
        self.assertEqual(answer["notUpdated"]["#x"]["type"], "notFound")
        self.assertEqual(answer["notDestroyed"]["#y"]["type"], "notFound")

    def test_permissions_are_asked_for_what_is_done(self) -> None:
        (id,) = self.made("one")
        self.without("Create", "Destroy")
        self.assertEqual(self.error("set", create={"a": {"title": "two"}}), "forbidden")
        self.assertEqual(self.error("set", update={id: {}}, destroy=[id]), "forbidden")
        self.assertEqual(self.call("set", update={id: {"pinned": True}})["updated"], {id: None})

    def test_too_many_changes_are_refused(self) -> None:
        self.limit(max_objects_in_set=2)
        self.assertEqual(self.error("set", create={"a": {}}, update={"b": {}}, destroy=["c"]), "requestTooLarge")

    def test_accounts_are_apart(self) -> None:
        self.made("one")
        self.assertEqual(self.call("set", accountId=GROUP_ID, create={"a": {"title": "x"}})["oldState"], "n")
        self.assertEqual(len(self.call("get", accountId=GROUP_ID)["list"]), 1)

    def test_an_account_that_is_gone_is_not_found(self) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.accounts.delete(1, 0)))
        self.assertEqual(self.error("set", create={"a": {"title": "x"}}), "accountNotFound")

    def test_what_the_rules_refuse_before_the_transaction_is_refused(self) -> None:
        answer = self.call("set", create={"a": {"title": "forbidden"}, "b": {"title": "fine"}})
        self.assertEqual(answer["notCreated"], {"a": {"type": "forbidden", "description": "Not today."}})
        self.assertEqual(list(answer["created"]), ["b"])

    def test_implied_calls_answer_after_it(self) -> None:
        responses = self.responses("set", create={"a": {"title": "one"}}, onSuccess=True)
        self.assertEqual([name for name, _ in responses], ["Note/set", "Note/implied"])
        self.assertEqual(responses[1][1], {"created": ["a"]})

    def test_a_fault_leaves_nothing_behind(self) -> None:
        self.patch(NOTE.rules.__class__, "destroying", lambda *_: 1 / 0)
        (id,) = self.made("one")
        self.failureResultOf(self.begin("set", {"create": {"a": {"title": "two"}}, "destroy": [id]}), ZeroDivisionError)
        self.assertEqual(len(self.call("get")["list"]), 1)
        self.assertNotIn("a", self.request.created_ids)

    def test_another_method_can_carry_out_a_set(self) -> None:
        (id,) = self.made("one")
        services = {"store": self.store, "clock": self.clock}
        asking = Asking(NOTE.declared, self.request, 1, NOW, services=services)
        work = setting.carry_out(Backed(NOTE.declared, NOTE.source, NOTE.rules), asking, SetArguments(destroy=[id]))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(work)).destroyed, [id])


class DestroyTests(NotesCase):
    def test_unknown_ids_are_not_found(self) -> None:
        answer = self.call("set", destroy=["zzz", "No Id"])
        self.assertEqual(answer["notDestroyed"], {"zzz": {"type": "notFound"}, "No Id": {"type": "notFound"}})
        self.assertIsNone(answer["destroyed"])

    def test_the_same_id_twice_is_destroyed_once(self) -> None:
        (id,) = self.made("one")
        answer = self.call("set", destroy=[id, id, "#made0"])
        self.assertEqual((answer["destroyed"], answer["notDestroyed"]), ([id], None))

    def test_objects_of_other_types_are_not_found(self) -> None:
        other = self.successResultOf(self.store.write(lambda tx: tx.objects.insert(1, 7, now=0, data={})))
        self.assertEqual(self.call("set", destroy=[encode_id(other.id)])["destroyed"], None)

    def test_the_rules_can_refuse(self) -> None:
        (parent,) = self.made("parent")
        (child,) = self.made("child", parentId=parent)
        answer = self.call("set", destroy=[parent])
        self.assertEqual(answer["notDestroyed"][parent]["type"], "noteHasChildren")
        self.assertEqual(self.call("set", destroy=[child, parent])["destroyed"], [child, parent])
