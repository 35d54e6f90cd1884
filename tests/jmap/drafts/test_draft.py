"""E-mails to be created, as Email/set describes them (RFC 8621 4.6)."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from stalwart.jmap.drafts.draft import Draft, read_draft
from stalwart.jmap.errors import SetRefused

PLACE = {"mailboxIds": {"b": True}}


class ReadDraftTests(TestCase):
    """``read_draft``."""

    def draft(self, **given: Any) -> Draft:
        return read_draft(PLACE | given, {"blob": "Bx", "box": "c"})

    def wrong(self, **given: Any) -> tuple[str, ...]:
        with self.assertRaises(SetRefused) as caught:
            self.draft(**given)
        self.assertEqual(caught.exception.type, "invalidProperties")
        return caught.exception.properties

    def test_date_and_message_id_come_first_where_they_are_missing(self) -> None:
        header = self.draft(subject="x").header(lambda: "made@x", "2020-01-01T00:00:00Z")
        self.assertEqual([name for name, _, _ in header], ["Date", "Message-ID", "Subject"])
        header = self.draft(messageId=["a@b"], sentAt="2020-01-01T00:00:00Z").header(lambda: "made@x", "")
        self.assertEqual([name for name, _, _ in header], ["Message-ID", "Date"])
        part = {"partId": "1", "header:Message-ID": " <a@b>", "header:Date": " x"}
        header = self.draft(bodyStructure=part, bodyValues={"1": {"value": ""}}).header(lambda: "made@x", "")
        self.assertEqual(header, [])

    def test_null_is_nothing(self) -> None:
        draft = self.draft(id=None, headers=None, subject="x", to=None, keywords=None, bodyStructure=None)
        self.assertEqual(draft.given, {"mailboxIds", "subject"})

    def test_creation_ids_stand_for_blobs_and_mailboxes(self) -> None:
        draft = self.draft(mailboxIds={"#box": True}, attachments=[{"blobId": "#blob"}, {"blobId": "#none"}])
        self.assertEqual((draft.placement.mailboxes, draft.blob_ids()), ({2}, ("Bx", "#none")))

    def test_what_cannot_be_given_is_named(self) -> None:
        for name, value in (
            ("id", "x"),
            ("blobId", "x"),
            ("threadId", "x"),
            ("size", 3),
            ("hasAttachment", False),
            ("preview", ""),
            ("headers", []),
            ("unknown", 1),
            ("header:Content-Type", " text/plain"),
            ("header:Content-Language:asText", "de"),
        ):
            self.assertEqual(self.wrong(subject="x", **{name: value}), (name,))

    def test_several_faults_are_named_at_once(self) -> None:
        found = self.wrong(
            mailboxIds={},
            keywords={"a b": True},
            receivedAt="now",
            size=3,
            textBody=[{"partId": "1", "charset": "x"}],
            **{"from": [{}]},
        )
        self.assertEqual(
            {*found},
            {"mailboxIds", "keywords/a b", "receivedAt", "size", "from", "textBody/0/charset", "textBody/0/partId"},
        )

    def test_nothing_at_all_is_no_e_mail(self) -> None:
        self.assertEqual(self.wrong(), ("bodyStructure",))
        self.assertEqual(self.wrong(keywords={"a": True}), ("bodyStructure",))

    def test_a_field_is_not_given_for_the_message_and_the_part_that_is_its_body(self) -> None:
        part = {"partId": "1", "header:X-A:asText": "y"}
        values = {"1": {"value": ""}}
        for body, place in (
            ({"bodyStructure": part}, "bodyStructure/header:X-A:asText"),
            ({"textBody": [part]}, "textBody/0/header:X-A:asText"),
        ):
            self.assertEqual(self.wrong(bodyValues=values, **body, **{"header:X-A": " x"}), (place,))
        self.draft(textBody=[part], attachments=[{"blobId": "B1"}], bodyValues=values, **{"header:X-A": " x"})

    def test_too_many_properties_are_too_large(self) -> None:
        with self.assertRaises(SetRefused) as caught:
            self.draft(**{f"header:X-{number}": " x" for number in range(3000)})
        self.assertEqual(caught.exception.type, "tooLarge")

    def test_too_many_keywords_have_an_error_of_their_own(self) -> None:
        with self.assertRaises(SetRefused) as caught:
            self.draft(subject="x", keywords={f"k{number}": True for number in range(101)})
        self.assertEqual(caught.exception.type, "tooManyKeywords")
