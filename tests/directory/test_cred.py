"""The directory as a `twisted.cred` realm, and the example of docs/cred.md."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

from twisted.cred.credentials import CramMD5Credentials, UsernamePassword
from twisted.cred.error import LoginDenied, LoginFailed, UnauthorizedLogin, UnhandledCredentials
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase
from twisted.web.resource import IResource
from zope.interface.verify import verifyObject

from stalwart.directory.access import IAccess
from stalwart.directory.cred import (
    AddressedPassword,
    BearerToken,
    PasswordChecker,
    SecondFactorNeeded,
    StalwartRealm,
    make_portal,
)
from stalwart.errors import TooMany, Unauthenticated
from tests.directory.world import IP, PASSWORD, World

DOCUMENT = Path(__file__).parents[2] / "docs" / "cred.md"


def example() -> dict[str, Any]:
    """The names that the code blocks of the document define."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S):
        exec(compile(block, str(DOCUMENT), "exec"), names)
    return names


class PortalTests(World):
    """Signing in through a portal."""

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.portal = make_portal(self.directory)

    def login(self, credentials: Any, *interfaces: Any) -> Deferred[Any]:
        return self.portal.login(credentials, None, *(interfaces or (IAccess,)))

    def test_password_gives_the_access(self) -> None:
        interface, avatar, logout = self.successResultOf(self.login(UsernamePassword(b"alice", PASSWORD.encode())))
        self.assertEqual((interface, avatar.account_id), (IAccess, self.account))
        self.assertTrue(verifyObject(IAccess, avatar))
        logout()

    def test_api_key_gives_the_access(self) -> None:
        _, key = self.settle(self.accounts.add_api_key(self.account, "script"))
        _, avatar, _ = self.successResultOf(self.login(BearerToken(key)))
        self.assertEqual(avatar.account_id, self.account)

    def test_wrong_password_is_unauthorized_and_delayed(self) -> None:
        self.refusal(self.login(AddressedPassword(b"alice", b"wrong", IP)), UnauthorizedLogin)
        self.assertEqual(self.failures, [(IP, "alice")])

    def test_bytes_that_are_no_text_are_a_wrong_password(self) -> None:
        self.refusal(self.login(UsernamePassword(b"alice", b"\xff\xfe")), UnauthorizedLogin)

    def test_second_factor_is_said(self) -> None:
        uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.patch_account(self.account, {"credentials/0/otpAuth": uri})
        self.failureResultOf(self.login(UsernamePassword(b"alice", PASSWORD.encode())), SecondFactorNeeded)

    def test_limited_password_needs_the_right_address(self) -> None:
        self.patch_account(self.account, {"credentials/0/allowedIps": {"192.0.2.0/24": True}})
        self.refusal(self.login(UsernamePassword(b"alice", PASSWORD.encode())), LoginDenied)
        self.successResultOf(self.login(AddressedPassword(b"alice", PASSWORD.encode(), IP)))

    def test_banned_address_is_a_failed_login(self) -> None:
        self.banned = True
        error = self.refusal(self.login(UsernamePassword(b"alice", b"wrong")), LoginFailed)
        self.assertNotIsInstance(error, (UnauthorizedLogin, TooMany))

    def test_challenge_response_is_not_offered(self) -> None:
        self.failureResultOf(self.login(CramMD5Credentials()), UnhandledCredentials)

    def test_unknown_interface_is_refused(self) -> None:
        work = self.login(UsernamePassword(b"alice", PASSWORD.encode()), IResource)
        self.failureResultOf(work, NotImplementedError)

    def test_avatar_with_a_logout_is_told(self) -> None:
        gone: list[str] = []

        class Session:
            def __init__(self, access: Any) -> None:
                self.login = access.login

            def logout(self) -> None:
                gone.append(self.login)

        self.portal = make_portal(self.directory, {IResource: Session})
        work = self.login(UsernamePassword(b"alice", PASSWORD.encode()), IResource)
        self.successResultOf(work)[2]()
        self.assertEqual(gone, ["alice@example.test"])

    def test_avatar_id_is_bytes(self) -> None:
        work = PasswordChecker(self.directory).requestAvatarId(UsernamePassword(b"alice", PASSWORD.encode()))
        self.assertEqual(self.successResultOf(work), b"alice@example.test")

    def test_foreign_avatar_id_opens_nothing(self) -> None:
        with self.assertRaises(LoginDenied):
            StalwartRealm().requestAvatar(b"alice@example.test", None, IAccess)

    def test_credentials_do_not_show_their_secret(self) -> None:
        shown = repr(AddressedPassword(b"alice", b"hidden")) + repr(BearerToken("hidden"))
        self.assertNotIn("hidden", shown)


class ExampleTests(World):
    """The code of docs/cred.md runs as it stands."""

    def setUp(self) -> None:
        super().setUp()
        self.names = example()
        self.account = self.user()

    def get(self, login: str, secret: str) -> bytes:
        site = self.names["make_site"](self.directory)
        transport = StringTransport()
        channel = site.buildProtocol(None)
        channel.makeConnection(transport)
        token = b64encode(f"{login}:{secret}".encode())
        channel.dataReceived(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic " + token + b"\r\n\r\n"
        )
        self.clock.advance(1)
        return transport.value()

    def test_right_password_is_greeted(self) -> None:
        self.assertTrue(self.get("alice", PASSWORD).endswith(b"hello alice@example.test\n"))

    def test_wrong_password_is_401(self) -> None:
        self.assertTrue(self.get("alice", "wrong").startswith(b"HTTP/1.1 401"))

    def test_permission_is_asked_for(self) -> None:
        removed = {"@type": "Merge", "disabledPermissions": {"emailSend": True}}
        self.patch_account(self.account, {"permissions": removed})
        self.assertTrue(self.get("alice", PASSWORD).startswith(b"HTTP/1.1 403"))


class OwnProgramTests(TestCase):
    """The second block of docs/cred.md, over a store on disk."""

    async def test_directory_over_a_store_answers_and_closes(self) -> None:
        path = Path(self.mktemp())
        path.mkdir()
        directory = await example()["open_directory"](reactor, path / "store.db")
        with self.assertRaises(Unauthenticated):
            await directory.authenticate_basic("alice", PASSWORD, IP)
        await directory.close()
        await directory._identities._store.close()
