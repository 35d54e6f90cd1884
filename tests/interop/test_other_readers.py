"""The corpus as the libraries icalendar and vobject read it, before and after it was JSCalendar and JSContact; and what
these libraries write. They come with the DAV clients (``tests/interop/clients/prepare``).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conversion import converted
from tests.corpus import calendars, cards
from tests.interop.dav_clients import PYTHON

READER = Path(__file__).parent / "clients/reader.py"


def run(task: str, given: Any = None) -> Any:
    """What the libraries say."""
    done = subprocess.run(
        [str(PYTHON / "python"), "-W", "ignore", str(READER), task],
        input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True, timeout=300,
    )  # fmt: skip
    return json.loads(done.stdout)


class OtherReaderTests(SynchronousTestCase):
    maxDiff = None

    def test_events_say_the_same_when_they_are_written_anew(self) -> None:
        files = [each for each in calendars.files() if "none" not in each.shown and len(each.octets) < 100_000]
        texts, again = [], []
        for file in files:
            calendar = read_calendar(file.octets)
            texts.append(calendar.text())
            again.append(calendar_of(event_of(calendar, has_leftovers=True)).text())
        before, after = run("read", texts), run("read", again)
        compared = 0
        for file, one, other in zip(files, before, after, strict=True):
            if isinstance(one, list) and file.label not in _READ_OTHERWISE:
                self.assertEqual(other, one, file.label)
                compared += 1
        self.assertGreaterEqual(compared, 335)

    def test_cards_say_the_same_when_they_are_written_anew(self) -> None:
        files = [each for each in cards.files() if len(each.octets) < 100_000]
        texts = [converted(read_card(each.octets), "3.0").text() for each in files]
        again = [converted(read_card(vcard_of(card_of(each.octets)).encode()), "3.0").text() for each in files]
        before, after = run("read", texts), run("read", again)
        compared = 0
        for file, one, other in zip(files, before, after, strict=True):
            if isinstance(one, dict) and file.label not in _READ_OTHERWISE:
                self.assertEqual(other, one, file.label)
                compared += 1
        self.assertGreaterEqual(compared, 160)

    def test_what_the_libraries_write(self) -> None:
        made = run("write")
        self.assertEqual(len(made), 48)
        for kind, text in made:
            if kind == "vcard":
                vcard = read_card(text.encode())
                card = card_of(vcard)
                self.assertEqual(vcard_of(card, vcard), converted(vcard, "4.0").text())
                self.assertEqual(card["organizations"][next(iter(card["organizations"]))]["name"], "Firma, AG")
                self.assertIn({"kind": "surname", "value": "Müller; M"}, card["name"]["components"])
                self.assertIn("eins\nzwei, drei; vier \\ fünf", next(iter(card["notes"].values()))["note"])
                continue
            calendar = read_calendar(text.encode())
            event = event_of(calendar)
            self.assertEqual(calendar_of(event, calendar).octets(), calendar.octets())
            self.assertRegex(event["title"], r"^Größe \d+; a, b\\c\nnext$")
            if kind == "icalendar":
                self.assertEqual(event["keywords"], {"one": True, "two, three": True})
                self.assertEqual(event["locations"][event["mainLocationId"]]["name"], "Straße 1, Łódź")
                self.assertEqual(event["duration"], "P2D" if event.get("showWithoutTime") else "PT45M")

    if not (PYTHON / "python").exists():
        skip = "icalendar and vobject: see tests/interop/clients/prepare"


_READ_OTHERWISE = frozenset(
    f"Odd/{name}"
    for name in (
        *("offset-zone", "offset-with-minutes", "offset-with-colon", "offset-alone", "small-zone"),  # no zones there
        *("display-name", "display-name-of-old"),
        *("escaped", "zone-and-utc", "unescaped"),  # other opinions of what should not be written
        *("end-before-start", "day-to-moment", "day-of-no-length", "until-and-count", "excluded-days"),  # mended by us
        *("extra-dates-with-length", "participants"),  # the same in other words: an instance, a derived LOCATION
    )
) | {"iCal 4/long", "WordPress/the-events-calendar"}
"""What these libraries see otherwise, or not at all, before and after."""
