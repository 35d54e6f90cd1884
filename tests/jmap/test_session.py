"""The Session object."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.jmap.capabilities import CORE, MANAGEMENT, Capability
from stalwart.jmap.capabilities import management as management_capability
from stalwart.jmap.core import core as core_capability
from stalwart.jmap.session import NAMES_HOLD, Sessions
from tests.jmap.desk import Desk, access
from tests.web.client import BASIC_ALICE

MAIL = "urn:ietf:params:jmap:mail"
mail = Capability(MAIL, account=lambda audience: {"of": audience.account_id}, permission="jmapEmailGet")
DECLARED = (core_capability, mail, management_capability)
HOLDER = access(permissions=frozenset(("authenticate", "jmapEmailGet")))


def session(**given: Any) -> dict[str, Any]:
    return Desk(announcing=DECLARED, **given).server.request("GET", "/jmap/session", BASIC_ALICE).json()


class ShapeTests(SynchronousTestCase):
    """RFC 8620 2, jmap.md 3."""

    def test_every_member_of_the_rfc_is_there(self) -> None:
        members = "capabilities accounts primaryAccounts username apiUrl downloadUrl uploadUrl eventSourceUrl state"
        self.assertEqual(list(session()), members.split())

    def test_core_tells_the_limits(self) -> None:
        told = session(maxMethodCalls=3)["capabilities"][CORE]
        self.assertEqual(told["maxCallsInRequest"], 3)
        names = "maxSizeUpload maxConcurrentUpload maxSizeRequest maxConcurrentRequests maxCallsInRequest"
        names += " maxObjectsInGet maxObjectsInSet collationAlgorithms"
        self.assertEqual(list(told), names.split())

    def test_a_limit_that_is_off_is_a_large_number(self) -> None:
        self.assertEqual(session(maxConcurrentRequests=None)["capabilities"][CORE]["maxConcurrentRequests"], 4294967295)

    def test_management_is_announced_for_accounts_only(self) -> None:
        told = session()
        self.assertNotIn(MANAGEMENT, told["capabilities"])
        self.assertEqual(told["primaryAccounts"][MANAGEMENT], "h")
        self.assertEqual(told["accounts"]["h"]["accountCapabilities"][MANAGEMENT], {})

    def test_the_own_account(self) -> None:
        told = session()
        self.assertEqual(told["username"], "alice@example.test")
        account = dict(told["accounts"]["h"], accountCapabilities=None)
        expected = {"name": "alice@example.test", "isPersonal": True, "isReadOnly": True, "accountCapabilities": None}
        self.assertEqual(account, expected)

    def test_who_may_change_nothing_is_told(self) -> None:
        for permissions, expected in (
            (("jmapEmailGet", "jmapBlobCopy", "jmapPushSubscriptionCreate"), True),
            (("jmapEmailGet", "jmapEmailUpdate"), False),
            (("jmapMailboxCreate",), False),
            (("sysAccountUpdate",), False),
        ):
            who = access(permissions=frozenset(("authenticate", *permissions)))
            self.assertIs(session(who=who)["accounts"]["h"]["isReadOnly"], expected, permissions)

    def test_core_is_among_the_primary_accounts(self) -> None:
        told = session()
        self.assertEqual(told["primaryAccounts"][CORE], "h")
        self.assertEqual(told["accounts"]["h"]["accountCapabilities"][CORE], {})

    def test_a_capability_needs_its_permission(self) -> None:
        self.assertNotIn(MAIL, session()["accounts"]["h"]["accountCapabilities"])
        told = session(who=HOLDER)
        self.assertEqual(told["accounts"]["h"]["accountCapabilities"][MAIL], {"of": 7})
        self.assertEqual(told["primaryAccounts"][MAIL], "h")

    def test_urls_start_with_the_configured_base(self) -> None:
        told = session(base_url="https://mx.example.test")
        self.assertEqual(told["apiUrl"], "https://mx.example.test/jmap/")
        self.assertEqual(told["uploadUrl"], "https://mx.example.test/jmap/upload/{accountId}/")
        download = "https://mx.example.test/jmap/download/{accountId}/{blobId}/{name}?accept={type}"
        self.assertEqual(told["downloadUrl"], download)
        events = "https://mx.example.test/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}"
        self.assertEqual(told["eventSourceUrl"], events)

    def test_without_a_base_they_are_relative(self) -> None:
        self.assertEqual(session(base_url="")["apiUrl"], "/jmap/")

    def test_the_recovery_administrator_has_an_account_without_data(self) -> None:
        permissions = frozenset(("authenticate", "jmapEmailGet"))
        told = session(who=access(account_id=RECOVERY_ACCOUNT, login="admin", permissions=permissions, kind="recovery"))
        self.assertEqual(list(told["accounts"]), ["d333333"])
        self.assertEqual(set(told["primaryAccounts"]), {CORE, MANAGEMENT})


class GroupTests(SynchronousTestCase):
    """Accounts of groups, and when their names are read again."""

    def setUp(self) -> None:
        self.alice = access(group_ids=frozenset((9, 8, 99)), permissions=HOLDER.permissions)
        self.desk = Desk(announcing=DECLARED, who=self.alice)
        self.write(lambda tx: [tx.accounts.create(id, f"group{id}@example.test", "group") for id in (8, 9)])

    def write(self, work: Any) -> None:
        self.successResultOf(self.desk.store.write(work))

    def session(self) -> dict[str, Any]:
        return self.desk.server.request("GET", "/jmap/session", BASIC_ALICE).json()

    def state(self) -> str:
        return self.desk.call()["sessionState"]

    def test_they_follow_the_own_one_and_those_that_are_gone_are_left_out(self) -> None:
        accounts = self.session()["accounts"]
        self.assertEqual(list(accounts), ["h", "i", "j"])
        self.assertEqual((accounts["j"]["name"], accounts["j"]["isPersonal"]), ("group9@example.test", False))
        self.assertEqual(accounts["j"]["accountCapabilities"][MAIL], {"of": 9})

    def test_primary_is_the_own_account(self) -> None:
        self.assertEqual(set(self.session()["primaryAccounts"].values()), {"h"})

    def test_a_new_name_shows_in_the_session_at_once(self) -> None:
        before = self.session()
        self.write(lambda tx: tx.accounts.rename(9, "staff@example.test"))
        after = self.session()
        self.assertEqual(after["accounts"]["j"]["name"], "staff@example.test")
        self.assertNotEqual(after["state"], before["state"])
        self.assertEqual(self.state(), after["state"])

    def test_and_in_the_state_of_responses_after_a_while(self) -> None:
        before = self.state()
        self.write(lambda tx: tx.accounts.rename(9, "staff@example.test"))
        self.assertEqual(self.state(), before)
        self.desk.clock.advance(NAMES_HOLD + 1)
        self.assertNotEqual(self.state(), before)


class StateTests(SynchronousTestCase):
    """What the state depends on."""

    def state(self, **given: Any) -> str:
        return session(**given)["state"]

    def test_it_is_eight_hex_digits_and_the_same_in_responses(self) -> None:
        desk = Desk()
        told = desk.server.request("GET", "/jmap/session", BASIC_ALICE).json()["state"]
        self.assertRegex(told, r"\A[0-9a-f]{8}\Z")
        self.assertEqual(desk.call()["sessionState"], told)
        self.assertEqual(Desk().call()["sessionState"], told)

    def test_permissions_change_it(self) -> None:
        self.assertNotEqual(self.state(), self.state(who=access(permissions=frozenset(("authenticate", "x")))))

    def test_the_language_changes_it_for_those_who_keep_what_api_account_says(self) -> None:
        self.assertNotEqual(session(who=HOLDER)["state"], session(who=evolve(HOLDER, locale="de_DE"))["state"])

    def test_the_login_changes_it(self) -> None:
        self.assertNotEqual(self.state(), self.state(who=access(login="al@example.test")))

    def test_limits_change_it_while_it_is_kept(self) -> None:
        desk = Desk()
        before = desk.call()["sessionState"]
        desk.settings.change(Jmap={"maxMethodCalls": 3})
        self.assertNotEqual(desk.call()["sessionState"], before)

    def test_it_is_made_once_for_equal_access(self) -> None:
        made = []
        counting = Capability("urn:test", session=lambda audience: made.append(1) or {}, of_data=False)
        desk = Desk(announcing=(core_capability, counting))
        for _ in range(3):
            desk.call()
        self.assertEqual(len(made), 1)

    def test_what_is_kept_is_bounded(self) -> None:
        self.patch(__import__("stalwart.jmap.session", fromlist=["x"]), "MAX_KEPT", 2)
        desk = Desk()
        sessions: Sessions = desk.service.sessions
        for number in range(5):
            made = sessions.fresh(access(account_id=number))
            with self.assertRaises(StopIteration) as done:
                made.send(None)
            self.assertIn(f'"{encode_id(number)}"'.encode(), done.exception.value.body)
        self.assertEqual(len(sessions._kept), 2)
