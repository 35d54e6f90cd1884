"""Verifies DKIM signatures (RFC 6376 6.1): what a message claims, the keys that it takes, and what follows from both.

Strangers choose how many signatures there are and what they ask for, so only the first few are looked at.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from stalwart.codec.authentication_results import DkimVerdict
from stalwart.codec.dkim.body import BodyForm, BodyHash
from stalwart.codec.dkim.fields import Field, selected
from stalwart.codec.dkim.keys import UnusableKey, VerifyingKey, read_key
from stalwart.codec.dkim.signature import (
    MalformedSignature,
    Signature,
    algorithm_of,
    domain_of,
    read,
    selector_of,
    tags_of,
    without_value,
)

MOST_SIGNATURES = 10

Bodies = Mapping[BodyForm, BodyHash]


@frozen
class KeyRecords:
    """What DNS has at the name of a key: texts, or why there are none, which may be ``temporary``."""

    texts: tuple[str, ...] = ()
    problem: str = ""
    temporary: bool = False


@frozen
class Claim:
    """A signature field; ``signature`` is None where it is decided already, by ``verdict``."""

    field: Field
    signature: Signature | None
    verdict: DkimVerdict | None = None

    @property
    def form(self) -> BodyForm | None:
        """What has to be hashed of the body."""
        signature = self.signature
        return BodyForm(signature.relaxed_body, signature.body_length) if signature is not None else None


def claims(fields: Sequence[Field], *, strict: bool, now: float) -> tuple[Claim, ...]:
    """The signatures of a message from the top. ``strict``: those of a part of the body do not count."""
    found = [field for field in fields if field.name == b"dkim-signature"]
    return tuple(_claim(field, strict, now) for field in found[:MOST_SIGNATURES])


def _claim(field: Field, strict: bool, now: float) -> Claim:
    try:
        signature = read(field)
    except MalformedSignature as malformed:
        return Claim(field, None, _malformed(field, str(malformed)))
    if strict and signature.body_length is not None:
        return Claim(field, None, _verdict(signature, "policy", "a part of the body is not signed"))
    if signature.expires_at is not None and signature.expires_at < now:
        return Claim(field, None, _verdict(signature, "fail", "the signature has expired"))
    return Claim(field, signature)


def verified(claim: Claim, fields: Sequence[Field], bodies: Bodies, keys: Mapping[str, KeyRecords]) -> DkimVerdict:
    """What became of a claim; ``keys`` by the name of the key."""
    signature = claim.signature
    if signature is None or claim.form is None:
        return claim.verdict or DkimVerdict("permerror")
    records = keys.get(signature.key_name, KeyRecords(problem="the key was not looked up", temporary=True))
    if records.problem:
        return _verdict(signature, "temperror" if records.temporary else "permerror", records.problem)
    try:
        key = usable_key(signature.algorithm, records.texts)
    except UnusableKey as unusable:
        return _verdict(signature, "policy" if unusable.weak else "permerror", str(unusable))
    if key.exact and signature.identity.rpartition("@")[2].lower() != signature.domain:
        return _verdict(signature, "permerror", "the key is not for identities below the domain")
    problem = _mismatch(claim.field, signature, key, fields, bodies[claim.form])
    if problem is None:
        return _verdict(signature, "pass", "")
    return _verdict(signature, "neutral" if key.testing else "fail", problem)


def usable_key(algorithm: str, texts: Iterable[str]) -> VerifyingKey:
    """The key for signatures with ``algorithm``. Raises ``UnusableKey``."""
    key = read_key(texts)
    if key.algorithm != algorithm.partition("-")[0]:
        raise UnusableKey("the key is for another algorithm")
    return key


def signed_digest(field: Field, names: Collection[bytes], fields: Sequence[Field], relaxed: bool) -> bytes:
    """The digest that a signature ``field`` is of (RFC 6376 3.7)."""
    made = hashlib.sha256()
    others = [one for one in fields if one is not field] if field.name in names else fields
    for each in selected(others, names):
        made.update(each.canonical(relaxed) + b"\r\n")
    made.update(without_value(field).canonical(relaxed))
    return made.digest()


def _mismatch(
    field: Field, signature: Signature, key: VerifyingKey, fields: Sequence[Field], body: BodyHash
) -> str | None:
    """Why the message is not what was signed."""
    if not body.complete:
        return "the body is shorter than what was signed"
    if body.digest != signature.body_hash:
        return "the body has been changed"
    digest = signed_digest(field, signature.names, fields, signature.relaxed_head)
    return None if key.fits(digest, signature.signature) else "the signature does not fit"


def _verdict(signature: Signature, result: str, reason: str) -> DkimVerdict:
    return DkimVerdict(
        result,
        signature.domain,
        signature.selector,
        signature.algorithm,
        signature.identity,
        base64.b64encode(signature.signature).decode()[:8],
        reason,
    )


def _malformed(field: Field, reason: str) -> DkimVerdict:
    """A broken signature, with what of it can be read."""
    try:
        tags = tags_of(field)
    except MalformedSignature:
        tags = {}
    domain, selector = _readable(domain_of, tags, "d"), _readable(selector_of, tags)
    return DkimVerdict("permerror", domain, selector, _readable(algorithm_of, tags), reason=reason)


def _readable(read_tag: Callable[..., str], *arguments: Any) -> str:
    """A tag if it is what it should be: strangers may have written anything there, of any length."""
    try:
        return read_tag(*arguments)
    except MalformedSignature:
        return ""
