"""Mailbox/query and queryChanges: filters, sorts, trees, differences that lead to the new results (RFC 8621 2.3)."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stalwart.codec.ids import encode_id
from tests.jmap.mail.mailbox_case import MailboxCase
from tests.jmap.mail.test_mailbox_tree import ancestors, compared

BY_NAME = [{"property": "name"}]


class QueryTests(MailboxCase):
    def names(self, filter: dict[str, Any] | None = None, **arguments: Any) -> list[str]:
        found = self.call("Mailbox/query", filter=filter, **arguments)["ids"]
        return [self.folder(id)["name"] for id in found]

    def test_all_of_them_in_the_order_of_their_making(self) -> None:
        answer = self.call("Mailbox/query", calculateTotal=True)
        self.assertEqual(answer["ids"], list(self.folders().values()))
        self.assertEqual((answer["total"], answer["position"], answer["canCalculateChanges"]), (5, 0, True))
        self.assertEqual(answer["queryState"], self.state())

    def test_filters(self) -> None:
        (work,) = self.made("Straße", isSubscribed=False)
        self.made("Child", parentId=work)
        for filter, expected in (
            ({"parentId": work}, ["Child"]),
            ({"parentId": None, "hasAnyRole": False}, ["Straße"]),
            ({"role": "inbox"}, ["Inbox"]),
            ({"role": None, "name": "d"}, ["Child"]),
            ({"role": "nothing"}, []),
            ({"name": "STRASSE"}, ["Straße"]),
            ({"name": "items"}, ["Deleted Items", "Sent Items"]),
            ({"isSubscribed": False}, ["Straße"]),
            ({"hasAnyRole": True}, ["Inbox", "Deleted Items", "Junk Mail", "Drafts", "Sent Items"]),
            ({"operator": "NOT", "conditions": [{"hasAnyRole": True}]}, ["Straße", "Child"]),
            ({"operator": "OR", "conditions": [{"role": "junk"}, {"role": "sent"}]}, ["Junk Mail", "Sent Items"]),
        ):
            self.assertEqual(self.names(filter), expected, filter)

    def test_filters_and_sorts_that_are_none(self) -> None:
        self.assertEqual(self.error("Mailbox/query", filter={"colour": "red"}), "unsupportedFilter")
        self.assertEqual(self.error("Mailbox/query", filter={"hasAnyRole": 1}), "invalidArguments")
        self.assertEqual(self.error("Mailbox/query", sort=[{"property": "totalEmails"}]), "unsupportedSort")
        self.assertEqual(self.error("Mailbox/query", sortAsTree="yes"), "invalidArguments")
        self.assertEqual(
            self.error("Mailbox/queryChanges", sinceQueryState=self.state(), filterAsTree=1), "invalidArguments"
        )
        self.assertEqual(self.error("Mailbox/query", anchor="zzz"), "anchorNotFound")

    def test_sorts(self) -> None:
        self.made("b", "A", sortOrder=1)
        hidden = {"hasAnyRole": False}
        self.assertEqual(self.names(hidden, sort=BY_NAME), ["A", "b"])
        self.assertEqual(self.names(hidden, sort=[{"property": "name", "isAscending": False}]), ["b", "A"])
        ordered = self.names(sort=[{"property": "sortOrder", "isAscending": False}, *BY_NAME])
        self.assertEqual(ordered[:3], ["A", "b", "Deleted Items"])

    def test_trees(self) -> None:
        (b, a) = self.made("b", "a")
        self.made("z", "y", parentId=a)
        self.made("a", parentId=b)
        top = {"hasAnyRole": False}
        self.assertEqual(self.names(top, sort=BY_NAME, sortAsTree=True), ["a", "y", "z", "b", "a"])
        self.assertEqual(self.names({"name": "y"}, filterAsTree=True), [])
        self.assertEqual(
            self.names({"operator": "NOT", "conditions": [{"name": "b"}]}, filterAsTree=True, sort=BY_NAME)[:1], ["a"]
        )

    def test_windows(self) -> None:
        ids = self.call("Mailbox/query")["ids"]
        self.assertEqual(self.call("Mailbox/query", position=-2)["ids"], ids[-2:])
        self.assertEqual(self.call("Mailbox/query", anchor=ids[2], anchorOffset=-1, limit=2)["ids"], ids[1:3])
        self.assertEqual(self.call("Mailbox/query", limit=0)["ids"], [])


class ChangesTests(MailboxCase):
    def query_changes(self, since: str, **arguments: Any) -> tuple[list[str], list[dict[str, Any]]]:
        answer = self.call("Mailbox/queryChanges", sinceQueryState=since, **arguments)
        self.assertEqual((answer["oldQueryState"], answer["newQueryState"]), (since, self.state()))
        return answer["removed"], answer["added"]

    def test_counts_move_nothing(self) -> None:
        inbox = self.folders()["Inbox"]
        since = self.state()
        self.put(inbox)
        for arguments in ({}, {"sort": BY_NAME}, {"filter": {"hasAnyRole": True}}, {"sortAsTree": True}):
            self.assertEqual(self.query_changes(since, **arguments), ([], []))

    def test_counts_move_nothing_where_something_else_does(self) -> None:
        inbox, junk = self.folders()["Inbox"], self.folders()["Junk Mail"]
        since = self.state()
        self.put(inbox, junk)
        self.update(junk, name="Spam")
        self.assertEqual(self.query_changes(since, sort=BY_NAME), ([junk], [{"id": junk, "index": 4}]))
        self.assertEqual(self.query_changes(since), ([], []))

    def test_a_subtree_moves_with_its_root(self) -> None:
        a, _ = self.made("a", "b")
        (child,) = self.made("child", parentId=a)
        since = self.state()
        self.update(a, name="c")
        removed, added = self.query_changes(since, sort=BY_NAME, sortAsTree=True)
        self.assertEqual(sorted(removed), sorted([a, child]))
        self.assertEqual([each["id"] for each in added], [a, child])
        self.assertEqual(self.query_changes(since, sort=BY_NAME)[0], [a])

    def test_too_many_and_too_old(self) -> None:
        since = self.state()
        self.made("a", "b")
        arguments: dict[str, Any] = {"sinceQueryState": since}
        self.assertEqual(self.error("Mailbox/queryChanges", maxChanges=1, **arguments), "tooManyChanges")
        self.assertEqual(self.error("Mailbox/queryChanges", sinceQueryState="s999"), "cannotCalculateChanges")
        self.limit(changes_max_results=1)
        self.assertEqual(self.error("Mailbox/queryChanges", **arguments), "cannotCalculateChanges")

    def test_the_total(self) -> None:
        since = self.state()
        self.made("a")
        answer = self.call("Mailbox/queryChanges", sinceQueryState=since, calculateTotal=True)
        self.assertEqual(answer["total"], 6)


_STEP = st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5))
_SHAPE = st.fixed_dictionaries({"sortAsTree": st.booleans(), "filterAsTree": st.booleans()})


class ModelTests(MailboxCase):
    """Random trees against the words of RFC 8621 2.3; every old result becomes the new one by the differences."""

    def setUp(self) -> None:
        super().setUp()
        self.accounts = 10

    def move(self) -> None:
        """Go on with an account that has no mailboxes but the Inbox."""
        self.accounts += 1
        id = self.accounts
        self.write(lambda tx: tx.accounts.create(id, f"{id}", "user"))
        self.account = encode_id(id)
        self.become(account_id=id)

    def change(self, step: tuple[int, int, int]) -> None:
        what, which, value = step
        ids = [each["id"] for each in self.call("Mailbox/get")["list"]][1:]
        parent = ([None, *ids])[value % (len(ids) + 1)]
        if what == 0 or not ids:
            self.call("Mailbox/set", create={"k": {"name": "xyzXab"[value] + str(which), "parentId": parent}})
        elif what == 1:
            self.call("Mailbox/set", update={ids[which % len(ids)]: {"name": "bzaxyc"[value]}})
        elif what == 2:
            self.call("Mailbox/set", update={ids[which % len(ids)]: {"parentId": parent}})
        else:
            self.call("Mailbox/set", destroy=[ids[which % len(ids)]])

    def naive(self, filter: dict[str, Any], shape: dict[str, bool]) -> list[str]:
        """What RFC 8621 2.3 says, by the slowest way."""
        found = {each["id"]: each for each in self.call("Mailbox/get")["list"]}
        listed = sorted(found, key=lambda id: found[id]["name"].upper())
        parents = {id: each["parentId"] for id, each in found.items()}
        order = listed
        if shape["sortAsTree"]:
            order = sorted(listed, key=cmp_to_key(lambda one, other: compared(one, other, parents, listed)))
        matching = {id for id, each in found.items() if filter["name"] in each["name"].casefold()}
        if shape["filterAsTree"]:
            matching = {id for id in matching if matching.issuperset(ancestors(id, parents))}
        return [id for id in order if id in matching]

    @settings(max_examples=40)
    @given(st.lists(_STEP, max_size=8), st.lists(_STEP, max_size=6), _SHAPE, st.sampled_from(["", "x", "a"]))
    def test_results_and_their_changes(self, before: Any, after: Any, shape: Any, text: str) -> None:
        self.move()
        for step in before:
            self.change(step)
        arguments = {"filter": {"name": text}, "sort": BY_NAME, **shape}
        old = self.call("Mailbox/query", **arguments)
        self.assertEqual(old["ids"], self.naive({"name": text}, shape))
        for step in after:
            self.change(step)
        told = self.call("Mailbox/queryChanges", sinceQueryState=old["queryState"], **arguments)
        results = [id for id in old["ids"] if id not in told["removed"]]
        for each in told["added"]:
            self.assertNotIn(each["id"], results)
            results.insert(each["index"], each["id"])
        self.assertEqual(results, self.call("Mailbox/query", **arguments)["ids"])
