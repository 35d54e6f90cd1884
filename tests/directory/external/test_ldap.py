"""The LDAP directory over a server in memory that evaluates filters; the real one is in tests/interop/test_ldap.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ldap_filters import Comparison, Filter, Group, Not, pattern_value
from stalwart.config.identity.directory import Directory
from stalwart.directory import hashes
from stalwart.directory.external.ldap import MOST_GROUPS, LdapDirectory, open_ldap_directory
from stalwart.directory.external.ldap_plan import ldap_plan
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Invalid, Unauthenticated, Unavailable
from stalwart.net.ldap import SearchResult
from stalwart.net.ldap_dialogue import LdapFailed
from stalwart.net.ldap_messages import Entry, Result
from stalwart.net.tls import TrustStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_DIRECTORY_AMBIGUOUS,
    AUTH_DIRECTORY_ERROR,
    AUTH_DIRECTORY_UNUSABLE,
    AUTH_ERROR,
    Event,
)

KEY = b"k" * 32
PASSWORD = "correct horse"
DN = b"cn=alice,dc=test"
HASH = hashes.sha256_of(PASSWORD)


class FakeServer:
    """Entries and passwords; the pool and all its connections at once. ``bind_code`` replaces the answer to a bind."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.passwords: dict[bytes, bytes] = {}
        self.bind_code: int | None = None
        self.failure: LdapFailed | None = None
        self.most = 1000
        self.closed = False
        self.log: list[tuple[str, Any]] = []

    def add(self, dn: bytes, **attributes: Sequence[str]) -> None:
        members = {name.lower(): tuple(value.encode() for value in values) for name, values in attributes.items()}
        self.entries.append(Entry(dn, members))

    async def run(self, work: Any) -> Any:
        self.log.append(("run", None))
        if self.failure is not None:
            raise self.failure
        return await work(self)

    async def alone(self, work: Any) -> Any:
        self.log.append(("alone", None))
        return await work(self)

    async def close(self) -> None:
        self.closed = True

    async def bind(self, dn: bytes, secret: bytes, timeout: float) -> Result:
        self.log.append(("bind", dn))
        right = self.passwords.get(dn) == secret
        return Result(1, 0x41, self.bind_code if self.bind_code is not None else 0 if right else 49, "")

    async def search(
        self, base: bytes, filter: Filter, value: bytes, attributes: Any, *, size_limit: int, timeout: float
    ) -> SearchResult:
        found = [entry for entry in self.entries if fits(entry, filter, value)]
        most = min(size_limit, self.most)
        return SearchResult(tuple(found[:most]), len(found) <= most)

    async def read(self, dn: bytes, attributes: Any, timeout: float) -> Entry | None:
        self.log.append(("read", dn))
        return next((entry for entry in self.entries if entry.dn == dn), None)


def fits(entry: Entry, filter: Filter, value: bytes) -> bool:
    if isinstance(filter, Group):
        results = [fits(entry, part, value) for part in filter.parts]
        return all(results) if filter.operator == "&" else any(results)
    if isinstance(filter, Not):
        return not fits(entry, filter.part, value)
    assert isinstance(filter, Comparison)
    wanted = pattern_value(filter.value, value).lower()
    return wanted in [each.lower() for each in entry.attributes.get(filter.attribute.lower(), ())]


class DirectoryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = FakeServer()
        self.hashing = SynchronousHashing()
        self.events: list[tuple[Event, dict[str, Any]]] = []
        self.telemetry = Telemetry()
        self.telemetry.observe(lambda event, keys: self.events.append((event, keys)))
        self.server.passwords[DN] = PASSWORD.encode()
        self.patch(hashes, "verify", cheap(hashes.verify))

    def alice(self, **attributes: Sequence[str]) -> None:
        members = {"objectClass": ["inetOrgPerson"], "mail": ["alice@example.test"]}
        self.server.add(DN, **members | attributes)

    def group(self, dn: bytes, *addresses: str, member: bytes = DN) -> None:
        self.server.add(dn, objectClass=["groupOfNames"], mail=addresses, member=[member.decode()])

    def directory(self, **members: Any) -> LdapDirectory:
        wire = {"@type": "Ldap", "description": "Staff", "baseDn": "dc=test"}
        settings = Directory.from_wire(wire | members)
        pool: Any = self.server
        return LdapDirectory(settings, ldap_plan(settings), pool, self.hashing, self.telemetry, marker_key=KEY)

    def begin(self, secret: str = PASSWORD, address: str = "alice@example.test", **members: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.directory(**members).check(address, secret))

    def check(self, secret: str = PASSWORD, address: str = "alice@example.test", **members: Any) -> Any:
        return self.successResultOf(self.begin(secret, address, **members))

    def find(self, address: str, **members: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(self.directory(**members).find(address)))

    def seen(self) -> list[Event]:
        return [event for event, _ in self.events]


class SignInTests(DirectoryTests):
    def test_right_password(self) -> None:
        self.alice(description=["Alice"], mailAlias=["Al@example.test"])
        found = self.check()
        self.assertEqual((found.address, found.name, found.kind), ("alice@example.test", "Alice", "User"))
        self.assertEqual((found.groups, found.aliases), (frozenset(), frozenset(("al@example.test",))))
        self.assertIsNone(found.marker)

    def test_password_is_tried_on_a_connection_of_its_own(self) -> None:
        self.alice()
        self.check()
        self.assertEqual(self.server.log[:3], [("run", None), ("alone", None), ("bind", DN)])

    def test_nothing_more_is_read_after_a_wrong_password(self) -> None:
        self.alice()
        self.assertIsNone(self.check("wrong"))
        self.assertEqual(self.server.log[-1], ("bind", DN))

    def test_empty_password_is_refused_before_anything_is_sent(self) -> None:
        self.alice()
        for secret in ("", "x" * 1025):
            self.assertIsNone(self.check(secret))
        self.assertEqual(self.server.log, [])

    def test_entry_without_a_name_is_not_signed_in_as(self) -> None:
        self.server.add(b"", objectClass=["inetOrgPerson"], mail=["alice@example.test"])
        self.server.bind_code = 0
        self.assertIsNone(self.check())
        self.assertNotIn(("bind", b""), self.server.log)

    def test_unknown_address(self) -> None:
        self.assertIsNone(self.check())

    def test_address_that_cannot_be_sent(self) -> None:
        self.assertIsNone(self.check(address="\ud800@example.test"))
        self.assertIsNone(self.find("\ud800@example.test"))
        self.assertEqual(self.server.log, [])

    def test_several_entries(self) -> None:
        self.alice()
        self.alice()
        self.assertIsNone(self.check())
        self.assertIsNone(self.find("alice@example.test"))
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_AMBIGUOUS, AUTH_DIRECTORY_AMBIGUOUS])

    def test_one_entry_and_a_limit_of_the_server(self) -> None:
        self.alice()
        self.alice()
        self.server.most = 1
        self.assertIsNone(self.check())
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_AMBIGUOUS])

    def test_account_that_is_locked(self) -> None:
        self.alice()
        for code in (19, 32, 48, 50, 53):
            self.server.bind_code = code
            self.assertIsNone(self.check())
        self.assertEqual(set(self.seen()), {AUTH_DIRECTORY_UNUSABLE})

    def test_server_that_does_not_decide(self) -> None:
        self.alice()
        self.server.bind_code = 51
        problem = self.failureResultOf(self.begin(), Unavailable).value
        self.assertIn("the server is busy", problem.detail)

    def test_failure_is_told_in_a_sentence(self) -> None:
        self.server.failure = LdapFailed("it burns")
        problem = self.failureResultOf(self.begin(), Unavailable).value
        self.assertEqual(problem.detail, "The LDAP directory Staff cannot be asked: it burns.")
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_ERROR])

    def test_entry_without_address(self) -> None:
        self.alice(uid=["alice"], mail=["no address"])
        self.assertIsNone(self.check(filterLogin="(uid=?)", address="alice"))
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_UNUSABLE])

    def test_further_addresses_are_aliases(self) -> None:
        self.alice(mail=["alice@example.test", "a@example.test"])
        self.assertEqual(self.check().aliases, frozenset(("a@example.test",)))

    def test_without_an_attribute_aliases_are_not_told(self) -> None:
        self.alice(mail=["alice@example.test", "a@example.test"])
        self.assertIsNone(self.check(attrEmailAlias={}).aliases)

    def test_closing(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.directory().close()))
        self.assertTrue(self.server.closed)


class HashTests(DirectoryTests):
    def compare(self, secret: str = PASSWORD, **attributes: Sequence[str]) -> Any:
        self.alice(**attributes)
        return self.check(secret, bindAuthentication=False)

    def test_right(self) -> None:
        self.assertIsNotNone(self.compare(userPassword=[HASH]))
        self.assertNotIn("bind", [what for what, _ in self.server.log])

    def test_wrong(self) -> None:
        self.assertIsNone(self.compare("wrong", userPassword=[HASH]))

    def test_one_of_several_is_enough(self) -> None:
        self.assertIsNotNone(self.compare(userPassword=["another", HASH]))

    def test_number_of_hashes_is_bounded(self) -> None:
        self.assertIsNone(self.compare(userPassword=[*(str(number) for number in range(8)), HASH]))

    def test_none_that_may_be_read(self) -> None:
        self.assertIsNone(self.compare())
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_UNUSABLE])

    def test_time_is_taken_for_somebody_unknown(self) -> None:
        self.assertIsNone(self.check(bindAuthentication=False))
        self.assertEqual(self.hashing.checks, 1)

    def test_unknown_scheme_counts_against_nobody(self) -> None:
        self.alice(userPassword=["{SASL}alice"])
        self.failureResultOf(self.begin(bindAuthentication=False), Unauthenticated)
        self.assertEqual(self.seen(), [AUTH_ERROR])

    def test_unknown_scheme_beside_the_right_one(self) -> None:
        self.assertIsNotNone(self.compare(userPassword=["{SASL}alice", HASH]))


class MarkerTests(DirectoryTests):
    def test_time_of_the_change(self) -> None:
        self.alice(pwdChangeTime=["20260101000000Z"], userPassword=[HASH])
        marker = self.check().marker
        self.server.entries.clear()
        self.alice(pwdChangeTime=["20260101000000Z"], userPassword=["another hash"])
        self.assertEqual(self.check().marker, marker)
        self.server.entries.clear()
        self.alice(pwdChangeTime=["20260102000000Z"])
        self.assertNotEqual(self.check().marker, marker)

    def test_hash_itself_where_it_is_compared(self) -> None:
        self.alice(userPassword=[HASH])
        marker = self.check(bindAuthentication=False).marker
        self.assertIsNotNone(marker)
        self.server.entries.clear()
        self.alice(userPassword=[PASSWORD])
        self.assertNotEqual(self.check(bindAuthentication=False).marker, marker)


class GroupTests(DirectoryTests):
    def test_found_by_a_search(self) -> None:
        self.alice()
        self.group(b"cn=staff,dc=test", "Staff@example.test", "all@example.test")
        self.group(b"cn=others,dc=test", "others@example.test", member=b"cn=bob,dc=test")
        self.group(b"cn=silent,dc=test")
        self.assertEqual(self.check().groups, frozenset(("staff@example.test",)))

    def test_named_by_the_entry(self) -> None:
        self.alice(memberOf=["cn=staff,dc=test", "sales@example.test", "cn=gone,dc=test"])
        self.group(b"cn=staff,dc=test", "staff@example.test")
        found = self.check(filterMemberOf=None)
        self.assertEqual(found.groups, frozenset(("staff@example.test", "sales@example.test")))

    def test_what_the_search_has_found_is_not_looked_up(self) -> None:
        self.alice(memberOf=["CN=Staff, DC=test"])
        self.group(b"cn=staff,dc=test", "staff@example.test")
        self.assertEqual(self.check().groups, frozenset(("staff@example.test",)))
        self.assertNotIn("read", [what for what, _ in self.server.log])

    def test_not_told(self) -> None:
        self.alice()
        self.assertIsNone(self.check(filterMemberOf=None, attrMemberOf={}).groups)

    def test_part_of_them_is_not_taken_for_all(self) -> None:
        self.alice()
        for number in range(MOST_GROUPS + 1):
            self.group(f"cn=g{number},dc=test".encode(), f"g{number}@example.test")
        self.assertIsNone(self.check().groups)
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_UNUSABLE])

    def test_too_many_to_look_up(self) -> None:
        self.alice(memberOf=[f"cn=g{number},dc=test" for number in range(MOST_GROUPS + 1)])
        self.assertIsNone(self.check(filterMemberOf=None).groups)
        self.assertEqual(self.seen(), [AUTH_DIRECTORY_UNUSABLE])


class RecipientTests(DirectoryTests):
    def test_person_by_alias(self) -> None:
        self.alice(mailAlias=["al@example.test"])
        self.assertEqual(self.find("al@example.test").address, "alice@example.test")

    def test_group(self) -> None:
        self.group(b"cn=staff,dc=test", "staff@example.test")
        found = self.find("staff@example.test")
        self.assertEqual((found.kind, found.groups), ("Group", None))

    def test_nobody(self) -> None:
        self.assertIsNone(self.find("nobody@example.test"))


class OpeningTests(SynchronousTestCase):
    """What is done before the first search."""

    def open(self, **members: Any) -> tuple[MemoryReactorClock, LdapDirectory]:
        reactor = MemoryReactorClock()
        wire = {"@type": "Ldap", "description": "Staff", "baseDn": "dc=test", "url": "ldap://192.0.2.1:1389"}
        settings = Directory.from_wire(wire | members)
        made = open_ldap_directory(settings, reactor, TrustStore(), SynchronousHashing(), Telemetry(), marker_key=KEY)
        return reactor, made

    def test_nothing_is_connected_before_it_is_needed(self) -> None:
        reactor, directory = self.open()
        self.assertEqual(reactor.tcpClients, [])
        asked = Deferred.fromCoroutine(directory.find("a@example.test"))
        self.assertEqual([client[:2] for client in reactor.tcpClients], [("192.0.2.1", 1389)])
        asked.cancel()
        self.failureResultOf(asked)

    def test_settings_that_cannot_work(self) -> None:
        with self.assertRaises(Invalid):
            self.open(filterLogin="nonsense")

    def test_own_password_that_cannot_be_read(self) -> None:
        for place in (
            {"@type": "File", "filePath": "/nonexistent/secret"},
            {"@type": "EnvironmentVariable", "variableName": "STALWART_TEST_NOT_SET"},
        ):
            reactor, directory = self.open(bindDn="cn=service", bindSecret=place)
            asked = Deferred.fromCoroutine(directory.find("a@example.test"))
            self.assertIn("bindSecret cannot be used", self.failureResultOf(asked, Unavailable).value.detail)
            self.assertEqual(reactor.tcpClients, [])


def cheap(verify: Any) -> Any:
    """``verify`` without the decoys, which take their time on purpose."""
    return lambda stored, secret: not stored.startswith("$argon2") and verify(stored, secret)
