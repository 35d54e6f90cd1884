"""The life of one object: made by one protocol, changed by each, destroyed by one, and read by all after each step."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pprint import pformat
from typing import Any

from tests.live.daemon import new_folder
from tests.live.protocols.people import Person, ProtocolsCase
from tests.live.protocols.watching import Watch

MAKERS = "dav", "jmap", "import"
TITLES = "Changed; once, “ü”", "Again"


class CollectionCase(ProtocolsCase):
    """Somebody's first collection of ``CONTAINER``, which is followed by ``watch``."""

    maxDiff = None
    CONTAINER = TYPE = SERVICE = IN = ""

    def setUp(self) -> None:
        super().setUp()
        self.somebody = self.person()
        (first,) = self.somebody.all(self.CONTAINER)
        self.collection, self.name = str(first["id"]), str(first["name"])
        self.path = self.somebody.home(self.SERVICE) + "default/"
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.watch = Watch(self.somebody, self.TYPE, self.path, filter={self.IN: self.collection})
        self.addCleanup(self.watch.close)
        self.watch.settled()

    def same(self, found: Any, wanted: Any) -> None:
        """Compare what is easier to read line by line."""
        self.assertEqual(pformat(found, width=200), pformat(wanted, width=200))


class Cycle:
    """``octets`` are what WebDAV has to the octet while ``is_to_the_octet``, ``shown`` is what JMAP shows."""

    MEMBER = KIND = SUFFIX = ""
    """Of the collections that an object is in; of the import command; of names."""

    def __init__(self, case: CollectionCase, uid: str, octets: bytes, shown: dict[str, Any]) -> None:
        self.case, self.uid, self.octets, self.shown = case, uid, octets, dict(shown)
        self.somebody: Person = case.somebody
        self.is_to_the_octet = True
        self.jmap_has_written = False
        self.id = self.path = ""

    def run(self, maker: str, changer: str, destroyer: str) -> None:
        """Make, change twice, destroy."""
        case, watch = self.case, self.case.watch
        told = watch.step(getattr(self, f"made_by_{maker}"))
        (self.id,), (self.path,) = told.created, told.there
        case.assertEqual((told.updated, told.destroyed, told.gone), ([], [], set()))
        case.assertEqual((told.added, told.removed), ([self.id], []))
        self.is_read()
        for by, title in zip((changer, "dav" if changer == "jmap" else "jmap"), TITLES, strict=True):
            told = watch.step(lambda by=by, title=title: getattr(self, f"changed_by_{by}")(title))
            case.assertEqual((told.created, told.updated, told.destroyed), ([], [self.id], []))
            case.assertEqual((told.there, told.gone), ({self.path}, set()))
            self.is_read()
        told = watch.step(getattr(self, f"destroyed_by_{destroyer}"))
        case.assertEqual((told.created, told.updated, told.destroyed), ([], [], [self.id]))
        case.assertEqual((told.there, told.gone), (set(), {self.path}))
        case.assertEqual((told.added, told.removed), ([], [self.id]))
        self.somebody.expect(404, "GET", self.path)
        found = self.somebody.jmap(f"{case.TYPE}/get", ids=[self.id])
        case.assertEqual((found["list"], found["notFound"]), ([], [self.id]))

    # who makes it

    def made_by_dav(self) -> None:
        """PUT."""
        self.somebody.put(f"{self.case.path}{self.uid}{self.SUFFIX}", self.octets)

    def made_by_jmap(self) -> None:
        """``/set`` with what JMAP shows."""
        given = {**self.shown, "uid": self.uid, self.MEMBER: {self.case.collection: True}}
        self.somebody.make(self.case.TYPE, given)
        self.is_to_the_octet, self.jmap_has_written = False, True

    def made_by_import(self) -> None:
        """The command, of a file."""
        path = self.case.folder / f"{self.uid}{self.SUFFIX}"
        path.write_bytes(self.octets)
        said = self.somebody.import_files(self.KIND, str(path), "--into", self.case.name, folder=self.case.folder)
        self.case.assertIn("1 imported", said)

    # who changes it

    def changed_by_dav(self, title: str) -> None:
        """GET, another title, PUT."""
        self.octets = self.titled(self.somebody.read(self.path), title)
        self.title_is(title)
        self.is_to_the_octet = True
        self.somebody.put(self.path, self.octets, 204)

    def changed_by_jmap(self, title: str) -> None:
        """A patch of the title."""
        before = self.somebody.read(self.path)
        self.somebody.patch(self.case.TYPE, self.id, self.patch(title))
        self.title_is(title)
        self.is_to_the_octet, self.jmap_has_written = False, True
        self.is_kept(self.titled(before, title), self.somebody.read(self.path))

    # who destroys it

    def destroyed_by_dav(self) -> None:
        """DELETE."""
        self.somebody.expect(204, "DELETE", self.path)

    def destroyed_by_jmap(self) -> None:
        """``/set``."""
        self.somebody.remove(self.case.TYPE, self.id)

    # what each kind has of its own

    def titled(self, octets: bytes, title: str) -> bytes:
        """A text with another title."""
        raise NotImplementedError

    def patch(self, title: str) -> dict[str, Any]:
        """What gives an object of JMAP another title."""
        raise NotImplementedError

    def title_is(self, title: str) -> None:
        """``shown`` with another title."""
        raise NotImplementedError

    def is_kept(self, wanted: bytes, found: bytes) -> None:
        """What JMAP has written is what was there, with another title."""
        raise NotImplementedError

    def is_read(self) -> None:
        """By everybody who can read."""
        raise NotImplementedError


def titled(name: str, octets: bytes, title: str) -> bytes:
    """A text with another value of the property ``name``, unfolded."""
    line = re.compile(rf'(\n{name}(?:;[\w-]+(?:=(?:"[^"\r]*"|[^";:\r])*)?)*:)[^\r]*')
    text = title.replace(";", "\\;").replace(",", "\\,")
    unfolded = octets.decode().replace("\r\n ", "")
    return line.sub(lambda found: found[1] + text, unfolded, count=1).encode()


def unnamed(value: dict[str, Any], maps: Iterable[str]) -> dict[str, Any]:
    """An object with its ``maps`` as lists: whoever writes first makes the ids."""
    return {
        name: sorted(each.values(), key=lambda one: json.dumps(one, sort_keys=True)) if name in maps else each
        for name, each in value.items()
    }


def courses(maker: str) -> Iterator[tuple[str, str]]:
    """Who changes first and who destroys: all pairs, of which the import, a process each time, takes one."""
    yield from [("jmap", "dav")] if maker == "import" else itertools.product(("dav", "jmap"), repeat=2)
