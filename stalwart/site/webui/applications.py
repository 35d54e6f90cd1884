"""Interfaces of others below paths of their own: zip files that ``x:Application`` names, fetched, checked against their
digest, unpacked and served (http-service 8, design 8).

The archive is kept in the store, so a start needs no network; it is fetched anew by ``UpdateApps``, when the object has
changed, and when it has become old. Files are held packed, and those that were asked for last are ready. Whatever goes
wrong on the way, what was served before goes on being served.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from zlib import compress, decompress

import msgspec
from attrs import frozen
from twisted.internet.defer import Deferred, DeferredLock
from twisted.web.http_headers import Headers

from stalwart.codec.web_archive import ArchiveBroken, unpack
from stalwart.config import registry
from stalwart.config.operation.application import Application, segment_of
from stalwart.config.settings import Settings
from stalwart.directory.account_records import date_text
from stalwart.errors import Invalid, NotFound, StalwartError
from stalwart.mail.delivery.addresses import is_public
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebRequests
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS
from stalwart.web.static import Asset, asset

LARGEST = 100 * 1024 * 1024
"""Octets of an archive (http-service 8)."""

MOST_READY = 8 * 1024 * 1024
"""Octets of the files of an application that are held unpacked."""

TIMEOUT = 60.0
MOST_REDIRECTS = 5
PAGE = "index.html"
HEADERS = (
    ("Content-Security-Policy", "frame-ancestors 'self'"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
"""What goes with each file: nobody else shows it in a frame. What scripts may do is for whoever has written them."""

_OWNER = -1  # the account of links to archives: the server's own
_BASE = b'<base href="/"'
_HOUR = 3600.0
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the octets at a URL. Raises FetchFailed or OSError."""


class Ready:
    """Files as they are answered, of at most ``most`` octets in all: those that were asked for last."""

    def __init__(self, most: int = MOST_READY) -> None:
        self._most = most
        self._held: dict[tuple[str, str], Asset] = {}
        self.octets = 0

    def get(self, key: tuple[str, str]) -> Asset | None:
        """What is ready, which becomes the last one to go."""
        found = self._held.pop(key, None)
        if found is not None:
            self._held[key] = found
        return found

    def put(self, key: tuple[str, str], made: Asset) -> None:
        """Keep ``made``, and let go of others for it; one that is larger than all there is room for is not kept."""
        if _octets(made) > self._most or key in self._held:
            return
        self._held[key] = made
        self.octets += _octets(made)
        while self.octets > self._most:
            self.octets -= _octets(self._held.pop(next(iter(self._held))))


@frozen
class Served:
    """An application as it is served: its object, its files, each packed by itself, and what is ready of them."""

    application: Application
    files: Mapping[str, bytes]
    fetched_at: float
    ready: Ready

    def name(self, path: str, wants_page: bool = False) -> str | None:
        """The file at ``path``, or the page where that names none; None if there is neither.

        What looks like the name of a file is none of a page, unless a browser ``wants_page``.
        """
        wanted = _decoded(path)
        if wanted in self.files:
            return wanted
        return PAGE if PAGE in self.files and (wants_page or "." not in wanted.rpartition("/")[2]) else None

    def made(self, prefix: str, name: str) -> Asset:
        """A file as it is answered. Takes a while if it is large."""
        body = decompress(self.files[name])
        if name == PAGE:
            body = body.replace(_BASE, b'<base href="/%s/"' % prefix.encode())
        return asset(name, body, headers=HEADERS, immutable=name != PAGE)


class Applications:
    """Those of this process. ``fetch`` gets archives."""

    def __init__(self, store: Store, settings: Settings, telemetry: Telemetry, clock: Any, fetch: Fetch) -> None:
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._fetch = fetch
        self._served: dict[int, Served] = {}
        self._prefixes: dict[str, Served] = {}
        self._lock = DeferredLock()
        self._unwatch = settings.watch(self._changed)
        self._timer: Any = None
        self._running: Deferred[None] | None = None
        self._again = self._is_looking = False

    def find(self, prefix: str) -> Served | None:
        """What is served below the first segment ``prefix``."""
        return self._prefixes.get(prefix)

    async def file(self, prefix: str, path: str, wants_page: bool = False) -> Asset:
        """The file at ``path``, as it stands in an address, below ``prefix``, or its page.

        :raises NotFound: there is neither.
        """
        served = self._prefixes.get(prefix)
        name = served.name(path, wants_page) if served is not None else None
        if served is None or name is None:
            raise NotFound
        found = served.ready.get((prefix, name))
        if found is None:
            found = await self._store.blob_work(lambda files: served.made(prefix, name))
            served.ready.put((prefix, name), found)
        return found

    def start(self) -> None:
        """Serve what there is, and look every hour whether something is old."""
        self._timer = self._clock.callLater(_HOUR, self.start)
        self._changed()

    async def update(self, *, anew: bool = False) -> list[str]:
        """Serve what the settings say, with ``anew`` fetched again. What could not be had, as sentences."""
        await self._lock.acquire()
        try:
            problems: list[str] = []
            fetched: list[int] = []
            wanted = {id: one for id, one in self._settings.all(Application) if one.enabled}
            for id, application in wanted.items():
                try:
                    await self._take(id, application, anew)
                    fetched += [id] if anew else []
                except Invalid as problem:
                    problems.append(f"{application.description}: {problem.detail}")
                    self._telemetry.emit(
                        RESOURCE_BAD_PARAMETERS, object="Application", id=str(id), reason=problem.detail
                    )
            self._served = {id: served for id, served in self._served.items() if id in wanted}
            self._prefixes = {
                segment: served
                for id, served in self._served.items()
                for segment in map(segment_of, wanted[id].url_prefix)
                if segment is not None
            }
        finally:
            self._lock.release()
        if fetched:
            await self._tell_others(fetched)
        return problems

    async def _tell_others(self, fetched: list[int]) -> None:
        """Other processes see that the objects have changed, and take what is in the store."""
        now = self._clock.seconds()
        patch = {"fetchedAt": date_text(int(now))}

        def write(tx: Transaction) -> None:
            for id in fetched:
                if registry.get(tx, Application, id) is not None:
                    registry.update(tx, Application, id, patch, now=now, by_server=True)

        await self._store.write(write)
        await self._settings.reload()

    async def _take(self, id: int, application: Application, anew: bool) -> None:
        now = self._clock.seconds()
        served = self._served.get(id)
        same = served is not None and _source(served.application) == _source(application)
        if same and served is not None and (application.fetched_at or 0) > served.fetched_at:
            same = False  # another process has fetched it since
        if served is not None and same and not anew and not _is_old(application, served.fetched_at, now):
            self._served[id] = Served(application, served.files, served.fetched_at, served.ready)
            return
        kept = None if served is not None and same else await self._kept(id, application)
        if kept is not None:
            self._served[id] = await self._unpacked(application, *kept)
            if not anew and not _is_old(application, kept[1], now):
                return
        archive = await self._fetched(application)
        self._served[id] = await self._unpacked(application, archive, now)
        await self._store.write(lambda tx: _keep(tx, id, application, archive, now))

    async def _fetched(self, application: Application) -> bytes:
        try:
            archive = await self._fetch(application.resource_url)
        except (FetchFailed, OSError) as problem:
            raise Invalid(f"The file cannot be fetched: {problem}") from problem
        if application.sha256 is not None and sha256(archive).hexdigest() != application.sha256:
            raise Invalid("The file is another one: its digest is not the one of the settings.")
        return archive

    async def _unpacked(self, application: Application, archive: bytes, fetched_at: float) -> Served:
        try:
            found = await self._store.blob_work(lambda files: _repacked(archive))
        except ArchiveBroken as broken:
            raise Invalid(str(broken)) from broken
        packed, skipped = found
        if skipped:
            reason = f"{len(skipped)} entries were left out, such as {skipped[0]!r}."
            self._tell(reason)
        return Served(application, packed, fetched_at, Ready())

    async def _kept(self, id: int, application: Application) -> tuple[bytes, float] | None:
        def read(tx: Transaction) -> tuple[bytes, float] | None:
            found = tx.secrets.get(_name(id))
            if found is None:
                return None
            kept = msgspec.json.decode(found, type=dict[str, Any])
            archive = tx.blobs.get(bytes.fromhex(kept["hash"])) if kept["url"] == application.resource_url else None
            return None if archive is None else (archive, kept["fetchedAt"])

        found = await self._store.read(read)
        if found is None or (application.sha256 and sha256(found[0]).hexdigest() != application.sha256):
            return None
        return found

    def _tell(self, reason: str) -> None:
        self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object="Application", reason=reason)

    def _changed(self) -> None:
        if self._served or self._settings.all(Application):
            self._again = self._is_looking
            if not self._is_looking:
                self._running = Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        self._is_looking = True
        try:
            await self.update()
            while self._again:
                self._again = False
                await self.update()
        except StalwartError as problem:  # of the store; the next look is in an hour
            self._tell(problem.detail)
        finally:
            self._is_looking = False

    def close(self) -> None:
        """Stop looking."""
        self._unwatch()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._running is not None:
            self._running.addErrback(lambda failure: None)
            self._running.cancel()


def applications_of(
    store: Store, settings: Settings, telemetry: Telemetry, reactor: Any, trust_store: TrustStore
) -> Applications:
    """Those of a server, which are served from now on."""
    applications = Applications(store, settings, telemetry, reactor, fetching(reactor, trust_store, store))
    applications.start()
    return applications


def fetching(reactor: Any, trust_store: TrustStore, store: Store) -> Fetch:
    """Gets archives over the network, or where a system administrator has put them on this machine."""
    requests = WebRequests(reactor, trust_store, limit=LARGEST, timeout=TIMEOUT)
    elsewhere = WebRequests(reactor, trust_store, limit=LARGEST, timeout=TIMEOUT, allow=is_public)

    async def fetch(url: str) -> bytes:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return await store.blob_work(lambda files: _read(unquote(parts.path)))
        return await following(requests, elsewhere, url)

    return fetch


async def following(requests: WebRequests, elsewhere: WebRequests, url: str) -> bytes:
    """What is at a URL, or where it leads. ``elsewhere`` asks the hosts that others than the administrator have named.

    :raises FetchFailed: it cannot be had; it leads too far, or from https: to http:.
    """
    named = urlsplit(url)
    for _ in range(MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        own = (parts.scheme, parts.netloc) == (named.scheme, named.netloc)
        answer = await (requests if own else elsewhere).send(b"GET", url, Headers({}))
        if answer.status == 200:
            return answer.body
        if answer.status not in _REDIRECTS or answer.location is None:
            raise FetchFailed("protocol", f"the server answers with status {answer.status}")
        url = urljoin(url, answer.location)
        if named.scheme == "https" and urlsplit(url).scheme != "https":
            raise FetchFailed("protocol", "it leads from https: to a URL of another kind")
    raise FetchFailed("protocol", f"it leads on more than {MOST_REDIRECTS} times")


def _repacked(archive: bytes) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files of an archive, each packed by itself, and the names that were left out."""
    found = unpack(archive)
    return {name: compress(body, 6) for name, body in found.files.items()}, found.skipped


def _decoded(path: str) -> str:
    """``path`` as a name; a slash that is written with a percent sign, and what is no text, stay as they are."""
    return "/".join(part if "/" in (name := unquote(part)) or "\ufffd" in name else name for part in path.split("/"))


def _octets(made: Asset) -> int:
    return len(made.body) + len(made.packed or b"")


def _read(path: str) -> bytes:
    if not Path(path).is_file() or Path(path).stat().st_size > LARGEST:
        raise OSError("there is no file of at most 100 MiB")
    return Path(path).read_bytes()


def _source(application: Application) -> tuple[str, str | None]:
    return application.resource_url, application.sha256


def _is_old(application: Application, fetched_at: float, now: float) -> bool:
    return now - fetched_at >= application.auto_update_frequency / 1000


def _name(id: int) -> str:
    return f"application {id}"


def _keep(tx: Transaction, id: int, application: Application, archive: bytes, now: float) -> None:
    tx.blobs.unlink(_OWNER, id, int(now))
    hash = tx.blobs.put(archive, int(now)).hash
    tx.blobs.link(hash, _OWNER, id)
    kept = {"hash": hash.hex(), "url": application.resource_url, "fetchedAt": now}
    tx.secrets.put(_name(id), msgspec.json.encode(kept))
