"""Calendar objects and cards of the corpus (tests/corpus) as JSCalendar and JSContact: CPU for each file.

Each file is read and turned into an object, and written back with one member changed; the best of some rounds counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.measure import Result, main, middle, quantile
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import read_card
from tests.corpus import calendars, cards

ORDINARY = 16_384
"""Octets of the largest file that counts as ordinary."""


def result(name: str, given: Sequence[Any], work: Callable[[Any], object], rounds: int, limit: float) -> Result:
    """The 99th percentile in milliseconds."""
    times = []
    for each in given:
        best = float("inf")
        for _ in range(rounds):
            began = time.process_time()
            work(each)
            best = min(best, time.process_time() - began)
        times.append(best * 1000)
    note = f"median {middle(times):.3g} ms, most {max(times):.3g} ms, {len(given)} files"
    return Result(f"conversion: {name}, 99 of 100", quantile(times, 0.99), "ms", limit, note)


def run(options: argparse.Namespace) -> list[Result]:
    """All four."""
    events = [file.octets for file in calendars.files() if not {"none", "count"} & file.shown.keys()]
    events = [octets for octets in events if len(octets) <= ORDINARY]
    contacts = [file.octets for file in cards.files() if len(file.octets) <= ORDINARY]
    read = [(calendar, {**event_of(calendar), "title": "Other"}) for calendar in map(read_calendar, events)]
    known = [(card, {**card_of(card), "nicknames": {"k": {"name": "x"}}}) for card in map(read_card, contacts)]
    return [
        result("iCalendar to JSCalendar", events, lambda octets: event_of(read_calendar(octets)), options.rounds, 1),
        result("JSCalendar over iCalendar", read, lambda pair: calendar_of(pair[1], pair[0]), options.rounds, 2),
        result("vCard to JSContact", contacts, lambda octets: card_of(read_card(octets)), options.rounds, 2),
        result("JSContact over vCard", known, lambda pair: vcard_of(pair[1], pair[0]), options.rounds, 4),
    ]


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=10)
