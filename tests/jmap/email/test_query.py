"""Email/query: lists, searches, windows, and what is refused."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stalwart.codec.ids import decode_id
from stalwart.errors import Invalid
from stalwart.jmap.call import RequestLimits
from tests.jmap.email.mail_shelf import HOUR, NOW, MailShelfCase, message

OLDEST = {"property": "receivedAt", "isAscending": True}


class QueryCase(MailShelfCase):
    """Ten messages in the inbox, the first the oldest; two of them answer another one; more elsewhere."""

    def setUp(self) -> None:
        super().setUp()
        self.ids = []
        for number in range(10):
            fields = {"Message_ID": f"<{number}@x>", "Date": f"Mon, {10 - number:02} Jan 2024 10:00:00 +0000"}
            if number in (4, 7):
                fields["References"] = "<1@x>"
            subject = "Re: Plan" if number in (4, 7) else "Plan" if number == 1 else f"Number {number}"
            data = message(subject, f"P{(number * 7) % 10} <p@x>", "x" * (number * 3 % 10), **fields)
            keywords = (*(("$seen",) if number % 2 else ()), *(("$flagged",) if number in (3, 8) else ()))
            self.ids.append(self.put(data, keywords=keywords, received_at=NOW - HOUR * (20 - number)))
        self.elsewhere = self.put(message("Elsewhere"), self.other, received_at=NOW)

    def numbers(self, filter: dict[str, Any] | None = None, **arguments: Any) -> list[int]:
        """Which of the ten are found, in order; -1 is the one elsewhere."""
        ids = [*self.ids, self.elsewhere]
        return [-1 if id == self.elsewhere else ids.index(id) for id in self.query(filter, **arguments)]


class ListTests(QueryCase):
    """Mailboxes and all mail, by time of receipt."""

    def test_a_mailbox(self) -> None:
        inbox = {"inMailbox": self.inbox}
        self.assertEqual(self.numbers(inbox), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        self.assertEqual(self.numbers(inbox, sort=[OLDEST], limit=3), [0, 1, 2])
        self.assertEqual(self.numbers(inbox | {"notKeyword": "$seen"}), [8, 6, 4, 2, 0])
        self.assertEqual(self.numbers(inbox | {"hasKeyword": "$Flagged"}), [8, 3])
        self.assertEqual(self.numbers({"inMailbox": "zzz"}), [])

    def test_all_mail(self) -> None:
        self.assertEqual(self.numbers(), [-1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        self.assertEqual(self.numbers({}, limit=2), [-1, 9])

    def test_threads_are_shown_once(self) -> None:
        inbox = {"inMailbox": self.inbox}
        self.assertEqual(self.numbers(inbox, collapseThreads=True), [9, 8, 7, 6, 5, 3, 2, 0])
        self.assertEqual(self.numbers(inbox, collapseThreads=True, sort=[OLDEST]), [0, 1, 2, 3, 5, 6, 8, 9])
        self.assertEqual(self.numbers({"minSize": 1}, collapseThreads=True), [-1, 9, 8, 7, 6, 5, 3, 2, 0])

    def test_a_mailbox_that_was_created_in_the_same_request(self) -> None:
        found = self.ask("Email/query", {"filter": {"inMailbox": "#box"}}, created_ids={"box": self.inbox})["ids"]
        self.assertEqual(len(found), 10)
        self.assertEqual(self.ask_refused("Email/query", {"filter": {"inMailbox": "#no"}}), "invalidArguments")


class WindowTests(QueryCase):
    """RFC 8620 5.5, for lists and for searches."""

    FILTERS = ({}, {"minSize": 0})

    def test_positions(self) -> None:
        for filter in self.FILTERS:
            for position, limit, expected in (
                (0, 2, [-1, 9]),
                (9, 5, [1, 0]),
                (-2, 1, [1]),
                (-99, 1, [-1]),
                (99, 3, []),
            ):
                answer = self.ask("Email/query", {"filter": filter, "position": position, "limit": limit})
                self.assertEqual(self.numbers(filter, position=position, limit=limit), expected)
                self.assertEqual(answer["position"], {-2: 9, -99: 0}.get(position, position))

    def test_anchors(self) -> None:
        for filter in self.FILTERS:
            for offset, expected in ((0, [5, 4]), (-2, [7, 6]), (1, [4, 3]), (-99, [-1, 9])):
                found = self.numbers(filter, anchor=self.ids[5], anchorOffset=offset, limit=2, position=77)
                self.assertEqual(found, expected)
            for anchor in ("zzz", "NOT AN ID"):
                refused = self.ask_refused("Email/query", {"filter": filter, "anchor": anchor})
                self.assertEqual(refused, "anchorNotFound")

    def test_totals(self) -> None:
        for filter, collapse, total in (
            ({}, False, 11),
            ({"minSize": 0}, False, 11),
            ({"minSize": 0}, True, 9),
            ({"inMailbox": self.inbox}, True, 8),
            ({"inMailbox": self.inbox, "notKeyword": "$seen"}, False, 5),
        ):
            asked = {"filter": filter, "collapseThreads": collapse, "limit": 1}
            self.assertNotIn("total", self.ask("Email/query", asked))
            self.assertEqual(self.ask("Email/query", asked | {"calculateTotal": True})["total"], total)

    def test_limits(self) -> None:
        for filter in self.FILTERS:
            self.assertEqual(self.ask("Email/query", {"filter": filter, "limit": 0})["ids"], [])
            self.assertNotIn("limit", self.ask("Email/query", {"filter": filter, "limit": 20}))
        self.limits = RequestLimits(query_max_results=3)
        for filter in self.FILTERS:
            for limit in (None, 4):
                answer = self.ask("Email/query", {"filter": filter, "limit": limit})
                self.assertEqual((len(answer["ids"]), answer["limit"]), (3, 3))
            self.assertNotIn("limit", self.ask("Email/query", {"filter": filter, "limit": 3}))

    @given(st.integers(-14, 14), st.integers(0, 14), st.none() | st.integers(0, 9), st.integers(-14, 14), st.booleans())
    @settings(max_examples=60)
    def test_lists_and_searches_agree(
        self, position: int, limit: int, anchor: int | None, offset: int, collapse: bool
    ) -> None:
        asked = {"position": position, "limit": limit, "anchorOffset": offset, "collapseThreads": collapse}
        asked |= {"calculateTotal": True, "anchor": None if anchor is None else self.ids[anchor]}
        answers = []
        for filter in self.FILTERS:
            try:
                answer = self.ask("Email/query", asked | {"filter": filter})
                answers.append({name: answer[name] for name in ("ids", "position", "total")})
            except self.failureException:  # an error
                answers.append({"error": self.ask_refused("Email/query", asked | {"filter": filter})})
        self.assertEqual(*answers)


class SearchTests(QueryCase):
    """Conditions, sorts, text."""

    def test_conditions(self) -> None:
        self.write(lambda tx: tx.mail.update_email(7, decode_id(self.ids[1]), now=NOW, keywords={"$seen", "work"}))
        for filter, expected in (
            ({"inMailboxOtherThan": [self.inbox]}, [-1]),
            ({"inMailboxOtherThan": [self.inbox, self.other]}, []),
            ({"before": "2027-01-14T14:00:00Z", "after": "2027-01-14T12:00:00Z"}, None),
            ({"hasKeyword": "WORK"}, [1]),
            ({"allInThreadHaveKeyword": "$seen", "inMailbox": self.inbox}, [9, 5, 3]),
            ({"someInThreadHaveKeyword": "work"}, [7, 4, 1]),
            ({"noneInThreadHaveKeyword": "$seen", "inMailbox": self.inbox}, [8, 6, 2, 0]),
            ({"hasAttachment": True}, []),
            ({"operator": "NOT", "conditions": [{"inMailbox": self.inbox}, {"hasKeyword": "$x"}]}, [-1]),
            ({"operator": "OR", "conditions": [{"hasKeyword": "work"}, {"inMailbox": self.other}]}, [-1, 1]),
            ({"operator": "OR", "conditions": []}, []),
        ):
            if expected is not None:
                self.assertEqual(self.numbers(filter), expected, f"{filter}")

    def test_times_and_sizes_have_exact_bounds(self) -> None:
        (email,) = self.get(self.ids[5], properties=["receivedAt", "size"])
        at, size = email["receivedAt"], email["size"]
        self.assertEqual(self.numbers({"after": at}), [-1, 9, 8, 7, 6, 5])
        self.assertEqual(self.numbers({"before": at}), [4, 3, 2, 1, 0])
        self.assertIn(5, self.numbers({"minSize": size}))
        self.assertNotIn(5, self.numbers({"maxSize": size}))
        self.assertNotIn(5, self.numbers({"minSize": size + 1}))

    def test_sorts(self) -> None:
        inbox = {"inMailbox": self.inbox}
        for sort, expected in (
            ([{"property": "sentAt"}], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            ([{"property": "from"}], [0, 3, 6, 9, 2, 5, 8, 1, 4, 7]),
            ([{"property": "subject", "isAscending": False}, OLDEST], [1, 4, 7, 9, 8, 6, 5, 3, 2, 0]),
            ([{"property": "hasKeyword", "keyword": "$seen"}, OLDEST], [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]),
            ([{"property": "hasKeyword", "keyword": "$FLAGGED", "isAscending": False}, OLDEST], [3, 8, 0, 1, 2]),
            ([{"property": "someInThreadHaveKeyword", "keyword": "$flagged", "isAscending": False}], [8, 3]),
        ):
            found = self.numbers(inbox, sort=sort)
            self.assertEqual(found[: len(expected)], expected, f"{sort}")

    def test_text(self) -> None:
        self.text_search.found["text", "plan"] = frozenset(map(decode_id, (self.ids[1], self.ids[4], self.elsewhere)))
        self.text_search.found["header", ("X-Y", "z")] = frozenset(map(decode_id, (self.ids[4], self.ids[5])))
        self.assertEqual(self.numbers({"text": "plan"}), [-1, 4, 1])
        self.assertEqual(self.text_search.awaited, [7])
        self.assertEqual(self.numbers({"text": "plan", "inMailbox": self.inbox}, sort=[OLDEST]), [1, 4])
        self.assertEqual(self.numbers({"text": "plan", "header": ["X-Y", "z"]}), [4])
        self.assertEqual(self.text_search.conditions, [("text", "plan"), ("header", ["X-Y", "z"])])
        self.assertEqual(self.numbers({"text": "plan"}, collapseThreads=True), [-1, 4])
        self.assertEqual(self.numbers({"subject": "nothing"}), [])
        self.numbers({"minSize": 1})
        self.assertEqual(len(self.text_search.awaited), 5)

    def test_a_search_that_is_too_large_is_refused(self) -> None:
        self.text_search.fault = Invalid("A search may look for 200 words at most.", ("filter",))
        self.assertEqual(self.ask_refused("Email/query", {"filter": {"text": "plan"}}), "unsupportedFilter")

    def test_text_is_looked_for_each_time(self) -> None:
        self.assertEqual(self.numbers({"body": "late"}), [])
        self.text_search.found["body", "late"] = frozenset((decode_id(self.ids[2]),))
        self.assertEqual(self.numbers({"body": "late"}), [2])

    def test_states_and_changes(self) -> None:
        inbox = {"inMailbox": self.inbox}
        for filter, members, expected in (
            (inbox, {}, True),
            ({}, {}, True),
            (inbox | {"notKeyword": "$seen"}, {}, True),
            (inbox, {"collapseThreads": True}, False),
            (inbox, {"sort": [{"property": "size"}]}, False),
            ({"text": "x"}, {}, False),
            ({"minSize": 1}, {}, False),
        ):
            answer = self.ask("Email/query", {"filter": filter} | members)
            self.assertIs(answer["canCalculateChanges"], expected, f"{filter} {members}")
            state = answer["queryState"]
            self.assertEqual(state, self.ask("Email/get", {"ids": []})["state"])
            outcome = {"filter": filter, "sinceQueryState": state} | members
            if expected:
                self.assertEqual(self.ask("Email/queryChanges", outcome)["added"], [])
            else:
                self.assertEqual(self.ask_refused("Email/queryChanges", outcome), "cannotCalculateChanges")

    def test_the_same_query_again(self) -> None:
        for filter in ({"inMailbox": self.inbox}, {"hasKeyword": "$seen"}):
            first = self.ask("Email/query", {"filter": filter})
            self.assertEqual(self.ask("Email/query", {"filter": filter}), first)
            new = self.put(message("New"), keywords=("$seen",), received_at=NOW + HOUR)
            again = self.ask("Email/query", {"filter": filter})
            self.assertEqual(again["ids"], [new, *first["ids"]])
            self.assertNotEqual(again["queryState"], first["queryState"])

    def test_accounts_do_not_share_answers(self) -> None:
        self.assertEqual(len(self.query({"minSize": 1})), 11)
        self.assertEqual(self.ask("Email/query", {"accountId": "j", "filter": {"minSize": 1}})["ids"], [])


class RefusedTests(MailShelfCase):
    """Errors of the call."""

    def test_what_is_refused(self) -> None:
        deep: dict[str, Any] = {"minSize": 1}
        for _ in range(25):
            deep = {"operator": "NOT", "conditions": [deep]}
        for arguments, expected in (
            ({"filter": {"nothing": 1}}, "unsupportedFilter"),
            ({"filter": deep}, "unsupportedFilter"),
            ({"filter": {"operator": "AND", "conditions": [{"minSize": n} for n in range(300)]}}, "unsupportedFilter"),
            ({"filter": {"inMailbox": 1}}, "invalidArguments"),
            ({"filter": {"inMailbox": None}}, "invalidArguments"),
            ({"filter": {"hasKeyword": "a b"}}, "invalidArguments"),
            ({"filter": {"before": "yesterday"}}, "invalidArguments"),
            ({"filter": {"minSize": -1}}, "invalidArguments"),
            ({"filter": {"header": []}}, "invalidArguments"),
            ({"filter": {"operator": "XOR", "conditions": []}}, "invalidArguments"),
            ({"filter": []}, "invalidArguments"),
            ({"sort": [{"property": "preview"}]}, "unsupportedSort"),
            ({"sort": [{"property": "size", "collation": "i;x"}]}, "unsupportedSort"),
            ({"sort": [{"property": "subject", "collation": "i;ascii-numeric"}]}, "unsupportedSort"),
            ({"sort": [{"property": "hasKeyword"}]}, "invalidArguments"),
            ({"sort": [{}]}, "invalidArguments"),
            ({"collapseThreads": "yes"}, "invalidArguments"),
            ({"position": "1"}, "invalidArguments"),
            ({"limit": -1}, "invalidArguments"),
            ({"accountId": "zz"}, "accountNotFound"),
            ({"accountId": None}, "invalidArguments"),
        ):
            self.assertEqual(self.ask_refused("Email/query", arguments), expected, f"{arguments}"[:200])
