"""Signs people in by the directory: PLAIN (RFC 4616), LOGIN, OAUTHBEARER (RFC 7628) and XOAUTH2.

Passwords, app passwords and tokens are those of HTTP, and so is what follows on failures: each is answered late and
counted, and an address with too many of them is banned, on connections that are open too. What was right of late is not
hashed again.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stalwart.codec import sasl
from stalwart.codec.sasl import BearerCredentials, Malformed, PlainCredentials
from stalwart.directory.access import Access
from stalwart.directory.credentials import API_PREFIX
from stalwart.directory.directory import Directory
from stalwart.errors import Forbidden, SecondFactorRequired, StalwartError, TooMany, Unauthenticated
from stalwart.smtp.authentication import Challenge, Exchange, Login
from stalwart.smtp.envelope import Peer
from stalwart.smtp.reception import Refusal

MALFORMED = Refusal(501, "5.5.2", "The response is not one of this mechanism")
WRONG = Refusal(535, "5.7.8", "Wrong name or password")
WRONG_TOKEN = Refusal(535, "5.7.8", "The token is not valid, or is somebody else's")
NEEDS_APP_PASSWORD = Refusal(534, "5.7.9", "This account has a second factor: sign in with an app password")
BANNED = Refusal(421, "4.7.0", "Too many failed sign-ins; please try again later")
LATER = Refusal(454, "4.7.0", "Nobody can sign in at the moment; please try again later")

Answer = Challenge | Login | Refusal
IsOwn = Callable[[Access, str], Awaitable[bool]]
"""Whether an address is one of the account."""


class DirectoryAuthenticator:
    """``authentication.Authenticator`` for the accounts of ``directory``. What a client may use is in its offers.

    ``is_own`` is asked where a token comes with a name; ``blocked`` says which addresses are banned. ``look`` takes
    over what other processes have changed; it answers None, or what has to be waited for.
    """

    def __init__(
        self,
        directory: Directory,
        is_own: IsOwn,
        blocked: Callable[[str], bool] = lambda ip: False,
        look: Callable[[], Any] = lambda: None,
    ) -> None:
        self._directory = directory
        self._is_own = is_own
        self._blocked = blocked
        self._look = look

    def mechanisms(self, peer: Peer) -> Sequence[str]:
        """See ``authentication.Authenticator``."""
        return peer.offers.mechanisms if peer.offers is not None else ()

    def begin(self, peer: Peer, mechanism: str) -> Exchange:
        """See ``authentication.Authenticator``."""
        return MECHANISMS[mechanism](self, peer.remote_ip)

    async def by_password(self, said: PlainCredentials, ip: str) -> Login | Refusal:
        """Whoever has that name and password, app password or API key; with a target, he in the account of somebody
        else.
        """
        own = not said.target or said.target.lower() == said.name.lower()
        if own and said.name and said.secret.startswith(API_PREFIX):  # for programs that know no other mechanism
            found = await self.by_token(BearerCredentials(said.name, said.secret), ip)
            return WRONG if found is WRONG_TOKEN else found
        name = said.name.strip() if own else f"{said.target.strip()}%{said.name.strip()}"
        key = b64encode(f"{name}:{said.secret}".encode()).decode()
        return await self._proved(key, ip, lambda: self._directory.authenticate_basic(name, said.secret, ip), WRONG)

    async def by_token(self, said: BearerCredentials, ip: str) -> Login | Refusal:
        """Whoever holds the token, if it is his whom the client names."""
        found = await self._proved(
            said.token, ip, lambda: self._directory.authenticate_bearer(said.token, ip), WRONG_TOKEN
        )
        if isinstance(found, Refusal):
            return found
        access: Access = found.identity
        if access.dpop_thumbprint is not None:  # RFC 9449: nothing here could prove the key
            return WRONG_TOKEN
        name = said.name.strip().lower()
        if (
            name
            and name not in (access.login, access.login.rpartition("@")[0])
            and not await self._is_own(access, name)
        ):
            return WRONG_TOKEN
        return found

    async def _proved(
        self, key: str, ip: str, prove: Callable[[], Awaitable[Access]], wrong: Refusal
    ) -> Login | Refusal:
        waiting = self._look()
        if waiting is not None:
            await waiting
        if self._blocked(ip):
            return BANNED
        access = self._directory.cached(key, ip)
        if access is None:
            try:
                access = await prove()
            except SecondFactorRequired:
                return NEEDS_APP_PASSWORD
            except TooMany:
                return BANNED
            except Unauthenticated:
                return wrong
            except Forbidden as problem:
                return Refusal(535, "5.7.8", problem.detail)
            except StalwartError:
                return LATER
            self._directory.remember(key, access)
        return Login(access)


class _Plain:
    def __init__(self, authenticator: DirectoryAuthenticator, ip: str) -> None:
        self._authenticator = authenticator
        self._ip = ip

    async def step(self, response: bytes | None) -> Answer:
        if response is None:
            return Challenge()
        try:
            said = sasl.read_plain(response)
        except Malformed:
            return MALFORMED
        return await self._authenticator.by_password(said, self._ip)


class _Login:
    """Two questions, of which no standard tells."""

    def __init__(self, authenticator: DirectoryAuthenticator, ip: str) -> None:
        self._authenticator = authenticator
        self._ip = ip
        self._name: str | None = None

    async def step(self, response: bytes | None) -> Answer:
        if response is None:
            return Challenge(b"Username:")
        try:
            word = sasl.read_words(response)
        except Malformed:
            return MALFORMED
        if self._name is None:
            self._name = word
            return Challenge(b"Password:")
        return await self._authenticator.by_password(PlainCredentials("", self._name, word), self._ip)


class _Bearer:
    """A failure is told in a challenge, whose response says nothing any more (RFC 7628 3.2.3)."""

    read: Callable[[bytes], BearerCredentials] = staticmethod(sasl.read_oauthbearer)
    told: Mapping[str, str] = {"status": "invalid_token", "scope": "urn:ietf:params:oauth:scope:mail"}

    def __init__(self, authenticator: DirectoryAuthenticator, ip: str) -> None:
        self._authenticator = authenticator
        self._ip = ip
        self._refusal: Refusal | None = None

    async def step(self, response: bytes | None) -> Answer:
        if self._refusal is not None:
            return self._refusal
        if response is None:
            return Challenge()
        try:
            said = self.read(response)
        except Malformed:
            return MALFORMED
        answer = await self._authenticator.by_token(said, self._ip)
        if not isinstance(answer, Refusal) or answer.code != WRONG_TOKEN.code:
            return answer
        self._refusal = answer
        return Challenge(json.dumps(self.told).encode())


class _XOAuth2(_Bearer):
    read = staticmethod(sasl.read_xoauth2)
    told = {"status": "400", "schemes": "bearer", "scope": "urn:ietf:params:oauth:scope:mail"}


MECHANISMS: Mapping[str, Callable[[DirectoryAuthenticator, str], Exchange]] = {
    "PLAIN": _Plain,
    "LOGIN": _Login,
    "OAUTHBEARER": _Bearer,
    "XOAUTH2": _XOAuth2,
}
