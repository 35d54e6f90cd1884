"""Names as words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.schema_document import words

SENTENCES = {
    "mtaTlsStrategy": "MTA TLS strategy",
    "DkimSignature": "DKIM signature",
    "OAuthClient": "OAuth client",
    "maxOauthClients": "Max OAuth clients",
    "WebHook": "Webhook",
    "WebDav": "WebDAV",
    "MtaSts": "MTA-STS",
    "PostgreSql": "PostgreSQL",
    "Dkim1Ed25519Sha256": "DKIM1 Ed25519 SHA-256",
    "TlsAlpn01": "TLS-ALPN-01",
    "UTCDateTime": "UTC date time",
    "S3": "S3",
    "argon2id": "Argon2id",
    "authenticatedAs": "Authenticated as",
    "v4ThenV6": "IPv4 then IPv6",
    "Europe/Vienna": "Europe/Vienna",
    "en_US": "en_US",
    "auth.failed": "auth.failed",
    "tls13-aes-256-gcm-sha384": "tls13-aes-256-gcm-sha384",
}
LABELS = {"Default url": "Default URL", "MAIL FROM": "MAIL FROM", "otpauth: URL": "otpauth: URL", "Use tls": "Use TLS"}
PLURALS = {"directory": "directories", "API key": "API keys", "alias": "aliases", "allowed IP": "allowed IPs"}


class WordsTests(SynchronousTestCase):
    """One method a row of the tables above."""

    def test_phrase_has_no_capital_of_its_own(self) -> None:
        self.assertEqual(words.phrase("AllowedIp"), "allowed IP")

    def test_capital_leaves_spellings_alone(self) -> None:
        self.assertEqual([words.capital(text) for text in ("user", "iTIP message")], ["User", "iTIP message"])


def _says(work: Callable[[str], str], given: str, wanted: str) -> Any:
    return lambda self: self.assertEqual(work(given), wanted)


for _work, _table in ((words.sentence, SENTENCES), (words.label, LABELS), (words.plural, PLURALS)):
    for _given, _wanted in _table.items():
        setattr(WordsTests, f"test_{_work.__name__}_of_{_given}", _says(_work, _given, _wanted))
