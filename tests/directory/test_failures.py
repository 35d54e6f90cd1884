"""Wrong passwords: reported, delayed, and the same for accounts that do not exist."""

from twisted.internet.defer import succeed

from stalwart.directory import hashes
from stalwart.directory.hashing import DECOYS
from stalwart.errors import TooMany, Unauthenticated
from tests.directory.world import IP, PASSWORD, World


class FailureTests(World):
    """Wrong passwords."""

    def test_wrong_password_is_delayed_and_reported(self) -> None:
        self.user()
        work = self.begin(secret="wrong")
        self.clock.advance(0.49)
        self.assertNoResult(work)
        self.clock.advance(0.02)
        self.failureResultOf(work, Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])

    def test_right_password_is_neither(self) -> None:
        self.user()
        self.sign_in()
        self.assertEqual((self.failures, self.clock.getDelayedCalls()), ([], []))

    def test_failure_of_a_banned_address_is_429(self) -> None:
        self.banned = True
        error = self.refusal(self.begin(), TooMany)
        self.assertEqual((error.status, error.title), (429, "Too Many Authentication Attempts"))

    def test_observer_may_answer_later(self) -> None:
        self.directory.on_failure(lambda client_ip, login: succeed(True))
        self.refusal(self.begin(), TooMany)

    def test_observer_can_leave(self) -> None:
        told: list[str] = []
        leave = self.directory.on_failure(lambda client_ip, login: bool(told.append(login)))
        leave()
        self.refusal(self.begin(), Unauthenticated)
        self.assertEqual(told, [])

    def test_client_that_leaves_during_the_delay_leaves_nothing(self) -> None:
        work = self.begin()
        work.cancel()
        self.failureResultOf(work)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_unknown_account_costs_one_check_like_a_known_one(self) -> None:
        self.user()
        for login in ("alice", "carol", "carol@elsewhere.test"):
            before = self.hashing.checks
            self.refusal(self.begin(login, "wrong"), Unauthenticated)
            self.assertEqual(self.hashing.checks, before + 1, login)

    def test_account_without_password_and_unknown_one_check_the_decoy(self) -> None:
        seen: list[str] = []
        self.patch(hashes, "verify", lambda stored, secret: bool(seen.append(stored)))
        self.settle(self.accounts.create_user("nopass", 1))
        for login in ("nopass", "carol"):
            self.refusal(self.begin(login), Unauthenticated)
        self.assertEqual(seen, [DECOYS["argon2id"]] * 2)

    def test_stored_value_of_no_known_scheme_counts_against_nobody(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/secret": "$unknown$value"})
        self.failureResultOf(self.begin(), Unauthenticated)
        self.assertEqual(self.failures, [])
        self.assertEqual(self.telemetry.counters["auth.error"], 1)

    def test_password_never_reaches_the_log(self) -> None:
        lines: list[str] = []
        self.telemetry.observe(lambda event, keys: lines.append(repr(keys)))
        self.user()
        self.sign_in()
        self.refusal(self.begin(secret="wr0ng secret"), Unauthenticated)
        self.assertTrue(lines)
        self.assertNotIn(PASSWORD, "".join(lines))
        self.assertNotIn("wr0ng", "".join(lines))
