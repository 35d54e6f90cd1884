"""Calendars against Cyrus: W5.8 PUT of new events over eight connections, W6 calendar-query of one week in 1,000 events
of which 10 % recur, with data, W8 calendar-multiget of 50.

One run, rounds in turn; a round fills a calendar of its own for W5.8. ``W6.new`` and ``W8.new`` are the same after each
time a change of another event, so that no answer can be given again. What counts is operations per second; the CPU of
the server with all its processes is told beside it.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import http.client
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from attrs import define, field

from bench.load import Load, requests
from bench.mail import Ours, Target
from bench.measure import Result, Skipped, main, middle
from bench.peer import Cyrus, tree_cpu_seconds

FIRST_DAY = datetime.date(2026, 1, 1)
WEEKS = 20
MOST = {"W5.8": 1 / 16, "W6": 1 / 44, "W8": 1 / 5.3}
_NUMBERS = count()
_ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def event(uid: str, number: int, *, weekly: bool = False) -> str:
    """An event of an hour on a day of the year; a weekly one begins in its first two weeks."""
    chance = random.Random(number)
    day = FIRST_DAY + datetime.timedelta(days=chance.randrange(14 if weekly else 365))
    start = f"{day:%Y%m%d}T{chance.randrange(7, 19):02}{chance.choice((0, 15, 30, 45)):02}00"
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n{_ZONE}BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART;TZID=Europe/Berlin:{start}\nDURATION:PT1H\nSUMMARY:Meeting {uid}\n"
        f"LOCATION:Room {chance.randrange(40)}\n"
        "DESCRIPTION:Agenda of the meeting\\, with a few words of text\nSEQUENCE:0\n"
        f"{'RRULE:FREQ=WEEKLY' + chr(10) if weekly else ''}END:VEVENT\nEND:VCALENDAR\n"
    )
    return text.replace("\n", "\r\n")


def query(week: int) -> str:
    """A calendar-query of one week with data."""
    start = FIRST_DAY + datetime.timedelta(days=60 + 7 * week)
    end = start + datetime.timedelta(days=7)
    return (
        '<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        '<prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR">'
        '<C:comp-filter name="VEVENT">'
        f'<C:time-range start="{start:%Y%m%d}T000000Z" end="{end:%Y%m%d}T000000Z"/></C:comp-filter></C:comp-filter>'
        "</C:filter></C:calendar-query>"
    )


def multiget(paths: list[str]) -> str:
    """A calendar-multiget."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><C:calendar-multiget xmlns="DAV:" '
        'xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/></prop>'
        + "".join(f"<href>{path}</href>" for path in paths)
        + "</C:calendar-multiget>"
    )


@define
class Side:
    """A server with its figures: by workload, the times of an operation and its CPU, one of each round."""

    target: Target
    home: str
    authorization: str = field(init=False)
    jobs: dict[str, tuple[list[bytes], bytes]] = field(factory=dict)
    times: dict[str, list[float]] = field(factory=dict)
    costs: dict[str, list[float]] = field(factory=dict)
    texts: dict[str, str] = field(factory=dict)

    def prepare(self, events: int) -> None:
        """Fill the calendar, make the requests, look at one answer of each kind."""
        self.authorize()
        path = f"{self.home}bench/"
        self.ask("MKCALENDAR", path)
        names = [f"ev-{number:05}" for number in range(events)]
        puts = [self.put(path, name, event(name, number, weekly=number % 10 == 0)) for number, name in enumerate(names)]
        self.drive(puts, b"HTTP/1.1 20", 2, once=True)
        paths = [f"{path}{name}.ics" for name in names]
        self.jobs["W6"] = [self.request("REPORT", path, query(week)) for week in range(WEEKS)], b"BEGIN:VEVENT"
        groups = [paths[at : at + 50] for at in range(0, events, 50)]
        self.jobs["W8"] = [self.request("REPORT", path, multiget(each)) for each in groups], b"BEGIN:VEVENT"
        found = len(re.findall("BEGIN:VEVENT", self.ask("REPORT", path, query(5))))
        if (
            not events / 10 <= found < events / 5
            or self.ask("REPORT", path, multiget(paths[:50])).count("VEVENT") != 100
        ):
            raise RuntimeError(f"{self.target.name}: not the right answers: {found} events in a week")
        for workload in ("W6", "W8"):
            wanted, _ = self.jobs[workload]
            changing = self.put(path, "changing", event("changing", 1)).replace(b"If-None-Match: *\r\n", b"")
            turns = [
                changing.replace(b"SEQUENCE:0", b"SEQUENCE:%d" % (number % 10)) if each is None else each
                for number in range(30)
                for one in wanted
                for each in (None, one)
            ]
            self.jobs[f"{workload}.new"] = turns, b"HTTP/1.1 20"

    def authorize(self) -> None:
        """Whose requests they are."""
        login, password = self.target.users[0]
        self.authorization = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()

    def ask(self, method: str, path: str, body: str = "") -> str:
        """The body of an answer, which is no error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.target.port, timeout=60)
        headers = {"Authorization": self.authorization, "Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return text

    def request(self, method: str, path: str, body: str, fields: str = "Depth: 1\r\n") -> bytes:
        """A request as it is sent."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {self.authorization}\r\n{fields}"
        kind = "calendar" if method == "PUT" else "xml"
        return f"{head}Content-Type: text/{kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    def put(self, path: str, name: str, text: str) -> bytes:
        """A PUT of a new event."""
        return self.request("PUT", f"{path}{name}.ics", text, "If-None-Match: *\r\n")

    def drive(self, wanted: list[bytes], sign: bytes, connections: int, seconds: float = 0, once: bool = False) -> Load:
        """Requests in turn."""
        address = "127.0.0.1", self.target.port
        return requests(address, wanted, sign, connections, seconds, quickack=self.target.name == "Cyrus", once=once)

    def run(self, workload: str, seconds: float, most: int) -> None:
        """One round."""
        wanted, sign = self.jobs.get(workload, ([], b""))
        connections = 1 if workload.endswith(".new") else 4
        if workload == "W5.8":
            number = next(_NUMBERS)
            path, sign, connections = f"{self.home}put-{number}/", b"HTTP/1.1 20", 8
            self.ask("MKCALENDAR", path)
            wanted = [self.put(path, f"put-{each}", event(f"put-{each}-{number}", each)) for each in range(most)]
        before = tree_cpu_seconds(self.target.pid)
        load = self.drive(wanted, sign, connections, seconds, once=workload == "W5.8")
        spent = tree_cpu_seconds(self.target.pid) - before
        self.times.setdefault(workload, []).append(1 / load.rate)
        self.costs.setdefault(workload, []).append(spent / load.count)
        self.texts[workload] = load.shown()


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads; without Cyrus the figures of the daemon alone."""
    ours = Side(Ours(), "/dav/cal/one%40bench.test/")
    sides = [ours]
    try:
        with suppress(Skipped):
            sides.append(Side(Cyrus(), "/dav/calendars/user/user1/"))
        for side in sides:
            side.prepare(options.events)
        workloads = ("W5.8", "W6", "W6.new", "W8", "W8.new")
        for _ in range(options.rounds):
            for workload in workloads:
                for side in sides:
                    side.run(workload, options.milliseconds / 1000, 4000 if side is ours else 1000)
        return [result(workload, sides, MOST.get(workload)) for workload in workloads]
    finally:
        for side in sides:
            side.target.stop()


def result(workload: str, sides: Sequence[Side], most: float | None) -> Result:
    """What came of a workload; ``most`` is what a request may take, of the time of Cyrus."""
    told = "; ".join(
        f"{side.target.name} {side.texts[workload]}, CPU {middle(side.costs[workload]) * 1e3:.3g} ms" for side in sides
    )
    ours = sides[0].times[workload]
    if len(sides) < 2:
        return Result(f"{workload}: time", middle(ours) * 1e3, "ms", None, told)
    ratio = middle([one / other for one, other in zip(ours, sides[1].times[workload], strict=True)])
    return Result(f"{workload}: time against Cyrus", ratio, "x", most, f"{1 / ratio:.3g} times; {told}")


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, events=1000, milliseconds=3000)
