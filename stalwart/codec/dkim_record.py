"""DKIM key records (RFC 6376 3.6.1, RFC 8463) read far enough to tell a person whether the key can be used.

Signatures are not checked here, and the key is measured, not loaded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from attrs import frozen

from stalwart.codec import tag_list
from stalwart.codec.certificates import MalformedCertificate, element, sequence

SHORTEST_RSA = 1024  # RFC 8301 3.2: shorter keys must not be accepted
ADVISED_RSA = 2048

_BIT_STRING, _INTEGER, _SEQUENCE = 0x03, 0x02, 0x30


@frozen
class DkimKey:
    """A published key: ``bits`` is its length, ``None`` if it cannot be read; an empty key is ``revoked``.

    ``broken`` means that no signature with it can be verified.
    """

    record: str
    algorithm: str = "rsa"
    bits: int | None = None
    revoked: bool = False
    testing: bool = False
    broken: bool = False
    problems: tuple[str, ...] = ()


def read(texts: Iterable[str]) -> DkimKey | None:
    """The key record among the TXT records of a selector, ``None`` if there is none (RFC 6376 3.6.2.2)."""
    records = [text for text in texts if re.search(r"(?:\A|;)[ \t\r\n]*p[ \t\r\n]*=", text)]
    if not records:
        return None
    several = ("there are several key records, which of them is used is undefined",) if len(records) > 1 else ()
    try:
        tags = tag_list.parse(records[0])
    except tag_list.MalformedTagList as malformed:
        return DkimKey(records[0], broken=True, problems=(*several, f"it is malformed: {malformed}"))
    return _judge(records[0], tags, list(several))


def _judge(record: str, tags: dict[str, str], problems: list[str]) -> DkimKey:
    algorithm = tags.get("k", "rsa").lower()
    broken = "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v")  # RFC 6376 3.6.1
    if broken:
        problems.append("the version is not DKIM1 or does not come first")
    flags = [flag.strip().lower() for flag in tags.get("t", "").split(":")]
    if "y" in flags:
        problems.append("the domain is testing DKIM, receivers ignore the outcome")
    services = [service.strip() for service in tags.get("s", "*").split(":")]
    if not {"*", "email"} & set(services):
        problems.append("the key is not for e-mail")
        broken = True
    if not tags["p"]:
        problems.append("the key is revoked")
        return DkimKey(record, algorithm, None, True, "y" in flags, broken, tuple(problems))
    bits, problem = _measure(algorithm, tags["p"])
    if problem is not None:
        problems.append(problem)
    unusable = bits is None or (algorithm == "rsa" and bits < SHORTEST_RSA)
    return DkimKey(record, algorithm, bits, False, "y" in flags, broken or unusable, tuple(problems))


def _measure(algorithm: str, text: str) -> tuple[int | None, str | None]:
    """Length of the key in bits and what is wrong with it."""
    if algorithm not in ("rsa", "ed25519"):
        return None, "the key type is not known"
    try:
        key = base64.b64decode(re.sub(r"[ \t\r\n]+", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None, "the key is not base64"
    if algorithm == "ed25519":  # RFC 8463 4: the bare 32 bytes
        return (256, None) if len(key) == 32 else (None, "the ed25519 key does not have 32 bytes")
    try:
        bits = rsa_bits(key)
    except MalformedCertificate:
        return None, "the RSA key cannot be read"
    if bits < SHORTEST_RSA:
        return bits, f"the RSA key has {bits} bits, receivers refuse less than {SHORTEST_RSA}"
    if bits < ADVISED_RSA:
        return bits, f"the RSA key has {bits} bits, {ADVISED_RSA} are advised"
    return bits, None


def rsa_bits(key: bytes) -> int:
    """Length of the modulus of an RSA key in DER: SubjectPublicKeyInfo, or the bare key that some publish.

    :raises MalformedCertificate: it is neither.
    """
    start, end = sequence(key, 0, len(key))
    tag, content, after = element(key, start, end)
    if tag == _SEQUENCE:  # SubjectPublicKeyInfo: the key proper is in the bit string after the algorithm
        tag, content, after = element(key, after, end)
        if tag != _BIT_STRING:
            raise MalformedCertificate("no public key")
        start, end = sequence(key, content + 1, after)
        tag, content, after = element(key, start, end)
    if tag != _INTEGER:
        raise MalformedCertificate("no modulus")
    return int.from_bytes(key[content:after], "big").bit_length()
