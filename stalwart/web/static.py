"""Files of the package as answers: strong ETag, 304, gzip made once, exact types (RFC 9110 8.8, 13.1.2, 12.5.3).

A set of assets is read when it is made; serving is a dictionary look-up, so no path can lead out of it. Headers such as
Content-Security-Policy are given by whoever serves the page. Ranges are left out: nothing here is large.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from attrs import frozen

from stalwart.codec.accept_encoding import choose_encoding
from stalwart.codec.etags import entity_tag, none_match
from stalwart.errors import NotFound
from stalwart.web.answers import IMMUTABLE, NO_CACHE, PRIVATE_IMMUTABLE, Answer, Headers
from stalwart.web.compression import gzip_bytes
from stalwart.web.exchange import Exchange

_TEXT = "; charset=utf-8"
TYPES = {
    "html": "text/html" + _TEXT,
    "css": "text/css" + _TEXT,
    "js": "text/javascript" + _TEXT,
    "mjs": "text/javascript" + _TEXT,
    "txt": "text/plain" + _TEXT,
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "avif": "image/avif",
    "webp": "image/webp",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "woff": "font/woff",
    "ttf": "font/ttf",
    "wasm": "application/wasm",
}
_PACKED = frozenset(("png", "jpg", "jpeg", "gif", "avif", "webp", "ico", "woff2", "woff"))
_LEAST = 256
_VARY = ("Vary", "Accept-Encoding")


@frozen
class Asset:
    """One file: its bytes, plain and, where that is smaller, gzipped; each representation has its own ETag."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str
    packed_etag: str
    headers: Headers

    def answer(self, exchange: Exchange) -> Answer:
        """The answer to a GET or HEAD."""
        fields = exchange.head.fields
        packed = self.packed is not None and choose_encoding(fields.get("accept-encoding")) == "gzip"
        etag = self.packed_etag if packed else self.etag
        headers: Headers = (("ETag", etag), *self.headers)
        if self.packed is not None:
            headers = (*headers, _VARY)
        if not none_match(fields.get("if-none-match"), etag):
            return Answer(304, headers=headers)
        if packed:
            return Answer(200, self.packed or b"", self.content_type, (*headers, ("Content-Encoding", "gzip")))
        return Answer(200, self.body, self.content_type, headers)


def asset(name: str, body: bytes, *, headers: Headers = (), immutable: bool = False, private: bool = False) -> Asset:
    """``body`` as the file ``name``, whose extension gives the type.

    ``immutable`` is for names that change with their content; everything else is asked for anew each time.
    ``private`` keeps such a file out of caches that people share.
    """
    extension = name.rpartition(".")[2].lower()
    packed = gzip_bytes(body, 9) if extension not in _PACKED and len(body) >= _LEAST else None
    if packed is not None and len(packed) >= len(body):
        packed = None
    etag = entity_tag(body)
    caching = (PRIVATE_IMMUTABLE if private else IMMUTABLE) if immutable else NO_CACHE
    return Asset(
        body=body,
        packed=packed,
        content_type=TYPES.get(extension, "application/octet-stream"),
        etag=etag,
        packed_etag=f'{etag[:-1]}-gzip"',
        headers=(caching, ("X-Content-Type-Options", "nosniff"), *headers),
    )


class Assets:
    """Files by their path below a folder, such as ``scripts/diagnose.js``."""

    def __init__(self, found: Mapping[str, Asset]) -> None:
        self._found = dict(found)

    def names(self) -> list[str]:
        """All paths."""
        return sorted(self._found)

    def answer(self, exchange: Exchange, path: str) -> Answer:
        """The file at ``path``.

        :raises NotFound: there is none.
        """
        found = self._found.get(path)
        if found is None:
            raise NotFound
        return found.answer(exchange)


def package_assets(
    package: str, folder: str = "", *, headers: Mapping[str, Headers] | None = None, immutable: bool = False
) -> Assets:
    """All files below a package, or below one of its folders, that are not Python, read now; ``headers`` by extension,
    for example a policy for ``html``."""
    by_extension = headers or {}
    found = {}
    for path, body in _walk(files(package).joinpath(folder), f"{folder}/" if folder else ""):
        extra = by_extension.get(path.rpartition(".")[2], ())
        found[path] = asset(path, body, headers=extra, immutable=immutable)
    return Assets(found)


def _walk(folder: Any, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                found += _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith((".py", ".pyc")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
