"""scrypt (RFC 7914) and PBKDF2 (RFC 8018) passwords in the PHC string form, as values with their parameters.

Also reads the older spellings of PBKDF2 that LDAP tools and IMAP servers write. Every cost is bounded, so
that a stored value cannot occupy a thread for minutes. The digest itself is left to hashlib, which releases
the interpreter lock.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

from attrs import frozen

_MAX_MEMORY = 1 << 30
_MAX_ROUNDS = 10_000_000
_MAX_ARGON2_PASSES = 64
_FIELDS = re.compile(r"\$(?P<id>[a-z0-9-]+)\$(?P<parameters>[a-z0-9=,]+)\$(?P<salt>[^$]*)\$(?P<digest>[^$]+)\Z")
_ARGON2 = re.compile(r"\$argon2(?:id|i|d)\$(?:v=\d+\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})")


class Malformed(Exception):
    """The value is not in the form that its prefix promises, or asks for more work than is reasonable."""


@frozen
class Scrypt:
    """One scrypt value: cost 2**``log_n``, block size ``r``, parallelism ``p`` (RFC 7914 2)."""

    log_n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    @classmethod
    def fresh(cls, salt: bytes) -> Scrypt:
        """The parameters of new hashes: 32 MiB, OWASP's N=2^15 row."""
        return cls(15, 8, 3, salt, b"")

    def derive(self, password: bytes, size: int) -> bytes:
        """The key of ``size`` bytes for ``password``."""
        return hashlib.scrypt(
            password,
            salt=self.salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=2 * _MAX_MEMORY - 1,
            dklen=size,
        )

    def fits(self, password: bytes) -> bool:
        """Whether ``password`` gives this digest."""
        return hmac.compare_digest(self.derive(password, len(self.digest)), self.digest)

    def filled(self, password: bytes) -> str:
        """The PHC string of ``password`` with these parameters."""
        digest = self.derive(password, 32)
        return f"$scrypt$ln={self.log_n},r={self.r},p={self.p}${_packed(self.salt)}${_packed(digest)}"

    def is_weak(self) -> bool:
        """Whether new hashes cost more than this one."""
        new = self.fresh(b"")
        return (self.r * self.p) << self.log_n < (new.r * new.p) << new.log_n


@frozen
class Pbkdf2:
    """One PBKDF2 value (RFC 8018 5.2): hash name for HMAC, number of rounds."""

    algorithm: str
    rounds: int
    salt: bytes
    digest: bytes

    @classmethod
    def fresh(cls, salt: bytes) -> Pbkdf2:
        """The parameters of new hashes: HMAC-SHA-256, 600,000 rounds."""
        return cls("sha256", 600_000, salt, b"")

    def derive(self, password: bytes, size: int) -> bytes:
        """The key of ``size`` bytes for ``password``."""
        return hashlib.pbkdf2_hmac(self.algorithm, password, self.salt, self.rounds, size)

    def fits(self, password: bytes) -> bool:
        """Whether ``password`` gives this digest."""
        return hmac.compare_digest(self.derive(password, len(self.digest)), self.digest)

    def filled(self, password: bytes) -> str:
        """The PHC string of ``password`` with these parameters."""
        digest = self.derive(password, 32)
        return f"$pbkdf2-{self.algorithm}$i={self.rounds},l=32${_packed(self.salt)}${_packed(digest)}"

    def is_weak(self) -> bool:
        """Whether new hashes cost more than this one."""
        return self.algorithm == "sha1" or self.rounds < self.fresh(b"").rounds


def check_argon2(text: str) -> None:
    """Refuse an argon2 string (RFC 9106) whose memory (KiB), passes or lanes are beyond reason."""
    match = _ARGON2.match(text)
    if match is None:
        raise Malformed("the stored argon2 value is damaged")
    memory, passes, lanes = (int(number) for number in match.groups())
    if memory * 1024 > _MAX_MEMORY or passes > _MAX_ARGON2_PASSES or lanes > 64:
        raise Malformed("the stored argon2 value asks for too much work")


def read_scrypt(text: str) -> Scrypt:
    """Parse ``$scrypt$ln=15,r=8,p=3$salt$digest``."""
    match = _FIELDS.match(text)
    if match is None:
        raise Malformed("the stored scrypt value is damaged")
    numbers = _numbers(match["parameters"])
    found = Scrypt(
        numbers.get("ln", 0),
        numbers.get("r", 0),
        numbers.get("p", 0),
        _unpacked(match["salt"]),
        _digest(match["digest"]),
    )
    if not (1 <= found.log_n <= 20 and 1 <= found.p <= 16 and 1 <= found.r <= _MAX_MEMORY >> (found.log_n + 7)):
        raise Malformed("the stored scrypt value asks for too much work")
    return found


def read_pbkdf2(name: str, text: str) -> Pbkdf2:
    """Parse any known spelling; ``name`` is the LDAP scheme in braces before ``text``, or empty."""
    match = _FIELDS.match(text)
    if match is None:
        found = _plain_fields(name, text)
    elif match["id"] == "1" and name == "PBKDF2":
        found = _hex_fields(match)
    else:
        found = _phc_fields(match)
    if found.algorithm not in ("sha1", "sha256", "sha512"):
        raise Malformed("the stored PBKDF2 value names an unknown digest")
    if not 1 <= found.rounds <= _MAX_ROUNDS:
        raise Malformed("the stored PBKDF2 value asks for too much work")
    return found


def _phc_fields(match: re.Match[str]) -> Pbkdf2:
    kind, _, algorithm = match["id"].partition("-")
    if kind != "pbkdf2":
        raise Malformed("the stored PBKDF2 value is damaged")
    text = match["parameters"]
    rounds = _integer(text) if text.isdecimal() else _numbers(text).get("i", 0)
    return Pbkdf2(algorithm or "sha1", rounds, _unpacked(match["salt"]), _digest(match["digest"]))


def _hex_fields(match: re.Match[str]) -> Pbkdf2:
    # `{PBKDF2}$1$salt$rounds$hex`: the salt is text and the digest is hexadecimal.
    try:
        digest = bytes.fromhex(match["digest"])
    except ValueError:
        raise Malformed("the stored PBKDF2 value is damaged") from None
    return Pbkdf2("sha1", _integer(match["salt"]), match["parameters"].encode("ascii"), digest)


def _plain_fields(name: str, text: str) -> Pbkdf2:
    # `{PBKDF2-SHA256}rounds$salt$digest`
    parts = text.split("$")
    algorithm = name.removeprefix("PBKDF2").removeprefix("-").lower().replace("sha-", "sha") or "sha1"
    if len(parts) != 3 or not name:
        raise Malformed("the stored PBKDF2 value is damaged")
    return Pbkdf2(algorithm, _integer(parts[0]), _unpacked(parts[1]), _digest(parts[2]))


def _numbers(text: str) -> dict[str, int]:
    pairs = (pair.partition("=") for pair in text.split(","))
    return {key: _integer(value) for key, _, value in pairs}


def _integer(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise Malformed("the stored value has a damaged number")
    return int(text)


def _packed(raw: bytes) -> str:
    return b64encode(raw).decode("ascii").rstrip("=")


def _unpacked(text: str) -> bytes:
    padded = text.rstrip("=").replace(".", "+")
    try:
        return b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except ValueError:
        raise Malformed("the stored value has damaged base64") from None


def _digest(text: str) -> bytes:
    raw = _unpacked(text)
    if not 8 <= len(raw) <= 128:
        raise Malformed("the stored digest has the wrong length")
    return raw
