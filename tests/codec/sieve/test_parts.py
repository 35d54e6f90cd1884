"""The smaller parts: ``stalwart.codec.sieve.texts``, ``dates``, ``flags``, ``message`` and ``world``.

``stalwart.codec.sieve.actions`` are values; their words are in ``stalwart.codec.sieve.grammar``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve import dates, flags, message, texts, world
from stalwart.codec.sieve.actions import Filing
from stalwart.codec.sieve.syntax import SieveError
from stalwart.codec.sieve.world import Budget, Folder, folders_of
from tests.codec.sieve.scripts import MAIL
from tests.codec.sieve.scripts import message as mail


class TextTests(SynchronousTestCase):
    """Strings with something in them."""

    def test_filled(self) -> None:
        template = texts.template("a${B}${1}${2}c")
        self.assertEqual(texts.filled(template, {"b": "x"}, ("w", "y"), 100), "axyc")
        self.assertEqual(texts.filled(template, {"b": "x" * 10}, (), 5), "axxxx")
        self.assertEqual(texts.filled("plain", {}, (), 2), "plain")

    def test_nothing_to_fill(self) -> None:
        for text in ("", "$", "${", "${}", "${a b}", "${a", "{a}"):
            self.assertEqual(texts.template(text), text)

    def test_decoded(self) -> None:
        for text, expected in {
            "${hex:24 24}": "$$",
            "${HEX: c3 a4 }": "ä",
            "${hex:}": "${hex:}",
            "${hex:123}": "${hex:123}",
            "${unicode:1F600 41}": "\U0001f600A",
            "${unicode:1234567}": "${unicode:1234567}",
        }.items():
            self.assertEqual(texts.decode(text), expected)
        self.assertRaises(texts.InvalidText, texts.decode, "${unicode:110000}")


class DateTests(SynchronousTestCase):
    """Parts of dates (RFC 5260 4.2)."""

    def test_parts(self) -> None:
        moment = datetime(2024, 2, 29, 3, 5, 9, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
        expected = {
            "year": "2024",
            "month": "02",
            "day": "29",
            "date": "2024-02-29",
            "julian": "60369",
            "hour": "03",
            "minute": "05",
            "second": "09",
            "time": "03:05:09",
            "iso8601": "2024-02-29T03:05:09-03:30",
            "std11": "Thu, 29 Feb 2024 03:05:09 -0330",
            "zone": "-0330",
            "weekday": "4",
        }
        self.assertEqual({name: dates.part(moment, name) for name in dates.PARTS}, expected)

    def test_zones(self) -> None:
        self.assertEqual(dates.zone("+0130"), timezone(timedelta(minutes=90)))
        self.assertEqual([dates.zone(text) for text in ("0100", "+2400", "+01:00", "")], [None] * 4)
        end = datetime(9999, 12, 31, 23, tzinfo=UTC)
        self.assertEqual(dates.in_zone(end, timezone(timedelta(hours=5))), end)

    def test_fields(self) -> None:
        self.assertIsNone(dates.of_field("no date"))
        found = dates.of_field("from a; by b; Mon, 1 Jan 2024 10:00:00 +0100")
        self.assertEqual(found, datetime(2024, 1, 1, 9, tzinfo=UTC))


class FlagTests(SynchronousTestCase):
    """Flags and keywords."""

    def test_keywords(self) -> None:
        found = flags.listed([r"\Seen \Deleted $Forwarded", r"\seen NonJunk", r"\Foo a(b"])
        self.assertEqual(found, (r"\Seen", r"\Deleted", "$Forwarded", "NonJunk"))
        self.assertEqual(flags.keywords(found), {"$seen", "$forwarded", "nonjunk"})

    def test_many(self) -> None:
        self.assertEqual(len(flags.listed([" ".join(f"a{n}" for n in range(1000))])), flags.MOST)


class MessageTests(SynchronousTestCase):
    """Fields and bodies."""

    def test_fields(self) -> None:
        on = mail()
        self.assertEqual(on.texts(["subject"]), ["I have a präsent for you"])
        self.assertEqual(on.count("RECEIVED"), 2)
        self.assertEqual(on.raw(["received"], 1, True), [" from c by a; Mon, 1 Apr 2002 22:30:00 -0800"])
        self.assertEqual(on.raw(["received"], 3), [])
        self.assertEqual(on.addresses(["To", "to"]), ["roadrunner+birds@acme.example", "bob@other.example"])
        self.assertEqual((on.version(), on.heads()), (0, ()))

    def test_bodies(self) -> None:
        on = mail()
        self.assertEqual(
            [each.strip() for each in on.bodies(None)], ["Look, I'm sorry about the whole anvil thing", "The anvil"]
        )
        self.assertEqual(on.bodies(["TEXT/html"]), ['<p title="secret">The <b>anv</b>il</p>'])
        self.assertEqual(on.bodies(["application"]), [])
        self.assertTrue(on.raw_body().startswith("--b\n\nLook"))

    def test_a_message_without_a_header(self) -> None:
        on = mail("\r\nonly a body")
        self.assertEqual((on.fields, on.raw_body()), ([], "only a body"))

    def test_huge_fields_are_read_in_part(self) -> None:
        on = mail("Subject: " + "x" * 1_000_000 + "\r\n\r\n")
        self.assertEqual(len(on.texts(["subject"])[0]), message.LONGEST_VALUE - 1)

    def test_an_unchanged_header_is_no_version(self) -> None:
        on = mail()
        on.delete("X-None", None, False, lambda text: True)
        self.assertEqual(on.version(), 0)
        on.delete("X-Empty", None, False, lambda text: True)
        self.assertEqual((on.version(), on.version(), len(on.heads())), (1, 1, 1))
        self.assertEqual(len(on.with_head(on.heads()[0])), len(MAIL.encode()) - len("X-Empty:\r\n"))


class WorldTests(SynchronousTestCase):
    """Folders and steps."""

    def test_folders(self) -> None:
        found = folders_of([Folder("a", "Eingang", "inbox"), Folder("b", "Bücher/Neue")])
        self.assertEqual(found.named("INBOX"), found.by_id["a"])
        self.assertEqual(found.named("/bücher / NEUE"), found.by_id["b"])
        self.assertIsNone(found.named("Neue"))
        self.assertEqual(world.path_key(" A/b "), "a/b")

    def test_the_inbox(self) -> None:
        self.assertTrue(Filing().is_inbox and Filing("INBOX").is_inbox)
        self.assertFalse(Filing("INBOX", special_use="junk").is_inbox)

    def test_steps(self) -> None:
        budget = Budget(10, 1e9, lambda: 0.0, line=7)
        budget.spend(10)
        self.assertEqual(self.assertRaises(SieveError, budget.spend, 1).line, 7)
