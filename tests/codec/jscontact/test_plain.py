"""The plainest form of a Card."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.plain import parameters, plain
from tests.codec.jscontact.figures import component


class PlainTests(SynchronousTestCase):
    def test_what_goes_without_saying(self) -> None:
        card = {
            "uid": "u",
            "version": "2.0",
            "phones": {},
            "example.com:x": None,
            "emails": {"e": {"@type": "EmailAddress", "address": "a", "contexts": {}, "vCardParams": {"X-A": ["1"]}}},
            "titles": {"t": {"name": "x"}},
            "relatedTo": {"x": {}},
            "name": {"components": [component("given", "a"), component("surname", "b")], "isOrdered": False},
            "anniversaries": {
                "a": {"kind": "birth", "date": {"@type": "PartialDate", "year": 1}},
                "b": {"kind": "death", "date": {"@type": "Timestamp", "utc": "2020-01-01T00:00:00Z"}},
            },
            "onlineServices": {
                "o": {"user": "x", "vCardName": "SocialProfile"},
                "p": {"user": "x", "vCardName": "IMPP"},
            },
            "localizations": {"fr": {"/titles/t/name": "y"}, "de": {}},
            "vCardProps": [["X-Foo", {"X-A": ["1"]}, "TEXT", "x"]],
        }
        self.assertEqual(
            plain(card),
            {
                "@type": "Card",
                "version": "1.0",
                "uid": "u",
                "emails": {"e": {"address": "a", "vCardParams": {"x-a": "1"}}},
                "titles": {"t": {"name": "x", "kind": "title"}},
                "relatedTo": {"x": {"relation": {}}},
                "name": {"components": [component("surname", "b"), component("given", "a")]},
                "anniversaries": {
                    "a": {"kind": "birth", "date": {"year": 1}},
                    "b": {"kind": "death", "date": {"@type": "Timestamp", "utc": "2020-01-01T00:00:00Z"}},
                },
                "onlineServices": {"o": {"user": "x"}, "p": {"user": "x", "vCardName": "impp"}},
                "localizations": {"fr": {"titles/t/name": "y"}},
                "vCardProps": [["x-foo", {"x-a": "1"}, "text", "x"]],
            },
        )
        self.assertEqual(parameters({"A": ["1", "2"]}), {"a": ["1", "2"]})
