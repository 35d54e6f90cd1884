"""Parts of a Card as lines."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.drafting import SINGLE, Context, entry_for, full_name, lines_of
from tests.codec.jscontact.figures import component


def drafted(key: tuple[str, ...], value: Any, **context: Any) -> list[str]:
    """Lines, unfolded."""
    return [each.line for each in lines_of(key, value, Context(**context))]


class DraftingTests(SynchronousTestCase):
    def test_lines(self) -> None:
        for key, value, expected in (
            (("kind",), "org", ["KIND:org"]),
            (("uid",), "a;b", ["UID:a\\;b"]),
            (("uid",), "urn:x:a;b", ["UID:urn:x:a;b"]),
            (("updated",), "2020-01-01T00:00:00Z", ["REV:20200101T000000Z"]),
            (("keywords",), {"a,b": True, "c": True}, ["CATEGORIES:a\\,b,c"]),
            (("members", "urn:x:1"), True, ["MEMBER:urn:x:1"]),
            (("relatedTo", "Jo"), {"relation": {"friend": True}}, ["RELATED;VALUE=text;TYPE=friend:Jo"]),
            (("speakToAs", "grammaticalGender"), "neuter", ["GRAMGENDER:neuter"]),
            (("speakToAs", "pronouns", "p"), {"pronouns": "xe"}, ["PRONOUNS;PROP-ID=p:xe"]),
            (("phones", "p"), {"number": "tel:+1;ext=2"}, ["TEL;VALUE=uri;PROP-ID=p:tel:+1;ext=2"]),
            (
                ("onlineServices", "o"),
                {"user": "x", "service": "Y"},
                ["SOCIALPROFILE;SERVICE-TYPE=Y;VALUE=text;PROP-ID=o:x"],
            ),
            (("media", "m"), {"kind": "example.com:x", "uri": "a:b"}, []),
            (("anniversaries", "a"), {"kind": "example.com:x", "date": {"year": 1}}, []),
            (
                ("anniversaries", "a"),
                {"kind": "death", "date": {"year": 1999}, "place": {"coordinates": "geo:1,2"}},
                ["DEATHDATE;PROP-ID=a:1999", "DEATHPLACE;VALUE=uri:geo:1,2"],
            ),
            (
                ("personalInfo", "p"),
                {"kind": "expertise", "value": "x", "level": "high", "listAs": 1},
                ["EXPERTISE;LEVEL=expert;INDEX=1;PROP-ID=p:x"],
            ),
        ):
            self.assertEqual(drafted(key, value), expected)

    def test_groups_labels_languages(self) -> None:
        self.assertEqual(
            drafted(("emails", "e"), {"address": "a@b", "label": "x"}, group="g"),
            ["g.EMAIL;PROP-ID=e:a@b", "g.X-ABLabel:x"],
        )
        self.assertEqual(
            drafted(("titles", "t"), {"name": "Boss", "kind": "title"}, altid="7", local={"fr": {"name": "Patron"}}),
            ["TITLE;ALTID=7;PROP-ID=t:Boss", "TITLE;LANGUAGE=fr;ALTID=7:Patron"],
        )
        self.assertEqual(
            drafted(("phones", "p"), {"number": "1"}, altid="7", local={"fr": {"number": "2"}}), ["TEL;PROP-ID=p:1"]
        )

    def test_full_names(self) -> None:
        parts = [component("surname", "Doe"), component("given", "Jane"), component("title", "Dr.")]
        self.assertEqual(full_name({"components": parts}), "Dr. Jane Doe")
        ordered = [parts[0], component("separator", ", "), parts[1]]
        self.assertEqual(full_name({"components": ordered, "isOrdered": True}), "Doe, Jane")

    def test_which_property(self) -> None:
        entry = entry_for(("onlineServices",), {"vCardName": "impp"})
        assert entry is not None
        self.assertEqual(entry.property, "IMPP")
        self.assertIsNone(entry_for(("calendars",), {"kind": "example.com:x"}))
        self.assertIn("uid", SINGLE)
