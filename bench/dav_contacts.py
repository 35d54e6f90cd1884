"""Address books against Cyrus: W9 addressbook-query for part of a name, 20 of 1,000 cards, with their data.

One run, rounds in turn. ``.new`` is the same while no answer can be given again: each request is another one.
``.read`` asks for what no index knows.
What counts is operations per second; the CPU of the server with all its processes is told beside it.
"""

from __future__ import annotations

import argparse
import random
from contextlib import suppress

from attrs import define

from bench.dav_calendar import Side, result
from bench.mail import Ours
from bench.measure import Result, Skipped, main
from bench.peer import Cyrus
from stalwart.codec.content_lines import folded

MOST = {"W9": 1 / 5}
SURNAMES = 50
_SYLLABLES = (
    "ba",
    "ber",
    "du",
    "fin",
    "gal",
    "hof",
    "ker",
    "lan",
    "mo",
    "nor",
    "ra",
    "sen",
    "tal",
    "vin",
    "wes",
    "zan",
)


def surname(number: int) -> str:
    """One of the surnames; none is part of another."""
    chance = random.Random(number % SURNAMES)
    return f"{''.join(chance.choice(_SYLLABLES) for _ in range(3)).title()}x{number % SURNAMES:02}"


def card(uid: str, number: int) -> str:
    """A card of the usual size."""
    name = surname(number)
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{uid}",
        f"N:{name};Person{number};;;",
        f"FN:Person{number} {name}",
        f"ORG:Company {number % 40};Department {number % 7}",
        f"EMAIL;TYPE=INTERNET,WORK:person{number}@company.example",
        f"TEL;TYPE=CELL,VOICE:+49 170 {number:07}",
        f"ADR;TYPE=WORK:;;Street {number % 100};Town;;{number:05};Country",
        f"NOTE:Met at the fair\\, wants a call about offer {number}",
        "REV:2026-01-01T00:00:00Z",
        "END:VCARD",
    )
    return "".join(f"{folded(line)}\n" for line in lines).replace("\n", "\r\n")


def query(prop: str, sought: str) -> str:
    """An addressbook-query for a text in a property, with data."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><C:addressbook-query xmlns="DAV:" '
        'xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><getetag/><C:address-data/></prop><C:filter>'
        f'<C:prop-filter name="{prop}"><C:text-match collation="i;unicode-casemap" match-type="contains">{sought}'
        "</C:text-match></C:prop-filter></C:filter></C:addressbook-query>"
    )


_MAKE = (
    '<?xml version="1.0" encoding="utf-8"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop>'
    "<resourcetype><collection/><C:addressbook/></resourcetype></prop></set></mkcol>"
)


@define
class Books(Side):
    """A server with an address book."""

    def put(self, path: str, name: str, text: str) -> bytes:
        """A PUT of a new card."""
        request = self.request("PUT", f"{path}{name}.vcf", text, "If-None-Match: *\r\n")
        return request.replace(b"text/calendar", b"text/vcard")

    def prepare(self, cards: int) -> None:
        """Fill the book, make the requests, look at one answer of each kind."""
        self.authorize()
        path = f"{self.home}bench/"
        self.ask("MKCOL", path, _MAKE)
        puts = [self.put(path, f"c-{number:05}", card(f"c-{number:05}", number)) for number in range(cards)]
        self.drive(puts, b"HTTP/1.1 20", 2, once=True)
        names = [surname(number).lower() for number in range(SURNAMES)]
        sign = b"BEGIN:VCARD"
        self.jobs["W9"] = [self.request("REPORT", path, query("FN", name)) for name in names], sign
        others = [f"{query('FN', name)}<!-- {number} -->" for number in range(200) for name in names]
        self.jobs["W9.new"] = [self.request("REPORT", path, each) for each in others], sign
        read = [f"{query('NOTE', f'offer {100 + number % (cards - 100)}')}<!-- {number} -->" for number in range(5000)]
        self.jobs["W9.read"] = [self.request("REPORT", path, each) for each in read], sign
        found = self.ask("REPORT", path, query("FN", names[7])).count("BEGIN:VCARD")
        if found != cards / SURNAMES:
            raise RuntimeError(f"{self.target.name}: {found} cards are found")

    def run(self, workload: str, seconds: float, most: int) -> None:
        """One round; requests that no answer is kept for are others than in the round before."""
        wanted, sign = self.jobs[workload]
        if workload != "W9":
            at = len(wanted) // 4
            self.jobs[workload] = wanted[at:] + wanted[:at], sign
        super().run(workload, seconds, most)


def run(options: argparse.Namespace) -> list[Result]:
    """All workloads; without Cyrus the figures of the daemon alone."""
    ours = Books(Ours(), "/dav/card/one%40bench.test/")
    sides = [ours]
    try:
        with suppress(Skipped):
            sides.append(Books(Cyrus(), "/dav/addressbooks/user/user1/"))
        for side in sides:
            side.prepare(options.cards)
        workloads = ("W9", "W9.new", "W9.read")
        for _ in range(options.rounds):
            for workload in workloads:
                for side in sides:
                    side.run(workload, options.milliseconds / 1000, 0)
        return [result(workload, sides, MOST.get(workload)) for workload in workloads]
    finally:
        for side in sides:
            side.target.stop()


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=3, cards=1000, milliseconds=2000)
