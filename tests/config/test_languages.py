"""Locales and time zones."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.languages import LOCALE, TIME_ZONE


class LanguageTests(SynchronousTestCase):
    def test_locales_look_like_glibc_s(self) -> None:
        self.assertLessEqual({"en_US", "de_DE", "en_IE@euro", "be_BY@latin"}, set(LOCALE.names))

    def test_locales_have_no_character_set(self) -> None:
        self.assertEqual([name for name in LOCALE.names if "." in name or len(name) > 16], [])

    def test_posix_is_no_language(self) -> None:
        self.assertNotIn("POSIX", LOCALE.names)

    def test_utc_is_a_time_zone_everywhere(self) -> None:
        self.assertIn("UTC", TIME_ZONE.names)
