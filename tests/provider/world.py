"""A small provider: the directory's world with keys, sign-ins, codes and devices over it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.sealing import Sealer
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.access import Access
from stalwart.provider.codes import AuthorizationCodes
from stalwart.provider.devices import DeviceCodes
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import AuthorizationRequest, Client, SignedIn
from stalwart.provider.keys import SigningKeys
from stalwart.provider.master_key import StoredMasterKey
from stalwart.provider.sessions import Sessions, Tokens
from stalwart.provider.tokens import AccessTokens
from tests.directory.world import IP, World

BASE = "https://mail.example.test"
REDIRECT = "https://app.example/cb"
VERIFIER = "v" * 43
APP = Client("app", "unregistered", "An App")
OTHER = Client("other", "unregistered")


class ProviderWorld(World):
    """`sessions`, `codes`, `devices` and the access tokens of a directory with alice in it."""

    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault(VaultKey("v" * 40))
        self.master = StoredMasterKey(self.store, self.settings, self.telemetry, self.vault)
        self.settle(self.master.load())
        self.addCleanup(self.master.close)
        self.sealer = Sealer(self.master)
        self.keys = SigningKeys(self.store, self.settings, self.hashing, self.clock, self.telemetry, self.vault)
        self.settle(self.keys.load())
        self.addCleanup(self.keys.close)
        self.sessions = Sessions(
            self.store, self.settings, self.directory, self.sealer, self.keys, self.clock, self.telemetry, BASE
        )
        self.codes = AuthorizationCodes(
            self.store, self.settings, self.directory, self.sessions, self.clock, self.telemetry
        )
        self.devices = DeviceCodes(self.store, self.settings, self.directory, self.sessions, self.clock)
        self.directory.add_bearer(AccessTokens(self.store, self.sealer, self.directory, self.clock))
        self.alice = self.user()

    def asked(self, **changes: Any) -> AuthorizationRequest:
        """A request of `APP` with PKCE."""
        members: dict[str, Any] = {
            "client": APP,
            "redirect_uri": REDIRECT,
            "challenge": challenge_of(VERIFIER),
            "challenge_method": "S256",
        }
        return AuthorizationRequest(**{**members, **changes})

    def signed_in(self, access: Access | None = None) -> SignedIn:
        """Alice, by password."""
        who = access if access is not None else self.sign_in()
        return SignedIn(who, int(self.clock.seconds()), ("pwd",), IP, "Test/1.0")

    def code(self, access: Access | None = None, **changes: Any) -> str:
        """A code for alice."""
        return self.settle(self.codes.issue(self.asked(**changes), self.signed_in(access)))

    def redeem(self, code: str, client: Client = APP, **changes: Any) -> Tokens:
        """The tokens of a code."""
        members = {"redirect_uri": REDIRECT, "verifier": VERIFIER, "client_ip": IP}
        return self.settle(self.codes.redeem(code, client, **{**members, **changes}))

    def tokens(self, **changes: Any) -> Tokens:
        """Tokens of alice for `APP`."""
        return self.redeem(self.code(**changes))

    def refused(self, code: str, work: Any) -> OAuthError:
        """The OAuthError of a coroutine, which must have ``code``."""
        error: OAuthError = self.failureResultOf(Deferred.fromCoroutine(work), OAuthError).value
        self.assertEqual(error.code, code, error.description)
        return error

    def bearer(self, token: str, ip: str = IP) -> Access:
        """The access of an access token that is good."""
        return self.settle(self.directory.authenticate_bearer(token, ip))


def challenge_of(verifier: str) -> str:
    """The S256 challenge (RFC 7636 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
