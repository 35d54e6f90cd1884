"""DKIM keys: private keys in PEM, their public halves as DNS records have them, selectors, and the signatures that a
domain lacks whose keys the server keeps (RFC 6376 3.6.1, RFC 8463, settings C.6).

Making and checking RSA keys takes a while, so that is for threads. When a key follows another is for
``stalwart.mail.dkim_rotation``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from stalwart.codec.certificate_chains import UnreadablePem, read_private_key
from stalwart.codec.dkim_record import ADVISED_RSA, SHORTEST_RSA
from stalwart.codec.ids import encode_id
from stalwart.schema import UtcDateTime

DKIM_KEY = "DkimSignature.privateKey"
"""What these keys are called in the vault."""

_LONGEST_RSA = 8192
_PLACEHOLDER = re.compile(r"\{(version|algorithm|date-[^{}]+)\}")
_OTHER_LETTERS = re.compile(r"[^a-z0-9.-]+")
_LONGEST_LABEL = 63
_IN_USE = ("active", "pending")


@frozen
class Kind:
    """What a kind of signature, such as ``Dkim1RsaSha256``, wants of its key."""

    version: int
    algorithm: str

    @classmethod
    def of(cls, type: str) -> Kind:
        """By its `@type`."""
        return cls(int(type[4]), "ed25519" if "Ed25519" in type else "rsa")


def check_key(type: str, pem: str) -> None:
    """Raises ``UnreadablePem`` if ``pem`` is no key that signatures of ``type`` can be made with."""
    key = read_private_key(pem)
    if Kind.of(type).algorithm == "ed25519":
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise UnreadablePem("it is not an Ed25519 key")
    elif not isinstance(key, rsa.RSAPrivateKey):
        raise UnreadablePem("it is not an RSA key")
    elif not SHORTEST_RSA <= key.key_size <= _LONGEST_RSA:  # RFC 8301 3.2
        raise UnreadablePem(f"it has {key.key_size} bits; {SHORTEST_RSA} to {_LONGEST_RSA} are allowed")


@lru_cache(maxsize=1024)
def public_text(pem: str) -> str:
    """The public half as `p=` has it: base64 of SubjectPublicKeyInfo for RSA, of the bare key for Ed25519 (RFC 8463 4).

    Costs little, and nothing for a key seen before. Raises ``UnreadablePem``.
    """
    key = read_private_key(pem, trusted=True)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return base64.b64encode(key.public_key().public_bytes_raw()).decode()
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnreadablePem("it is neither an RSA nor an Ed25519 key")
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def new_key(type: str) -> str:
    """A fresh private key for signatures of ``type``, in PEM."""
    key: Any
    if Kind.of(type).algorithm == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, ADVISED_RSA)
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def selector(template: str, type: str, now: float, taken: Collection[str] = ()) -> str:
    """The selector that ``template`` gives, a DNS name in lower case; numbered if it is ``taken``.

    Two keys under one selector could not be told apart (RFC 6376 3.6.2.2).
    """
    kind, moment = Kind.of(type), datetime.fromtimestamp(now, UTC)

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        return moment.strftime(name[5:]) if name.startswith("date-") else str(getattr(kind, name))

    name = _OTHER_LETTERS.sub("-", _PLACEHOLDER.sub(filled, template).lower())
    labels = [label[: _LONGEST_LABEL - 4].strip("-") for label in name.split(".")]
    made = ".".join(label for label in labels if label) or "dkim"
    number = 2
    free = made
    while free in taken:
        free, number = f"{made}-{number}", number + 1
    return free


def missing(algorithms: Iterable[str], signatures: Iterable[Mapping[str, Any]]) -> list[str]:
    """The kinds of signatures of which a domain has none that is active or about to be; ``signatures`` as stored."""
    held = {each.get("@type") for each in signatures if each.get("stage") in _IN_USE}
    return sorted(set(algorithms) - held)


def new_signature(
    domain_id: int,
    domain: Any,
    type: str,
    pem: str,
    signatures: Iterable[Mapping[str, Any]],
    now: float,
    *,
    stage: str,
    due: float,
) -> dict[str, Any]:
    """The wire members of a signature with the key ``pem`` for ``domain``, which has ``signatures`` already.

    ``pem`` is as it is to be stored, so it may be sealed. ``due`` is when the stage after ``stage`` may begin.

    ``domain`` is an instance of x:Domain with automatic keys.
    """
    rules = domain.dkim_management
    tenant = domain.member_tenant_id
    taken = {str(each.get("selector", "")) for each in signatures}
    return {
        "@type": type,
        "domainId": encode_id(domain_id),
        "selector": selector(rules.selector_template, type, now, taken),
        "privateKey": {"@type": "Text", "secret": pem},
        "stage": stage,
        "nextTransitionAt": UtcDateTime().write(int(due), False),
        "memberTenantId": None if tenant is None else encode_id(tenant),
    }
