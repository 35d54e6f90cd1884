"""Names, roles and places of mailboxes: what is refused, and in which words (RFC 8621 2, 2.5)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mail import mailbox_rules
from stalwart.jmap.mail.mailbox_rules import ROLES, checked_name
from tests.jmap.mail.mailbox_case import OWN, MailboxCase


class NameTests(SynchronousTestCase):
    def test_names_are_composed_and_trimmed(self) -> None:
        self.assertEqual(checked_name("  Cafe\u0301\u3000", 255), "Caf\u00e9")
        self.assertEqual(checked_name("a/b\\c .", 255), "a/b\\c .")

    def test_names_that_are_none(self) -> None:
        controls = ("a\x00b", "a\x7fb", "a\nb", "a\u0085b", "a\u2028b", "a\u2029b", "\ud800")
        for name in ("", " ", "\t\n", *controls, "a\ufdd0", "\U0001ffff", "\ufffe"):
            error = self.assertRaises(SetRefused, checked_name, name, 255)
            self.assertEqual((error.type, error.properties), ("invalidProperties", ("name",)), repr(name))

    def test_the_limit_is_in_octets(self) -> None:
        self.assertEqual(checked_name("\u00e4" * 50, 100), "\u00e4" * 50)
        self.assertRaises(SetRefused, checked_name, "\u00e4" * 50 + "a", 100)

    def test_roles_are_lower_case_names(self) -> None:
        self.assertLessEqual({"inbox", "trash", "junk", "drafts", "sent", "archive", "important"}, ROLES)


class RulesTests(MailboxCase):
    def test_a_name_that_was_changed_is_told(self) -> None:
        answer = self.call("Mailbox/set", create={"k": {"name": " Work "}})
        created = answer["created"]["k"]
        self.assertEqual(created["name"], "Work")
        self.assertEqual(self.update(created["id"], name="Cafe\u0301 "), {"name": "Caf\u00e9"})

    def test_a_name_must_be_given_and_be_one(self) -> None:
        self.assertEqual(self.refused(role="archive")["properties"], ["name"])
        for name in (None, 7, "", " "):
            self.assertEqual(self.refused(name=name)["properties"], ["name"])
        self.settings.wire["Email"] = {"maxMailboxNameLength": 105}
        self.assertEqual(self.refused(name="x" * 106)["properties"], ["name"])
        self.made("x" * 105)

    def test_names_of_a_hundred_octets_always_work(self) -> None:
        self.settings.wire["Email"] = {"maxMailboxNameLength": 5}
        self.assertEqual(self.refused(name="x" * 101)["properties"], ["name"])
        self.made("x" * 100)

    def test_siblings_differ_in_more_than_case_and_composition(self) -> None:
        (work, strasse) = self.made("Work", "Stra\u00dfe")
        refused = self.refused(name="WORK")
        self.assertEqual((refused["type"], refused["existingId"]), ("alreadyExists", work))
        self.assertEqual(self.refused(name="STRASSE")["existingId"], strasse)
        (cafe,) = self.made("caf\u00e9")
        self.assertEqual(self.refused(name="Cafe\u0301")["existingId"], cafe)
        self.assertEqual(self.refused(cafe, name="work")["existingId"], work)
        self.made("Work", parentId=work)
        self.assertEqual(self.refused(name="work", parentId=work)["type"], "alreadyExists")
        self.assertIsNone(self.update(work, name="WORK"))

    def test_names_change_hands_in_one_call(self) -> None:
        one, two, three = self.made("1", "2", "3")
        update = {one: {"name": "2"}, two: {"name": "3"}, three: {"name": "4"}}
        answer = self.call("Mailbox/set", create={"k": {"name": "1"}}, update=update)
        self.assertIsNone(answer["notUpdated"])
        self.assertIsNone(answer["notCreated"])
        names = {id: name for name, id in self.folders().items()}
        made = answer["created"]["k"]["id"]
        self.assertEqual([names[each] for each in (one, two, three, made)], ["2", "3", "4", "1"])

    def test_what_refers_to_a_late_creation_is_late_too(self) -> None:
        (old,) = self.made("Old")
        create = {"child": {"name": "Child", "parentId": "#new"}, "new": {"name": "Old"}, "far": {"name": "Far"}}
        answer = self.call("Mailbox/set", create=create, destroy=[old])
        self.assertIsNone(answer["notCreated"])
        self.assertEqual(set(answer["created"]), {"child", "new", "far"})
        self.assertEqual(self.folder(answer["created"]["child"]["id"])["parentId"], answer["created"]["new"]["id"])
        again = self.call("Mailbox/get", ids=["#child"])
        self.assertEqual(len(again["list"]), 1)

    def test_what_refers_to_nothing(self) -> None:
        create = {"child": {"name": "Child", "parentId": "#new"}, "new": {"name": "Inbox"}}
        answer = self.call("Mailbox/set", create=create)
        types = {key: each["type"] for key, each in answer["notCreated"].items()}
        self.assertEqual(types, {"new": "alreadyExists", "child": "invalidProperties"})

    def test_a_role_is_one_that_there_is(self) -> None:
        for role in ("Archive", "all", "boss", "", 7):
            refused = self.refused(name="x", role=role)
            self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", ["role"]), role)

    def test_a_role_is_given_once(self) -> None:
        (work,) = self.made("Work")
        self.assertEqual(self.refused(name="x", role="sent")["properties"], ["role"])
        self.assertEqual(self.refused(work, role="inbox")["properties"], ["role"])

    def test_a_role_changes_hands_in_any_order(self) -> None:
        (work,) = self.made("Work")
        sent = self.folders()["Sent Items"]
        for takes, gives in ((work, sent), (sent, work)):
            for update in ({takes: {"role": "sent"}, gives: {"role": None}}, {gives: {"role": "archive"}}):
                answer = self.call("Mailbox/set", update=update)
                self.assertIsNone(answer["notUpdated"])
            self.assertEqual(self.folder(takes)["role"], "sent")
            self.update(gives, role=None)

    def test_values_are_exchanged(self) -> None:
        one, two, three = self.made("1", "2", "3")
        sent, trash = self.folders()["Sent Items"], self.folders()["Deleted Items"]
        update = {
            one: {"name": "2"},
            two: {"name": "3", "sortOrder": 5},
            three: {"name": "1"},
            sent: {"role": "trash", "name": "Deleted Items"},
            trash: {"role": "sent", "name": "Sent Items"},
        }
        answer = self.call("Mailbox/set", update=update)
        self.assertIsNone(answer["notUpdated"])
        self.assertEqual(answer["updated"], dict.fromkeys(update))
        names = {id: name for name, id in self.folders().items()}
        self.assertEqual([names[each] for each in update], ["2", "3", "1", "Deleted Items", "Sent Items"])
        self.assertEqual([self.folder(each)["role"] for each in (sent, trash)], ["trash", "sent"])
        self.assertEqual(self.refused(name="SENT ITEMS")["existingId"], trash)

    def test_places_are_exchanged(self) -> None:
        a, b = self.made("a", "b")
        (in_a,) = self.made("x", parentId=a)
        (in_b,) = self.made("x", parentId=b)
        answer = self.call("Mailbox/set", update={in_a: {"parentId": b}, in_b: {"parentId": a}})
        self.assertIsNone(answer["notUpdated"])
        self.assertEqual([self.folder(each)["parentId"] for each in (in_a, in_b)], [b, a])
        self.assertEqual(self.refused(name="X", parentId=a)["existingId"], in_b)

    def test_an_exchange_that_fails_changes_nothing(self) -> None:
        one, two = self.made("1", "2")
        before = self.call("Mailbox/get")
        update = {one: {"name": "2"}, two: {"name": "1", "parentId": one, "role": "inbox"}}
        answer = self.call("Mailbox/set", update=update, create={"k": {"name": "2"}})
        self.assertEqual(set(answer["notUpdated"]), {one, two})
        self.assertIsNone(answer["updated"])
        self.assertEqual(self.call("Mailbox/get"), before)

    def test_a_creation_waits_for_an_exchange(self) -> None:
        one, two = self.made("1", "2")
        update = {one: {"name": "2", "role": "archive"}, two: {"name": "1", "role": None}}
        self.update(two, role="archive")
        answer = self.call("Mailbox/set", update=update, create={"k": {"name": "K", "parentId": two}})
        self.assertEqual((answer["notUpdated"], answer["notCreated"]), (None, None))

    def test_a_new_mailbox_takes_a_role_over(self) -> None:
        sent = self.folders()["Sent Items"]
        create = {"k": {"name": "Out", "role": "sent"}}
        answer = self.call("Mailbox/set", create=create, update={sent: {"role": None}})
        self.assertEqual(self.folder(answer["created"]["k"]["id"])["role"], "sent")
        self.assertIsNone(self.folder(sent)["role"])

    def test_the_inbox_stays_what_and_where_it_is(self) -> None:
        (work,) = self.made("Work")
        inbox = self.folders()["Inbox"]
        for name, value in (("name", "In"), ("role", None), ("parentId", work)):
            self.assertEqual(self.refused(inbox, **{name: value})["type"], "forbidden")
        self.assertIsNone(self.update(inbox, sortOrder=1, isSubscribed=False, name="Inbox"))
        self.made("Below", parentId=inbox)

    def test_parents_that_are_none(self) -> None:
        (work,) = self.made("Work")
        for parent in ("zzz", "NO!", "", 7, "#nobody", "y" * 13):
            refused = self.refused(name="x", parentId=parent)
            self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", ["parentId"]), parent)
            self.assertEqual(self.refused(work, parentId=parent)["properties"], ["parentId"])

    def test_a_mailbox_is_not_below_itself(self) -> None:
        (one,) = self.made("1")
        (two,) = self.made("2", parentId=one)
        (three,) = self.made("3", parentId=two)
        for parent in (one, two, three):
            refused = self.refused(one, parentId=parent)
            self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", ["parentId"]))

    def test_parent_and_child_change_places(self) -> None:
        (one,) = self.made("1")
        (two,) = self.made("2", parentId=one)
        answer = self.call("Mailbox/set", update={one: {"parentId": two}, two: {"parentId": None}})
        self.assertIsNone(answer["notUpdated"])
        self.assertEqual(self.folder(one)["parentId"], two)

    def test_levels_are_limited(self) -> None:
        self.settings.wire["Email"] = {"maxMailboxDepth": 3}
        (one,) = self.made("1")
        (two,) = self.made("2", parentId=one)
        (three,) = self.made("3", parentId=two)
        self.assertEqual(self.refused(name="4", parentId=three)["properties"], ["parentId"])
        (other,) = self.made("Other")
        self.made("Child", parentId=other)
        self.assertEqual(self.refused(other, parentId=two)["properties"], ["parentId"])
        self.assertIsNone(self.update(other, parentId=one))

    def test_a_tree_deeper_than_a_new_limit_can_be_put_right(self) -> None:
        (one,) = self.made("1")
        (two,) = self.made("2", parentId=one)
        (three,) = self.made("3", parentId=two)
        self.settings.wire["Email"] = {"maxMailboxDepth": 2}
        self.assertIsNone(self.update(three, name="renamed", parentId=two))
        self.assertIsNone(self.update(three, parentId=one))

    def test_mailboxes_are_limited(self) -> None:
        self.settings.wire["Email"] = {"maxMailboxes": 6}
        (one,) = self.made("1")
        self.assertEqual(self.refused(name="2")["type"], "overQuota")
        answer = self.call("Mailbox/set", create={"k": {"name": "2"}}, destroy=[one])
        self.assertEqual((answer["notCreated"], answer["destroyed"]), (None, [one]))

    def test_the_quota_of_the_account_counts_more_than_the_setting(self) -> None:
        self.settings.wire["Email"] = {"maxMailboxes": None}
        self.quotas(quotas={"maxMailboxes": 5})
        self.folders()
        self.assertEqual(self.refused(name="2")["type"], "overQuota")

    def test_a_sort_order_is_a_number_of_31_bits(self) -> None:
        for order in (-1, 1 << 31, 1.5, True, "1"):
            self.assertEqual(self.refused(name="x", sortOrder=order)["properties"], ["sortOrder"])
        self.made("x", sortOrder=(1 << 31) - 1)


class LargeTests(MailboxCase):
    """Mailboxes that are emptied some e-mails at a time before they are destroyed."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(mailbox_rules, "_AT_ONCE", 2)
        self.writes = 0
        (self.work,) = self.made("Work")
        self.inbox = self.folders()["Inbox"]
        for _ in range(7):
            self.put(self.work)
        self.kept, _ = self.put(self.inbox, self.work)
        write = self.store.write

        def counted(work: Any) -> Any:
            self.writes += 1
            return write(work)

        self.patch(self.store, "write", counted)

    def destroy(self, *ids: str, **arguments: Any) -> Any:
        return self.call("Mailbox/set", destroy=list(ids), **{"onDestroyRemoveEmails": True, **arguments})

    def emails(self) -> int:
        return int(self.read(lambda tx: tx.mail.count(OWN, 0)))

    def test_in_several_transactions(self) -> None:
        self.assertEqual(self.destroy(self.work)["destroyed"], [self.work])
        self.assertEqual(self.writes, 5)
        self.assertEqual((self.emails(), self.folder(self.inbox)["totalEmails"]), (1, 1))

    def test_all_at_once_where_a_state_is_named(self) -> None:
        self.assertEqual(self.destroy(self.work, ifInState=self.state())["destroyed"], [self.work])
        self.assertEqual((self.writes, self.emails()), (1, 1))

    def test_what_stays_loses_nothing(self) -> None:
        self.made("Child", parentId=self.work)
        for _ in range(3):
            self.put(self.inbox)
        answer = self.destroy(self.work, self.inbox, "zzz")
        self.assertEqual(set(answer["notDestroyed"]), {self.work, self.inbox, "zzz"})
        self.assertEqual(self.emails(), 11)
        self.destroy(self.work, onDestroyRemoveEmails=False)
        self.assertEqual(self.emails(), 11)

    def test_a_grandchild_that_stays_keeps_them_all(self) -> None:
        (child,) = self.made("Child", parentId=self.work)
        self.made("Grandchild", parentId=child)
        for _ in range(3):
            self.put(child)
        self.assertEqual(set(self.destroy(self.work, child)["notDestroyed"]), {self.work, child})
        self.assertEqual(self.emails(), 11)

    def test_a_child_that_comes_keeps_it(self) -> None:
        answer = self.destroy(self.work, create={"k": {"name": "Child", "parentId": self.work}})
        self.assertEqual(answer["notDestroyed"][self.work]["type"], "mailboxHasChild")
        self.assertEqual(self.emails(), 8)

    def test_with_its_children(self) -> None:
        (child,) = self.made("Child", parentId=self.work)
        self.assertEqual(set(self.destroy(self.work, child)["destroyed"]), {self.work, child})
