"""The shared blocks of settings C.1."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import Cron, HttpAuth, PublicText, SecretKey, SecretKeyOptional, ValidationFailed


class BlockTests(SynchronousTestCase):
    def test_cron_prints_its_fields(self) -> None:
        self.assertEqual(
            Cron.from_wire({"@type": "Daily", "hour": 4}).to_wire(), {"hour": 4, "minute": 0, "@type": "Daily"}
        )

    def test_cron_hour_ends_at_23(self) -> None:
        self.assertRaises(ValidationFailed, Cron.from_wire, {"@type": "Daily", "hour": 24})

    def test_secret_key_may_be_kept_elsewhere(self) -> None:
        made = SecretKey.from_wire({"@type": "EnvironmentVariable", "variableName": "KEY"})
        self.assertEqual(made.variable_name, "KEY")

    def test_secret_key_must_be_somewhere(self) -> None:
        self.assertRaises(ValidationFailed, SecretKey.from_wire, {"@type": "None"})

    def test_optional_secret_key_may_be_nowhere(self) -> None:
        self.assertEqual(SecretKeyOptional.from_wire({"@type": "None"}).to_wire(), {"@type": "None"})

    def test_public_text_is_not_masked(self) -> None:
        made = PublicText.from_wire({"@type": "Text", "value": "a\nb"})
        self.assertEqual(made.to_wire(), {"value": "a\nb", "@type": "Text"})

    def test_password_of_http_credentials_is_masked(self) -> None:
        made = HttpAuth.from_wire({"@type": "Basic", "username": "u", "secret": {"@type": "Value", "secret": "s"}})
        self.assertEqual(made.to_wire()["secret"], {"secret": "****", "@type": "Value"})
