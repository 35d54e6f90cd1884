"""Tests ``stalwart.codec.vapid``."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vapid import LONGEST_LIFE, authorization, contact_uri, origin_of, public_text

KEY = ec.generate_private_key(ec.SECP256R1())
# RFC 8292 2.4
TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9."
    "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0."
    "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
)
PUBLIC = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"


def claims_of(token: str, public: str, audience: str) -> dict[str, Any]:
    """What a push service reads, whose signature is right under ``public`` (RFC 8292 3.2)."""
    point = urlsafe_b64decode(public + "=" * (-len(public) % 4))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    found: dict[str, Any] = jwt.decode(token, key, ["ES256"], audience=audience, options={"verify_exp": False})
    return found


def parts_of(field: str) -> tuple[str, str]:
    """Token and public key of the field."""
    scheme, _, rest = field.partition(" ")
    token, _, public = rest.partition(", ")
    assert scheme == "vapid" and token.startswith("t=") and public.startswith("k="), field
    return token[2:], public[2:]


class AuthorizationTests(SynchronousTestCase):
    def test_reader_of_these_tests_reads_the_example_of_rfc_8292_2_4(self) -> None:
        origin = "https://push.example.net"
        claims = {"aud": origin, "exp": 1453523768, "sub": "mailto:push@example.com"}
        self.assertEqual(claims_of(TOKEN, PUBLIC, origin), claims)

    def test_head_and_claims_are_those_of_rfc_8292_2_4(self) -> None:
        field = authorization(
            "https://push.example.net",
            private_key=KEY,
            now=1453523768 - 3600,
            lifetime=3600,
            contact="mailto:push@example.com",
        )
        token, public = parts_of(field)
        self.assertEqual(jwt.get_unverified_header(token), {"typ": "JWT", "alg": "ES256"})
        self.assertEqual(token.split(".")[1], TOKEN.split(".")[1])
        self.assertEqual(public, public_text(KEY))
        claims_of(token, public, "https://push.example.net")
        with self.assertRaises(jwt.InvalidSignatureError):
            claims_of(token, PUBLIC, "https://push.example.net")

    def test_without_a_contact(self) -> None:
        token, public = parts_of(authorization("https://a.test", private_key=KEY, now=5, lifetime=LONGEST_LIFE))
        self.assertEqual(claims_of(token, public, "https://a.test"), {"aud": "https://a.test", "exp": 86_405})

    def test_never_longer_than_a_day(self) -> None:
        for lifetime in (0, -1, LONGEST_LIFE + 1):
            with self.assertRaises(ValueError):
                authorization("https://a.test", private_key=KEY, now=5, lifetime=lifetime)

    def test_public_key_is_an_uncompressed_point_without_padding(self) -> None:
        text = public_text(KEY)
        self.assertEqual(len(text), 87)
        self.assertEqual(urlsafe_b64decode(text + "=")[0], 4)


class OriginTests(SynchronousTestCase):
    def test_origins(self) -> None:
        for url, origin in (
            ("https://push.example.net/p/JzLQ3raZ?x=1", "https://push.example.net"),
            ("HTTPS://Push.Example.NET:443/", "https://push.example.net"),
            ("https://push.example.net:8443", "https://push.example.net:8443"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1"),
            ("http://127.0.0.1:443/x", "http://127.0.0.1:443"),
            ("https://[2001:DB8::1]:1/x", "https://[2001:db8::1]:1"),
        ):
            self.assertEqual(origin_of(url), origin)


class ContactTests(SynchronousTestCase):
    def test_uris_and_addresses(self) -> None:
        for text, uri in (
            ("mailto:a@b.test", "mailto:a@b.test"),
            (" https://b.test/contact ", "https://b.test/contact"),
            ("a@b.test", "mailto:a@b.test"),
        ):
            self.assertEqual(contact_uri(text), uri)

    def test_what_push_services_would_refuse(self) -> None:
        for text in (
            None,
            "",
            "  ",
            "postmaster",
            "@b.test",
            "a@",
            "tel:+1@b",
            "http://b.test",
            "mailto:a b",
            "ü@b.test",
        ):
            self.assertIsNone(contact_uri(text), text)
