"""The files of the web interface: a page for each path it is served below, and modules at addresses that change with
their content (http-service 8, webui 5.3).

One digest over all files is a segment of their addresses, so relative imports of modules lead to the same version
and everything but the page may be kept for ever. The files are read when somebody asks for the first of them, and
packed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from stalwart.codec.markup import Markup, tag
from stalwart.config.operation.application import MOUNTS
from stalwart.errors import NotFound
from stalwart.site.webui.joining import FIRST, TABLE, joined, places_of
from stalwart.site.webui.lean import lean, tight
from stalwart.web.answers import Answer, Headers
from stalwart.web.exchange import Exchange
from stalwart.web.static import Asset, asset

ASSETS = "/assets/webui"
PAGE = "index.html"
ICON = "icon.svg"

PAGE_HEADERS: Headers = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    (
        "Permissions-Policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
)
"""What the page may do: nothing but files and answers of this server, no text that becomes script (webui 5.3)."""

_PAGES = re.compile(r'^\["([^"]+)", \(\) => import\("([^"]+)"\)\]', re.MULTILINE)
_IMPORT = re.compile(r'^(?:import|export)\b(?:[^"\']*?from)?\s*"(\.{1,2}/[^"]+)";', re.MULTILINE)


class WebInterface:
    """The files of the package, read with the first question.

    ``schemas`` gives the hashes of the schema documents that can be had at once, by their names: the page names
    them, so that who has one of them need not ask for the way to it.
    """

    def __init__(self, schemas: Callable[[], Mapping[str, str]] = dict) -> None:
        self._schemas = schemas
        self._read: Mapping[str, bytes] | None = None
        self._sources: Mapping[str, str] = {}
        self._digest = ""
        self._packed: dict[str, Asset] = {}

    @property
    def digest(self) -> str:
        """What the addresses of this version have in common."""
        self._files()
        return self._digest

    def names(self) -> list[str]:
        """All files but the page, by their paths."""
        return sorted(name for name in self._files() if name != PAGE)

    @property
    def sources(self) -> Mapping[str, str]:
        """The modules that the files are made of, by their paths, without comments."""
        self._files()
        return self._sources

    def body(self, name: str) -> bytes:
        """What is sent of a file.

        :raises NotFound: there is none.
        """
        found = self._files().get(name)
        if found is None:
            raise NotFound
        return found

    def page(self, exchange: Exchange, mount: str, path: str = "", mounts: Sequence[str] = MOUNTS) -> Answer:
        """The page below ``/mount/``, the same whatever it is to show but for what it tells the browser to load.

        ``mounts`` are those that are ours; what is below another one belongs to an interface of somebody else.
        """
        module = self.module_of(f"{mount}/{path}")
        schemas = " ".join(f"{name}:{hash}" for name, hash in sorted(self._schemas().items()))
        ours = "|".join(mounts)
        name = f"{mount}/{PAGE}/{module}/{schemas}/{ours}"
        if name not in self._packed:
            self._packed[name] = asset(PAGE, self._written(mount, module, schemas, ours), headers=PAGE_HEADERS)
        return self._packed[name].answer(exchange)

    def module_of(self, path: str) -> str | None:
        """The module of what is shown at an address, by the table of pages; ``None`` if nothing is."""
        parts = [part for part in path.split("/") if part]
        for pattern, module in page_patterns(self.sources[TABLE]):
            wanted = pattern.split("/")
            if len(wanted) == len(parts) and all(
                one[0] == ":" or one == part for one, part in zip(wanted, parts, strict=True)
            ):
                return _resolved(TABLE, module)
        return None

    def file(self, exchange: Exchange, digest: str, name: str) -> Answer:
        """A file of this version.

        :raises NotFound: there is none, or the page that asks is of another version.
        """
        if digest != self.digest or name == PAGE:
            raise NotFound
        body = self.body(name)
        if name not in self._packed:
            self._packed[name] = asset(name, body, immutable=True)
        return self._packed[name].answer(exchange)

    def at_once(self, module: str | None = None) -> list[str]:
        """The files that the first one needs, directly or through others, and those that ``module`` needs."""
        found: dict[str, None] = {}
        places = places_of(self.sources)
        waiting = [FIRST, *([places[module]] if module else [])]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += imports(name, self.body(name).decode())
        return list(found)

    def _written(self, mount: str, module: str | None, schemas: str, ours: str) -> bytes:
        base = f"{ASSETS}/{self.digest}"
        links = "\n".join(tag("link", rel="modulepreload", href=f"{base}/{name}") for name in self.at_once(module))
        text = self._files()[PAGE].decode()
        marks = {
            "{mount}": Markup(mount),
            "{ours}": Markup(ours),
            "{base}": Markup(base),
            "{preload}": links,
            "{schemas}": Markup(schemas),
        }
        for mark, value in marks.items():
            text = text.replace(mark, value)
        return text.encode()

    def _files(self) -> Mapping[str, bytes]:
        if self._read is None:
            read = _walk(files("stalwart.site.webui").joinpath("files"), "")
            found = {name: lean(name, body) for name, body in read}
            found[ICON] = files("stalwart.site").joinpath("assets", ICON).read_bytes()
            self._sources = {name: body.decode() for name, body in found.items() if name.endswith(".js")}
            for name in self._sources:
                del found[name]
            found |= {name: tight(text).encode() for name, text in joined(self._sources).items()}
            digest = sha256()
            for name, body in sorted(found.items()):
                digest.update(b"%d %d " % (len(name), len(body)) + name.encode() + body)
            self._digest = digest.hexdigest()[:16]
            self._read = found
        return self._read


def page_patterns(text: str) -> list[tuple[str, str]]:
    """What the table of pages says: patterns of addresses, each with its module as an import names it."""
    return _PAGES.findall(text)


def imports(name: str, text: str) -> list[str]:
    """The modules that a module names at its top, as paths like its own."""
    return [_resolved(name, match[1]) for match in _IMPORT.finditer(text)]


def _resolved(name: str, path: str) -> str:
    steps = name.split("/")[:-1]
    for step in path.split("/"):
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def _walk(folder: Any, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()
