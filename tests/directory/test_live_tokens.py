"""Live tokens: one minute, one kind, one permission; good after a restart, worthless if forged."""

from collections.abc import Callable

from attrs import evolve
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.directory.live_tokens import PERMISSIONS, LiveTokens
from stalwart.errors import Forbidden, NotFound, Unauthenticated
from stalwart.store import MemoryStore

ALICE = Access(
    account_id=7,
    login="alice@example.test",
    name="Alice",
    permissions=frozenset({"authenticate", "liveDeliveryTest", "liveTracing", "liveMetrics", "emailSend"}),
)


class LiveTokenTests(SynchronousTestCase):
    """Issue and redeem."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.tokens = LiveTokens(self.store, self.clock)

    def issue(self, access: Access = ALICE, kind: str = "delivery") -> str:
        return self.successResultOf(Deferred.fromCoroutine(self.tokens.issue(access, kind)))

    def redeem(self, token: str, kind: str = "delivery") -> Deferred[Access]:
        return Deferred.fromCoroutine(self.tokens.redeem(token, kind))

    def test_token_gives_exactly_one_permission_and_names_the_account(self) -> None:
        access = self.successResultOf(self.redeem(self.issue()))
        self.assertEqual(access.permissions, {"liveDeliveryTest"})
        self.assertEqual((access.account_id, access.login, access.kind), (7, "alice@example.test", "live"))

    def test_token_can_be_used_again_within_its_minute(self) -> None:
        token = self.issue()
        self.clock.advance(59)
        for _ in range(2):
            self.successResultOf(self.redeem(token))

    def test_expired_live_token_is_refused(self) -> None:
        token = self.issue()
        self.clock.advance(60)
        self.failureResultOf(self.redeem(token), Unauthenticated)

    def test_token_of_another_kind_is_refused(self) -> None:
        self.failureResultOf(self.redeem(self.issue(kind="tracing"), "delivery"), Unauthenticated)

    def test_unknown_kind_is_not_found(self) -> None:
        self.failureResultOf(Deferred.fromCoroutine(self.tokens.issue(ALICE, "mail")), NotFound)
        self.failureResultOf(self.redeem(self.issue(), "mail"), Unauthenticated)

    def test_without_the_permission_there_is_no_token(self) -> None:
        for kind, permission in PERMISSIONS.items():
            access = evolve(ALICE, permissions=ALICE.permissions - {permission})
            self.failureResultOf(Deferred.fromCoroutine(self.tokens.issue(access, kind)), Forbidden)

    def test_token_is_good_after_a_restart(self) -> None:
        token = self.issue()
        self.tokens = LiveTokens(self.store, self.clock)
        self.successResultOf(self.redeem(token))

    def test_token_of_another_server_is_refused(self) -> None:
        other = MemoryStore()
        self.addCleanup(other.close)
        token = self.successResultOf(Deferred.fromCoroutine(LiveTokens(other, self.clock).issue(ALICE, "delivery")))
        self.failureResultOf(self.redeem(token), Unauthenticated)

    def test_right_key_around_other_content_is_refused(self) -> None:
        self.issue()
        key = self.successResultOf(self.store.read(lambda tx: tx.secrets.get("live-token")))
        for content in (b"", b"{}", b'["delivery"]', b"\xff"):
            self.failureResultOf(self.redeem(Fernet(key).encrypt(content).decode()), Unauthenticated)

    def test_login_is_not_readable_in_the_token(self) -> None:
        self.assertNotIn("alice", self.issue())

    def test_token_needs_no_escaping_in_a_query(self) -> None:
        self.assertRegex(self.issue(), r"\A[A-Za-z0-9_-]+\Z")

    def test_every_single_changed_letter_is_refused(self) -> None:
        token = self.issue()
        for place in range(0, len(token) - 1, 7):
            changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            self.failureResultOf(self.redeem(changed), Unauthenticated)


def _refuses(token: str) -> Callable[[LiveTokenTests], None]:
    def test(case: LiveTokenTests) -> None:
        case.failureResultOf(case.redeem(token), Unauthenticated)

    return test


for _name, _token in {
    "empty": "",
    "word": "abc",
    "long": "A" * 5000,
    "not_ascii": "\u00e4" * 100,
    "nul": "\0",
}.items():
    setattr(LiveTokenTests, f"test_{_name}_token_is_refused", _refuses(_token))


class ForgedTokenTests(SynchronousTestCase):
    """Any text is refused in the same way."""

    store = MemoryStore()

    @settings(max_examples=50)
    @given(st.text(max_size=200))
    def test_any_text_is_refused(self, text: str) -> None:
        tokens = LiveTokens(self.store, Clock())
        self.failureResultOf(Deferred.fromCoroutine(tokens.redeem(text, "delivery")), Unauthenticated)
