"""How address books write a card: what a dialect is made of, and one writer for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from attrs import field, frozen

from tests.corpus.people import PICTURE, Person
from tests.corpus.writing import File, Fold, by_octets, joined, quoted_printable, text

Lines = list[str]
FOLD: Final = by_octets()
KINDS_3: Final = {"home": "HOME", "work": "WORK", "cell": "CELL", "fax": "WORK,FAX", "other": ""}


@frozen
class CardDialect:
    """A program. ``order`` are the properties as it writes them; what it writes in its own way is in ``own``."""

    program: str
    version: str
    order: str
    own: dict[str, Callable[[Person], Lines]] = field(factory=dict)
    email: Callable[[str], str] = lambda kind: f";TYPE={KINDS_3[kind]}" if KINDS_3[kind] else ""
    """The parameters of an address of a kind."""
    phone: Callable[[str], str] = lambda kind: f";TYPE={KINDS_3[kind]}" if KINDS_3[kind] else ""
    place: Callable[[str], str] = lambda kind: f";TYPE={KINDS_3[kind]}"
    fold: Fold = FOLD
    line_break: bytes = b"\r\n"
    shown: Callable[[Person], dict[str, Any]] = lambda person: {}
    """What is otherwise than ``Person.shown`` says."""
    charset: str = ""
    """Of vCard 2.1, where what is not ASCII is quoted-printable."""

    def said(self, name: str, *parts: str) -> str:
        """A line whose value has these parts, as this version writes it."""
        value = ";".join(map(text, parts))
        if not self.charset:
            return f"{name}:{value}"
        value = ";".join(each.replace(";", "\\;") for each in parts)
        if value.isascii() and "\n" not in value:
            return f"{name}:{value}"
        octets = quoted_printable(value, self.charset)
        return f"{name};CHARSET={self.charset.upper()};ENCODING=QUOTED-PRINTABLE:{octets}"

    def lines(self, person: Person) -> Iterator[str]:
        """The lines of a card, without BEGIN and END."""
        for name in self.order.split():
            write = self.own.get(name) or getattr(self, "_" + name.lower().replace("-", "_"), None)
            if write is not None:
                yield from write(person)
            else:
                yield name.replace("~", " ")  # a line as it is

    def octets(self, person: Person) -> bytes:
        """The file."""
        return joined(["BEGIN:VCARD", *self.lines(person), "END:VCARD"], self.fold, self.line_break)

    def file(self, person: Person) -> File:
        """The file and what it means."""
        return File(self.program, person.key, self.octets(person), {**person.shown(), **self.shown(person)})

    # What most programs write alike

    def _version(self, person: Person) -> Lines:
        return [f"VERSION:{self.version}"]

    def _uid(self, person: Person) -> Lines:
        return [f"UID:{person.number:08x}-aaaa-4bbb-8ccc-{self.program.encode().hex()[:12]:0>12}"]

    def _fn(self, person: Person) -> Lines:
        return [self.said("FN", person.full)]

    def _n(self, person: Person) -> Lines:
        return [self.said("N", person.surname, person.given, person.middle, person.prefix, person.suffix)]

    def _nickname(self, person: Person) -> Lines:
        return [self.said("NICKNAME", person.nickname)] if person.nickname else []

    def _org(self, person: Person) -> Lines:
        parts = (person.company, person.unit) if person.unit else (person.company,)
        return [self.said("ORG", *parts)] if person.company else []

    def _title(self, person: Person) -> Lines:
        return [self.said("TITLE", person.title)] if person.title else []

    def _email(self, person: Person) -> Lines:
        return [f"EMAIL{self.email(kind)}:{each}" for kind, each in person.emails]

    def _tel(self, person: Person) -> Lines:
        return [f"TEL{self.phone(kind)}:{each}" for kind, each in person.phones]

    def _adr(self, person: Person) -> Lines:
        return [
            self.said(
                f"ADR{self.place(each.kind)}", "", "", each.street, each.city, each.region, each.code, each.country
            )
            for each in person.addresses
        ]

    def _bday(self, person: Person) -> Lines:
        return [f"BDAY:{person.birthday}"] if person.birthday else []

    def _note(self, person: Person) -> Lines:
        return [self.said("NOTE", person.note)] if person.note else []

    def _url(self, person: Person) -> Lines:
        return [f"URL:{person.url}"] if person.url else []

    def _categories(self, person: Person) -> Lines:
        return ["CATEGORIES:" + ",".join(map(text, person.keywords))] if person.keywords else []

    def _photo(self, person: Person) -> Lines:
        return [f"PHOTO;ENCODING=b;TYPE=JPEG:{PICTURE}"] if person.has_photo else []

    def _rev(self, person: Person) -> Lines:
        return ["REV:2026-01-05T08:15:00Z"]


def grouped(lines: Sequence[tuple[str, str]], begin: int = 1) -> Lines:
    """Lines that have labels: ``item1.TEL:...`` and ``item1.X-ABLabel:...``; an empty label is none."""
    made: Lines = []
    for line, label in lines:
        if label:
            made += [f"item{begin}.{line}", f"item{begin}.X-ABLabel:{label}"]
            begin += 1
        else:
            made.append(line)
    return made


def base64_lines(value: str, width: int = 74) -> str:
    """A value of vCard 2.1 in lines that begin with a blank."""
    return "".join(f"\r\n {value[at : at + width]}" for at in range(0, len(value), width))
