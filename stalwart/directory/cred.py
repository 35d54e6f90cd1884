"""The directory for `twisted.cred`: a realm and two checkers that any Twisted server can use.

The avatar is an `IAccess`, or what the server itself makes of one for another interface (a web resource, a mailbox).
Challenge-response credentials (CRAM-MD5, HTTP digest) are left out: they need passwords in clear, which nobody stores.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from attrs import field, frozen
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ICredentials, IUsernamePassword
from twisted.cred.error import LoginDenied, LoginFailed, UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface, implementer

from stalwart.directory.access import Access, IAccess
from stalwart.directory.directory import Directory
from stalwart.errors import Forbidden, SecondFactorRequired, StalwartError, Unauthenticated

Avatar = tuple[Interface, Any, Callable[[], Any]]
MakeAvatar = Callable[[Access], Any]
"""Makes the avatar for one interface; where it has a method `logout`, that is called when the session ends."""


class SecondFactorNeeded(UnauthorizedLogin):
    """The password is right, but the account wants a code that this protocol cannot carry; an app password will do."""


class IBearerToken(ICredentials):
    """A token that says by itself whose it is, such as an API key (RFC 6750)."""

    token: str = Attribute("The token, a str.")


@implementer(IBearerToken)
@frozen
class BearerToken:
    """A bearer token and the address that it came from."""

    token: str = field(repr=False)
    client_ip: str = ""


@implementer(IUsernamePassword)
@frozen
class AddressedPassword:
    """A login, a password and the address that they came from: credentials that may be limited to networks need it."""

    username: bytes
    password: bytes = field(repr=False)
    client_ip: str = ""

    def checkPassword(self, password: bytes) -> bool:
        """Part of IUsernamePassword; the directory does not use it."""
        return self.password == password


class AvatarId(bytes):
    """The login as bytes, which is what `twisted.cred` hands from checker to realm, with the access beside it."""

    access: Access

    def __new__(cls, access: Access) -> AvatarId:
        made = super().__new__(cls, access.login.encode("utf-8"))
        made.access = access
        return made


@implementer(ICredentialsChecker)
class PasswordChecker:
    """Checks logins with passwords or app passwords.

    ``client_ip`` is used where the credentials bring no `client_ip` of their own; "" is no address: credentials that
    are limited to networks are then refused.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, directory: Directory, client_ip: str = "") -> None:
        self._directory = directory
        self._client_ip = client_ip

    def requestAvatarId(self, credentials: Any) -> Deferred[AvatarId]:
        """An `AvatarId`; fails with a `LoginFailed` of `twisted.cred`."""
        client_ip = getattr(credentials, "client_ip", self._client_ip)
        login, secret = (
            part.decode("utf-8", "replace") if isinstance(part, bytes) else part
            for part in (credentials.username, credentials.password)
        )
        return _avatar_id(self._directory.authenticate_basic(login, secret, client_ip))


@implementer(ICredentialsChecker)
class BearerChecker:
    """Checks API keys and whatever other bearer tokens the directory knows; ``client_ip`` as in `PasswordChecker`."""

    credentialInterfaces = (IBearerToken,)

    def __init__(self, directory: Directory, client_ip: str = "") -> None:
        self._directory = directory
        self._client_ip = client_ip

    def requestAvatarId(self, credentials: Any) -> Deferred[AvatarId]:
        """An `AvatarId`; fails with a `LoginFailed` of `twisted.cred`."""
        client_ip = getattr(credentials, "client_ip", "") or self._client_ip
        return _avatar_id(self._directory.authenticate_bearer(credentials.token, client_ip))


@implementer(IRealm)
class StalwartRealm:
    """Hands out `IAccess`, and for the interfaces in ``avatars`` what their makers make of it."""

    def __init__(self, avatars: Mapping[Any, MakeAvatar] | None = None) -> None:
        self._avatars = {**(avatars or {}), IAccess: lambda access: access}

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Avatar:
        """The avatar for the first of ``interfaces`` that is known (`IRealm.requestAvatar`)."""
        if not isinstance(avatarId, AvatarId):
            raise LoginDenied("this realm knows nobody without an account")
        for interface in interfaces:
            if interface in self._avatars:
                avatar = self._avatars[interface](avatarId.access)
                return interface, avatar, getattr(avatar, "logout", _nothing)
        raise NotImplementedError("none of the wanted interfaces is known to this realm")


def make_portal(directory: Directory, avatars: Mapping[Any, MakeAvatar] | None = None, client_ip: str = "") -> Portal:
    """A `Portal` with the realm and both checkers: what a protocol factory of Twisted asks for."""
    checkers: Any = (PasswordChecker(directory, client_ip), BearerChecker(directory, client_ip))
    realm: Any = StalwartRealm(avatars)
    return Portal(realm, checkers)


def _avatar_id(proof: Coroutine[Any, Any, Access]) -> Deferred[AvatarId]:
    return Deferred.fromCoroutine(_translated(proof))


async def _translated(proof: Awaitable[Access]) -> AvatarId:
    try:
        return AvatarId(await proof)
    except SecondFactorRequired as error:
        raise SecondFactorNeeded(error.detail) from None
    except Unauthenticated as error:
        raise UnauthorizedLogin(error.detail) from None
    except Forbidden as error:
        raise LoginDenied(error.detail) from None
    except StalwartError as error:
        raise LoginFailed(error.detail) from None


def _nothing() -> None:
    """The logout of an avatar that holds nothing."""
