"""Stored passwords: values of other software fit, damaged ones are refused, upgrades happen where safe."""

# ruff: noqa: E501 - the vectors are long

from collections.abc import Callable

import bcrypt
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory import hashes

PASSWORD = "correct horse"

# Made by passlib, argon2-cffi and bcrypt themselves; cheap parameters on purpose.
VECTORS = {
    "argon2id": "$argon2id$v=19$m=64,t=1,p=1$7i451wfSCGyNkk0+U1nX4A$al1uj4QOJ0eC2ud5QUylH3ObEGZ/vWiuy6gm1nJjhKE",
    "argon2i": "$argon2i$v=19$m=64,t=1,p=1$WFZC0VjzWgi33cO5ju5Caw$96w/rixL3PsgQ2M76oCnMkXEAe209WLvOGJRCyew6es",
    "argon2d": "$argon2d$v=19$m=64,t=1,p=1$jF84mWk3bkq8cvayh/Yb+A$CNlQ+AUKNUsIRN46SwS5+cL9xSUk9MHVQsMV5m5ULck",
    "braced_argon2id": "{Argon2id}$argon2id$v=19$m=64,t=1,p=1$7i451wfSCGyNkk0+U1nX4A"
    "$al1uj4QOJ0eC2ud5QUylH3ObEGZ/vWiuy6gm1nJjhKE",
    "bcrypt": "$2b$04$mg4mhlqhtqI0VVyeHcWQSeBV/yWefnK1r08Pwdy2UH.t5QNSrBd0i",
    "bcrypt_2a": "$2a$04$mg4mhlqhtqI0VVyeHcWQSeBV/yWefnK1r08Pwdy2UH.t5QNSrBd0i",
    "bcrypt_2y": "$2y$04$mg4mhlqhtqI0VVyeHcWQSeBV/yWefnK1r08Pwdy2UH.t5QNSrBd0i",
    "scrypt": "$scrypt$ln=10,r=8,p=1$P2cshZByDuE8J2TMWUtpjQ$bHxD07mwrPdQZOcmnmqPmv7NdVQsBAy9ogaNB5V/L2I",
    "sha512_crypt": "$6$rounds=1001$gauASvaLQhhHXO1a$2iLe2fYGMxB4JwmdWeqz4sfuWiK9jytDVH2DdRNHD/svKFF7SdToXnAZEKiY9QHhpq"
    "TTAIpVJy8LLUxSIRDzk0",
    "sha256_crypt": "$5$rounds=1001$jIia8gw32shxYfGQ$6w1eXIEF00MHYDRKE9B53a8aXYa6UKuSfZnBsJ2II1A",
    "md5_crypt": "$1$amt7kqOf$b/hsn2PNTspwl0HXbRJDj1",
    "sha1_crypt": "$sha1$1001$I/NFK/Qm$aW4gR6Pv0ZrEdsfgaRp6XSp7kiGj",
    "bsdi_crypt": "_dD..VrbZ46ilXbwMYH2",
    "braced_crypt": "{CRYPT}$1$amt7kqOf$b/hsn2PNTspwl0HXbRJDj1",
    "braced_bcrypt": "{crypt}$2b$04$mg4mhlqhtqI0VVyeHcWQSeBV/yWefnK1r08Pwdy2UH.t5QNSrBd0i",
    "pbkdf2_sha1": "$pbkdf2$1000$Wsv5n3MOIeQcw5gTwhhjrA$MuTiYeVTc9JELXaO9ZaJgUaH5ZU",
    "pbkdf2_sha256": "$pbkdf2-sha256$1000$mLPWGoOwdg5h7D2HEGJsLQ$qtIaCuS07KNGtpT7HRWVhPUTLYsEe7sH9ym4z84KCYg",
    "pbkdf2_phc": "$pbkdf2-sha256$i=1000,l=32$mLPWGoOwdg5h7D2HEGJsLQ$qtIaCuS07KNGtpT7HRWVhPUTLYsEe7sH9ym4z84KCYg",
    "pbkdf2_sha512": "$pbkdf2-sha512$1000$udc6xxjjnLM2BkCIsRaC8A$4G/3BvLBro2j5yO3QV0jX3KH4JKeCeaPQ8rW261kzC3lmxse0KtHatj"
    "tmlkSj2qmwspmFokT8m6KTOkUCPZBzQ",
    "ldap_pbkdf2": "{PBKDF2}1000$vndOKSXEWAuhlLJWitE6Zw$MHqBSmg..F3BreZGuh78.4je0/A",
    "ldap_pbkdf2_sha256": "{PBKDF2-SHA256}1000$/Z.Tsvbe.z/nfK.1tra2Vg$XMMrsPvX/Wf6gJDJz7RONKGj9w4/3tvwPtiluk7Rznc",
    "braced_pbkdf2": "{PBKDF2}$pbkdf2-sha256$1000$mLPWGoOwdg5h7D2HEGJsLQ$qtIaCuS07KNGtpT7HRWVhPUTLYsEe7sH9ym4z84KCYg",
    "sha": "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    "sha_unpadded": "{sha}L55TUjtiq8FBorTWAZ0jy6g129A",
    "ssha": "{SSHA}3gEA2TezpWJeH2TLOWzgFTlrY43Tuhdi",
    "ssha256": "{SSHA256}2HmqC9sEEajIsbv1MSluRSInGS2Wr5LoPz0Csy3UQCMbg5CS0hpDaA==",
    "ssha512": "{ssha512}UFfLpJZJFsHZgz7BIpecoSeT0KpqUcDHqF+heWyxqfZL2DFXGzEO2Sjqiuwy6ZKwfS+QbTbtvNf0mxCIxiog6M3Ze895L"
    "0Vo",
    "md5": "{MD5}PLTnMmMfR+brlh80VUt83g==",
    "plain": "{PLAIN}correct horse",
    "clear": "{Clear}correct horse",
    "bare": "correct horse",
}

# RFC 7914 12, second vector (salt "NaCl"), and RFC 6070 2 with 4096 rounds (salt "salt"), written as PHC
# strings.
RFC_VECTORS = {
    "rfc7914": "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD"
    "7m2DYMvfoswGQA",
    "rfc6070": "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
}

DAMAGED = {
    "unknown_dollar": "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn",
    "unknown_braces": "{SSHA3}abcdef",
    "open_brace": "{SSHA",
    "short_digest": "{SHA}AAAA",
    "not_base64": "{SSHA}!!!!",
    "long_plain_digest": "{MD5}PLTnMmMfR+brlh80VUt83gAA",
    "argon2_cut": "$argon2id$v=19$m=64,t=1,p=1$7i451wfSCGyNkk0",
    "argon2_huge": "$argon2id$v=19$m=4294967295,t=1,p=1$7i451wfSCGyNkk0+U1nX4A$al1uj4QOJ0eC2ud5QUylH3ObEGZ",
    "scrypt_huge": "$scrypt$ln=31,r=8,p=1$P2cshZByDuE8J2TMWUtpjQ$bHxD07mwrPdQZOcmnmqPmv7NdVQsBAy9ogaNB5V/L2I",
    "scrypt_cut": "$scrypt$ln=10,r=8$P2cshZByDuE8J2TMWUtpjQ$bHxD07mwrPdQZOcmnmqPmg",
    "pbkdf2_huge": "$pbkdf2$99999999999$Wsv5n3MOIeQcw5gTwhhjrA$MuTiYeVTc9JELXaO9ZaJgUaH5ZU",
    "pbkdf2_unknown_digest": "$pbkdf2-whirlpool$1000$Wsv5n3MOIeQcw5gTwhhjrA$MuTiYeVTc9JELXaO9ZaJgUaH5ZU",
    "bcrypt_cut": "$2b$04$mg4mhlqhtqI0VVy",
    "bcrypt_huge": "$2b$31$mg4mhlqhtqI0VVyeHcWQSeBV/yWefnK1r08Pwdy2UH.t5QNSrBd0i",
    "sha512_crypt_huge": "$6$rounds=999999999$gauASvaLQhhHXO1a$2iLe2fYGMxB4JwmdWeqz4sfuWiK9jytDVH2DdRNHD",
    "sha512_crypt_cut": "$6$gau$short",
    "crypt_of_nothing": "{CRYPT}",
    "crypt_in_crypt": "{CRYPT}{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
}


class VerifyTests(SynchronousTestCase):
    """One fitting and one failing password for each scheme."""


class DamagedTests(SynchronousTestCase):
    """What looks like a hash and is none is an error, not a wrong password."""


def _fits(stored: str, password: str = PASSWORD) -> Callable[[SynchronousTestCase], None]:
    def test(case: SynchronousTestCase) -> None:
        case.assertTrue(hashes.verify(stored, password))
        case.assertFalse(hashes.verify(stored, "wrong horse"))
        case.assertFalse(hashes.verify(stored, ""))

    return test


def _is_refused(stored: str) -> Callable[[SynchronousTestCase], None]:
    def test(case: SynchronousTestCase) -> None:
        with case.assertRaises(hashes.UnknownHash) as caught:
            hashes.verify(stored, PASSWORD)
        case.assertNotIn(stored[7:] or PASSWORD, str(caught.exception))

    return test


for _name, _stored in VECTORS.items():
    setattr(VerifyTests, f"test_{_name}_fits_its_password_only", _fits(_stored))
for _name, _stored in RFC_VECTORS.items():
    setattr(VerifyTests, f"test_{_name}_fits", _fits(_stored, "password"))
for _name, _stored in DAMAGED.items():
    setattr(DamagedTests, f"test_{_name}_is_unknown", _is_refused(_stored))


class BcryptTests(SynchronousTestCase):
    """bcrypt reads 72 bytes and stops at a zero byte (its authors' limit)."""

    def setUp(self) -> None:
        self.stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    def test_old_hash_is_compared_by_its_72_bytes(self) -> None:
        self.assertTrue(hashes.verify(self.stored, "x" * 72 + "tail"))

    def test_hash_that_saw_only_a_part_is_never_upgraded(self) -> None:
        self.assertFalse(hashes.needs_upgrade(self.stored, "argon2id", "x" * 72 + "tail"))
        self.assertTrue(hashes.needs_upgrade(self.stored, "argon2id", "x" * 72))

    def test_zero_byte_never_fits_an_old_hash(self) -> None:
        self.assertFalse(hashes.verify(bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode(), "x\0y"))

    def test_long_password_is_hashed_whole(self) -> None:
        self.patch(hashes, "_BCRYPT_ROUNDS", 4)
        stored = hashes.make("x" * 100, "bcrypt")
        self.assertTrue(stored.startswith("$bcrypt-sha256$"))
        self.assertTrue(hashes.verify(stored, "x" * 100))
        self.assertFalse(hashes.verify(stored, "x" * 99))
        self.assertFalse(hashes.needs_upgrade(stored, "bcrypt", "x" * 100))

    def test_value_made_by_passlib_fits(self) -> None:
        stored = "$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2"
        self.assertTrue(hashes.verify(stored, "password"))


class MakeTests(SynchronousTestCase):
    """New hashes."""

    def test_argon2id_has_the_documented_cost(self) -> None:
        self.assertTrue(hashes.make("secret", "argon2id").startswith("$argon2id$v=19$m=19456,t=2,p=1$"))

    def test_same_password_gives_another_hash(self) -> None:
        self.assertNotEqual(hashes.make("secret", "argon2id"), hashes.make("secret", "argon2id"))

    def test_overlong_password_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            hashes.make("x" * 1025, "argon2id")

    def test_overlong_password_fits_nothing(self) -> None:
        self.assertFalse(hashes.verify("x" * 1025, "x" * 1025))

    def test_generated_secret_is_one_sha256(self) -> None:
        stored = hashes.sha256_of("app_secret")
        self.assertTrue(stored.startswith("{SHA256}"))
        self.assertTrue(hashes.verify(stored, "app_secret"))


def _round_trip(algorithm: str) -> Callable[[SynchronousTestCase], None]:
    def test(case: SynchronousTestCase) -> None:
        case.patch(hashes, "_BCRYPT_ROUNDS", 5)
        stored = hashes.make("p\u00e4ss w\u00f6rd", algorithm)
        case.assertTrue(hashes.verify(stored, "p\u00e4ss w\u00f6rd"))
        case.assertEqual(hashes.scheme_of(stored), algorithm)
        case.assertFalse(hashes.needs_upgrade(stored, algorithm, "p\u00e4ss w\u00f6rd"))

    return test


for _algorithm in hashes.ALGORITHMS:
    setattr(MakeTests, f"test_{_algorithm}_round_trip", _round_trip(_algorithm))


class UpgradeTests(SynchronousTestCase):
    """Which stored values a successful login replaces."""

    def test_other_scheme_is_upgraded(self) -> None:
        self.assertTrue(hashes.needs_upgrade(VECTORS["ssha"], "argon2id", PASSWORD))
        self.assertTrue(hashes.needs_upgrade("correct horse", "argon2id", PASSWORD))

    def test_cheap_parameters_are_upgraded(self) -> None:
        for name, algorithm in (("argon2id", "argon2id"), ("bcrypt", "bcrypt"), ("scrypt", "scrypt")):
            self.assertTrue(hashes.needs_upgrade(VECTORS[name], algorithm, PASSWORD), name)
        self.assertTrue(hashes.needs_upgrade(VECTORS["pbkdf2_sha512"], "pbkdf2", PASSWORD))

    def test_des_crypt_of_a_longer_password_is_kept(self) -> None:
        self.assertTrue(hashes.verify("{CRYPT}mR3I3faOr6c.6", PASSWORD))
        self.assertFalse(hashes.needs_upgrade("{CRYPT}mR3I3faOr6c.6", "argon2id", PASSWORD))


class SchemeTests(SynchronousTestCase):
    """Telling hashes from passwords."""

    def test_password_in_clear_is_no_hash(self) -> None:
        for text in ("secret", "{PLAIN}secret", "{CLEAR}secret", "$ecret", "{secret", "_secret", ""):
            self.assertFalse(hashes.is_hash(text), text)

    def test_known_values_are_hashes(self) -> None:
        for name in ("argon2id", "ssha", "bsdi_crypt", "sha512_crypt", "pbkdf2_phc", "bcrypt"):
            self.assertTrue(hashes.is_hash(VECTORS[name]), name)

    @given(st.text(max_size=60) | st.from_regex(r"[{$_][A-Za-z0-9$,={}+/.-]{0,60}", fullmatch=True))
    def test_any_text_is_a_scheme_or_unknown(self, text: str) -> None:
        try:
            fits = hashes.verify(text, "some password")
        except hashes.UnknownHash:
            return
        self.assertFalse(fits and text != "some password")
