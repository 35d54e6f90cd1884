"""Lines as entries of maps, and what of their parameters is left."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.entries import objects_of
from stalwart.codec.jscontact.vocabulary import ENTRIES
from stalwart.codec.vcard.lines import property_of


def read(line: str) -> tuple[list[dict[str, Any]] | None, set[str]]:
    """What a line makes, and which parameters are left."""
    item = property_of(line)
    assert item is not None
    given = dict(item.parameters)
    return objects_of(item, ENTRIES[item.name], given), set(given)


class EntryTests(SynchronousTestCase):
    def test_lines(self) -> None:
        for line, found, left in (
            ("TEL;TYPE=CELL;TYPE=pref:1", [{"number": "1", "features": {"mobile": True}, "pref": 1}], set()),
            ("TEL;TYPE=mobile,x:1", [{"number": "1", "features": {"mobile": True}}], {"TYPE"}),
            ("TEL;PREF=0:1", [{"number": "1"}], {"PREF"}),
            ("NICKNAME;PREF=2:a,b", [{"name": "a", "pref": 2}, {"name": "b", "pref": 2}], set()),
            (
                "IMPP;X-SERVICE-TYPE=Skype:jane",
                [{"user": "jane", "vCardName": "impp", "service": "Skype"}],
                {"X-SERVICE-TYPE"},
            ),
            ("SOCIALPROFILE;VALUE=text;SERVICE-TYPE=X:p", [{"user": "p", "service": "X"}], {"VALUE"}),
            ("ORG:;Sales", [{"units": [{"name": "Sales"}]}], set()),
            ("ORG;SORT-AS=a,b:A;B", [{"name": "A", "sortAs": "a", "units": [{"name": "B", "sortAs": "b"}]}], set()),
            ("ADR;LABEL=a^nb:;;;;;;", [{"full": "a\nb"}], set()),
            ("ADR;CC=USA:;;x", [{"components": [{"kind": "name", "value": "x"}]}], {"CC"}),
            ("HOBBY;LEVEL=most:x", [{"kind": "hobby", "value": "x"}], {"LEVEL"}),
            ("NOTE;AUTHOR=x:y", [{"note": "y"}], {"AUTHOR"}),
        ):
            self.assertEqual(read(line), (found, left), line)

    def test_nothing_is_nothing(self) -> None:
        for line in ("TEL:", "ADR:;;;;;;", "ORG:;;", "NOTE: ", "NICKNAME:,", "URL:", "IMPP:", "LANG:"):
            self.assertEqual(read(line)[0], [], line)

    def test_what_jscontact_cannot_say(self) -> None:
        for line in ("PHOTO:face.jpg", "KEY;VALUE=text:x", "LANG:a b", "EMAIL:a\\nb", "CALADRURI:me"):
            self.assertIsNone(read(line)[0], line)
