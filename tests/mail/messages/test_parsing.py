"""What is read of a message when it is stored, whatever its octets are."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.part import unpack
from stalwart.mail.messages.fragment import FRAGMENT_NAMES, LONGEST_MEMBER
from stalwart.mail.messages.parsing import LONGEST_KEY, MOST_REFERENCES, NotAMessage, ParsedMessage, parsed

HEAD = b"""Received: from a by b; Fri, 20 Nov 2026 10:00:02 +0100
Received: from c by a; Fri, 20 Nov 2026 10:00:00 +0100
Message-ID: <one@example.org>
In-Reply-To: <two@example.org>
References: <three@example.org> <two@example.org>
From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
To: <bob@example.com>, Alice <alice@example.com>
Subject: Re: [list] Gr=?utf-8?q?=C3=BC=C3=9Fe?=
Subject: Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Date: Fri, 20 Nov 2026 09:59:57 +0100
"""
BODY = b"\nHello,\nthis is it.\n"


def shown(data: bytes) -> dict[str, Any]:
    return json.loads(parsed(data).fragment)


def subject(text: str) -> ParsedMessage:
    return parsed(f"Subject: {text}\n\nx".encode())


def referring(*fields: str) -> frozenset[int]:
    return parsed("\n".join([*fields, "", "x"]).encode()).references


class MemberTests(SynchronousTestCase):
    def test_the_fragment_holds_what_lists_show(self) -> None:
        found = shown(HEAD + BODY)
        self.assertEqual(tuple(found), FRAGMENT_NAMES)
        self.assertEqual(
            found,
            {
                "messageId": ["one@example.org"],
                "inReplyTo": ["two@example.org"],
                "references": ["three@example.org", "two@example.org"],
                "sender": None,
                "from": [{"name": "Jürgen", "email": "j@example.org"}],
                "to": [{"name": None, "email": "bob@example.com"}, {"name": "Alice", "email": "alice@example.com"}],
                "cc": None,
                "bcc": None,
                "replyTo": None,
                "subject": "Re: [list] Grüße",
                "sentAt": "2026-11-20T09:59:57+01:00",
                "hasAttachment": False,
                "preview": "Hello, this is it.",
            },
        )

    def test_what_is_sorted_and_searched_by_is_apart(self) -> None:
        found = parsed(HEAD + BODY)
        self.assertEqual(
            (found.from_key, found.to_key, found.subject_key), ("ju\u0308rgen", "bob@example.com", "gru\u0308sse")
        )
        self.assertEqual((found.received_at, found.sent_at), (1_795_165_202, 1_795_165_197))
        self.assertEqual((found.root, found.root.type), (unpack(found.parts), "text/plain"))

    def test_a_message_without_a_body_has_a_preview_still(self) -> None:
        self.assertEqual(shown(b"Subject: x")["preview"], "")

    def test_accents_do_not_part_letters(self) -> None:
        keys = [parsed(f"From: {name} <x@y>\r\n\r\n".encode()).from_key for name in ("Alma", "Ämilie", "Berta", "Zoé")]
        self.assertEqual(keys, sorted(keys))

    def test_keys_are_short(self) -> None:
        found = parsed(b"From: %b <a@b.c>\nSubject: %b\n\n" % (b"N" * 999, b"S" * 999))
        self.assertEqual((found.from_key, found.subject_key), ("n" * LONGEST_KEY, "s" * LONGEST_KEY))

    def test_pictures_in_the_text_are_no_attachments(self) -> None:
        def related(fields: bytes) -> bytes:
            return (
                b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\nContent-Type: text/html\n\n'
                b'<img src="cid:1@x">\n--b\nContent-Type: image/png\n' + fields + b"\n\nx\n--b--\n"
            )

        for fields, offered in ((b"Content-ID: <1@x>", False), (b"Content-Disposition: attachment", True)):
            found = parsed(related(fields))
            self.assertEqual((found.has_attachment, json.loads(found.fragment)["hasAttachment"]), (offered, offered))

    def test_a_date_of_receipt_is_the_topmost_that_can_be_read(self) -> None:
        self.assertEqual(parsed(b"Received: from x\n" + HEAD + BODY).received_at, 1_795_165_202)
        late = b"Received: from x; Fri, 31 Dec 9999 23:59:59 -2359\n"
        self.assertEqual(parsed(late + HEAD + BODY).received_at, 1_795_165_202, "no year of four digits in UTC")
        self.assertIsNone(parsed(late + b"\n").received_at)
        self.assertIsNone(parsed(b"Received: from x; yesterday\nDate: Fri, 20 Nov 2026 10:00:02 +0100\n\n").received_at)


class ThreadTests(SynchronousTestCase):
    def test_answers_have_the_subject_of_what_they_answer(self) -> None:
        hashes = {subject(text).subject_hash for text in ("Hello", "Re: hello", "AW: [x] HELLO", "Fwd: Hello (fwd)")}
        self.assertEqual(len(hashes), 1)
        self.assertNotEqual(hashes, {subject("Goodbye").subject_hash})
        self.assertEqual(subject("Re:").subject_hash, parsed(b"From: a@b.c\n\n").subject_hash)
        self.assertEqual(subject("Re:").subject_key, "")

    def test_ids_of_all_fields_are_references(self) -> None:
        own = referring("Message-ID: <a@x>")
        self.assertEqual(len(own), 1)
        for field in ("In-Reply-To", "References", "Resent-Message-ID"):
            self.assertEqual(referring(f"{field}: <a@x>"), own)
            self.assertEqual(len(referring("Message-ID: <b@x>", f"{field}: <a@x>") - own), 1)
        self.assertEqual(referring("Subject: x"), frozenset())

    def test_hashes_have_63_bits(self) -> None:
        found = referring(f"References: {' '.join(f'<{number}@x>' for number in range(100))}")
        self.assertTrue(all(0 <= each < 1 << 63 for each in found))
        self.assertTrue(any(each >= 1 << 62 for each in found))

    def test_of_too_many_references_the_nearest_count(self) -> None:
        many = " ".join(f"<{number}@x>" for number in range(1000))
        found = referring("Message-ID: <own@x>", f"References: {many}")
        self.assertEqual(len(found), MOST_REFERENCES)
        self.assertLessEqual(referring("Message-ID: <own@x>") | referring("References: <999@x>"), found)
        self.assertFalse(referring("References: <0@x>") & found)

    def test_long_fields_count_as_far_as_they_are_near(self) -> None:
        many = " ".join(f"<{number}@x>" for number in range(6000))
        found = referring("Message-ID: <own@x>", f"References: {many}")
        self.assertEqual(len(found), MOST_REFERENCES)
        self.assertLessEqual(referring("Message-ID: <own@x>") | referring("References: <5999@x>"), found)
        long = "word " * 10_000
        self.assertEqual(subject(long).subject_hash, subject(f"{long} more").subject_hash)
        self.assertNotEqual(subject(long).subject_hash, subject("").subject_hash)


class HostileTests(SynchronousTestCase):
    def test_what_has_no_field_is_no_message(self) -> None:
        for data in (b"", b"\n", b"\r\n\r\nx", b"just text", b"From somebody Mon Jan 1\n\nx", b"\0" * 99):
            with self.assertRaises(NotAMessage):
                parsed(data)

    def test_a_long_field_is_left_to_the_message(self) -> None:
        people = b", ".join(b"Person %d <p%d@example.org>" % (number, number) for number in range(10_000))
        found = parsed(b"To: " + people + b"\nSubject: s\n\n")
        members = json.loads(found.fragment)
        self.assertNotIn("to", members)
        self.assertEqual((members["subject"], found.to_key), ("s", "person 0"))

    def test_a_fragment_is_bounded(self) -> None:
        people = b", ".join(b"p%d@example.org" % number for number in range(1000))
        fields = b"".join(b"%b: %b\n" % (name, people) for name in (b"From", b"To", b"Cc", b"Bcc", b"Sender"))
        found = parsed(fields + b"Subject: " + b"s" * 60_000 + b"\nMessage-ID: <x@y>\n\n")
        self.assertLess(len(found.fragment), len(FRAGMENT_NAMES) * (LONGEST_MEMBER + 40))
        self.assertEqual((found.from_key, found.subject_key), ("p0@example.org", "s" * LONGEST_KEY))

    def test_large_messages_take_bounded_time(self) -> None:
        part = b"--b\nContent-Type: text/plain\n\nx\n"
        messages = {
            "a header of a megabyte": b"X-A: " + b"a" * 70 + b"\n" + b"X-B: y\n" * 150_000 + b"\nx",
            "a field of a megabyte": b"To: " + b"a <b@c>, " * 120_000 + b"\n\nx",
            "folded": b"References: <a@b>\n" + b" <a@b>\n" * 150_000 + b"\nx",
            "encoded words": b"Subject: " + b"=?utf-8?q?=C3?= " * 4000 + b"\n\n",
            "parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + part * 1000,
            "depth": b"".join(
                b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(2000)
            ),
            "ten megabytes": b"Subject: x\n\n" + b"line of text\n" * 800_000,
        }
        for name, data in messages.items():
            begun = time.process_time()
            parsed(data)
            self.assertLess(time.process_time() - begun, 2, name)

    @settings(max_examples=150)
    @given(st.binary(max_size=300))
    @example(b"Subject: =?utf-7?q?+2AA-?=\n\n")
    @example(b"Subject: \xed\xa0\x80\n\n")
    @example(b"From: =?utf-16-le?b?ANg=?= <a@b>\nContent-Type: text/plain; charset=utf-16\n\n\x00\xd8")
    def test_nothing_else_is_raised(self, data: bytes) -> None:
        for each in (data, b"Subject:" + data, b"From:" + data, b"Content-Type:" + data, b"Date:" + data):
            try:
                found = parsed(each)
            except NotAMessage:
                continue
            self.assertLessEqual(set(json.loads(found.fragment)), set(FRAGMENT_NAMES))
            self.assertLessEqual(len(json.loads(found.fragment)["preview"]), 256)
