"""The LDAP directory against Debian's slapd: sign-in, groups, aliases, TLS, and a server that is away or silent."""

from __future__ import annotations

import atexit
import shutil
import socket
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.config.identity.directory import Directory
from stalwart.directory import hashes
from stalwart.directory.external.found import Found
from stalwart.directory.external.ldap import LdapDirectory, open_ldap_directory
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Unavailable
from stalwart.net.tls import TrustStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_DIRECTORY_AMBIGUOUS, Event
from tests.interop.slapd import SERVICE, SERVICE_SECRET, SUFFIX, Slapd, missing
from tests.live.daemon import Daemon, basic, new_folder
from tests.live.people import Administrator
from tests.net.certificates import issue, make_ca

PASSWORD = "korrekt*horse(7)\\battery"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
ALICE = f"cn=alice,{PEOPLE}"
ODD = f"cn=Zoë \\2A\\28x\\29\\5C\\2C y,{PEOPLE}"  # RFC 4514 2.4: Zoë *(x)\, y
KEY = b"k" * 32
PERSON = ("inetOrgPerson", "mailAddressee")


def fill(server: Slapd) -> None:
    """People and groups."""
    server.add(SUFFIX, {"objectClass": ["domain"], "dc": ["example"]})
    for name in ("people", "groups", "services"):
        server.add(f"ou={name},{SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": [name]})
    service = {"objectClass": ["organizationalRole", "simpleSecurityObject"], "userPassword": [SERVICE_SECRET]}
    server.add(SERVICE, service)
    person(server, ALICE, "alice", mailAlias=["al@example.test", "Alice.A@example.test"], description=["Alice Älv"])
    person(server, ODD, "zoe*(x)", cn=["Zoë *(x)\\, y"], mail=["zoe*x@example.test"])
    person(server, f"cn=hash,{PEOPLE}", "hash", userPassword=[hashes.sha256_of(PASSWORD)])
    person(server, f"cn=twin1,{PEOPLE}", "twin")
    person(server, f"cn=twin2,{PEOPLE}", "twin")
    person(server, f"cn=bare,{PEOPLE}", "bare", userPassword=[])
    group(server, "staff", [ALICE, ODD], mail=["staff@example.test"], mailAlias=["all@example.test"])
    group(server, "silent", [ALICE])


def person(server: Slapd, dn: str, name: str, **attributes: list[str]) -> None:
    """Somebody with `PASSWORD`, unless ``attributes`` say otherwise."""
    members = {"sn": [name], "mail": [f"{name}@example.test"], "userPassword": [PASSWORD], **attributes}
    server.add(dn, {"objectClass": list(PERSON), **members})


def group(server: Slapd, name: str, members: list[str], **attributes: list[str]) -> None:
    """A group of ``members``."""
    server.add(
        f"cn={name},{GROUPS}", {"objectClass": ["groupOfNames", "mailAddressee"], "member": members} | attributes
    )


@frozen
class World:
    """The server, and the certificates of authorities in ``folder``."""

    folder: Path
    server: Slapd


@cache
def world() -> World:
    """The one server that all tests here share; it goes when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="slapd-"))
    atexit.register(shutil.rmtree, folder, True)
    ca = make_ca()
    (folder / "ca.pem").write_bytes(ca.certificate_pem)
    (folder / "other.pem").write_bytes(make_ca("Another Authority").certificate_pem)
    server = Slapd(folder, issue(["127.0.0.1"], ca=ca))
    atexit.register(server.stop)
    server.start()
    fill(server)
    return World(folder, server)


class LdapTests(TestCase):
    """What the directory says of people in slapd."""

    timeout = 60

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.folder, self.server = world().folder, world().server
        self.events: list[tuple[Event, dict[str, Any]]] = []
        self.telemetry = Telemetry()
        self.telemetry.observe(lambda event, keys: self.events.append((event, keys)))

    def directory(self, authority: str = "ca.pem", **members: Any) -> LdapDirectory:
        """A directory as a settings object; ``members`` as on the wire."""
        wire = {
            "@type": "Ldap",
            "description": "Staff",
            "url": f"ldap://127.0.0.1:{self.server.port}",
            "baseDn": SUFFIX,
            "bindDn": SERVICE,
            "bindSecret": {"@type": "Value", "secret": SERVICE_SECRET},
            "attrSecretChanged": {"pwdChangedTime": True},
            "timeout": 10_000,
        }
        made = open_ldap_directory(
            Directory.from_wire(wire | members),
            reactor,
            TrustStore(str(self.folder / authority)),
            SynchronousHashing(),
            self.telemetry,
            marker_key=KEY,
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.gone(made)))
        return made

    async def gone(self, directory: LdapDirectory) -> None:
        """Close it, and wait for the servers's side of its connections."""
        await directory.close()
        await pause(0.05)

    async def unavailable(self, work: Any) -> str:
        """The sentence of the Unavailable that ``work`` raises."""
        try:
            await work
        except Unavailable as problem:
            return problem.detail
        raise AssertionError("it could be asked")

    async def test_right_password_opens_and_tells_everything(self) -> None:
        found = await self.directory().check("alice@example.test", PASSWORD)
        assert found is not None
        self.assertEqual(
            (found.address, found.name, found.kind, found.groups, found.aliases),
            (
                "alice@example.test",
                "Alice Älv",
                "User",
                frozenset(("staff@example.test",)),
                frozenset(("al@example.test", "alice.a@example.test")),
            ),
        )

    async def test_wrong_password(self) -> None:
        directory = self.directory()
        self.assertIsNone(await directory.check("alice@example.test", "wrong"))
        self.assertIsNotNone(await directory.check("alice@example.test", PASSWORD))

    async def test_empty_password_is_wrong(self) -> None:
        self.assertIsNone(await self.directory().check("alice@example.test", ""))

    async def test_unknown_address(self) -> None:
        self.assertIsNone(await self.directory().check("nobody@example.test", PASSWORD))

    async def test_address_cannot_become_part_of_the_filter(self) -> None:
        directory = self.directory()
        for address in ("*", "alice*", "a)(mail=alice@example.test", "\\61lice@example.test", "(", ")", "\0"):
            self.assertIsNone(await directory.check(address, PASSWORD), address)
        self.assertEqual(self.events, [])

    async def test_odd_characters_in_names_and_passwords(self) -> None:
        found = await self.directory().check("zoe*x@example.test", PASSWORD)
        assert found is not None
        self.assertEqual(found.groups, frozenset(("staff@example.test",)))

    async def test_groups_of_the_entry_are_looked_up(self) -> None:
        directory = self.directory(filterMemberOf=None)
        for address in ("alice@example.test", "zoe*x@example.test"):
            found = await directory.check(address, PASSWORD)
            assert found is not None
            self.assertEqual(found.groups, frozenset(("staff@example.test",)))

    async def test_without_a_source_groups_are_not_told(self) -> None:
        found = await self.directory(filterMemberOf=None, attrMemberOf={}).check("alice@example.test", PASSWORD)
        self.assertIsNone(found.groups if found is not None else found_nothing())

    async def test_several_entries_with_one_address_let_nobody_in(self) -> None:
        self.assertIsNone(await self.directory().check("twin@example.test", PASSWORD))
        self.assertEqual([event for event, _ in self.events], [AUTH_DIRECTORY_AMBIGUOUS])

    async def test_person_without_password_is_not_let_in(self) -> None:
        self.assertIsNone(await self.directory().check("bare@example.test", PASSWORD))

    async def test_recipient_by_alias(self) -> None:
        found = await self.directory().find("al@example.test")
        self.assertEqual(found.address if found is not None else None, "alice@example.test")

    async def test_recipient_that_is_a_group(self) -> None:
        found = await self.directory().find("all@example.test")
        assert found is not None
        self.assertEqual((found.address, found.kind, found.groups), ("staff@example.test", "Group", None))

    async def test_unknown_recipient(self) -> None:
        self.assertIsNone(await self.directory().find("*@example.test"))

    async def test_hash_is_compared(self) -> None:
        directory = self.directory(bindAuthentication=False)
        for address, secret, right in (
            ("hash@example.test", PASSWORD, True),
            ("hash@example.test", "wrong", False),
            ("alice@example.test", PASSWORD, True),  # kept in clear
            ("nobody@example.test", PASSWORD, False),
            ("bare@example.test", PASSWORD, False),
        ):
            self.assertEqual((await directory.check(address, secret)) is not None, right, address)

    async def test_marker_changes_with_the_password(self) -> None:
        dn = f"cn=changing,{PEOPLE}"
        person(self.server, dn, "changing")
        for members in ({}, {"bindAuthentication": False, "attrSecretChanged": {}}):
            directory = self.directory(**members)
            self.server.replace(dn, "userPassword", PASSWORD)
            first = await directory.check("changing@example.test", PASSWORD)
            again = await directory.check("changing@example.test", PASSWORD)
            await pause(1.1)  # the time of a change is kept in seconds
            self.server.replace(dn, "userPassword", "another password")
            after = await directory.check("changing@example.test", "another password")
            assert first is not None and again is not None and after is not None
            self.assertIsNotNone(first.marker)
            self.assertEqual(first.marker, again.marker)
            self.assertNotEqual(first.marker, after.marker)

    async def test_start_tls(self) -> None:
        self.assertIsNotNone(await self.directory(useTls=True).check("alice@example.test", PASSWORD))

    async def test_tls_from_the_start(self) -> None:
        url = f"ldaps://127.0.0.1:{self.server.tls_port}"
        self.assertIsNotNone(await self.directory(url=url).check("alice@example.test", PASSWORD))

    async def test_certificate_of_an_unknown_authority(self) -> None:
        for members in ({"useTls": True}, {"url": f"ldaps://127.0.0.1:{self.server.tls_port}"}):
            directory = self.directory("other.pem", **members)
            text = await self.unavailable(directory.check("alice@example.test", PASSWORD))
            self.assertIn("the certificate of the server is not accepted", text)

    async def test_certificate_for_another_name(self) -> None:
        directory = self.directory(url=f"ldap://localhost:{self.server.port}", useTls=True)
        text = await self.unavailable(directory.check("alice@example.test", PASSWORD))
        self.assertIn('not valid for name "localhost"', text)

    async def test_any_certificate_if_that_is_wanted(self) -> None:
        directory = self.directory("other.pem", useTls=True, allowInvalidCerts=True)
        self.assertIsNotNone(await directory.check("alice@example.test", PASSWORD))

    async def test_own_sign_in_with_a_wrong_password(self) -> None:
        directory = self.directory(bindSecret={"@type": "Value", "secret": "wrong"})
        text = await self.unavailable(directory.check("alice@example.test", PASSWORD))
        self.assertEqual(
            text,
            "The LDAP directory Staff cannot be asked: its sign-in as bindDn is refused: name or password is wrong.",
        )

    async def test_base_that_does_not_exist(self) -> None:
        directory = self.directory(baseDn="dc=nowhere")
        text = await self.unavailable(directory.check("alice@example.test", PASSWORD))
        self.assertIn("there is no entry with that DN", text)

    async def test_server_that_is_down(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        text = await self.unavailable(self.directory(url=f"ldap://127.0.0.1:{port}").check("a@example.test", "x"))
        self.assertIn("Connection refused", text)

    async def test_server_that_never_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            for members in ({}, {"useTls": True}):
                directory = self.directory(url=f"ldap://127.0.0.1:{listening.getsockname()[1]}", timeout=300, **members)
                began = time.monotonic()
                text = await self.unavailable(directory.check("a@example.test", "x"))
                self.assertIn("no answer in time", text)
                self.assertLess(time.monotonic() - began, 5)

    async def test_server_that_never_shakes_hands(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"ldaps://127.0.0.1:{listening.getsockname()[1]}"
            text = await self.unavailable(self.directory(url=url, timeout=300).check("a@example.test", "x"))
        self.assertIn("handshake does not end in time", text)

    async def test_whoever_waits_too_long_for_a_connection_is_refused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            directory = self.directory(
                url=f"ldap://127.0.0.1:{listening.getsockname()[1]}",
                timeout=600,
                poolMaxConnections=1,
                poolTimeoutWait=100,
            )
            first = Deferred.fromCoroutine(self.unavailable(directory.check("a@example.test", "x")))
            second = await self.unavailable(directory.check("b@example.test", "x"))
            self.assertIn("all its connections are in use", second)
            self.assertIn("no answer in time", await first)

    async def test_few_connections_serve_many(self) -> None:
        directory = self.directory(poolMaxConnections=2)
        checks = [
            Deferred.fromCoroutine(directory.check("alice@example.test", PASSWORD if number % 2 else "wrong"))
            for number in range(20)
        ]
        found: list[Found | None] = await gatherResults(checks)
        self.assertEqual([each is not None for each in found], [bool(number % 2) for number in range(20)])

    async def test_server_is_started_again_between_two_logins(self) -> None:
        directory = self.directory()
        self.assertIsNotNone(await directory.check("alice@example.test", PASSWORD))
        self.server.stop()
        try:
            await self.unavailable(directory.check("alice@example.test", PASSWORD))
        finally:
            self.server.start()
        self.assertIsNotNone(await directory.check("alice@example.test", PASSWORD))


def found_nothing() -> Any:
    """Fails the test."""
    raise AssertionError("not found")


def pause(seconds: float) -> Deferred[None]:
    """Fires later."""
    later: Deferred[None] = Deferred()
    reactor.callLater(seconds, later.callback, None)  # type: ignore[attr-defined]
    return later


class DaemonTests(SynchronousTestCase):
    """People in slapd sign in to a real daemon, over StartTLS, trusted by SSL_CERT_FILE."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        self.daemon = Daemon.with_data(data, SSL_CERT_FILE=str(world().folder / "ca.pem"))
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)
        declared = {
            "@type": "Ldap",
            "description": "Staff",
            "url": f"ldap://127.0.0.1:{world().server.port}",
            "useTls": True,
            "baseDn": SUFFIX,
            "bindDn": SERVICE,
            "bindSecret": {"@type": "Value", "secret": SERVICE_SECRET},
        }
        directory = self.administrator.create("Directory", declared)["id"]
        self.administrator.create("Domain", {"name": "example.test", "directoryId": directory})

    def status(self, login: str, password: str) -> int:
        return self.daemon.get("/api/account", basic(login, password))[0]

    def test_sign_in_makes_the_account_and_its_group(self) -> None:
        self.assertEqual(self.status("alice@example.test", PASSWORD), 200)
        self.assertEqual(self.status("alice@example.test", "wrong"), 401)
        self.assertEqual(self.status("nobody@example.test", PASSWORD), 401)
        found = self.administrator.call("x:Account/get", {"ids": None})["list"]
        self.assertEqual({(each["@type"], each["name"]) for each in found}, {("User", "alice"), ("Group", "staff")})
        (alice,) = (each for each in found if each["@type"] == "User")
        self.assertEqual(len(alice["memberGroupIds"]), 1)
        self.assertEqual({each["name"] for each in alice["aliases"].values()}, {"al", "alice.a"})
