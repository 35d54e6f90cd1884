"""The language of an account."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import language_tag


class LanguageTagTests(SynchronousTestCase):
    """POSIX locale names as BCP 47 tags."""

    def test_underscore_becomes_hyphen_and_modifier_goes(self) -> None:
        self.assertEqual([language_tag(name) for name in ("de_DE", "en_IE@euro", "POSIX")], ["de-DE", "en-IE", "en-US"])
