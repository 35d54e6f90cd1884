"""Calendars, contacts and files over JMAP: CPU of the server for a request, by /proc.

A month of a calendar of 10,000 events, by itself and with its instances; a word in 20,000 cards, a page of them by
surname; pages of a folder of 100,000 files by name. Each request is another one, so that no answer is given again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

from bench.dav_contacts import surname
from bench.mail import Client, Ours
from bench.measure import Result, cpu_seconds, main, middle, spread

USING = [f"urn:ietf:params:jmap:{name}" for name in ("core", "calendars", "contacts", "filenode")]
MOST = {"month of events": 5.0}
AT_ONCE = 500
PAGE = 50
_PER_MONTH = 344


class Collaboration:
    """One account of the daemon with much in it."""

    def __init__(self, target: Ours) -> None:
        self._target = target
        self._client = Client(target, *target.users[0])

    def ask(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one call."""
        call = [name, {"accountId": self._client.account, **arguments}, "0"]
        body = json.dumps({"using": USING, "methodCalls": [call]})
        ((answered, answer, _),) = self._client._answer("POST", self._client.path, body)["methodResponses"]
        if answered != name or answer.get("notCreated"):
            raise RuntimeError(answer)
        found: dict[str, Any] = answer
        return found

    def fill(self, type: str, count: int, made: Callable[[int], dict[str, Any]]) -> None:
        """Make so many objects."""
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            self.ask(f"{type}/set", create={str(number): made(number) for number in numbers})

    def cost(self, requests: Iterator[tuple[str, dict[str, Any]]], count: int) -> float:
        """Milliseconds of CPU for each of so many requests."""
        before = cpu_seconds(self._target.pid)
        for _ in range(count):
            name, arguments = next(requests)
            self.ask(name, **arguments)
        return (cpu_seconds(self._target.pid) - before) / count * 1000


def event(number: int, calendar: str) -> dict[str, Any]:
    """Every tenth one recurs, for as long as a month."""
    month, rest = divmod(number, _PER_MONTH)
    start = f"{2027 + month // 12}-{month % 12 + 1:02}-{rest % 28 + 1:02}T{rest % 24:02}:00:00"
    made = {"title": f"Event {number}", "start": start, "timeZone": "Europe/Berlin", "duration": "PT1H"}
    rule = {"recurrenceRule": {"frequency": "weekly", "count": 4}} if number % 10 == 0 else {}
    return {"calendarIds": {calendar: True}, **made, **rule}


def card(number: int, book: str) -> dict[str, Any]:
    """Somebody with an address and a number."""
    last = f"{surname(number % 50)}{number}"
    parts = [{"kind": "given", "value": f"Person{number}"}, {"kind": "surname", "value": last}]
    return {
        "addressBookIds": {book: True},
        "name": {"components": parts, "full": f"Person{number} {last}"},
        "emails": {"e": {"address": f"person{number}@company.example"}},
        "phones": {"p": {"number": f"+49 170 {number:07}"}},
    }


def months() -> Iterator[dict[str, Any]]:
    """Conditions for a month, none twice."""
    for shift in range(10_000):
        month, second = shift % 24, shift // 24
        first, following = (f"{2027 + each // 12}-{each % 12 + 1:02}-01" for each in (month, month + 1))
        minute = f"{second // 60 % 60:02}:{second % 60:02}"
        yield {"after": f"{first}T00:{minute}", "before": f"{following}T00:{minute}"}


def workloads(calendar: str, folder: str) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
    """The requests of each."""
    by_name, by_surname = [{"property": "name"}], [{"property": "name/surname"}]
    inside = {"filter": {"parentId": folder}, "sort": by_name, "limit": PAGE}
    start = [{"property": "start"}]
    return {
        "month of events": (
            ("CalendarEvent/query", {"filter": {"inCalendar": calendar, **month}}) for month in months()
        ),
        "its instances, in order": (
            ("CalendarEvent/query", {"filter": month, "sort": start, "expandRecurrences": True}) for month in months()
        ),
        "word in cards": (("ContactCard/query", {"filter": {"text": f"person{n}"}}) for n in range(100, 10_000)),
        "cards by surname": (
            ("ContactCard/query", {"sort": by_surname, "position": n, "limit": PAGE}) for n in range(10_000)
        ),
        "first files of a folder": (("FileNode/query", {**inside, "position": n}) for n in range(10_000)),
        "files in its middle": (("FileNode/query", {**inside, "position": 50_000 + n}) for n in range(10_000)),
    }


def run(options: argparse.Namespace) -> list[Result]:
    """All of it, in turn."""
    ours = Ours()
    try:
        side = Collaboration(ours)
        (calendar,) = (each["id"] for each in side.ask("Calendar/get", ids=None)["list"])
        (book,) = (each["id"] for each in side.ask("AddressBook/get", ids=None)["list"])
        side.fill("CalendarEvent", options.events, lambda number: event(number, calendar))
        side.fill("ContactCard", options.cards, lambda number: card(number, book))
        folder = side.ask("FileNode/set", create={"k": {"name": "many"}})["created"]["k"]["id"]
        side.fill("FileNode", options.files, lambda number: {"name": f"{number % 997} {number}", "parentId": folder})
        wanted = workloads(calendar, folder)
        costs: dict[str, list[float]] = {name: [] for name in wanted}
        for _ in range(options.rounds + 1):
            for name, requests in wanted.items():
                costs[name].append(side.cost(requests, options.requests))
        return [
            Result(f"JMAP, {name}", middle(each[1:]), "ms", MOST.get(name), f"CPU {spread(each[1:], 'ms')}")
            for name, each in costs.items()
        ]
    finally:
        ours.stop()


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=5, requests=40, events=10_000, cards=20_000, files=100_000)
