"""Messages and keys for tests of signatures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from stalwart.codec.authentication_results import DkimVerdict
from stalwart.codec.dkim.body import body_hashes
from stalwart.codec.dkim.fields import divided
from stalwart.codec.dkim.keys import SigningKey, read_signing_key
from stalwart.codec.dkim.signing import Signer
from stalwart.codec.dkim.verifying import KeyRecords, claims, verified
from stalwart.mail.dkim_keys import public_text
from tests.codec.pem import key, pem

NOW = 1_800_000_000
DOMAIN = "example.test"
MESSAGE = (
    b"From: Alice <alice@example.test>\r\n"
    b"To: bob@example.net\r\n"
    b"Subject: A  subject\r\n that goes on\r\n"
    b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"Message-ID: <1@example.test>\r\n"
    b"\r\n"
    b"Hello  Bob,\t \r\n"
    b"\r\n"
    b"goodbye\r\n"
    b"\r\n\r\n"
)


def signing_key(kind: str) -> SigningKey:
    """``rsa1024`` or ``ed25519``; full length takes long to make."""
    return read_signing_key(pem(key(kind)))


def key_record(kind: str, **tags: str) -> str:
    """What DNS has for a key."""
    algorithm = "ed25519" if kind == "ed25519" else "rsa"
    more = "".join(f" {name}={value};" for name, value in tags.items())
    return f"v=DKIM1; k={algorithm};{more} p={public_text(pem(key(kind)))}"


def signer(kind: str = "ed25519", **options: object) -> Signer:
    """A signer whose selector is the kind of its key."""
    return Signer(signing_key(kind), DOMAIN, kind, **options)  # type: ignore[arg-type]


def keys(*kinds: str, **tags: str) -> dict[str, KeyRecords]:
    """The records of some keys, by their names."""
    return {f"{kind}._domainkey.{DOMAIN}": KeyRecords((key_record(kind, **tags),)) for kind in kinds}


def verify(
    message: bytes, records: dict[str, KeyRecords] | None = None, *, strict: bool = True, now: float = NOW
) -> Sequence[DkimVerdict]:
    """What becomes of the signatures of a message."""
    fields, body = divided([message])
    found = claims(fields, strict=strict, now=now)
    bodies = body_hashes(body, [claim.form for claim in found if claim.form is not None])
    known = keys("ed25519", "rsa1024") if records is None else records
    return [verified(claim, fields, bodies, known) for claim in found]


def results(verdicts: Iterable[DkimVerdict]) -> list[str]:
    """The results alone."""
    return [verdict.result for verdict in verdicts]


def b64(octets: bytes) -> str:
    """In base64."""
    return base64.b64encode(octets).decode()
