"""Files and folders: made by WebDAV, by JMAP and by the import, read, changed, renamed, moved and destroyed by both."""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

from tests.live.daemon import new_folder
from tests.live.protocols.cycles import MAKERS, courses
from tests.live.protocols.people import ProtocolsCase, last
from tests.live.protocols.watching import Told, Watch

NAMES = {
    "plain": ("a.txt", "text/plain"),
    "encoded": ("50% of + a&b #1; 'x' (ü) [y] {z}~,=@!$^`.pdf", "application/pdf"),
    "composed": ("Käse 日本語 🧀.html", "text/html"),
    "decomposed": (normalize("NFD", "Größe é.png"), "image/png"),
    "dotted": (".hidden..file", "application/octet-stream"),
    "long": ("ä" * 120 + ".txt", "text/plain"),
}
LARGE = bytes(range(256)) * 20_000
CONTENTS = {"some": b"Hello\r\n\0\xff", "empty": b"", "large": LARGE}


class FileCase(ProtocolsCase):
    """The files of somebody; ``watch`` follows what is at the top."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        self.somebody = self.person()
        self.home = self.somebody.home("file")
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.watch = Watch(self.somebody, "FileNode", self.home, filter={"isTopLevel": True})
        self.addCleanup(self.watch.close)
        self.watch.settled()

    def is_told(self, told: Told, **wanted: Any) -> None:
        """What is told is this and nothing else."""
        nothing: dict[str, Any] = {"created": [], "updated": [], "destroyed": [], "there": set(), "gone": set()}
        found = {name: getattr(told, name) for name in nothing}
        self.assertEqual(found, nothing | wanted)

    def path(self, name: str) -> str:
        """Of something at the top."""
        return self.home + quote(name)

    def etag(self, path: str) -> str:
        """Of what is there."""
        return self.somebody.ask("HEAD", path)[1]["etag"]

    def is_read(self, id: str, name: str, type: str, content: bytes) -> None:
        """JMAP: node, blob, its digest; WebDAV: content, properties, part of it."""
        node = self.somebody.shown("FileNode", id)
        found = {member: node[member] for member in ("name", "nodeType", "size", "type", "parentId", "executable")}
        wanted = {"nodeType": "file", "size": len(content), "type": type, "parentId": None, "executable": False}
        self.assertEqual(found, {"name": normalize("NFC", name), **wanted})
        self.assertEqual(self.somebody.download(node["blobId"]), content)
        (blob,) = self.somebody.jmap("Blob/get", ids=[node["blobId"]], properties=["digest:sha-256", "size"])["list"]
        digest = b64encode(hashlib.sha256(content).digest()).decode()
        self.assertEqual((blob["digest:sha-256"], blob["size"]), (digest, len(content)))
        (path,) = (each for each in self.somebody.members(self.home) if last(each) == normalize("NFC", name))
        self.assertEqual(self.somebody.read(self.path(name)), content)  # as whoever made it has spelt the name
        status, fields, octets = self.somebody.ask("GET", path)
        self.assertEqual((status, octets), (200, content))
        self.assertEqual(fields["content-type"].partition(";")[0], type)
        self.assertEqual(self.somebody.property(path, "D:getcontentlength"), str(len(content)))
        self.assertEqual(self.somebody.property(path, "D:getetag"), fields["etag"])
        if content:
            part = self.somebody.expect(206, "GET", path, range="bytes=1-3")
            self.assertEqual(part, content[1:4])


class Cycle:
    """One file, in the names of each step."""

    def __init__(self, case: FileCase, name: str, type: str, content: bytes) -> None:
        self.case, self.name, self.type, self.content = case, name, type, content
        self.somebody = case.somebody
        self.id = self.path = ""

    def run(self, maker: str, changer: str, destroyer: str) -> None:
        """Make, write and rename by both, destroy."""
        case = self.case
        told = case.watch.step(getattr(self, f"made_by_{maker}"))
        (self.id,), (self.path,) = told.created, told.there
        case.is_told(told, created=[self.id], there={self.path})
        case.assertEqual((told.added, told.removed), ([self.id], []))
        self.is_read()
        for number, by in enumerate((changer, "dav" if changer == "jmap" else "jmap")):
            self.content = self.content[:100] + f"changed {number}".encode()
            told = case.watch.step(getattr(self, f"written_by_{by}"))
            case.is_told(told, updated=[self.id], there={self.path})
            self.is_read()
            before = self.path
            self.name = f"{number} {self.name}"[:100]
            told = case.watch.step(getattr(self, f"renamed_by_{by}"))
            (self.path,) = told.there
            case.is_told(told, updated=[self.id], there={self.path}, gone={before})
            self.is_read()
        told = case.watch.step(getattr(self, f"destroyed_by_{destroyer}"))
        case.is_told(told, destroyed=[self.id], gone={self.path})
        case.assertEqual((told.added, told.removed), ([], [self.id]))
        self.somebody.expect(404, "GET", self.path)

    def is_read(self) -> None:
        """By all."""
        self.case.is_read(self.id, self.name, self.type, self.content)

    def made_by_dav(self) -> None:
        """PUT."""
        self.somebody.expect(201, "PUT", self.case.path(self.name), self.content, content_type=self.type)

    def made_by_jmap(self) -> None:
        """An upload that becomes a file."""
        blob = self.somebody.upload(self.content)
        self.somebody.make("FileNode", {"name": self.name, "blobId": blob, "type": self.type})

    def made_by_import(self) -> None:
        """The command, which tells types by names."""
        tree = self.case.folder / "tree"
        tree.mkdir()
        (tree / self.name).write_bytes(self.content)
        said = self.somebody.import_files("files", str(tree), folder=self.case.folder)
        self.case.assertIn("1 imported", said)

    def written_by_dav(self) -> None:
        """PUT over what is there."""
        etag = self.case.etag(self.path)
        self.somebody.expect(204, "PUT", self.path, self.content, content_type=self.type, if_match=etag)

    def written_by_jmap(self) -> None:
        """Another blob."""
        self.somebody.patch("FileNode", self.id, {"blobId": self.somebody.upload(self.content)})

    def renamed_by_dav(self) -> None:
        """MOVE."""
        to = self.somebody.daemon.url + self.case.path(self.name)
        self.somebody.expect(201, "MOVE", self.path, destination=to, overwrite="F")

    def renamed_by_jmap(self) -> None:
        """Another name."""
        self.somebody.patch("FileNode", self.id, {"name": self.name})

    def destroyed_by_dav(self) -> None:
        """DELETE."""
        self.somebody.expect(204, "DELETE", self.path)

    def destroyed_by_jmap(self) -> None:
        """``/set``."""
        self.somebody.remove("FileNode", self.id)


def _test(name: str, type: str, content: bytes, maker: str) -> Any:
    def test(self: FileCase) -> None:
        for changer, destroyer in courses(maker):
            Cycle(self, name, type, content).run(maker, changer, destroyer)

    return test


class FileTests(FileCase):
    """A test for each name, each content, and each who makes it."""


for _maker in MAKERS:
    for _said, (_name, _type) in NAMES.items():
        setattr(FileTests, f"test_{_said}_name_made_by_{_maker}", _test(_name, _type, CONTENTS["some"], _maker))
    for _said in ("empty", "large"):
        setattr(FileTests, f"test_{_said}_made_by_{_maker}", _test("b.txt", "text/plain", CONTENTS[_said], _maker))


class FolderTests(FileCase):
    """Folders, and what is in them."""

    def test_a_tree(self) -> None:
        for maker in MAKERS:
            for changer, destroyer in courses(maker):
                self.tree(maker, changer, destroyer)

    def tree(self, maker: str, changer: str, destroyer: str) -> None:
        name = "Ordner für 100%"
        told = self.watch.step(lambda: getattr(self, f"made_by_{maker}")(name))
        path = self.path(name) + "/"
        top, inner, file = self.by_name(name), self.by_name("in #1"), self.by_name("f.txt")
        self.assertEqual(sorted(told.created), sorted([top, inner, file]))
        self.assertEqual((told.updated, told.destroyed, told.gone), ([], [], set()))
        self.assertIn(path, told.there)
        self.assertEqual(self.somebody.read(f"{path}in%20%231/f.txt"), b"deep")
        self.assertIsNotNone(self.somebody.property(path, "D:resourcetype"))
        for number, by in enumerate((changer, "dav" if changer == "jmap" else "jmap")):
            other = f"Ördner {number}"
            moved = {"dav": self.moved_by_dav, "jmap": self.moved_by_jmap}[by]
            told = self.watch.step(lambda moved=moved, path=path, other=other: moved(top, path, other))
            self.assertEqual((told.created, told.destroyed), ([], []))
            self.assertIn(top, told.updated)
            self.assertIn(path, told.gone)
            path = self.path(other) + "/"
            self.assertIn(path, told.there)
            self.assertEqual(self.somebody.shown("FileNode", top)["name"], other)
            self.assertEqual(self.somebody.read(f"{path}in%20%231/f.txt"), b"deep")
            self.assertEqual(self.somebody.shown("FileNode", file)["parentId"], inner)
        if destroyer == "dav":
            told = self.watch.step(lambda: self.somebody.expect(204, "DELETE", path))
        else:
            told = self.watch.step(lambda: self.somebody.remove("FileNode", top, onDestroyRemoveChildren=True))
        self.assertEqual(sorted(told.destroyed), sorted([top, inner, file]))
        self.assertEqual((told.created, told.updated, told.there), ([], [], set()))
        self.assertIn(path, told.gone)
        self.somebody.expect(404, "GET", f"{path}in%20%231/f.txt")

    def by_name(self, name: str) -> str:
        (found,) = self.somebody.jmap("FileNode/query", filter={"name": name})["ids"]
        return str(found)

    def made_by_dav(self, name: str) -> None:
        path = self.path(name) + "/"
        self.somebody.expect(201, "MKCOL", path)
        self.somebody.expect(201, "MKCOL", f"{path}in%20%231/")
        self.somebody.expect(201, "PUT", f"{path}in%20%231/f.txt", b"deep", content_type="text/plain")

    def made_by_jmap(self, name: str) -> None:
        create = {
            "f": {"name": "f.txt", "parentId": "#i", "blobId": self.somebody.upload(b"deep")},
            "i": {"name": "in #1", "parentId": "#t"},
            "t": {"name": name},
        }
        self.assertIsNone(self.somebody.jmap("FileNode/set", create=create)["notCreated"])

    def made_by_import(self, name: str) -> None:
        inner = self.folder / "tree" / name / "in #1"
        inner.mkdir(parents=True)
        (inner / "f.txt").write_bytes(b"deep")
        self.somebody.import_files("files", str(self.folder / "tree"), folder=self.folder)

    def moved_by_dav(self, id: str, path: str, name: str) -> None:
        to = self.somebody.daemon.url + self.path(name) + "/"
        self.somebody.expect(201, "MOVE", path, destination=to, overwrite="F")

    def moved_by_jmap(self, id: str, path: str, name: str) -> None:
        self.somebody.patch("FileNode", id, {"name": name})
