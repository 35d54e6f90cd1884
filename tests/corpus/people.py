"""The people whose cards every address book of the corpus writes in its own way; all of them are invented."""

from __future__ import annotations

import base64
from typing import Any, Final

from attrs import frozen

Pairs = tuple[tuple[str, str], ...]
PICTURE: Final = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 3).decode()


@frozen
class Address:
    """A postal address."""

    kind: str
    street: str
    city: str
    region: str = ""
    code: str = ""
    country: str = ""


@frozen
class Person:
    """What somebody has entered. Kinds are home, work, cell, fax and other."""

    key: str
    full: str
    given: str = ""
    surname: str = ""
    middle: str = ""
    prefix: str = ""
    suffix: str = ""
    nickname: str = ""
    company: str = ""
    unit: str = ""
    title: str = ""
    emails: Pairs = ()
    phones: Pairs = ()
    addresses: tuple[Address, ...] = ()
    birthday: str = ""
    """YYYY-MM-DD, or --MM-DD."""
    note: str = ""
    url: str = ""
    has_photo: bool = False
    keywords: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """One that UIDs are made of."""
        return sum(ord(each) * (at + 11) for at, each in enumerate(self.key)) * 2_654_435_761 % 2**40

    def shown(self) -> dict[str, Any]:
        """What any program's card has to show."""
        made: dict[str, Any] = {
            "full": self.full,
            "emails": sorted(each for _, each in self.emails),
            "phones": sorted(each for _, each in self.phones),
            "cities": sorted(each.city for each in self.addresses),
        }
        if self.surname:
            made |= {"surname": [self.surname], "given": [self.given] if self.given else []}
        said = {
            "nickname": self.nickname,
            "company": self.company,
            "title": self.title,
            "note": self.note,
            "url": self.url,
            "birthday": self.birthday,
        }
        made |= {key: value for key, value in said.items() if value}
        if self.has_photo:
            made["photos"] = 1
        if self.keywords:
            made["keywords"] = sorted(self.keywords)
        return made


PEOPLE: Final = (
    Person(
        "full", "Dr. Erika Maria Mustermann, M.A.", "Erika", "Mustermann", "Maria", "Dr.", "M.A.", "Rika",
        "Beispiel & Söhne; GmbH", "Forschung, Abt. 4", "Chefin", (("work", "erika@example.de"), ("home",
            "rika@example.org")),
        (("cell", "+49 170 0100"), ("work", "+49 30 0100-7"), ("fax", "+49 30 0100-8")),
        (Address("work", "Unter den Linden 1", "Berlin", "BE", "10117", "Deutschland"),
         Address("home", "Weg 2\nHinterhaus", "Groß Köris", "", "15746", "Deutschland")),
        "1970-02-28", "Zeile eins; mit Strichpunkt,\nZeile zwei: \\ und „Zitat“\n\nEnde",
        "https://erika.example/~e?a=1;b,2",
        keywords=("Freunde", "Chor, Alt"),
    ),
    Person("small", "Bob Brown", "Bob", "Brown", emails=(("other", "bob@example.com"),)),
    Person("company", "Ärztehaus am Markt", company="Ärztehaus am Markt", phones=(("work", "030 0101"),),
           url="https://aerzte.example/"),
    Person("chinese", "王小明", "小明", "王", nickname="明明", phones=(("cell", "+86 10 0100"),),
           addresses=(Address("home", "长安街1号", "北京", "", "100000", "中国"),)),
    Person("arabic", "يوسف النجار", "يوسف", "النجار", emails=(("home", "yusuf@example.eg"),), note="ملاحظة، قصيرة"),
    Person("yearless", "Zoë O’Neill-Ångström", "Zoë", "O’Neill-Ångström", birthday="--02-29", nickname="Zo",
           emails=(("home", "zoe@example.ie"), ("work", "zoe.oneill@example.com"), ("other", "z@example.net"))),
    Person("picture", "Pia Pixel", "Pia", "Pixel", has_photo=True, phones=(("home", "0100 1"), ("home", "0100 2"))),
)  # fmt: skip
