"""Reverse and forward paths: ``<jane@example.test>``, ``<>``, ``<Postmaster>`` (RFC 5321 4.1.2, RFC 6531 3.3).

Local parts are kept without their quoting, so ``"jane"@a.test`` and ``jane@a.test`` are one address; domains are kept
in lower case. Source routes are dropped (RFC 5321 appendix C). Beside control characters, those that change the
direction of text are refused. Where RFC 5321 4.5.3.1 names the least that must be taken, more is: return paths that
carry the recipient's address are often longer than 64 octets before the ``@``.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

from stalwart.codec.dns_names import InvalidName, to_ascii

LONGEST_PATH = 512
LONGEST_DOMAIN = 255

# Sets are said by what is not in them: those with all of Unicode would take long to compile.
_ATOM = r"""[^\x00- "(),.:;<>@[\\\]\x7f-\x9f]+"""
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED = r'"(?:[^\x00-\x1f"\\\x7f-\x9f]|\\[ -~])*"'
_ALPHANUMERIC = r"[^\x00-/:-@[-^`{-\x9f]"
_LABEL = rf"{_ALPHANUMERIC}(?:[^\x00-,./:-@[-^`{{-\x9f]*{_ALPHANUMERIC})?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ROUTE = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
_MAILBOX = re.compile(rf"<{_ROUTE}({_DOT_STRING}|{_QUOTED})@({_DOMAIN}|\[[A-Za-z0-9:.-]+\])>")
_PLAIN = re.compile(r"<([A-Za-z0-9._=+-]+)@([a-z0-9.-]+)>")
_MISLEADING = re.compile("[\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # line ends, directions
_POSTMASTER = re.compile(r"<postmaster>", re.IGNORECASE)
_BARE = re.compile(_DOT_STRING).fullmatch
_ESCAPED = re.compile(r"\\(.)")
_TO_ESCAPE = re.compile(r'(["\\])')
_DIGITS_ONLY = re.compile(r"[0-9.]+").fullmatch


class InvalidPath(ValueError):
    """The text does not begin with a path; the message says what is wrong with it."""


@frozen
class Path:
    """``local`` without quoting and ``domain``, a name or an address literal in brackets.

    Both are empty in the null path; the domain alone is in ``<Postmaster>`` (RFC 5321 4.1.1.3).
    """

    local: str = ""
    domain: str = ""

    @property
    def is_null(self) -> bool:
        """Whether it is ``<>``, the sender of reports that nobody is to answer (RFC 5321 4.5.5)."""
        return not self.local and not self.domain

    @property
    def is_literal(self) -> bool:
        """Whether an IP address stands in the place of the domain."""
        return self.domain.startswith("[")

    @property
    def is_ascii(self) -> bool:
        """Whether it may be used without SMTPUTF8 (RFC 6531)."""
        return self.local.isascii() and self.domain.isascii()

    @property
    def text(self) -> str:
        """The address as it is written, the local part quoted where it must be; empty for the null path."""
        if self.is_null:
            return ""
        local = self.local if _BARE(self.local) else '"' + _TO_ESCAPE.sub(r"\\\1", self.local) + '"'
        return f"{local}@{self.domain}" if self.domain else local

    def __str__(self) -> str:
        return f"<{self.text}>"


NULL = Path()
POSTMASTER = Path("postmaster")


def reverse_path(text: str) -> tuple[Path, str]:
    """The path that ``text`` begins with, and what follows it (RFC 5321 4.1.1.2).

    :raises InvalidPath: it begins with none.
    """
    if text.startswith("<>"):
        return NULL, text[2:]
    return _path(text)


def forward_path(text: str) -> tuple[Path, str]:
    """Like ``reverse_path``, for recipients (RFC 5321 4.1.1.3)."""
    match = _POSTMASTER.match(text)
    if match is not None:
        return POSTMASTER, text[match.end() :]
    return _path(text)


def _path(text: str) -> tuple[Path, str]:
    match = _PLAIN.match(text)
    if match is not None:  # what nearly all are
        local, domain = match.groups()
        if match.end() <= LONGEST_PATH and len(domain) <= LONGEST_DOMAIN and _is_dotted(local) and _is_name(domain):
            return Path(local, domain), text[match.end() :]
    match = _MAILBOX.match(text)
    if match is None or not (match[0].isascii() or _MISLEADING.search(match[0]) is None):
        raise InvalidPath("an address in angle brackets is expected")
    if len(match[0].encode()) > LONGEST_PATH:
        raise InvalidPath(f"the address is longer than {LONGEST_PATH} octets")
    local, domain = match.groups()
    if local[0] == '"':
        local = _ESCAPED.sub(r"\1", local[1:-1])
    return Path(local, _domain(domain)), text[match.end() :]


def _is_dotted(local: str) -> bool:
    return local[0] != "." and local[-1] != "." and ".." not in local


def _is_name(domain: str) -> bool:
    labels = domain.split(".")
    return all(label and len(label) <= 63 and label[0] != "-" and label[-1] != "-" for label in labels) and (
        not _DIGITS_ONLY(domain)
    )


def _domain(text: str) -> str:
    if text[0] == "[":
        return address_literal(text)
    if len(text.encode()) > LONGEST_DOMAIN:
        raise InvalidPath(f"the domain is longer than {LONGEST_DOMAIN} octets")
    domain = text.lower()
    if not domain.isascii():
        try:
            to_ascii(domain)
        except InvalidName as error:
            raise InvalidPath("the domain is not valid") from error
    elif not _is_name(domain):
        raise InvalidPath("the domain is not valid")
    return domain


def address_literal(text: str) -> str:
    """The canonical form of ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]`` (RFC 5321 4.1.3).

    :raises InvalidPath: it is none.
    """
    inner = text[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            return f"[IPv6:{IPv6Address(inner[5:])}]"
        return f"[{IPv4Address(inner)}]"
    except ValueError as error:
        raise InvalidPath("the address literal is not valid") from error


def is_host(text: str) -> bool:
    """Whether ``text`` is a domain name of ASCII letters, digits, ``-`` and ``_``."""
    return text.isascii() and 0 < len(text) <= LONGEST_DOMAIN and _HOST(text) is not None and _is_name(text.lower())


_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?").fullmatch
