"""The key by which push services know this server (RFC 8292): ``Jmap.webPushKey``, or one that the store keeps.

The store's is made once and sealed there. Clients bind their subscriptions to the public half (RFC 9749 3), so it must
not change without need. It is read before the server answers anybody, and again when the setting changes; one that
cannot be read is an event, and the store's takes its place.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from stalwart.codec.certificate_chains import UnreadablePem, read_private_key
from stalwart.codec.vapid import authorization, contact_uri, origin_of, public_text
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.kept_text import Unreadable
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.provider.keys import make_pem
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, STORE_ERROR

LIFETIME = 12 * 3600
"""Seconds that a token is good for; it is used for half of them."""

_NAME = "web-push-key"
_CONTEXT = "Jmap.webPushKey"
_MOST_KEPT = 64  # origins


@frozen
class _Token:
    text: str
    until: float


class VapidKey:
    """The present key; call ``load`` first and ``close`` at the end."""

    def __init__(
        self, store: Store, settings: Settings, clock: IReactorTime, telemetry: Telemetry, vault: Vault
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock: Any = clock
        self._telemetry = telemetry
        self._vault = vault
        self._place: Any = None
        self._contact: str | None = None
        self._key: ec.EllipticCurvePrivateKey | None = None
        self.public: str | None = None
        """The public key in base64url, `applicationServerKey` of the session (RFC 9749 3); None before ``load``."""
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._unwatch = settings.watch(self._changed)

    async def load(self) -> None:
        """Read the key; make one if there is none."""
        jmap = self._settings.of(Jmap)
        place = self._place = jmap.web_push_key
        self._contact = jmap.web_push_contact
        key = await self._store.blob_work(lambda _: self._configured(place))
        if key is None:
            key = _p256(await self._store.write(self._own))
        if place == self._place:  # no later change has come before
            self._key = key
            self.public = public_text(key)
            self._tokens.clear()

    def close(self) -> None:
        """Stop watching the settings."""
        self._unwatch()

    def authorization(self, url: str) -> str | None:
        """The field Authorization of a push to ``url``; None before ``load``."""
        if self._key is None:
            return None
        origin, now = origin_of(url), int(self._clock.seconds())
        token = self._tokens.pop(origin, None)
        if token is None or token.until <= now:
            contact = contact_uri(self._contact)
            text = authorization(origin, private_key=self._key, now=now, lifetime=LIFETIME, contact=contact)
            token = _Token(text, now + LIFETIME // 2)
        self._tokens[origin] = token
        if len(self._tokens) > _MOST_KEPT:
            self._tokens.popitem(last=False)
        return token.text

    def _own(self, tx: Transaction) -> str:
        """The store's key in PEM; a new one if there is none, or none that this vault opens."""
        found = (tx.secrets.get(_NAME) or b"").decode("ascii")
        try:
            pem = self._vault.open(_NAME, found)
        except Unreadable:
            pem = ""
        if not pem:
            pem = make_pem("ES256")
            tx.secrets.put(_NAME, self._vault.seal(_NAME, pem).encode("ascii"))
        return pem

    def _changed(self) -> None:
        jmap = self._settings.of(Jmap)
        if (jmap.web_push_key, jmap.web_push_contact) != (self._place, self._contact):
            Deferred.fromCoroutine(self.load()).addErrback(
                lambda failure: self._telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage())
            )

    def _configured(self, place: Any) -> ec.EllipticCurvePrivateKey | None:
        try:
            text = self._vault.kept(_CONTEXT, place)
            return _p256(text) if text else None
        except (Unreadable, UnreadablePem) as problem:
            self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object="Jmap", property="webPushKey", reason=str(problem))
            return None


def _p256(pem: str) -> ec.EllipticCurvePrivateKey:
    key = read_private_key(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnreadablePem("it is not a key on the curve P-256")
    return key
