"""Email/changes and queryChanges: what a client makes of them is what there is."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stalwart.codec.ids import decode_id
from stalwart.jmap.call import RequestLimits
from stalwart.jmap.email import changes
from stalwart.store.sql.mail import SqlMail
from tests.jmap.email.mail_shelf import HOUR, NOW, MailShelfCase, message

STEPS = st.lists(
    st.tuples(st.sampled_from(("put", "move", "seen", "flag", "destroy")), st.integers(0, 30)), max_size=12
)


class ChangesTests(MailShelfCase):
    """Email/changes (RFC 8621 4.3)."""

    def test_what_happened(self) -> None:
        kept, gone = self.put(message("1")), self.put(message("2"))
        since = self.ask("Email/get", {"ids": []})["state"]
        new = self.put(message("3"))
        self.write(lambda tx: tx.mail.update_email(7, decode_id(kept), now=NOW, keywords={"$seen"}))
        self.write(lambda tx: tx.mail.destroy_emails(7, [decode_id(gone)], now=NOW))
        answer = self.ask("Email/changes", {"sinceState": since})
        self.assertEqual((answer["created"], answer["updated"], answer["destroyed"]), ([new], [kept], [gone]))
        self.assertNotIn("updatedProperties", answer)
        self.assertEqual(self.ask_refused("Email/changes", {"sinceState": "s99999"}), "cannotCalculateChanges")
        self.assertEqual(self.ask_refused("Email/changes", {"sinceState": "x"}), "invalidArguments")

    def test_a_piece_at_a_time(self) -> None:
        ids = [self.put(message(f"{number}")) for number in range(5)]
        state, seen = "n", []
        while True:
            answer = self.ask("Email/changes", {"sinceState": state, "maxChanges": 2})
            seen += answer["created"]
            state = answer["newState"]
            if not answer["hasMoreChanges"]:
                break
        self.assertEqual(sorted(seen), sorted(ids))


class QueryChangesTests(MailShelfCase):
    """Email/queryChanges (RFC 8620 5.6, RFC 8621 4.5)."""

    def step(self, kind: str, number: int, ids: list[str]) -> None:
        """Change something; ``ids`` are the e-mails there are."""
        if kind == "put" or not ids:
            box = (self.inbox, self.other)[number % 2]
            ids.append(self.put(message(f"{number}"), box, received_at=NOW - HOUR * number))
            return
        id = ids[number % len(ids)]
        (row,) = self.get(id, properties=["mailboxIds", "keywords"])
        if kind == "destroy":
            ids.remove(id)
            self.write(lambda tx: tx.mail.destroy_emails(7, [decode_id(id)], now=NOW))
        elif kind == "move":
            boxes = {decode_id(self.other if self.inbox in row["mailboxIds"] else self.inbox)}
            self.write(lambda tx: tx.mail.update_email(7, decode_id(id), now=NOW, mailboxes=boxes))
        else:
            keywords = set(row["keywords"]) ^ {{"seen": "$seen", "flag": "$flagged"}[kind]}
            self.write(lambda tx: tx.mail.update_email(7, decode_id(id), now=NOW, keywords=keywords))

    @given(STEPS, STEPS, st.integers(0, 3), st.booleans(), st.booleans())
    @settings(max_examples=60)
    def test_old_results_become_new_ones(
        self, before: list[Any], after: list[Any], which: int, in_mailbox: bool, ascending: bool
    ) -> None:
        filter: dict[str, Any] = {"inMailbox": self.inbox} if in_mailbox else {}
        filter |= ({}, {"notKeyword": "$seen"}, {"hasKeyword": "$flagged"}, {})[which]
        asked = {"filter": filter, "sort": [{"property": "receivedAt", "isAscending": ascending}]}
        ids: list[str] = []
        for step in before:
            self.step(*step, ids)
        old = self.ask("Email/query", asked)
        for step in after:
            self.step(*step, ids)
        new = self.ask("Email/query", asked)
        changed = asked | {"sinceQueryState": old["queryState"], "calculateTotal": True}
        changes = self.ask("Email/queryChanges", changed)
        results = [id for id in old["ids"] if id not in changes["removed"]]
        indexes = [each["index"] for each in changes["added"]]
        self.assertEqual(indexes, sorted(indexes))
        for each in changes["added"]:
            results.insert(each["index"], each["id"])
        self.assertEqual(results, new["ids"])
        self.assertEqual((changes["newQueryState"], changes["total"]), (new["queryState"], len(new["ids"])))
        if before == after == []:
            self.assertEqual((changes["added"], changes["removed"]), ([], []))

    def test_too_many(self) -> None:
        asked = {"filter": {"notKeyword": "$seen"}, "sinceQueryState": self.ask("Email/query", {})["queryState"]}
        for number in range(3):
            self.put(message(f"{number}"))
        self.assertEqual(len(self.ask("Email/queryChanges", asked)["added"]), 3)
        self.assertEqual(self.ask_refused("Email/queryChanges", asked | {"maxChanges": 2}), "tooManyChanges")
        self.patch(changes, "MOST_MOVED", 2)
        self.assertEqual(self.ask_refused("Email/queryChanges", asked), "cannotCalculateChanges")

    def test_too_many_of_a_mailbox(self) -> None:
        asked = {"filter": {"inMailbox": self.inbox}, "sinceQueryState": self.ask("Email/query", {})["queryState"]}
        for number in range(3):
            self.put(message(f"{number}"))
        limits = []
        changes_of = SqlMail.list_changes

        def watched(mail: SqlMail, *args: Any, **rest: Any) -> Any:
            limits.append(rest["limit"])
            return changes_of(mail, *args, **rest)

        self.patch(SqlMail, "list_changes", watched)
        for most, limit in ((None, 5000), (3, 3), (9000, 5000)):
            self.assertEqual(len(self.ask("Email/queryChanges", asked | {"maxChanges": most})["added"]), 3)
            self.assertEqual(limits.pop(), limit, "no more is looked for than is wanted")
        self.assertEqual(self.ask_refused("Email/queryChanges", asked | {"maxChanges": 2}), "tooManyChanges")
        self.assertEqual(self.ask_refused("Email/queryChanges", asked | {"maxChanges": 0}), "tooManyChanges")
        self.limits = RequestLimits(changes_max_results=2)
        self.assertEqual(self.ask_refused("Email/queryChanges", asked), "cannotCalculateChanges")
        self.assertEqual(self.ask_refused("Email/queryChanges", asked | {"maxChanges": 3}), "cannotCalculateChanges")

    def test_what_cannot_be_told(self) -> None:
        self.put(message())
        state = self.ask("Email/query", {})["queryState"]
        for arguments in (
            {"filter": {"inMailbox": "zzz"}},
            {"filter": {"inMailbox": self.inbox}, "collapseThreads": True},
            {"filter": {"from": "x"}},
            {"sort": [{"property": "size"}]},
            {"sinceQueryState": "s9999"},
            {"sinceQueryState": "r2-1"},
        ):
            refused = self.ask_refused("Email/queryChanges", {"sinceQueryState": state} | arguments)
            self.assertEqual(refused, "cannotCalculateChanges", f"{arguments}")
