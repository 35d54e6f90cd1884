"""x:Session (auth-api 13.1)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.ids import decode_id, encode_id
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.jmap.types.session import SessionHandler
from stalwart.store import SignIn
from stalwart.telemetry.events import AUTH_SESSION_ENDED
from tests.directory.world import IP, NOW
from tests.jmap.registry.world import ROOT, RegistryWorld


class SessionTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()
        self.become("alice")

    def begun(self, account_id: int | None = None, **members: Any) -> SignIn:
        """A sign-in of alice, or of somebody else."""
        data = {
            "login": "alice@example.test",
            "clientName": "Mail",
            "scope": ["openid", "email"],
            "ip": IP,
            "agent": "Browser/1",
            "methods": ["pwd", "otp"],
            "authTime": NOW,
            **members,
        }
        owner = decode_id(self.alice) if account_id is None else account_id
        now = int(self.clock.seconds())
        return self.successResultOf(
            self.store.write(lambda tx: tx.sign_ins.insert(owner, "app", data, now=now, expires_at=now + 3600))
        )

    def there(self, one: SignIn) -> bool:
        """Whether a sign-in is in force."""
        found = self.successResultOf(self.store.read(lambda tx: tx.sign_ins.get(one.id, int(self.clock.seconds()))))
        return found is not None

    def test_session_says_where_it_is(self) -> None:
        one = self.begun()
        expected = {
            "clientId": "app",
            "clientName": "Mail",
            "scope": {"openid": True, "email": True},
            "ipAddress": IP,
            "userAgent": "Browser/1",
            "methods": {"pwd": True, "otp": True},
            "createdAt": "2027-01-15T08:00:00Z",
            "lastUsedAt": "2027-01-15T08:00:00Z",
            "expiresAt": "2027-01-15T09:00:00Z",
            "current": False,
            "id": encode_id(one.id),
        }
        self.assertEqual(self.get("Session", encode_id(one.id)), expected)
        self.assertEqual(SessionHandler.handled, ("Session",))

    def test_what_is_not_known_is_null(self) -> None:
        one = self.begun(clientName=None, ip="", agent="")
        found = self.get("Session", encode_id(one.id))
        self.assertEqual([found[name] for name in ("clientName", "ipAddress", "userAgent")], [None] * 3)

    def test_session_of_the_request_is_the_current_one(self) -> None:
        one, other = self.begun(), self.begun()
        self.who = evolve(self.who, session_id=other.id)
        found = {each["id"]: each["current"] for each in self.ask("x:Session/get")["list"]}
        self.assertEqual(found, {encode_id(one.id): False, encode_id(other.id): True})

    def test_destroyed_session_is_over_at_once(self) -> None:
        events: list[Any] = []
        self.telemetry.observe(lambda event, keys: events.append((event, keys)))
        one, other = self.begun(), self.begun()
        self.directory.remember("header", self.sign_in())
        self.destroy("Session", encode_id(one.id))
        self.assertEqual((self.there(one), self.there(other)), (False, True))
        self.assertIsNone(self.directory.cached("header", IP))
        told = [keys for event, keys in events if event is AUTH_SESSION_ENDED]
        self.assertEqual([keys["client"] for keys in told], ["app"])
        self.assertEqual(self.not_destroyed("Session", encode_id(one.id)), {"type": "notFound"})

    def test_session_that_has_expired_is_not_there(self) -> None:
        one = self.begun()
        self.clock.advance(3600)
        self.assertEqual(self.ask("x:Session/get")["list"], [])
        self.assertEqual(self.not_destroyed("Session", encode_id(one.id)), {"type": "notFound"})

    def test_query_has_the_newest_first_or_sorts_by_a_date(self) -> None:
        first = encode_id(self.begun().id)
        self.clock.advance(10)
        second = encode_id(self.begun().id)
        self.successResultOf(self.store.write(lambda tx: tx.sign_ins.update(decode_id(first), used_at=NOW + 99)))
        self.assertEqual(self.ids("Session"), [second, first])
        for name, expected in (
            ("createdAt", [first, second]),
            ("expiresAt", [first, second]),
            ("lastUsedAt", [second, first]),
        ):
            self.assertEqual(self.ids("Session", sort=[{"property": name, "isAscending": True}]), expected, name)
        self.assertEqual(self.error("x:Session/query", {"filter": {"clientId": "app"}})["type"], "unsupportedFilter")
        self.assertEqual(self.error("x:Session/query", {"sort": [{"property": "scope"}]})["type"], "unsupportedSort")

    def test_nothing_is_made_or_changed_here(self) -> None:
        self.assertEqual(self.not_created("Session")["type"], "forbidden")
        id = encode_id(self.begun().id)
        self.assertEqual(self.not_updated("Session", id, clientName="x")["type"], "invalidPatch")
        self.update("Session", id, clientName="Mail")
        self.assertEqual(self.not_updated("Session", "zz", clientName="x"), {"type": "notFound"})

    def test_everybody_has_his_own(self) -> None:
        one = encode_id(self.begun().id)
        self.account("bob")
        self.become("bob")
        self.assertEqual(self.ask("x:Session/get", {"ids": [one]})["notFound"], [one])
        self.assertEqual(self.not_destroyed("Session", one), {"type": "notFound"})
        self.assertEqual(self.error("x:Session/get", {"accountId": self.alice})["type"], "forbidden")

    def test_administrator_ends_those_of_others(self) -> None:
        one = self.begun()
        self.who = ROOT
        arguments = {"accountId": self.alice, "destroy": [encode_id(one.id)]}
        self.assertEqual(self.ask("x:Session/set", arguments)["destroyed"], [encode_id(one.id)])
        self.assertFalse(self.there(one))

    def test_recovery_administrator_has_his_own_and_nobody_else_sees_them(self) -> None:
        one = self.begun(RECOVERY_ACCOUNT)
        self.who = ROOT
        self.assertEqual(self.ids("Session"), [encode_id(one.id)])
        self.account("root2", roles={"@type": "Admin"})
        self.become("root2")
        answer = self.ask("x:Session/get", {"accountId": encode_id(RECOVERY_ACCOUNT)})
        self.assertEqual(answer["list"], [])

    def test_credential_without_the_permission_sees_none(self) -> None:
        only = {"@type": "Replace", "permissions": {"authenticate": True}}
        _, secret = self.settle(self.accounts.add_app_password(decode_id(self.alice), "Phone", permissions=only))
        self.become("alice", secret=secret)
        self.assertEqual(self.error("x:Session/get")["type"], "forbidden")
        self.assertEqual(self.error("x:Session/set", {"destroy": ["b"]})["type"], "forbidden")
