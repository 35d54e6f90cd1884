"""Recovery codes: their form, and that each is good once."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.directory import passkey_records, recovery_codes
from stalwart.directory.access import Access
from stalwart.directory.account_records import put_second_factor
from stalwart.directory.passkey_records import Details
from stalwart.directory.recovery_codes import NUMBER, forget_codes, make_codes, read_code, remaining, replace_codes
from stalwart.directory.totp import Totp, make_uri
from stalwart.errors import SecondFactorRequired, Unauthenticated
from tests.directory.world import IP, NOW, PASSWORD, World

URI = make_uri("Example", "alice")


class FormTests(World):
    def test_ten_different_codes_of_two_groups(self) -> None:
        codes = make_codes()
        self.assertEqual((len(codes), len(set(codes))), (NUMBER, NUMBER))
        for code in codes:
            self.assertRegex(code, r"^[0-9a-z]{5}-[0-9a-z]{5}$")
            self.assertNotRegex(code, "[ilou]")
            self.assertRegex(code, "[a-z]")
            self.assertEqual(read_code(code), code.replace("-", ""))

    def test_what_people_type_is_read_kindly(self) -> None:
        for typed in ("01abc-defgh", " 01ABC DEFGH ", "oiabc-defgh", "OlAbCdEfGh", "0-1abcdef\tgh\n"):
            self.assertEqual(read_code(typed), "01abcdefgh", typed)

    def test_other_texts_are_none(self) -> None:
        for text in ("", "123456", "12345678", "abcde-fghj", "abcde-fghjkm", "abcde-fghu!", "abcde-fgh\u00e9j"):
            self.assertIsNone(read_code(text), text)

    @given(st.text(max_size=16))
    def test_whatever_is_read_has_the_alphabet_of_codes(self, text: str) -> None:
        found = read_code(text)
        self.assertTrue(found is None or re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", found), text)


class RecoveryWorld(World):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()
        self.codes = make_codes()
        self.write(lambda tx: replace_codes(tx, self.alice, self.codes, NOW))

    def write(self, work):  # type: ignore[no-untyped-def]
        """The result of a transaction."""
        return self.successResultOf(self.store.write(work))

    def use(self, code: str, account_id: int | None = None) -> bool:
        return self.write(lambda tx: recovery_codes.use_code(tx, account_id or self.alice, code))

    def left(self) -> int:
        return self.write(lambda tx: remaining(tx, self.alice))

    def login(self, code: str | None) -> Deferred[Access]:
        """A sign-in with a code."""
        return Deferred.fromCoroutine(
            self.directory.authenticate_password("alice@example.test", PASSWORD, IP, code=code)
        )


class StoredTests(RecoveryWorld):
    def test_each_is_good_once(self) -> None:
        self.assertTrue(self.use(self.codes[0].upper().replace("-", " ")))
        self.assertFalse(self.use(self.codes[0]))
        self.assertEqual(self.left(), NUMBER - 1)

    def test_is_good_for_its_account_only(self) -> None:
        self.assertFalse(self.use(self.codes[0], self.user("bob")))
        self.assertFalse(self.use("nonsense"))
        self.assertEqual(self.left(), NUMBER)

    def test_new_ones_take_the_place_of_all_former_ones(self) -> None:
        self.write(lambda tx: replace_codes(tx, self.alice, make_codes(), NOW))
        self.assertFalse(self.use(self.codes[0]))
        self.assertEqual(self.left(), NUMBER)
        self.write(lambda tx: forget_codes(tx, self.alice))
        self.assertEqual(self.left(), 0)

    def test_store_has_none_of_them(self) -> None:
        rows = self.write(lambda tx: tx.factors.of_account(self.alice, recovery_codes.KIND))
        text = repr(rows)
        for code in self.codes:
            self.assertNotIn(code, text)
            self.assertNotIn(code.replace("-", ""), text)

    def test_account_takes_them_along(self) -> None:
        self.settle(self.accounts.delete(self.alice))
        self.assertEqual(self.left(), 0)


class SignInTests(RecoveryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.write(lambda tx: put_second_factor(tx, self.alice, URI, NOW))

    def test_stands_in_for_a_one_time_code_once(self) -> None:
        self.failureResultOf(self.login(None), SecondFactorRequired)
        self.assertEqual(self.successResultOf(self.login(self.codes[0])).account_id, self.alice)
        self.refusal(self.login(self.codes[0]), Unauthenticated)
        self.assertEqual(len(self.failures), 1)
        totp = Totp.from_uri(URI)
        self.successResultOf(self.login(totp.code(totp.step_at(self.clock.seconds()))))

    def test_is_nothing_without_the_password(self) -> None:
        work = Deferred.fromCoroutine(
            self.directory.authenticate_password("alice@example.test", "wrong", IP, code=self.codes[0])
        )
        self.refusal(work, Unauthenticated)
        self.assertEqual(self.left(), NUMBER)

    def test_factor_that_is_switched_off_takes_them_along(self) -> None:
        self.settle(self.accounts.disable_totp(self.alice))
        self.assertEqual(self.left(), 0)

    def test_another_factor_leaves_them(self) -> None:
        self.write(lambda tx: put_second_factor(tx, self.alice, make_uri("Example", "x"), NOW))
        self.assertEqual(self.left(), NUMBER)


class PasskeyRequiredTests(RecoveryWorld):
    """A password that is not enough because of a passkey."""

    def setUp(self) -> None:
        super().setUp()
        details = Details(id=1, description="Phone", user_handle="AA", required=True)
        self.passkey = self.write(lambda tx: passkey_records.insert(tx, self.alice, "AAAA", details, NOW))

    def test_password_alone_is_not_enough(self) -> None:
        self.failureResultOf(self.login(None), SecondFactorRequired)
        self.failureResultOf(self.begin(), SecondFactorRequired)

    def test_wrong_password_does_not_tell(self) -> None:
        self.refusal(self.begin(secret="wrong"), Unauthenticated)

    def test_recovery_code_is_enough_and_other_codes_are_not(self) -> None:
        self.refusal(self.login("123456"), Unauthenticated)
        self.refusal(self.login(""), Unauthenticated)
        self.assertEqual(self.successResultOf(self.login(self.codes[0])).account_id, self.alice)

    def test_app_passwords_need_nothing_else(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "Phone"))
        self.assertEqual(self.sign_in(secret=secret).account_id, self.alice)

    def test_passkey_that_is_not_required_changes_nothing(self) -> None:
        self.write(lambda tx: passkey_records.change(tx, self.passkey, required=False))
        self.assertEqual(self.sign_in().account_id, self.alice)

    def test_who_has_proved_a_passkey_proves_the_password_only(self) -> None:
        prove = self.directory.prove_password
        self.failureResultOf(Deferred.fromCoroutine(prove(self.alice, PASSWORD, IP)), SecondFactorRequired)
        self.settle(prove(self.alice, PASSWORD, IP, passkey_proved=True))
        work = Deferred.fromCoroutine(prove(self.alice, "wrong", IP, passkey_proved=True))
        self.refusal(work, Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])

    def test_one_time_code_is_asked_for_all_the_same(self) -> None:
        self.write(lambda tx: put_second_factor(tx, self.alice, URI, NOW))
        work = Deferred.fromCoroutine(self.directory.prove_password(self.alice, PASSWORD, IP, passkey_proved=True))
        self.failureResultOf(work, SecondFactorRequired)

    def test_nobody_s_password_is_never_proved(self) -> None:
        work = Deferred.fromCoroutine(self.directory.prove_password(999, PASSWORD, IP))
        self.refusal(work, Unauthenticated)
