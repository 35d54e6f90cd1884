"""The identity provider put together: keys, clients, codes, sign-ins, and what of it the directory needs.

Keys are read before anybody is answered, and looked at every hour, so that the server's own are changed in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from stalwart.app.foundations import Foundations
from stalwart.codec.sealing import Sealer
from stalwart.oauth.pages.files import sign_in_assets
from stalwart.provider.clients import Clients
from stalwart.provider.codes import AuthorizationCodes
from stalwart.provider.devices import DeviceCodes
from stalwart.provider.dpop import Counters, Proofs
from stalwart.provider.keys import SigningKeys
from stalwart.provider.master_key import StoredMasterKey
from stalwart.provider.passkeys import Passkeys
from stalwart.provider.registration import Registration
from stalwart.provider.requests import AuthorizationRequests
from stalwart.provider.sessions import Sessions
from stalwart.provider.sign_in import SignIn
from stalwart.provider.tokens import AccessTokens
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

HOUR = 3600.0


@define
class IdentityProvider:
    """What was built: ``services`` for routes and JMAP methods by name. Call ``load`` first, ``close`` at the end.

    ``announce`` tells other processes to look at the keys, too.
    """

    services: dict[str, Any]
    clock: Any
    telemetry: Telemetry
    announce: Callable[[], object]
    _hourly: LoopingCall = field(init=False)

    async def load(self) -> None:
        """Read the keys."""
        await self.services["master_key"].load()
        await self._load_keys()
        self._hourly = LoopingCall(self._look_after_keys)
        self._hourly.clock = self.clock
        self._hourly.start(HOUR, now=False)

    def close(self) -> None:
        """Stop looking after them."""
        if self._hourly.running:
            self._hourly.stop()
        self.services["master_key"].close()
        self.services["signing_keys"].close()

    def _look_after_keys(self) -> Deferred[None]:
        looking = Deferred.fromCoroutine(self._load_keys())
        looking.addErrback(lambda failure: self.telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage()))
        return looking

    async def _load_keys(self) -> None:
        await self.services["signing_keys"].load()
        self.announce()


def identity_provider(
    below: Foundations, counters: Counters, announce: Callable[[], object] = lambda: None
) -> IdentityProvider:
    """Build it; ``counters`` remember proofs of keys (RFC 9449 11.1)."""
    store, settings, directory, hashing = below.store, below.settings, below.directory, below.hashing
    clock, telemetry, base_url = below.reactor, below.telemetry, below.base_url
    master_key = StoredMasterKey(store, settings, telemetry, below.vault)
    sealer = Sealer(master_key)
    keys = SigningKeys(store, settings, hashing, clock, telemetry, below.vault)
    sessions = Sessions(store, settings, directory, sealer, keys, clock, telemetry, base_url)
    clients = Clients(store, settings, sealer, hashing, clock, base_url)
    passkeys = Passkeys(store, directory, clock, telemetry, base_url)
    directory.add_bearer(AccessTokens(store, sealer, directory, clock, below.telemetry))
    services = {
        "master_key": master_key,
        "sealer": sealer,
        "signing_keys": keys,
        "clients": clients,
        "registration": Registration(clients, store, clock, base_url),
        "proofs": Proofs(counters, clock),
        "authorization_requests": AuthorizationRequests(clients, store, settings, clock, base_url, below.mode),
        "authorization_codes": AuthorizationCodes(store, settings, directory, sessions, clock, telemetry),
        "device_codes": DeviceCodes(store, settings, directory, sessions, clock),
        "sessions": sessions,
        "passkeys": passkeys,
        "sign_in": SignIn(directory, passkeys, clock, telemetry),
        "sign_in_assets": sign_in_assets(),
    }
    return IdentityProvider(services, clock, telemetry, announce)
