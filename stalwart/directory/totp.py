"""Time-based one-time passwords (RFC 6238 over RFC 4226), read from an `otpauth://totp/` URI.

Only checks codes and makes new secrets; refusing a code that was used before needs memory and is done by the
directory with the time step that `matching_step` returns (RFC 6238 5.2). Counter-based codes
(`otpauth://hotp/`) are left out.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32decode, b32encode
from urllib.parse import parse_qs, quote, urlsplit

from attrs import field, frozen

_DIGESTS = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
_MIN_SECRET = 16  # RFC 4226 4, R6: at least 128 bits


class InvalidUri(ValueError):
    """The URI is not one of `otpauth://totp/`, or its secret is too short; the text names what is wrong, not
    the value.
    """


@frozen
class Totp:
    """One generator of codes: ``secret`` bytes, hash name, number of digits, seconds a step lasts."""

    secret: bytes = field(repr=False)
    digest: str = "sha1"
    digits: int = 6
    period: int = 30

    @classmethod
    def from_uri(cls, uri: str) -> Totp:
        """Parse an `otpauth://totp/label?secret=...` URI; `InvalidUri` if it cannot be used."""
        try:
            parts = urlsplit(uri)
            query = {name.lower(): values[-1] for name, values in parse_qs(parts.query).items()}
        except ValueError:
            raise InvalidUri("it is not a URI") from None
        if parts.scheme.lower() != "otpauth" or parts.netloc.lower() != "totp":
            raise InvalidUri("it does not start with otpauth://totp/")
        digest = _DIGESTS.get(query.get("algorithm", "SHA1").upper().replace("-", ""))
        if digest is None:
            raise InvalidUri("its algorithm is not SHA1, SHA256 or SHA512")
        return cls(
            _secret(query.get("secret", "")),
            digest,
            _number(query.get("digits", "6"), 6, 8, "digits"),
            _number(query.get("period", "30"), 5, 3600, "period"),
        )

    def step_at(self, now: float) -> int:
        """The number of the time step that ``now`` (seconds since the epoch) lies in (RFC 6238 4.2)."""
        return int(now) // self.period

    def code(self, step: int) -> str:
        """The code of one time step (RFC 4226 5.3)."""
        mac = hmac.digest(self.secret, step.to_bytes(8, "big"), self.digest)
        offset = mac[-1] & 15
        number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)

    def matching_step(self, code: str, now: float) -> int | None:
        """The time step that ``code`` belongs to: the present one, or a neighbour (RFC 6238 5.2); None if none fits."""
        typed = code.strip().replace(" ", "").encode("utf-8", "surrogatepass")
        present = self.step_at(now)
        found = None
        for step in (present - 1, present + 1, present):
            if step >= 0 and hmac.compare_digest(self.code(step).encode("ascii"), typed):
                found = step
        return found


def make_uri(issuer: str, login: str) -> str:
    """A fresh URI with a secret of 160 bits, for a QR code; all other parameters are the defaults every app knows."""
    secret = b32encode(secrets.token_bytes(20)).decode("ascii")
    named = quote(issuer, safe="")
    return f"otpauth://totp/{named}:{quote(login, safe='@')}?secret={secret}&issuer={named}"


def _secret(text: str) -> bytes:
    packed = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        secret = b32decode(packed + "=" * (-len(packed) % 8))
    except ValueError:
        raise InvalidUri("its secret is not base32") from None
    if len(secret) < _MIN_SECRET:
        raise InvalidUri("its secret is shorter than 16 bytes")
    return secret


def _number(text: str, least: int, most: int, name: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 5 or not least <= int(text) <= most:
        raise InvalidUri(f"its {name} is not between {least} and {most}")
    return int(text)
