"""App passwords and API keys: exact forms, round trips, networks."""

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory import credentials

IDS = st.integers(0, 2**32 - 1)


class AppPasswordTests(SynchronousTestCase):
    """`app_` and 36 letters."""

    def test_zero_bytes_are_the_letter_a(self) -> None:
        self.assertEqual(credentials.read_app_password("app_" + "a" * 36), credentials.AppPassword(0))

    def test_id_is_big_endian_in_five_bit_groups(self) -> None:
        # 00000 00000 00000 00000 00000 00000 01|000: id 1 ends two bits into the seventh letter.
        self.assertEqual(credentials.read_app_password("app_aaaaaai" + "a" * 29), credentials.AppPassword(1))

    def test_any_character_may_stand_after_app(self) -> None:
        self.assertEqual(credentials.read_app_password("app-" + "a" * 36), credentials.AppPassword(0))

    def test_other_forms_are_ordinary_passwords(self) -> None:
        for text in (
            "",
            "app_",
            "app_" + "a" * 35,
            "app_" + "a" * 37,
            "app_" + "a" * 35 + "8",
            "APP_" + "a" * 36,
        ):
            self.assertIsNone(credentials.read_app_password(text), text)

    @given(IDS)
    def test_made_secret_is_read_back(self, credential_id: int) -> None:
        secret = credentials.make_app_password(credential_id)
        self.assertEqual(len(secret), 40)
        self.assertEqual(credentials.read_app_password(secret), credentials.AppPassword(credential_id))

    def test_two_secrets_differ(self) -> None:
        self.assertNotEqual(credentials.make_app_password(1), credentials.make_app_password(1))


class ApiKeyTests(SynchronousTestCase):
    """`API_` and 38 letters."""

    def test_ids_are_the_first_eight_bytes(self) -> None:
        self.assertEqual(credentials.read_api_key("API_AAAABAAAAAU" + "A" * 27), credentials.ApiKey(4, 5))

    def test_other_forms_are_no_keys(self) -> None:
        for text in (
            "",
            "API_",
            "API_" + "A" * 37,
            "api_" + "A" * 38,
            "API_" + "A" * 37 + "=",
            "API_" + "\u00e4" * 38,
        ):
            self.assertIsNone(credentials.read_api_key(text), text)

    @given(IDS, IDS)
    def test_made_key_is_read_back(self, account_id: int, credential_id: int) -> None:
        key = credentials.make_api_key(account_id, credential_id)
        self.assertEqual(len(key), 42)
        self.assertEqual(credentials.read_api_key(key), credentials.ApiKey(account_id, credential_id))

    @given(st.text(max_size=45) | st.text("API_abc-_=", min_size=38, max_size=38).map("API_".__add__))
    def test_any_text_is_taken(self, text: str) -> None:
        found = credentials.read_api_key(text)
        self.assertTrue(found is None or text.startswith("API_"))


class NetworkTests(SynchronousTestCase):
    """From where a credential may be used."""

    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))

    def test_no_networks_means_anywhere(self) -> None:
        self.assertTrue(credentials.is_allowed_from("", ()))

    def test_addresses_inside_pass(self) -> None:
        for address in ("192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"):
            self.assertTrue(credentials.is_allowed_from(address, self.networks), address)

    def test_addresses_outside_and_no_addresses_do_not(self) -> None:
        for address in ("198.51.100.1", "2001:db9::1", "", "unix"):
            self.assertFalse(credentials.is_allowed_from(address, self.networks), address)
