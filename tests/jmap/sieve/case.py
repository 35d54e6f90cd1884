"""Alice keeps scripts and a vacation response over JMAP."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.permissions import PERMISSIONS
from stalwart.directory.access import Access
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Request
from stalwart.jmap.capabilities import BLOB, CORE
from stalwart.jmap.engine import Engine
from stalwart.jmap.methods import collected
from stalwart.jmap.sieve.capability import SIEVE, VACATION
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.sieve.scripts import Scripts
from tests.mail.post_office import PostOffice

WANTED = ("SieveScript/", "VacationResponse/", "Blob/lookup")


class SieveCase(PostOffice):
    """``call`` answers as clients read it; ``script`` uploads a text."""

    def setUp(self) -> None:
        super().setUp()
        self.scripts = Scripts(self.settings)
        services = {
            "store": self.store,
            "clock": self.clock,
            "settings": self.settings,
            "quotas": Quotas(self.settings, self.clock),
            "sieve_scripts": self.scripts,
        }
        methods = [each for each in collected() if each.name.startswith(WANTED)]
        self.engine = Engine(methods, services, telemetry=self.telemetry, clock=self.clock)
        self.alice = self.ids["alice"]
        self.account = encode_id(self.alice)
        self.permissions = frozenset(PERMISSIONS) - {"impersonate", "fetchAnyBlob"}

    def script(self, source: str | bytes, by: str = "alice") -> str:
        """The id of an upload."""
        octets = source if isinstance(source, bytes) else source.encode()
        owner = self.ids[by]

        def work(tx: Any) -> str:
            blob = tx.blobs.put(octets, int(self.clock.seconds()))
            later = int(self.clock.seconds()) + 3600
            tx.blobs.link(blob.hash, self.alice, uploader(owner), type="application/sieve", expires_at=later)
            return str(BlobId(blob.hash))

        return self.successResultOf(self.store.write(work))

    def ask(self, name: str, **arguments: Any) -> tuple[str, Any]:
        """Name and arguments of the response."""
        access = Access(self.alice, "alice@example.test", None, self.permissions)
        request = Request(access, using=frozenset((CORE, BLOB, SIEVE, VACATION)))
        given = {"accountId": self.account, **arguments}
        work = self.engine.responses(request, [(name, given, "0")], 1_000_000)
        ((answered, answer, _),) = self.successResultOf(Deferred.fromCoroutine(work))
        return answered, msgspec.json.decode(msgspec.json.encode(answer))

    def call(self, name: str, **arguments: Any) -> Any:
        """The answer to a call that works."""
        answered, answer = self.ask(name, **arguments)
        self.assertEqual(answered, name, answer)
        return answer

    def set(self, declaration: Any, **patch: Any) -> None:
        """Settings of a singleton."""

        async def write() -> None:
            if await self.store.read(lambda tx: tx.registry.get(declaration.type_name, SINGLETON)) is None:
                await self.settings.create(declaration, patch)
            else:
                await self.settings.change(declaration, patch)

        self.settle(write())
