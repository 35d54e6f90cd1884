"""Lists of DAV against Cyrus: W7 sync-collection of 1,000 events, W7.inc after 10 changes, W10 PROPFIND of 500 files.

One run, rounds in turn. ``.new`` is the same while no answer can be given again: each request is another one. What
counts is operations per second; the CPU of the server with all its processes is told beside it. Also told is how long
the first octets of a PROPFIND of 2,000 files take.
"""

from __future__ import annotations

import argparse
import re
import socket
import time
from contextlib import suppress

from attrs import define, field

from bench.dav_calendar import Side, event, result
from bench.mail import Ours
from bench.measure import Result, Skipped, main, middle
from bench.peer import Cyrus

MOST = {"W7": 1 / 1.6, "W7.inc": 1 / 4.5, "W10": 1 / 12}
PROPERTIES = "<displayname/><getcontentlength/><getlastmodified/><getetag/><resourcetype/><getcontenttype/>"
FIND = f'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>{PROPERTIES}</prop></propfind>'
CHANGES = 10
FILES, MANY_FILES = 500, 2000
FIRST_OCTETS = 20.0


def sync(token: str) -> str:
    """A sync-collection."""
    asked = f"<sync-token>{token}</sync-token><sync-level>1</sync-level><prop><getetag/></prop>"
    return f'<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:">{asked}</sync-collection>'


@define
class Lists(Side):
    """A server with a calendar and folders."""

    files: str = ""
    first: list[float] = field(factory=list)

    def prepare(self, events: int) -> None:
        """Fill calendar and folders, make the requests, look at an answer of each kind."""
        self.authorize()
        calendar, folder, many = f"{self.home}lists/", f"{self.files}lists/", f"{self.files}many/"
        self.ask("MKCALENDAR", calendar)
        names = [f"ev-{number:05}" for number in range(events)]
        self.drive([self.put(calendar, name, event(name, 1)) for name in names], b"HTTP/1.1 20", 2, once=True)
        for path, count in ((folder, FILES), (many, MANY_FILES)):
            self.ask("MKCOL", path)
            puts = [self.request("PUT", f"{path}f-{number:04}.txt", f"text {number}", "") for number in range(count)]
            self.drive(puts, b"HTTP/1.1 20", 2, once=True)
        everything = self.ask("REPORT", calendar, sync(""))
        (token,) = re.findall("<[^<>]*sync-token>([^<]+)<", everything)
        changed = [self.put(calendar, name, event(name, 2)) for name in names[:CHANGES]]
        self.drive([each.replace(b"If-None-Match: *\r\n", b"") for each in changed], b"HTTP/1.1 20", 1, once=True)
        bodies = {"W7": (calendar, sync(""), events), "W7.inc": (calendar, sync(token), CHANGES)}
        for workload, (path, body, count) in (bodies | {"W10": (folder, FIND, FILES)}).items():
            method = "PROPFIND" if workload == "W10" else "REPORT"
            found = len(re.findall(r"[a-z]+-\d+\.(?:ics|txt)</", self.ask(method, path, body)))
            if found != count:
                raise RuntimeError(f"{self.target.name}: {found} members in {workload}")
            self.jobs[workload] = [self.request(method, path, body)], b"HTTP/1.1 207"
            others = (f"{body}<!-- {number} -->" for number in range(2000))
            self.jobs[f"{workload}.new"] = [self.request(method, path, each) for each in others], b"HTTP/1.1 207"
        self.jobs["first"] = [self.request("PROPFIND", many, f"{FIND}<!-- {n} -->") for n in range(100)], b""

    def measure_first(self) -> None:
        """How long the first octets of a long list take."""
        wanted, _ = self.jobs["first"]
        with socket.create_connection(("127.0.0.1", self.target.port)) as connection:
            begun = time.perf_counter()
            connection.sendall(wanted[len(self.first) % len(wanted)])
            connection.recv(1)
            self.first.append((time.perf_counter() - begun) * 1e3)


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads; without Cyrus the figures of the daemon alone."""
    ours = Lists(Ours(), "/dav/cal/one%40bench.test/", files="/dav/file/one%40bench.test/")
    sides = [ours]
    try:
        with suppress(Skipped):
            sides.append(Lists(Cyrus(), "/dav/calendars/user/user1/", files="/dav/drive/user/user1/"))
        for side in sides:
            side.prepare(options.events)
        workloads = [each for each in ours.jobs if each != "first"]
        for _ in range(options.rounds):
            for workload in workloads:
                for side in sides:
                    side.run(workload, options.milliseconds / 1000, 0)
            for _ in range(5):
                ours.measure_first()
        longest = f"{max(ours.first):.3g} ms at most"
        first = Result("first octets of 2,000 files", middle(ours.first), "ms", FIRST_OCTETS, longest)
        return [*(result(workload, sides, MOST.get(workload)) for workload in workloads), first]
    finally:
        for side in sides:
            side.target.stop()


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, events=1000, milliseconds=2000)
