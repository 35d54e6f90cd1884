"""Login names."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.login import LoginName, read_login


class LoginNameTests(SynchronousTestCase):
    """`target%impersonator`."""

    def test_login_is_lower_cased(self) -> None:
        self.assertEqual(read_login("Alice@Example.TEST"), LoginName("alice@example.test", "alice@example.test"))

    def test_part_after_the_sign_proves_itself(self) -> None:
        found = read_login("alice@example.test%Admin")
        self.assertEqual(found, LoginName(presented="admin", target="alice@example.test"))
        self.assertTrue(found.impersonates)

    def test_last_of_several_signs_counts(self) -> None:
        self.assertEqual(read_login("a%b%c"), LoginName(presented="c", target="a%b"))

    def test_equal_halves_are_no_impersonation(self) -> None:
        self.assertFalse(read_login("a@x%A@X").impersonates)

    @given(st.text(max_size=30))
    def test_any_text_is_a_login(self, text: str) -> None:
        found = read_login(text)
        self.assertEqual(found.impersonates, "%" in text and found.presented != found.target)
