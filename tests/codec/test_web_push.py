"""Tests ``stalwart.codec.web_push`` by the examples of RFC 8188 and RFC 8291 and by a receiver of its own."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_push import MOST, MessageTooLong, UnusableKeys, check_keys, encoded_point, encrypt, record
from tests.codec.push_receiver import Receiver, content, private_key, text_of

SALT = bytes(range(16))
SENDER = ec.generate_private_key(ec.SECP256R1())
RECEIVER = Receiver()
P256DH, AUTH = RECEIVER.keys


def octets(text: str) -> bytes:
    """Of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class ExampleTests(SynchronousTestCase):
    def test_rfc_8188_3_1(self) -> None:
        key = octets("yqdlZ-tYemfogSmv7Ws5PQ")
        body = record(b"I am the walrus", key, octets("I1BsxtFttlv3u_Oo94xnmw"))
        self.assertEqual(text_of(body), "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")
        self.assertEqual(content(body, key), (b"I am the walrus", 0))

    def test_rfc_8291_5(self) -> None:
        receiver = Receiver(
            private_key(octets("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), octets("BTBZMqHH6r4Tts7J_aSIgg")
        )
        p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        self.assertEqual(receiver.keys, (p256dh, "BTBZMqHH6r4Tts7J_aSIgg"))
        message = b"When I grow up, I want to be a watermelon"
        sender = private_key(octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
        body = encrypt(message, *receiver.keys, private_key=sender, salt=octets("DGv6ra1nlYgDCS1FRnbzlw"))
        self.assertEqual(
            text_of(body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK"
            "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        )
        self.assertEqual(receiver.read(body), (message, 0))


class EncryptTests(SynchronousTestCase):
    def encrypt(self, message: bytes, p256dh: str = P256DH, auth: str = AUTH, padding: int = 0) -> bytes:
        return encrypt(message, p256dh, auth, private_key=SENDER, salt=SALT, padding=padding)

    @given(st.binary(max_size=300), st.integers(0, 300))
    def test_whatever_is_sent_is_read(self, message: bytes, padding: int) -> None:
        found, zeros = RECEIVER.read(self.encrypt(message, padding=padding))
        self.assertEqual((found, zeros), (message, padding))

    def test_body_is_never_longer_than_every_push_service_takes(self) -> None:
        self.assertEqual(len(self.encrypt(bytes(MOST))), 4096)
        self.assertEqual(len(self.encrypt(b"", padding=MOST)), 4096)
        for message, padding in ((bytes(MOST + 1), 0), (bytes(MOST), 1)):
            self.assertRaises(MessageTooLong, self.encrypt, message, padding=padding)

    def test_nobody_else_reads_it(self) -> None:
        body = self.encrypt(b"x")
        for other in (Receiver(), Receiver(RECEIVER.key), Receiver(secret=RECEIVER.secret)):
            self.assertRaises(InvalidTag, other.read, body)
        self.assertRaises(InvalidTag, RECEIVER.read, body[:-1] + bytes((body[-1] ^ 1,)))

    def test_keys_with_padding_are_the_same_keys(self) -> None:
        self.assertEqual(self.encrypt(b"x", P256DH + "=", AUTH + "=="), self.encrypt(b"x"))

    def test_salt_of_another_size(self) -> None:
        for size in (0, 15, 17):
            with self.assertRaises(ValueError):
                encrypt(b"x", P256DH, AUTH, private_key=SENDER, salt=bytes(size))


class KeyTests(SynchronousTestCase):
    def refused(self, p256dh: str, auth: str) -> str:
        with self.assertRaises(UnusableKeys) as caught:
            encrypt(b"x", p256dh, auth, private_key=SENDER, salt=SALT)
        return str(caught.exception)

    def test_octets_of_good_keys(self) -> None:
        self.assertEqual(check_keys(P256DH, AUTH), (RECEIVER.point, RECEIVER.secret))

    def test_points_that_are_none(self) -> None:
        point = RECEIVER.point
        compressed = RECEIVER.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        hybrid = bytes((6 + (point[-1] & 1),)) + point[1:]
        other_curve = encoded_point(ec.generate_private_key(ec.SECP384R1()).public_key())
        for raw in (b"", b"\0", compressed, hybrid, point[:-1], point + b"\0", other_curve):
            self.assertIn("p256dh is", self.refused(text_of(raw), AUTH), raw.hex())
        for raw in (point[:-1] + bytes((point[-1] ^ 1,)), b"\4" + bytes(64), b"\4" + b"\xff" * 64):
            self.assertEqual(self.refused(text_of(raw), AUTH), "p256dh is no point of the curve P-256")

    def test_secrets_of_another_size(self) -> None:
        for size in (0, 15, 17, 32):
            self.assertEqual(self.refused(P256DH, text_of(bytes(size))), "auth is not of 16 octets")

    def test_what_is_not_base64url(self) -> None:
        standard = AUTH[:-2] + "+/"
        for text in (standard, AUTH + "=", AUTH + "===", AUTH + "\n", " " + AUTH, AUTH[:-1], "é" * 22, "A" * 10_000):
            self.assertEqual(self.refused(P256DH, text), "auth is not base64url", text[:40])

    @given(st.text(max_size=130), st.text("ABab01-_=", max_size=130))
    def test_anything_else_is_refused_with_words(self, p256dh: str, auth: str) -> None:
        self.assertIn(self.refused(p256dh, auth).partition(" ")[0], ("p256dh", "auth"))
        self.assertTrue(self.refused(P256DH, auth + "A" * 30).startswith("auth"))
