"""What is wrong with a Card, and where."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import MOST_PROBLEMS, InvalidContact, check
from tests.codec.jscontact.made import JSON

WRONG: dict[str, Any] = {
    "@type": {"@type": "Person"},
    "version": {"version": "3.0"},
    "kind": {"kind": "robot"},
    "uid": {"uid": ""},
    "emails": {"emails": []},
    "emails/e f": {"emails": {"e f": {"address": "a@b"}}},
    "emails/e/address": {"emails": {"e": {}}},
    "emails/e/pref": {"emails": {"e": {"address": "a@b", "pref": 101}}},
    "emails/e/contexts/home": {"emails": {"e": {"address": "a@b", "contexts": {"home": True}}}},
    "emails/e/contexts/work": {"emails": {"e": {"address": "a@b", "contexts": {"work": False}}}},
    "emails/e/@type": {"emails": {"e": {"@type": "Phone", "address": "a@b"}}},
    "phones/p/features/cell": {"phones": {"p": {"number": "1", "features": {"cell": True}}}},
    "name": {"name": {}},
    "name/components": {"name": {"components": []}},
    "name/components/0/kind": {"name": {"components": [{"kind": "middle", "value": "x"}]}},
    "name/components/0/value": {"name": {"components": [{"kind": "given"}]}},
    "name/isOrdered": {"name": {"components": [{"kind": "given", "value": "x"}], "defaultSeparator": ","}},
    "name/sortAs/surname": {"name": {"components": [{"kind": "given", "value": "x"}], "sortAs": {"surname": "x"}}},
    "name/phoneticSystem": {"name": {"components": [{"kind": "given", "value": "x", "phonetic": "y"}]}},
    "organizations/o/units": {"organizations": {"o": {"units": []}}},
    "speakToAs": {"speakToAs": {}},
    "links/l/uri": {"links": {"l": {"uri": "no scheme"}}},
    "media/m/kind": {"media": {"m": {"uri": "a:b"}}},
    "preferredLanguages/l/language": {"preferredLanguages": {"l": {"language": "en_GB"}}},
    "addresses/a": {"addresses": {"a": {"contexts": {}}}},
    "addresses/a/countryCode": {"addresses": {"a": {"countryCode": "USA"}}},
    "addresses/a/coordinates": {"addresses": {"a": {"coordinates": "1,2"}}},
    "anniversaries/a/date": {"anniversaries": {"a": {"kind": "birth", "date": {"day": 1}}}},
    "anniversaries/b/date": {"anniversaries": {"b": {"kind": "birth", "date": {"month": 2, "day": 30}}}},
    "anniversaries/c/date/utc": {
        "anniversaries": {"c": {"kind": "birth", "date": {"@type": "Timestamp", "utc": "2020-01-01T00:00:00.0Z"}}}
    },
    "created": {"created": "2020-13-01T00:00:00Z"},
    "notes/n/author": {"notes": {"n": {"note": "x", "author": {}}}},
    "directories/d/listAs": {"directories": {"d": {"kind": "entry", "uri": "a:b", "listAs": 0}}},
    "keywords/x": {"keywords": {"x": 1}},
    "members": {"kind": "group", "members": ["x"]},
    "relatedTo/x/relation/boss": {"relatedTo": {"x": {"relation": {"boss": True}}}},
    "vCardProps/0": {"vCardProps": [["x-foo", {}, "text"]]},
    "emails/e/vCardParams/a b": {"emails": {"e": {"address": "a@b", "vCardParams": {"a b": "x"}}}},
    "extra": {"extra": 1},
    "Emails": {"Emails": {}},
    "some-name": {"some-name": 1},
    "-.example:x": {"-.example:x": 1},
    "localizations/fr/titles~1x~1name": {"localizations": {"fr": {"titles/x/name": "y"}}},
    "localizations/fr/id": {"localizations": {"fr": {"id": "x"}}},
    "localizations/fr/media~1m~1blobId": {
        "media": {"m": {"kind": "photo", "uri": "a:b"}},
        "localizations": {"fr": {"media/m/blobId": "x"}},
    },
    "localizations/f r": {"localizations": {"f r": {}}},
    "localizations/fr": {"localizations": {"fr": {"emails": 1}}},
}


def _wrong(pointer: str) -> None:
    def test(self: WrongTests) -> None:
        found = check({"uid": "u", **WRONG[pointer]})
        self.assertEqual([at for at, _ in found], [pointer])
        self.assertTrue(all(text for _, text in found))

    setattr(WrongTests, "test_" + re.sub(r"\W", "_", pointer), test)


class WrongTests(SynchronousTestCase):
    """RFC 9553 1.7, 2."""


for _pointer in WRONG:
    _wrong(_pointer)


class CheckingTests(SynchronousTestCase):
    def test_what_is_right(self) -> None:
        for card in (
            {"uid": "u"},
            {"uid": "u", "@type": "Card", "version": "2.0"},
            {"uid": "u", "example.com:foo": None, "somethingNew": [1], "kind": "example.com:robot"},
            {
                "uid": "u",
                "emails": {"e": {"@type": "EmailAddress", "address": "a@b", "contexts": {"example.com:x": True}}},
            },
            {"uid": "u", "name": {"full": "x"}, "localizations": {"fr": {"name/full": "y", "/name/example.com:z": 1}}},
        ):
            self.assertEqual(check(card), [])

    def test_a_uid_has_to_be_there(self) -> None:
        self.assertEqual([at for at, _ in check({})], ["uid"])

    def test_members_make_a_group(self) -> None:
        self.assertEqual([at for at, _ in check({"uid": "u", "members": {"x": True}})], ["kind"])

    def test_patches_within_each_other(self) -> None:
        card = {"uid": "u", "name": {"full": "x"}, "localizations": {"fr": {"name": {"full": "y"}, "name/full": "z"}}}
        self.assertEqual([at for at, _ in check(card)], ["localizations/fr/name~1full"])

    def test_no_more_problems_than_can_be_read(self) -> None:
        card = {"uid": "u", "emails": {f"e{number}": {} for number in range(1000)}}
        self.assertEqual(len(check(card)), MOST_PROBLEMS)

    def test_sizes(self) -> None:
        deep: Any = 1
        for _ in range(10_000):
            deep = [deep]
        for card in ({"uid": "u", "example.com:x": deep}, {"uid": "u", "example.com:x": [0] * 400_000}):
            self.assertEqual([at for at, _ in check(card)], [""])
        for value in (float("nan"), 2**70, "\ud800", {"\ud800": 1}, b"x"):
            self.assertEqual([at for at, _ in check({"uid": "u", "example.com:x": value})], ["example.com:x"])

    def test_the_error_tells_all(self) -> None:
        error = InvalidContact([("emails/e", "is wrong")])
        self.assertEqual((error.properties, error.problems), (("emails/e",), [("emails/e", "is wrong")]))
        self.assertIn("emails/e: is wrong", error.detail)

    @given(JSON)
    def test_any_json_can_be_looked_at(self, value: Any) -> None:
        check(value)
        for member in ("name", "emails", "addresses", "anniversaries", "localizations", "vCardProps", "relatedTo"):
            check({"uid": "u", member: value})
            check({"uid": "u", member: {"k": value}})
