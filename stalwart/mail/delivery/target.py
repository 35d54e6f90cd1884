"""What a diagnosis is asked about: a domain, or an address whose domain is tested and whose mailbox is asked for.

The domain is lower-cased and looked up as an A-label; the local part is kept as it was written (RFC 5321 2.4). IP
literals are refused: delivery to a literal has no MX, no policy and no certificate name to test.
"""

from __future__ import annotations

import ipaddress

import idna
from attrs import frozen

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.errors import Invalid

LONGEST = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_FORBIDDEN = set(' \t<>()[],;:\\"')


@frozen
class Target:
    """``shown`` is the domain as the person wrote it (lower case), ``domain`` its A-label form, ``recipient`` the
    whole address or ``None`` for a domain target."""

    shown: str
    domain: str
    recipient: str | None


def parse_target(text: str) -> Target:
    """The target that ``text`` names.

    :raises Invalid: empty, too long, an IP literal, or not a name that DNS could hold; the detail says which.
    """
    text = text.strip()
    if not text:
        raise Invalid("The target is empty. Give a domain or an e-mail address.")
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise Invalid(f"The target is longer than {LONGEST} octets. Give a domain or an e-mail address.")
    local, at, domain = text.rpartition("@")
    domain = domain.lower()
    if at and not _is_local_part(local):
        raise Invalid(f"The part before the @ is not a mailbox name: {_quoted(local)}.")
    if not domain.rstrip("."):
        raise Invalid("There is no domain after the @." if at else "The target is not a domain.")
    if _is_address(domain):
        raise Invalid("IP addresses cannot be tested. Give the domain that receives the mail.")
    try:
        ascii_domain = to_ascii(domain).rstrip(".")
        for label in ascii_domain.split("."):
            if label.startswith("xn--"):
                idna.decode(label)
    except (InvalidName, idna.IDNAError) as problem:
        raise Invalid(f"The target is not a domain name: {problem}") from problem
    return Target(domain.rstrip("."), ascii_domain, f"{local}@{ascii_domain}" if at else None)


def _is_local_part(local: str) -> bool:
    """Dot-string or a plain quoted string of at most 64 octets (RFC 5321 4.1.2)."""
    if not local or len(local.encode("utf-8", "surrogatepass")) > 64 or not local.isprintable():
        return False
    if len(local) > 2 and local[0] == local[-1] == '"':
        return not set(local[1:-1]) & {'"', "\\"}
    return not set(local) & _FORBIDDEN and "@" not in local and all(local.split("."))


def _is_address(domain: str) -> bool:
    bare = domain.strip("[]").removeprefix("ipv6:")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return domain.startswith("[")
    return True


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 64 else text[:61] + "...")
