"""Which passwords people may choose."""

from stalwart.directory.password_policy import PasswordPolicy, strength
from stalwart.errors import Invalid
from tests.directory.world import PASSWORD, World


class PasswordPolicyTests(World):
    """zxcvbn's scale."""

    def test_scores_rise_with_the_password(self) -> None:
        self.assertEqual((strength("password"), strength(PASSWORD)), (0, 4))

    def test_known_words_weaken(self) -> None:
        self.assertLess(strength("stalwartexample", ["stalwartexample"]), strength("stalwartexample"))

    def test_overlong_password_is_judged_by_its_start(self) -> None:
        self.assertEqual(strength("a" * 5000), 0)

    def test_strength_zero_asks_for_length_only(self) -> None:
        self.settle(PasswordPolicy(4, 10, 0).check(self.hashing, "aaaa"))

    def test_length_counts_bytes(self) -> None:
        with self.assertRaises(Invalid):
            PasswordPolicy(1, 3, 0).check_length("\u00e4\u00e4")
