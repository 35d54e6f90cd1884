"""App passwords and API keys: secrets that the server makes, recognisable by their form, and what a
credential restricts.

Both carry 144 or 160 random bits, so they are stored as one SHA-256: guessing is hopeless whatever the hash
costs, and they are checked on every request of clients that never keep a connection. Hashes of other schemes,
brought along from another server, are accepted all the same.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from ipaddress import IPv4Network, IPv6Network, ip_address

from attrs import frozen

Network = IPv4Network | IPv6Network

_ALPHABET = "abcdefghijklmnopqrstuvwxyz792013"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_APP_BYTES = 22
_APP_LETTERS = 36
_KEY_BYTES = 28
_KEY_LETTERS = 38


@frozen
class AppPassword:
    """An app password as presented: the credential it belongs to. The account comes from the login name."""

    credential_id: int


@frozen
class ApiKey:
    """An API key as presented: its account and the credential in it."""

    account_id: int
    credential_id: int


def make_app_password(credential_id: int) -> str:
    """A new app password: `app_` and 36 letters of base 32 over the credential id and 18 random bytes."""
    raw = credential_id.to_bytes(4, "big") + secrets.token_bytes(_APP_BYTES - 4)
    bits = int.from_bytes(raw, "big") << (5 * _APP_LETTERS - 8 * _APP_BYTES)
    letters = (_ALPHABET[bits >> 5 * place & 31] for place in range(_APP_LETTERS - 1, -1, -1))
    return "app_" + "".join(letters)


def read_app_password(secret: str) -> AppPassword | None:
    """The app password that ``secret`` is by its form, or None. Any character may stand after `app`."""
    if len(secret) != 4 + _APP_LETTERS or not secret.startswith("app"):
        return None
    bits = 0
    for letter in secret[4:]:
        value = _VALUES.get(letter)
        if value is None:
            return None
        bits = bits << 5 | value
    raw = (bits >> (5 * _APP_LETTERS - 8 * _APP_BYTES)).to_bytes(_APP_BYTES, "big")
    return AppPassword(int.from_bytes(raw[:4], "big"))


API_PREFIX = "API_"
"""How API keys begin."""


def make_api_key(account_id: int, credential_id: int) -> str:
    """A new API key: `API_` and 38 letters of base64url over account id, credential id, 20 random bytes."""
    raw = account_id.to_bytes(4, "big") + credential_id.to_bytes(4, "big") + secrets.token_bytes(_KEY_BYTES - 8)
    return API_PREFIX + urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read_api_key(token: str) -> ApiKey | None:
    """The API key that ``token`` is by its form, or None."""
    if len(token) != 4 + _KEY_LETTERS or not token.startswith("API_") or not token.isascii():
        return None
    if not all(letter.isalnum() or letter in "-_" for letter in token):
        return None
    raw = urlsafe_b64decode(token[4:] + "==")
    return ApiKey(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big"))


def is_allowed_from(client_ip: str, networks: tuple[Network, ...]) -> bool:
    """Whether a credential that is limited to ``networks`` may be used from ``client_ip``; no networks = anywhere."""
    if not networks:
        return True
    try:
        address = ip_address(client_ip)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return any(address in network for network in networks)
