"""Quota/get, changes, query and queryChanges (RFC 9425 4)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id
from stalwart.jmap.mail import quota_source
from stalwart.jmap.mail.quota import SCOPES
from stalwart.jmap.mail.quota_source import EMAILS, MAILBOXES, OCTETS
from stalwart.store.object_types import QUOTA
from tests.jmap.mail.mailbox_case import NOW, OWN, STRANGER_ID, MailboxCase

LIMITED = {"maxDiskQuota": 1000, "maxEmails": 7, "maxMailboxes": 9}


class QuotaTests(MailboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.inbox = self.folders()["Inbox"]

    def numbers(self, **arguments: Any) -> list[int]:
        return [decode_id(id) for id in self.call("Quota/query", **arguments)["ids"]]

    def test_without_limits_there_are_none(self) -> None:
        found = self.call("Quota/get")
        self.assertEqual((found["list"], found["state"]), ([], "n"))

    def test_what_is_used_and_what_there_is(self) -> None:
        self.quotas(quotas=LIMITED, description="Jane Doe")
        self.put(self.inbox)
        octets, emails, mailboxes = self.call("Quota/get")["list"]
        self.assertEqual(
            octets,
            {
                "id": "a",
                "resourceType": "octets",
                "used": 10,
                "hardLimit": 1000,
                "scope": "account",
                "name": "jane@example.test",
                "types": ["Email", "SieveScript", "FileNode", "CalendarEvent", "ContactCard"],
                "warnLimit": None,
                "softLimit": None,
                "description": "Jane Doe",
            },
        )
        self.assertEqual([emails[each] for each in ("resourceType", "used", "hardLimit")], ["count", 1, 7])
        self.assertEqual((mailboxes["types"], mailboxes["used"], mailboxes["hardLimit"]), (["Mailbox"], 5, 9))
        self.assertIn(octets["scope"], SCOPES)

    def test_the_limit_of_all_accounts_is_a_quota_too(self) -> None:
        self.settings.wire["Email"] = {"maxMessages": 100}
        (quota,) = self.call("Quota/get")["list"]
        self.assertEqual((decode_id(quota["id"]), quota["hardLimit"]), (EMAILS, 100))

    def test_some_by_id(self) -> None:
        self.quotas(quotas={"maxDiskQuota": 5})
        found = self.call("Quota/get", ids=["a", "b", "NO!"], properties=["used"])
        self.assertEqual((found["list"], found["notFound"]), ([{"id": "a", "used": 0}], ["b", "NO!"]))
        self.assertEqual(self.error("Quota/get", accountId=STRANGER_ID), "accountNotFound")

    def test_filters_and_sorts(self) -> None:
        self.quotas(quotas=LIMITED)
        self.put(self.inbox)
        self.assertEqual(self.numbers(filter={"resourceType": "count"}), [EMAILS, MAILBOXES])
        self.assertEqual(self.numbers(filter={"type": "Email"}), [OCTETS, EMAILS])
        self.assertEqual(self.numbers(filter={"name": "JANE"}), [OCTETS])
        self.assertEqual(self.numbers(filter={"scope": "domain"}), [])
        self.assertEqual(self.numbers(sort=[{"property": "used"}]), [EMAILS, MAILBOXES, OCTETS])
        self.assertEqual(self.numbers(sort=[{"property": "name"}]), [MAILBOXES, OCTETS, EMAILS])
        self.assertEqual(self.error("Quota/query", filter={"scope": "moon"}), "invalidArguments")
        self.assertEqual(self.error("Quota/query", sort=[{"property": "scope"}]), "unsupportedSort")
        self.assertTrue(self.call("Quota/query")["canCalculateChanges"])

    def test_the_state_follows_what_is_used(self) -> None:
        self.quotas(quotas={"maxDiskQuota": 1000})
        since = self.call("Quota/get")["state"]
        same = self.call("Quota/changes", sinceState=since)
        self.assertEqual((same["updated"], same["newState"], same["updatedProperties"]), ([], since, None))
        self.put(self.inbox)
        changes = self.call("Quota/changes", sinceState=since)
        self.assertEqual((changes["updated"], changes["updatedProperties"]), (["a"], ["used"]))
        self.assertEqual(changes["newState"], self.call("Quota/get")["state"])
        self.assertEqual((changes["created"], changes["destroyed"], changes["hasMoreChanges"]), ([], [], False))

    def test_states_are_told_to_who_watches(self) -> None:
        """RFC 9425 6; of accounts without quotas nothing is told."""
        told: list[Any] = []
        self.addCleanup(self.store.watch(lambda changed: told.append(changed.get(OWN, {}).get(QUOTA))))
        self.call("Quota/get")
        self.put(self.inbox)
        self.assertEqual(set(told), {None})
        self.quotas(quotas={"maxDiskQuota": 1000})
        states = [self.call("Quota/get")["state"]]
        for happens in (lambda: self.put(self.inbox), lambda: self.made("x"), self.destroyed):
            happens()
            self.assertEqual(f"s{told[-1]}", self.call("Quota/get")["state"])
            states.append(f"s{told[-1]}")
        self.assertEqual(len(set(states)), 4)
        email = decode_id(self.put(self.inbox)[0])
        self.write(lambda tx: tx.mail.update_email(OWN, email, keywords={"$seen"}, now=NOW))
        self.assertIsNone(told[-1])

    def destroyed(self) -> None:
        self.assertTrue(self.call("Mailbox/set", destroy=[self.folders()["x"]])["destroyed"])

    def test_nothing_is_counted_but_what_is_shown(self) -> None:
        self.quotas(quotas=LIMITED)
        self.patch(quota_source, "_used", lambda *_: self.fail("counted"))
        since = self.call("Quota/get", properties=["name"])["state"]
        self.put(self.inbox)
        self.assertEqual(len(self.call("Quota/changes", sinceState=since)["updated"]), 3)
        self.assertEqual(self.numbers(sort=[{"property": "name"}]), [MAILBOXES, OCTETS, EMAILS])

    def test_of_other_changes_nothing_is_known(self) -> None:
        self.quotas(quotas={"maxDiskQuota": 1000})
        since = self.call("Quota/get")["state"]
        self.quotas(quotas={"maxDiskQuota": 2000})
        self.assertEqual(self.error("Quota/changes", sinceState=since), "cannotCalculateChanges")
        self.assertEqual(self.error("Quota/queryChanges", sinceQueryState=since), "cannotCalculateChanges")
        self.assertEqual(self.error("Quota/changes", sinceState="n"), "cannotCalculateChanges")
        self.limit(changes_max_results=1)
        self.quotas(quotas=LIMITED)
        since = self.call("Quota/get")["state"]
        self.put(self.inbox)
        self.assertEqual(self.error("Quota/changes", sinceState=since), "cannotCalculateChanges")

    def test_results_move_only_where_they_are_sorted_by_use(self) -> None:
        self.quotas(quotas=LIMITED)
        self.put(self.inbox)
        since = self.call("Quota/get")["state"]
        self.write(lambda tx: tx.mail.mailboxes.create(OWN, "x", "x", now=NOW))
        plain = self.call("Quota/queryChanges", sinceQueryState=since, calculateTotal=True)
        self.assertEqual((plain["removed"], plain["added"], plain["total"]), ([], [], 3))
        used = self.call("Quota/queryChanges", sinceQueryState=since, sort=[{"property": "used"}])
        self.assertEqual(used["removed"], ["a", "b", "c"])
        self.assertEqual([each["id"] for each in used["added"]], ["b", "c", "a"])
