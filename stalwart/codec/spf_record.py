"""SPF records as they are evaluated: terms in their order, modifiers, macro strings (RFC 7208 4.6, 5, 6, 7).

A record with an error anywhere is of no use (RFC 7208 4.6). What a person should know of a record is in ``codec.spf``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import quote

from attrs import frozen

from stalwart.codec.ip_networks import IpAddress

LONGEST_RECORD = 8192
LONGEST_EXPLANATION = 1024
_LONGEST_NAME = 253

_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral", "": "pass"}
_EXPAND = r"%\{[slodiphv](?:[1-9][0-9]{0,2})?r?[-.+,/_=]*\}|%[%_-]"
_EXPAND_TEXT = r"%\{[slodiphcrtv](?:[1-9][0-9]{0,2})?r?[-.+,/_=]*\}|%[%_-]"
_TOP = r"\.(?![0-9]+(?![a-z0-9-]))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
_LITERAL = r"[\x21-\x24\x26-\x7e]"
_SPEC = rf"(?:(?:{_LITERAL}|{_EXPAND})*?(?:{_TOP}|{_EXPAND}))"
_DOMAIN = re.compile(rf"{_SPEC}\Z", re.IGNORECASE)
_HOSTS = re.compile(
    rf"(?::(?P<name>{_SPEC}))?(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{{0,2}}))?\Z", re.IGNORECASE
)
_MACRO_STRING = re.compile(rf"(?:{_LITERAL}|{_EXPAND})*\Z", re.IGNORECASE)
_EXPLANATION = re.compile(rf"(?: |{_LITERAL}|{_EXPAND_TEXT})*\Z", re.IGNORECASE)
_MECHANISM = re.compile(r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|\Z)(.*)\Z", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)\Z", re.IGNORECASE)
_MACRO = re.compile(r"%(?:\{([a-z])([0-9]*)(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_NETWORK = re.compile(r":([0-9a-f:.]+)(?:/(0|[1-9][0-9]{0,2}))?\Z", re.IGNORECASE)
_PLAIN = {"%": "%", "_": " ", "-": "%20"}


class MalformedSpf(Exception):
    """Receivers take the record for a permanent error; the message says why."""


@frozen
class Term:
    """A mechanism: what ``result`` is if ``name`` matches. ``domain`` is a macro string, None the domain itself."""

    name: str
    result: str
    text: str
    domain: str | None = None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    four: int = 32
    six: int = 128


@frozen
class SpfRecord:
    """What a domain publishes."""

    terms: tuple[Term, ...] = ()
    redirect: str | None = None
    explanation: str | None = None


def find(texts: Iterable[str]) -> str | None:
    """The record among the TXT records of a domain, None if there is none (RFC 7208 4.5).

    :raises MalformedSpf: there are several.
    """
    found = [text for text in texts if text[:7].lower() == "v=spf1 " or text.lower() == "v=spf1"]
    if len(found) > 1:
        raise MalformedSpf("there are several records")
    return found[0] if found else None


def read(record: str) -> SpfRecord:
    """The terms of a record.

    :raises MalformedSpf: one of them is not as it should be.
    """
    if len(record) > LONGEST_RECORD:
        raise MalformedSpf("the record is too long")
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for text in record.split(" ")[1:]:
        if not text:
            continue
        mechanism = _MECHANISM.match(text)
        modifier = _MODIFIER.match(text)
        if mechanism is not None:
            terms.append(_term(text, _QUALIFIERS[mechanism[1]], mechanism[2].lower(), mechanism[3]))
        elif modifier is not None:
            _add_modifier(modifiers, modifier[1].lower(), modifier[2])
        else:
            raise MalformedSpf(f"the term {shown(text)} is not known")
    return SpfRecord(tuple(terms), modifiers.get("redirect"), modifiers.get("exp"))


def _add_modifier(modifiers: dict[str, str], name: str, value: str) -> None:
    if name not in ("redirect", "exp"):
        if not _MACRO_STRING.match(value):  # RFC 7208 6: unknown ones are ignored, but have to be well formed
            raise MalformedSpf(f"the modifier {shown(name)} is malformed")
        return
    if name in modifiers:
        raise MalformedSpf(f"the modifier {name} is there twice")
    if not _DOMAIN.match(value):
        raise MalformedSpf(f"the modifier {name} has no domain")
    modifiers[name] = value


def _term(text: str, result: str, name: str, rest: str) -> Term:
    if name == "all" and not rest:
        return Term(name, result, text)
    if name in ("ip4", "ip6"):
        return Term(name, result, text, network=_network(name, rest, text))
    if name in ("include", "exists") and rest.startswith(":") and _DOMAIN.match(rest[1:]):
        return Term(name, result, text, rest[1:])
    if name == "ptr" and (not rest or (rest.startswith(":") and _DOMAIN.match(rest[1:]))):
        return Term(name, result, text, rest[1:] or None)
    hosts = _HOSTS.match(rest) if name in ("a", "mx") else None
    if hosts is not None:
        four = int(hosts["four"]) if hosts["four"] else 32
        six = int(hosts["six"]) if hosts["six"] else 128
        if four <= 32 and six <= 128:
            return Term(name, result, text, hosts["name"], four=four, six=six)
    raise MalformedSpf(f"the term {shown(text)} is malformed")


def _network(name: str, rest: str, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    found = _NETWORK.match(rest)
    if found is not None:
        try:
            if name == "ip4":
                return ipaddress.IPv4Network((found[1], int(found[2] or 32)), strict=False)
            return ipaddress.IPv6Network((found[1], int(found[2] or 128)), strict=False)
        except ValueError:
            pass
    raise MalformedSpf(f"the term {shown(text)} is malformed")


@frozen
class Macros:
    """What the letters of macros stand for (RFC 7208 7.2). ``validated`` is the name that the address has (p)."""

    ip: IpAddress
    sender: str
    domain: str
    helo: str
    validated: str = "unknown"
    receiver: str = "unknown"
    now: int = 0

    def name(self, spec: str) -> str:
        """``spec`` as a domain name; if it is too long, labels are taken away on the left (RFC 7208 7.3)."""
        name = self.text(spec).rstrip(".")
        if len(name) <= _LONGEST_NAME:
            return name
        dot = name.find(".", len(name) - _LONGEST_NAME - 1)
        return name[dot + 1 :] if dot >= 0 else name.rpartition(".")[2]

    def text(self, spec: str) -> str:
        """``spec`` with its macros replaced."""
        return _MACRO.sub(self._value, spec)

    def _value(self, found: re.Match[str]) -> str:
        letter, digits, reverse, delimiters, plain = found.groups()
        if plain is not None:
            return _PLAIN[plain]
        value = self._letter(letter.lower())
        if digits or reverse or delimiters:
            parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
            if reverse:
                parts.reverse()
            if digits:
                parts = parts[-int(digits) :]
            value = ".".join(parts)
        return quote(value, safe="-._~") if letter.isupper() else value

    def _letter(self, letter: str) -> str:
        local, _, host = self.sender.rpartition("@")
        is_four = self.ip.version == 4
        return {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": self.domain,
            "i": str(self.ip) if is_four else ".".join(self.ip.packed.hex().upper()),
            "p": self.validated,
            "v": "in-addr" if is_four else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.now),
        }[letter]


def needs_validated_name(spec: str) -> bool:
    """Whether ``spec`` asks for the name of the address, which takes look-ups."""
    return re.search(r"%\{p", spec, re.IGNORECASE) is not None


def is_explanation(text: str) -> bool:
    """Whether ``text`` may be expanded for a person (RFC 7208 6.2)."""
    return len(text) <= LONGEST_EXPLANATION and _EXPLANATION.match(text) is not None


def shown(text: str) -> str:
    """What a stranger wrote, fit for a sentence."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:64])
