"""An e-mail address as a stranger gives it, to be answered with (RFC 5321 4.1.2, RFC 6531 3.3).

Whether it exists is not asked. What no mail server could have as an address is none: control and invisible characters,
white space outside quotes, a domain that DNS cannot hold, more than an address may be long. Address literals
(``jane@[192.0.2.1]``) and comments are left out.
"""

from __future__ import annotations

import re

from attrs import frozen

from stalwart.codec.dns_names import InvalidName, to_ascii

LONGEST = 254
_LONGEST_LOCAL = 64
_ATOM = r'[^\s"(),.:;<>@\[\\\]]+'
_LOCAL = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\]|\\[\x20-\x7e])*"')


@frozen
class TypedAddress:
    """``text`` is the address in lower case, ``domain`` its domain as A-labels."""

    text: str
    domain: str


def typed_address(given: str) -> TypedAddress | None:
    """What ``given`` says, None if it is no address."""
    if len(given) > LONGEST:
        return None
    local, at, domain = given.strip().lower().rpartition("@")
    domain = domain.removesuffix(".")
    text = f"{local}@{domain}"
    if not at or domain.endswith(".") or not text.isprintable() or not _LOCAL.fullmatch(local):
        return None
    if len(local.encode()) > _LONGEST_LOCAL or len(text.encode()) > LONGEST:
        return None
    try:
        return TypedAddress(text, to_ascii(domain)) if domain else None
    except InvalidName:
        return None
