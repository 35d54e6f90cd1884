"""Keys that mail can be encrypted with: an armored OpenPGP key, or S/MIME certificates in PEM (RFC 9580, RFC 8551 4).

Says whether a text is one of them, for which addresses, and until when. Whether a certificate is trusted is not asked.
"""

from __future__ import annotations

import re

from attrs import frozen
from cryptography import x509
from cryptography.x509.oid import NameOID

from stalwart.codec import openpgp
from stalwart.codec.certificate_chains import UnreadablePem, certificates

_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----")


class UnreadableKey(ValueError):
    """The text is no such key; the message is half a sentence."""


@frozen
class EncryptionKey:
    """``addresses`` are in lower case; ``expires_at`` (seconds since the epoch) is None where it is not known."""

    addresses: tuple[str, ...]
    expires_at: int | None


def read_key(text: str) -> EncryptionKey:
    """What ``text`` is. Raises ``UnreadableKey``, also for a private key, which nobody should give away."""
    if _PRIVATE.search(text):
        raise UnreadableKey("it holds a private key; only the public one is wanted")
    try:
        if openpgp.BEGIN in text:
            return EncryptionKey(openpgp.addresses(text), None)
        return _of_certificates(certificates(text))
    except openpgp.UnreadableOpenPgp as problem:
        raise UnreadableKey(f"the OpenPGP key cannot be read: {problem}") from None
    except UnreadablePem as problem:
        raise UnreadableKey(f"it is neither an OpenPGP key nor a certificate: {problem}") from None


def _of_certificates(found: list[x509.Certificate]) -> EncryptionKey:
    """Of those that are for people, not for authorities; of all if there are only such."""
    try:
        own = [one for one in found if not _is_authority(one)] or found
        addresses = dict.fromkeys(address for one in own for address in _addresses(one))
        return EncryptionKey(tuple(addresses), min(int(one.not_valid_after_utc.timestamp()) for one in own))
    except (ValueError, x509.DuplicateExtension):
        raise UnreadableKey("a certificate is damaged") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _addresses(certificate: x509.Certificate) -> list[str]:
    """RFC 8550 3: alternative names, and addresses in the subject of old certificates."""
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        named = list(others.get_values_for_type(x509.RFC822Name))
    except x509.ExtensionNotFound:
        named = []
    subject = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    return [address.strip().lower() for address in (*named, *subject)]
