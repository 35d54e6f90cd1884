"""Codes of RFC 6238 Appendix B, URIs as authenticator apps write them, and what is refused."""

from base64 import b32encode
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.totp import InvalidUri, Totp, make_uri

_DIGITS = b"1234567890" * 7
# RFC 6238 Appendix B
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
BASE32 = b32encode(b"12345678901234567890").decode()
URI = f"otpauth://totp/Example:bob?secret={BASE32}&issuer=Example"


class VectorTests(SynchronousTestCase):
    """RFC 6238 Appendix B."""


def _vector(now: int, digest: str, size: int, code: str) -> Callable[[SynchronousTestCase], None]:
    def test(case: SynchronousTestCase) -> None:
        totp = Totp(_DIGITS[:size], digest, digits=8)
        case.assertEqual(totp.code(totp.step_at(now)), code)

    return test


for _now, *_codes in VECTORS:
    for _digest, _size, _code in zip(("sha1", "sha256", "sha512"), (20, 32, 64), _codes, strict=True):
        setattr(VectorTests, f"test_{_digest}_at_{_now}", _vector(_now, _digest, _size, _code))


class WindowTests(SynchronousTestCase):
    """The present step and its neighbours count, nothing else."""

    def setUp(self) -> None:
        self.totp = Totp.from_uri(URI)

    def test_present_and_neighbouring_steps_match(self) -> None:
        now = 1000 * 30 + 7
        for step in (999, 1000, 1001):
            self.assertEqual(self.totp.matching_step(self.totp.code(step), now), step)

    def test_two_steps_away_is_refused(self) -> None:
        for step in (998, 1002):
            self.assertIsNone(self.totp.matching_step(self.totp.code(step), 1000 * 30 + 7))

    def test_spaces_in_the_code_do_not_matter(self) -> None:
        code = self.totp.code(1000)
        self.assertEqual(self.totp.matching_step(f" {code[:3]} {code[3:]}", 1000 * 30), 1000)

    def test_first_step_of_all_has_no_predecessor(self) -> None:
        self.assertEqual(self.totp.matching_step(self.totp.code(0), 0), 0)

    @settings(max_examples=50)
    @given(st.text(max_size=12))
    def test_any_text_is_taken(self, text: str) -> None:
        found = self.totp.matching_step(text, 30000)
        self.assertTrue(found is None or self.totp.code(found) == text.strip().replace(" ", ""))


class UriTests(SynchronousTestCase):
    """`otpauth://totp/` and its parameters."""

    def test_defaults_are_sha1_six_digits_thirty_seconds(self) -> None:
        self.assertEqual(Totp.from_uri(URI), Totp(b"12345678901234567890", "sha1", 6, 30))

    def test_parameters_are_read(self) -> None:
        found = Totp.from_uri(f"otpauth://totp/x?secret={BASE32.lower()}&algorithm=SHA512&digits=8&period=60")
        self.assertEqual((found.digest, found.digits, found.period), ("sha512", 8, 60))

    def test_fresh_uri_can_be_read(self) -> None:
        uri = make_uri("mail.example.test", "alice@example.test")
        self.assertEqual(len(Totp.from_uri(uri).secret), 20)
        self.assertNotEqual(uri, make_uri("mail.example.test", "alice@example.test"))

    def test_secret_is_not_shown(self) -> None:
        self.assertNotIn("1234567890", repr(Totp.from_uri(URI)))


REFUSED = {
    "short_secret": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ",
    "missing_secret": "otpauth://totp/x",
    "secret_that_is_not_base32": "otpauth://totp/x?secret=0189!",
    "counter_kind": f"otpauth://hotp/x?secret={BASE32}",
    "other_scheme": f"https://totp/x?secret={BASE32}",
    "five_digits": URI + "&digits=5",
    "nine_digits": URI + "&digits=9",
    "digits_in_words": URI + "&digits=six",
    "period_zero": URI + "&period=0",
    "unknown_algorithm": URI + "&algorithm=MD5",
    "broken_host": "otpauth://[x?secret=" + BASE32,
    "nothing": "",
}


def _is_refused(uri: str) -> Callable[[SynchronousTestCase], None]:
    def test(case: SynchronousTestCase) -> None:
        with case.assertRaises(InvalidUri):
            Totp.from_uri(uri)

    return test


for _name, _uri in REFUSED.items():
    setattr(UriTests, f"test_{_name}_is_refused", _is_refused(_uri))
