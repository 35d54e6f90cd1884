"""The text of a script out of a blob: read within bounds, and checked as it would be when it runs (RFC 9661 2.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from attrs import frozen

from stalwart.codec.sieve.syntax import SieveError
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.directory.access import Access
from stalwart.errors import NotFound
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import Decoding, octets_of
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Services
from stalwart.mail.sieve.scripts import Scripts
from stalwart.store import Store


@frozen
class Content:
    """A script that can be used."""

    octets: bytes
    hash: bytes

    @property
    def blob_id(self) -> str:
        """The id of the blob that it becomes, be it all of another one or a section."""
        return str(BlobId(self.hash))


@frozen
class Reading:
    """Reads scripts for one call on an account."""

    services: Services
    access: Access
    account_id: int
    now: int

    async def contents(self, ids: Collection[str]) -> dict[str, Content | SetRefused]:
        """The scripts in blobs, or why they cannot be used, by id."""
        store: Store = self.services["store"]
        found: Mapping[str, Readable] = await store.read(
            lambda tx: find_readable(tx, self.access, self.account_id, ids, self.now)
        )
        made: dict[str, Content | SetRefused] = {}
        for id in ids:
            try:
                made[id] = await self._content(store, id, found.get(id))
            except SetRefused as problem:
                made[id] = problem
        return made

    async def _content(self, store: Store, id: str, found: Readable | None) -> Content:
        if found is None:
            raise _not_found(id)
        scripts: Scripts = self.services["sieve_scripts"]
        most = self.services["settings"].of(SieveUserInterpreter).max_script_size
        if found.place.length > most * (1 if found.id.section is None else 3):  # encoded
            raise _too_large(most)
        try:
            octets = await octets_of(store, found, Decoding(most * 3))
        except NotFound:
            raise _not_found(id) from None
        if octets.size > most:
            raise _too_large(most)

        def read(files: Any) -> Content:
            data = octets.read(files, 0, octets.size)
            return Content(data, sha256(data).digest())

        content = await store.blob_work(read)
        try:
            await store.blob_work(lambda _: scripts.ready(content.hash, content.octets))
        except SieveError as problem:
            raise SetRefused("invalidSieve", str(problem)) from None
        return content


def _not_found(id: str) -> SetRefused:
    return SetRefused("blobNotFound", "The blob does not exist.", notFound=[id])


def _too_large(most: int) -> SetRefused:
    return SetRefused("tooLarge", f"A script has at most {most} octets.", maxSize=most)
