"""``SearchSnippet/get``: what of a filter is shown, of which e-mails (RFC 8621 5)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.email import search_snippet
from stalwart.mail.search.text_search import TextSearch
from stalwart.telemetry import Telemetry
from tests.jmap.email.mail_shelf import METHODS, MailShelfCase, message

NAME = "SearchSnippet/get"
UTF8 = {"Content_Type": "text/plain; charset=utf-8"}


class SnippetCase(MailShelfCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch_methods()
        self.text_search: Any = TextSearch(self.store, self.settings, self.clock, Telemetry())  # type: ignore[arg-type]

    def patch_methods(self) -> None:
        METHODS[NAME] = search_snippet.get
        self.addCleanup(METHODS.pop, NAME)

    def snippets(self, filter: Any, *ids: str) -> list[tuple[str | None, str | None]]:
        answer = self.ask(NAME, {"filter": filter, "emailIds": list(ids)})
        self.assertEqual([each["emailId"] for each in answer["list"]], list(ids))
        self.assertIsNone(answer["notFound"])
        return [(each["subject"], each["preview"]) for each in answer["list"]]


class SnippetTests(SnippetCase):
    def test_an_example_like_that_of_the_rfc(self) -> None:
        one = self.put(message("The Foo project", body="hello foo"))
        two = self.put(message("Something", body="nothing here"))
        self.assertEqual(
            self.ask(NAME, {"filter": {"text": "foo"}, "emailIds": [one, two]}),
            {
                "accountId": "h",
                "list": [
                    {"emailId": one, "subject": "The <mark>Foo</mark> project", "preview": "hello <mark>foo</mark>"},
                    {"emailId": two, "subject": None, "preview": None},
                ],
                "notFound": None,
            },
        )

    def test_each_condition_marks_its_part(self) -> None:
        id = self.put(message("needle in subject", body="needle in body", To="needle <n@x>"))
        both = ("<mark>needle</mark> in subject", "<mark>needle</mark> in body")
        for condition, expected in (
            ("text", both),
            ("subject", (both[0], None)),
            ("body", (None, both[1])),
            ("to", (None, None)),
            ("from", (None, None)),
        ):
            self.assertEqual(self.snippets({condition: "needle"}, id), [expected], condition)

    def test_operators(self) -> None:
        id = self.put(message("one two", body="three four"))
        one, four = {"subject": "one"}, {"body": "four"}
        for operator in ("AND", "OR"):
            self.assertEqual(
                self.snippets({"operator": operator, "conditions": [one, four]}, id),
                [("<mark>one</mark> two", "three <mark>four</mark>")],
            )
        negated = {"operator": "NOT", "conditions": [{"operator": "AND", "conditions": [one]}]}
        self.assertEqual(self.snippets(negated, id), [(None, None)])
        mixed = {"operator": "AND", "conditions": [{"operator": "NOT", "conditions": [one]}, four, {"minSize": 1}]}
        self.assertEqual(self.snippets(mixed, id), [(None, "three <mark>four</mark>")])

    def test_nothing_to_mark(self) -> None:
        id = self.put(message())
        for filter in (
            None,
            {},
            {"inMailbox": self.inbox},
            {"text": ""},
            {"text": "!"},
            {"header": ["Subject", "Hello"]},
        ):
            self.assertEqual(self.snippets(filter, id), [(None, None)], filter)

    def test_other_languages(self) -> None:
        id = self.put(message("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", body="東京都庁 & <Größe>", **UTF8))
        self.assertEqual(
            self.snippets({"text": "groesse 京都"}, id),
            [("<mark>Größe</mark>", "東<mark>京都</mark>庁 &amp; &lt;<mark>Größe</mark>&gt;")],
        )

    def test_html_is_shown_as_text(self) -> None:
        body = "<html><body><p>Big <b>needle</b></p><script>needle()</script></body></html>"
        id = self.put(message(body=body, Content_Type="text/html; charset=utf-8"))
        ((_, shown),) = self.snippets({"body": "needle"}, id)
        self.assertEqual(shown, "Big <mark>needle</mark>")

    def test_previews_are_short(self) -> None:
        id = self.put(message(body="hay " * 2000 + "needle " + "ü&" * 2000, **UTF8))
        ((_, shown),) = self.snippets({"text": "needle"}, id)
        self.assertIn("<mark>needle</mark>", shown or "")
        self.assertLessEqual(len((shown or "").encode()), 255)

    def test_long_subjects_are_whole(self) -> None:
        id = self.put(message("needle " + "x" * 20_000))
        ((shown, _),) = self.snippets({"text": "needle"}, id)
        self.assertEqual(shown, "<mark>needle</mark> " + "x" * 20_000)

    def test_ids_that_there_are_not(self) -> None:
        id = self.put(message("needle"))
        answer = self.ask(NAME, {"filter": {"text": "needle"}, "emailIds": ["zzzz", id, "!", id]})
        self.assertEqual(([each["emailId"] for each in answer["list"]], answer["notFound"]), ([id], ["zzzz", "!"]))
        self.assertEqual(self.ask(NAME, {"filter": None, "emailIds": []})["list"], [])

    def test_creation_references(self) -> None:
        id = self.put(message("needle"))
        answer = self.ask(NAME, {"filter": {"text": "needle"}, "emailIds": ["#new"]}, created_ids={"new": id})
        self.assertEqual(answer["list"][0]["emailId"], id)

    def test_what_is_not_indexed_has_no_preview(self) -> None:
        self.settings.change(Search={"indexEmail": False})
        id = self.put(message("needle", body="needle"))
        self.assertEqual(self.snippets({"text": "needle"}, id), [("<mark>needle</mark>", None)])

    def test_bad_arguments(self) -> None:
        id = self.put(message())
        for arguments, expected in (
            ({"filter": None}, "invalidArguments"),
            ({"filter": None, "emailIds": "x"}, "invalidArguments"),
            ({"filter": None, "emailIds": [1]}, "invalidArguments"),
            ({"filter": 1, "emailIds": [id]}, "invalidArguments"),
            ({"filter": {"text": 1}, "emailIds": [id]}, "invalidArguments"),
            ({"filter": {"what": "x"}, "emailIds": [id]}, "unsupportedFilter"),
            ({"filter": {"text": "x" * 3000}, "emailIds": [id]}, "unsupportedFilter"),
            ({"filter": None, "emailIds": ["a"] * 101}, "requestTooLarge"),
            ({"filter": None, "emailIds": ["#none"]}, "invalidResultReference"),
            ({"filter": None, "emailIds": [id], "accountId": "zzz"}, "accountNotFound"),
        ):
            self.assertEqual(self.ask_refused(NAME, arguments), expected, arguments)

    def test_too_many_words(self) -> None:
        words = [{"text": f"w{number} v{number} u{number}"} for number in range(70)]
        filter = {"operator": "OR", "conditions": words}
        self.assertEqual(self.ask_refused(NAME, {"filter": filter, "emailIds": []}), "unsupportedFilter")

    def test_how_many_is_a_setting(self) -> None:
        self.settings.change(Jmap={"snippetMaxResults": 1})
        ids = [self.put(message()), self.put(message())]
        self.assertEqual(self.ask_refused(NAME, {"filter": None, "emailIds": ids}), "requestTooLarge")


class QueryTests(SnippetCase):
    """Email/query over the real index."""

    def test_text_conditions_are_combined_with_others(self) -> None:
        one = self.put(message("needle", body="alpha"), keywords=("$seen",))
        two = self.put(message("needle", body="beta"))
        self.put(message("hay", body="beta"), self.other)
        self.assertEqual(set(self.query({"text": "needle"})), {one, two})
        self.assertEqual(self.query({"text": "needle", "hasKeyword": "$seen"}), [one])
        self.assertEqual(
            self.query({"operator": "NOT", "conditions": [{"subject": "needle"}, {"inMailbox": self.other}]}), []
        )
        self.assertEqual(self.query({"body": "beta", "inMailbox": self.inbox}), [two])
        self.assertEqual(self.query({"header": ["Subject", "needle"], "body": "alpha"}), [one])
