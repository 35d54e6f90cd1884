"""What clients say in mechanisms of SASL: PLAIN (RFC 4616), OAUTHBEARER (RFC 7628 3.1), and XOAUTH2, an older form of
the same. Values hold secrets: they are never shown.
"""

from __future__ import annotations

import re

from attrs import field, frozen

LONGEST = 12_288
"""Octets of a response."""
_TOKEN = re.compile(r"[!-~]+").fullmatch


class Malformed(ValueError):
    """A response that is not written as its mechanism says."""


@frozen
class PlainCredentials:
    """``name`` proves itself by ``secret``, to act as ``target``, empty for itself."""

    target: str
    name: str
    secret: str = field(repr=False)


@frozen
class BearerCredentials:
    """A token, and whose the client says that it is; empty if it does not say."""

    name: str
    token: str = field(repr=False)


def read_plain(response: bytes) -> PlainCredentials:
    """Read a response of PLAIN. Raises Malformed."""
    parts = _text(response).split("\0")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise Malformed("a name and a password are expected")
    return PlainCredentials(*parts)


def read_words(response: bytes) -> str:
    """A name or a password, as LOGIN asks for them. Raises Malformed."""
    text = _text(response)
    if not text or "\0" in text:
        raise Malformed("a text is expected")
    return text


def read_oauthbearer(response: bytes) -> BearerCredentials:
    """Read the response of OAUTHBEARER: a header of GS2 (RFC 5801 4), then pairs. Raises Malformed."""
    header, _, rest = _text(response).partition("\x01")
    flag, _, who = header.partition(",")
    if flag not in ("n", "y"):  # p: bound to the channel, which is not offered
        raise Malformed("no channel binding is offered")
    who = who.removesuffix(",")
    if who and not who.startswith("a="):
        raise Malformed("a GS2 header is expected")
    name = who[2:].replace("=2C", ",").replace("=3D", "=")
    return BearerCredentials(name, _token(rest))


def read_xoauth2(response: bytes) -> BearerCredentials:
    """Read the response of XOAUTH2. Raises Malformed."""
    user, _, rest = _text(response).partition("\x01")
    if not user.startswith("user="):
        raise Malformed("a user is expected")
    return BearerCredentials(user[5:], _token(rest))


def _token(pairs: str) -> str:
    if not pairs.endswith("\x01\x01"):
        raise Malformed("the end is missing")
    for pair in pairs[:-2].split("\x01"):
        key, _, value = pair.partition("=")
        if key == "auth":
            scheme, _, token = value.partition(" ")
            if scheme.lower() != "bearer" or not _TOKEN(token.strip()):
                raise Malformed("a bearer token is expected")
            return token.strip()
    raise Malformed("a token is expected")


def _text(response: bytes) -> str:
    if len(response) > LONGEST:
        raise Malformed("the response is too long")
    try:
        return response.decode()
    except UnicodeDecodeError as error:
        raise Malformed("the response is not UTF-8") from error
