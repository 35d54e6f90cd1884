"""Mailbox/get, changes and set as clients see them (RFC 8621 2.1, 2.2, 2.5)."""

from __future__ import annotations

from stalwart.jmap.mail.mailbox import COUNTS
from stalwart.jmap.mail.mailbox_rights import NAMES
from tests.jmap.mail.mailbox_case import GROUP, GROUP_ID, NOW, OWN, OWN_ID, ROLES, STRANGER_ID, MailboxCase

ALL_RIGHTS = dict.fromkeys(NAMES, True)
INBOX_RIGHTS = {**ALL_RIGHTS, "mayRename": False, "mayDelete": False}


class GetTests(MailboxCase):
    def test_an_account_begins_with_the_usual_folders(self) -> None:
        found = self.call("Mailbox/get")
        self.assertEqual([each["role"] for each in found["list"]], list(ROLES))
        self.assertEqual(
            found["list"][0],
            {
                "id": found["list"][0]["id"],
                "name": "Inbox",
                "parentId": None,
                "role": "inbox",
                "sortOrder": 0,
                "totalEmails": 0,
                "unreadEmails": 0,
                "totalThreads": 0,
                "unreadThreads": 0,
                "myRights": INBOX_RIGHTS,
                "isSubscribed": True,
            },
        )
        self.assertEqual((found["accountId"], found["notFound"]), (OWN_ID, []))
        self.assertEqual(found["list"][1]["myRights"], ALL_RIGHTS)
        self.assertEqual(len(NAMES), 9)

    def test_every_method_makes_them(self) -> None:
        self.assertEqual(len(self.call("Mailbox/query")["ids"]), 5)

    def test_only_what_is_asked_for(self) -> None:
        inbox = self.folders()["Inbox"]
        self.assertEqual(self.folder(inbox, properties=["role"]), {"id": inbox, "role": "inbox"})
        self.assertEqual(self.folder(inbox, properties=[]), {"id": inbox})
        self.assertEqual(self.error("Mailbox/get", properties=["shareThem"]), "invalidArguments")

    def test_what_is_not_there(self) -> None:
        inbox = self.folders()["Inbox"]
        found = self.call("Mailbox/get", ids=[inbox, "zzz", "NO!", "y" * 13, inbox])
        self.assertEqual([each["id"] for each in found["list"]], [inbox])
        self.assertEqual(found["notFound"], ["zzz", "NO!", "y" * 13])

    def test_more_than_the_limit(self) -> None:
        self.limit(max_objects_in_get=4)
        self.assertEqual(self.error("Mailbox/get"), "requestTooLarge")
        self.assertEqual(self.error("Mailbox/get", ids=["a"] * 5), "requestTooLarge")
        self.limit(max_objects_in_get=5)
        self.assertEqual(len(self.call("Mailbox/get")["list"]), 5)

    def test_counters(self) -> None:
        inbox = self.folders()["Inbox"]
        self.put(inbox)
        self.put(inbox, keywords=frozenset(("$seen",)))
        found = self.folder(inbox, properties=list(COUNTS))
        self.assertEqual([found[name] for name in COUNTS], [2, 1, 2, 1])

    def test_methods_need_their_capability_and_permission(self) -> None:
        self.become(permissions=self.access.permissions - {"jmapMailboxGet"})
        self.assertEqual(self.error("Mailbox/get"), "forbidden")
        self.request.using = frozenset()
        self.assertEqual(self.error("Mailbox/get"), "unknownMethod")


class AccountTests(MailboxCase):
    def test_a_member_sees_the_mailboxes_of_the_group(self) -> None:
        found = self.call("Mailbox/get", accountId=GROUP_ID)
        self.assertEqual([each["role"] for each in found["list"]], list(ROLES))
        self.assertEqual(found["list"][0]["myRights"], INBOX_RIGHTS)
        made = self.call("Mailbox/set", accountId=GROUP_ID, create={"k": {"name": "Plans"}})["created"]["k"]["id"]
        self.assertIn(made, self.folders(GROUP_ID).values())
        self.assertNotIn("Plans", self.folders())

    def test_a_stranger_does_not(self) -> None:
        self.become(group_ids=frozenset())
        for method, arguments in (
            ("get", {}),
            ("set", {"create": {"k": {"name": "x"}}}),
            ("changes", {"sinceState": "n"}),
            ("query", {}),
            ("queryChanges", {"sinceQueryState": "n"}),
        ):
            self.assertEqual(self.error(f"Mailbox/{method}", accountId=GROUP_ID, **arguments), "accountNotFound")
            self.assertEqual(self.error(f"Mailbox/{method}", accountId=STRANGER_ID, **arguments), "accountNotFound")

    def test_accounts_that_are_none(self) -> None:
        self.assertEqual(self.error("Mailbox/get", accountId="NO!"), "accountNotFound")
        self.assertEqual(self.error("Mailbox/get", accountId=None), "invalidArguments")
        self.become(permissions=self.access.permissions | {"impersonate"})
        self.assertEqual(self.error("Mailbox/get", accountId="z"), "accountNotFound")

    def test_members_subscribe_each_for_themselves(self) -> None:
        plans = self.call("Mailbox/set", accountId=GROUP_ID, create={"k": {"name": "Plans"}})["created"]["k"]
        self.assertEqual(plans["isSubscribed"], True)
        self.assertTrue(self.folder(plans["id"], accountId=GROUP_ID)["isSubscribed"])
        self.become(account_id=3)
        self.assertFalse(self.folder(plans["id"], accountId=GROUP_ID)["isSubscribed"])
        inbox = self.folders(GROUP_ID)["Inbox"]
        self.call("Mailbox/set", accountId=GROUP_ID, update={inbox: {"isSubscribed": False}})
        self.assertFalse(self.folder(inbox, accountId=GROUP_ID)["isSubscribed"])
        self.become()
        self.assertTrue(self.folder(inbox, accountId=GROUP_ID)["isSubscribed"])


class ChangesTests(MailboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.inbox = self.folders()["Inbox"]
        self.since = self.state()

    def changes(self) -> tuple[list[str], list[str], list[str]]:
        found = self.call("Mailbox/changes", sinceState=self.since)
        self.assertEqual((found["oldState"], found["newState"]), (self.since, self.state()))
        return found["created"], found["updated"], found["destroyed"]

    def updated_properties(self) -> object:
        return self.call("Mailbox/changes", sinceState=self.since)["updatedProperties"]

    def test_counts_alone_are_said_to_be_that(self) -> None:
        self.put(self.inbox)
        self.assertEqual(self.changes(), ([], [self.inbox], []))
        self.assertEqual(self.updated_properties(), list(COUNTS))

    def test_with_anything_else_there_is_no_such_word(self) -> None:
        self.put(self.inbox)
        junk = self.folders()["Junk Mail"]
        self.update(junk, sortOrder=7)
        self.assertEqual(self.changes(), ([], [self.inbox, junk], []))
        self.assertIsNone(self.updated_properties())

    def test_nothing_new(self) -> None:
        self.assertEqual(self.changes(), ([], [], []))
        self.assertIsNone(self.updated_properties())

    def test_created_and_destroyed(self) -> None:
        (work, other) = self.made("Work", "Other")
        junk = self.folders()["Junk Mail"]
        self.call("Mailbox/set", destroy=[other, junk])
        self.assertEqual(self.changes(), ([work], [], [junk]))

    def test_states_that_are_none(self) -> None:
        self.assertEqual(self.error("Mailbox/changes", sinceState="s99999"), "cannotCalculateChanges")
        self.assertEqual(self.error("Mailbox/changes", sinceState="tomorrow"), "invalidArguments")
        self.assertEqual(self.error("Mailbox/changes"), "invalidArguments")
        self.assertEqual(self.error("Mailbox/changes", sinceState=self.since, maxChanges=0), "invalidArguments")


class SetTests(MailboxCase):
    def test_all_that_the_server_set_or_defaulted_is_told(self) -> None:
        answer = self.call("Mailbox/set", create={"k": {"name": "Work"}})
        created = answer["created"]["k"]
        self.assertEqual(created.pop("myRights"), ALL_RIGHTS)
        self.assertEqual(
            created,
            {
                "id": self.folders()["Work"],
                "parentId": None,
                "role": None,
                "sortOrder": 0,
                **dict.fromkeys(COUNTS, 0),
                "isSubscribed": True,
            },
        )
        self.assertEqual(answer["newState"], self.state())
        self.assertNotEqual(answer["oldState"], answer["newState"])
        self.assertEqual({answer[each] for each in ("updated", "destroyed", "notCreated", "notUpdated")}, {None})

    def test_a_tree_in_any_order(self) -> None:
        answer = self.call(
            "Mailbox/set",
            create={
                "c": {"name": "C", "parentId": "#b"},
                "a": {"name": "A"},
                "b": {"name": "B", "parentId": "#a"},
            },
        )
        made = answer["created"]
        self.assertEqual(self.folder(made["c"]["id"])["parentId"], made["b"]["id"])
        self.assertEqual(self.folder(made["b"]["id"])["parentId"], made["a"]["id"])
        again = self.call("Mailbox/set", update={"#c": {"parentId": "#a"}})
        self.assertEqual(again["updated"], {made["c"]["id"]: None})
        circle = {"x": {"name": "X", "parentId": "#y"}, "y": {"name": "Y", "parentId": "#x"}}
        self.assertEqual(self.error("Mailbox/set", create=circle), "invalidArguments")

    def test_every_property_can_be_changed(self) -> None:
        work, parent = self.made("Work", "Parent")
        new = {"name": "New", "parentId": parent, "role": "archive", "sortOrder": 3, "isSubscribed": False}
        self.assertIsNone(self.update(work, **new))
        found = self.folder(work)
        self.assertEqual({name: found[name] for name in new}, new)
        self.update(work, parentId=None, role=None, sortOrder=None, isSubscribed=None)
        found = self.folder(work)
        self.assertEqual(
            [found[name] for name in ("parentId", "role", "sortOrder", "isSubscribed")], [None, None, 0, True]
        )

    def test_what_only_the_server_says(self) -> None:
        (work,) = self.made("Work")
        for name, value in (("totalEmails", 5), ("myRights", {}), ("id", "zz"), ("colour", "red")):
            self.assertEqual(self.refused(name="x", **{name: value})["properties"], [name])
            self.assertEqual(self.refused(work, **{name: value})["properties"], [name])
        self.assertIsNone(self.update(work, totalEmails=0, id=work, name="Works"))

    def test_an_update_of_nothing_is_no_change(self) -> None:
        (work,) = self.made("Work")
        since = self.state()
        self.assertIsNone(self.update(work, name="Work", sortOrder=0))
        self.assertEqual(self.state(), since)

    def test_another_state_than_the_client_thinks(self) -> None:
        state = self.state()
        self.assertEqual(self.error("Mailbox/set", ifInState="s1", create={"k": {"name": "x"}}), "stateMismatch")
        self.assertIsNotNone(self.call("Mailbox/set", ifInState=state, create={"k": {"name": "x"}})["created"])

    def test_permissions_are_asked_for_each_kind_of_change(self) -> None:
        (work,) = self.made("Work")
        self.become(permissions=self.access.permissions - {"jmapMailboxDestroy"})
        self.assertEqual(self.error("Mailbox/set", destroy=[work]), "forbidden")
        self.made("Other")

    def test_too_many_at_once(self) -> None:
        self.limit(max_objects_in_set=1)
        self.assertEqual(self.error("Mailbox/set", destroy=["a", "b"]), "requestTooLarge")

    def test_what_is_not_there(self) -> None:
        answer = self.call("Mailbox/set", update={"zzz": {"name": "x"}}, destroy=["yyy", "#nothing"])
        self.assertEqual(answer["notUpdated"]["zzz"]["type"], "notFound")
        self.assertEqual(
            {key: each["type"] for key, each in answer["notDestroyed"].items()},
            {"yyy": "notFound", "#nothing": "notFound"},
        )

    def test_changed_and_destroyed(self) -> None:
        (work,) = self.made("Work")
        answer = self.call("Mailbox/set", update={work: {"name": "x"}}, destroy=[work])
        self.assertEqual(answer["notUpdated"][work]["type"], "willDestroy")
        self.assertEqual(answer["destroyed"], [work])

    def test_patches_that_lead_nowhere(self) -> None:
        (work,) = self.made("Work")
        self.assertEqual(self.refused(work, **{"name/x": 1})["type"], "invalidPatch")
        self.assertEqual(self.refused(work, **{"myRights/mayDelete": False})["type"], "invalidProperties")


class DestroyTests(MailboxCase):
    def refusal(self, id: str, **arguments: object) -> str:
        answer = self.call("Mailbox/set", destroy=[id], **arguments)
        self.assertIsNone(answer["destroyed"])
        return str(answer["notDestroyed"][id]["type"])

    def test_mail_in_it(self) -> None:
        inbox, (work,) = self.folders()["Inbox"], self.made("Work")
        self.put(inbox, work)
        self.put(work)
        self.assertEqual(self.refusal(work), "mailboxHasEmail")
        self.assertEqual(self.refusal(work, onDestroyRemoveEmails=False), "mailboxHasEmail")
        self.assertEqual(self.error("Mailbox/set", destroy=[work], onDestroyRemoveEmails="yes"), "invalidArguments")
        self.assertEqual(self.call("Mailbox/set", destroy=[work], onDestroyRemoveEmails=True)["destroyed"], [work])
        self.assertEqual(self.read(lambda tx: tx.mail.count(OWN, 0)), 1)
        self.assertEqual(self.folder(inbox)["totalEmails"], 1)

    def test_mailboxes_in_it_count_more_than_that(self) -> None:
        (work,) = self.made("Work")
        self.made("Child", parentId=work)
        self.put(work)
        self.assertEqual(self.refusal(work, onDestroyRemoveEmails=True), "mailboxHasChild")

    def test_parent_and_child_in_any_order(self) -> None:
        for turn in (1, -1):
            (work,) = self.made("Work")
            (child,) = self.made("Child", parentId=work)
            (grandchild,) = self.made("Grandchild", parentId=child)
            wanted = [work, grandchild, child][::turn]
            answer = self.call("Mailbox/set", destroy=wanted)
            self.assertEqual(set(answer["destroyed"]), set(wanted))
            self.assertIsNone(answer["notDestroyed"])

    def test_a_child_that_stays_keeps_its_parent(self) -> None:
        (work,) = self.made("Work")
        (child,) = self.made("Child", parentId=work)
        self.put(child)
        answer = self.call("Mailbox/set", destroy=[work, child])
        self.assertIsNone(answer["destroyed"])
        types = {key: each["type"] for key, each in answer["notDestroyed"].items()}
        self.assertEqual(types, {work: "mailboxHasChild", child: "mailboxHasEmail"})

    def test_a_child_that_moves_out(self) -> None:
        (work,) = self.made("Work")
        (child,) = self.made("Child", parentId=work)
        answer = self.call("Mailbox/set", update={child: {"parentId": None}}, destroy=[work])
        self.assertEqual((answer["updated"], answer["destroyed"]), ({child: None}, [work]))

    def test_the_inbox_stays(self) -> None:
        self.assertEqual(self.refusal(self.folders()["Inbox"], onDestroyRemoveEmails=True), "forbidden")
        junk = self.folders()["Junk Mail"]
        self.assertEqual(self.call("Mailbox/set", destroy=[junk])["destroyed"], [junk])
        self.assertEqual(len(self.folders()), 4)

    def test_a_destroyed_mailbox_of_the_group_is_gone_for_all(self) -> None:
        junk = self.folders(GROUP_ID)["Junk Mail"]
        self.assertEqual(self.call("Mailbox/set", accountId=GROUP_ID, destroy=[junk])["destroyed"], [junk])
        self.assertEqual(self.read(lambda tx: tx.mail.mailboxes.count(GROUP)), 4)
        self.assertEqual(self.clock.seconds(), NOW)
