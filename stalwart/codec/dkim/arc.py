"""Verifies chains of earlier results: whoever passed a message on says what it found, and seals that (RFC 8617 5.2).

A chain passes as a whole or not at all. Whether the sealers are to be believed is for others to decide.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from stalwart.codec.authentication_results import ArcVerdict
from stalwart.codec.dkim.body import BodyForm
from stalwart.codec.dkim.fields import Field
from stalwart.codec.dkim.keys import UnusableKey
from stalwart.codec.dkim.signature import (
    MalformedSignature,
    Signature,
    algorithm_of,
    domain_of,
    octets_of,
    read,
    selector_of,
    tags_of,
    without_value,
)
from stalwart.codec.dkim.verifying import Bodies, KeyRecords, signed_digest, usable_key

MOST_SETS = 10
"""Longer chains, of which RFC 8617 allows fifty, are taken for broken: each set costs a look-up."""

_RESULTS, _MESSAGE, _SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"
_INSTANCE = re.compile(rb"[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([1-9][0-9]?)[ \t\r\n]*(?:;|\Z)")


class _Broken(Exception):
    """The chain fails; ``temporary`` if it may not for somebody else."""

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


@frozen
class _Seal:
    """What an ARC-Seal says."""

    algorithm: str
    signature: bytes
    domain: str
    selector: str
    validation: str

    @property
    def key_name(self) -> str:
        """Where the key is."""
        return f"{self.selector}._domainkey.{self.domain}"


@frozen
class Chain:
    """The sets of a message, the oldest first, each of the fields of results, message and seal; ``message`` is what
    the newest signature of the message says. ``problem`` is why it fails already.
    """

    sets: tuple[tuple[Field, Field, Field], ...] = ()
    seals: tuple[_Seal, ...] = ()
    message: Signature | None = None
    problem: str = ""

    @property
    def form(self) -> BodyForm | None:
        """What has to be hashed of the body."""
        if self.message is None:
            return None
        return BodyForm(self.message.relaxed_body, self.message.body_length)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The keys that it takes."""
        if self.message is None:
            return ()
        return tuple(dict.fromkeys((self.message.key_name, *(seal.key_name for seal in self.seals))))


def read_chain(fields: Sequence[Field]) -> Chain:
    """The chain of a message, which may have no sets."""
    try:
        return _chain(fields)
    except (_Broken, MalformedSignature) as broken:
        return Chain(problem=str(broken))


def verify_chain(chain: Chain, fields: Sequence[Field], bodies: Bodies, keys: Mapping[str, KeyRecords]) -> ArcVerdict:
    """What became of it."""
    sealer = chain.seals[-1].domain if chain.seals else ""
    if chain.problem:
        return ArcVerdict("fail", len(chain.sets), sealer, chain.problem)
    if chain.message is None or chain.form is None:
        return ArcVerdict("none")
    try:
        _check_message(chain.sets[-1][1], chain.message, fields, bodies, keys)
        for last in range(len(chain.sets), 0, -1):
            _check_seal(chain, last, keys)
    except _Broken as broken:
        return ArcVerdict("fail", len(chain.sets), sealer, str(broken), temporary=broken.temporary)
    return ArcVerdict("pass", len(chain.sets), sealer)


def _chain(fields: Sequence[Field]) -> Chain:
    by_instance: dict[int, dict[bytes, Field]] = {}
    for field in fields:
        if field.name in (_RESULTS, _MESSAGE, _SEAL):
            instance = _instance(field)
            if field.name in by_instance.setdefault(instance, {}):
                raise _Broken("a field of a set is there twice")
            by_instance[instance][field.name] = field
    count = len(by_instance)
    if not count:
        return Chain()
    if count > MOST_SETS:
        raise _Broken("there are too many sets")
    sets, seals = [], []
    for instance in range(1, count + 1):
        found = by_instance.get(instance, {})
        if len(found) != 3:
            raise _Broken("a set is not complete")
        sets.append((found[_RESULTS], found[_MESSAGE], found[_SEAL]))
        seals.append(_seal(found[_SEAL], instance))
    return Chain(tuple(sets), tuple(seals), read(sets[-1][1], arc=True))


def _instance(field: Field) -> int:
    """RFC 8617 4.2.1. In the results it comes first, in the others anywhere."""
    if field.name == _RESULTS:
        found = _INSTANCE.match(field.value)
        text = found[1].decode() if found is not None else ""
    else:
        text = tags_of(field).get("i", "")
    if not re.fullmatch(r"[1-9][0-9]?", text) or int(text) > 50:
        raise _Broken("the number of a set cannot be read")
    return int(text)


def _seal(field: Field, instance: int) -> _Seal:
    tags = tags_of(field)
    if "h" in tags:  # RFC 8617 4.1.3
        raise _Broken("a seal names fields")
    validation = tags.get("cv", "").lower()
    if validation != ("none" if instance == 1 else "pass"):
        raise _Broken("an earlier server has found the chain broken")
    return _Seal(algorithm_of(tags), octets_of(tags, "b"), domain_of(tags, "d"), selector_of(tags), validation)


def _check_message(
    field: Field, signature: Signature, fields: Sequence[Field], bodies: Bodies, keys: Mapping[str, KeyRecords]
) -> None:
    """The newest signature of the message has to fit; older ones need not any more."""
    body = bodies[BodyForm(signature.relaxed_body, signature.body_length)]
    if not body.complete or body.digest != signature.body_hash:
        raise _Broken("the body has been changed")
    digest = signed_digest(field, signature.names, fields, signature.relaxed_head)
    _check(signature.key_name, signature.algorithm, digest, signature.signature, keys)


def _check_seal(chain: Chain, last: int, keys: Mapping[str, KeyRecords]) -> None:
    """RFC 8617 5.1.1: a seal is of all sets up to its own, in the relaxed form."""
    made = hashlib.sha256()
    for place, fields in enumerate(chain.sets[:last], start=1):
        for field in fields:
            if place == last and field.name == _SEAL:
                made.update(without_value(field).relaxed())
            else:
                made.update(field.relaxed() + b"\r\n")
    seal = chain.seals[last - 1]
    _check(seal.key_name, seal.algorithm, made.digest(), seal.signature, keys)


def _check(name: str, algorithm: str, digest: bytes, signature: bytes, keys: Mapping[str, KeyRecords]) -> None:
    records = keys.get(name, KeyRecords(problem="a key was not looked up", temporary=True))
    if records.problem:
        raise _Broken(records.problem, temporary=records.temporary)
    try:
        key = usable_key(algorithm, records.texts)
    except UnusableKey as unusable:
        raise _Broken(str(unusable)) from None
    if not key.fits(digest, signature):
        raise _Broken("a signature does not fit")
