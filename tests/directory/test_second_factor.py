"""One-time codes at sign-in: asked for after the password, good once."""

from twisted.internet.defer import Deferred

from stalwart.directory.totp import Totp
from stalwart.errors import SecondFactorRequired, Unauthenticated
from tests.directory.world import IP, NOW, PASSWORD, World


class SecondFactorTests(World):
    """One-time codes."""

    uri = "otpauth://totp/x:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.patch_account(self.account, {"credentials/0/otpAuth": self.uri})

    def code(self, steps: int = 0) -> str:
        totp = Totp.from_uri(self.uri)
        return totp.code(totp.step_at(self.clock.seconds()) + steps)

    def begin_with(self, code: str | None, secret: str = PASSWORD) -> Deferred:
        return Deferred.fromCoroutine(self.directory.authenticate_password("alice", secret, IP, code=code))

    def test_right_password_without_code_asks_for_one(self) -> None:
        self.failureResultOf(self.begin(), SecondFactorRequired)
        self.assertEqual(self.failures, [])

    def test_wrong_password_does_not_tell_of_the_second_factor(self) -> None:
        self.refusal(self.begin(secret="wrong"), Unauthenticated)

    def test_right_code_signs_in(self) -> None:
        self.assertEqual(self.successResultOf(self.begin_with(self.code())).account_id, self.account)

    def test_right_code_with_wrong_password_fails(self) -> None:
        self.refusal(self.begin_with(self.code(), "wrong"), Unauthenticated)

    def test_used_code_is_refused_again(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.refusal(self.begin_with(self.code()), Unauthenticated)

    def test_code_before_a_used_one_is_refused(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.refusal(self.begin_with(self.code(-1)), Unauthenticated)

    def test_next_code_works_after_a_used_one(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.clock.advance(30)
        self.successResultOf(self.begin_with(self.code()))

    def test_used_code_stays_used_for_as_long_as_it_could_match(self) -> None:
        code = self.code(1)
        self.successResultOf(self.begin_with(code))
        self.clock.advance(89 - (NOW % 30))
        self.refusal(self.begin_with(code), Unauthenticated)

    def test_wrong_code_counts(self) -> None:
        self.refusal(self.begin_with("000000"), Unauthenticated)
        self.assertEqual(len(self.failures), 1)

    def test_unusable_uri_refuses_every_code(self) -> None:
        self.patch_account(self.account, {"credentials/0/otpAuth": "otpauth://totp/x?secret=GEZDGNBV"})
        self.refusal(self.begin_with(self.code()), Unauthenticated)

    def test_account_without_second_factor_ignores_a_code(self) -> None:
        self.patch_account(self.account, {"credentials/0/otpAuth": None})
        self.successResultOf(self.begin_with("123"))

    def test_after_ten_wrong_codes_none_is_looked_at_for_a_while(self) -> None:
        for _ in range(10):
            self.refusal(self.begin_with("000000"), Unauthenticated)
        self.refusal(self.begin_with(self.code()), Unauthenticated)
        self.refusal(self.begin_with("AAAAA-AAAAA"), Unauthenticated)
        self.clock.advance(901)
        self.assertEqual(self.successResultOf(self.begin_with(self.code())).account_id, self.account)
