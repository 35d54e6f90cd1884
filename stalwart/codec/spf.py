"""SPF records (RFC 7208) read far enough to tell a person what is wrong with one: syntax, number, final
result, lookups.

Nothing is evaluated: included records are not fetched, so the lookups counted are those of the record itself.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from attrs import frozen

MOST_LOOKUPS = 10  # RFC 7208 4.6.4
_LONGEST = 4096

_LOOKING_UP = {"include", "a", "mx", "ptr", "exists"}
_MECHANISM = re.compile(r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|\Z)(.*)\Z", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)\Z")
_MACRO_STRING = re.compile(r"(?:%\{[slodiphcrtv][0-9]*r?[-.+,/_=]*\}|%[%_-]|[\x21-\x24\x26-\x7e])+\Z", re.IGNORECASE)
_PREFIXES = re.compile(r"(.*?)(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")


@frozen
class Spf:
    """What a domain publishes: ``final`` is the qualifier of ``all`` (``-`` ``~`` ``?`` ``+``), ``None``
    without ``all``.

    ``broken`` means that receivers get a permanent error (RFC 7208 2.6.7); ``problems`` are sentences for a
    person.
    """

    record: str
    final: str | None = None
    redirect: str | None = None
    lookups: int = 0
    broken: bool = False
    problems: tuple[str, ...] = ()


def read(texts: Iterable[str]) -> Spf | None:
    """The SPF record among the TXT records of a domain, ``None`` if there is none (RFC 7208 4.5)."""
    records = [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not records:
        return None
    if len(records) > 1:
        problem = f"there are {len(records)} SPF records, receivers treat that as an error"
        return Spf(records[0], broken=True, problems=(problem,))
    if len(records[0]) > _LONGEST:
        return Spf(records[0][:_LONGEST], broken=True, problems=(f"it is longer than {_LONGEST} bytes",))
    return _Reader(records[0]).read()


class _Reader:
    """Walks the terms of one record."""

    def __init__(self, record: str) -> None:
        self.record = record
        self.final: str | None = None
        self.modifiers: dict[str, str] = {}
        self.lookups = 0
        self.errors: list[str] = []
        self.remarks: list[str] = []

    def read(self) -> Spf:
        for term in self.record.split(" ")[1:]:
            if term:
                self._term(term)
        self._judge()
        return Spf(
            self.record,
            self.final,
            self.modifiers.get("redirect"),
            self.lookups,
            bool(self.errors),
            tuple(dict.fromkeys(self.errors + self.remarks)),
        )

    def _term(self, term: str) -> None:
        mechanism = _MECHANISM.match(term)
        if mechanism is not None:
            self._mechanism(mechanism[1] or "+", mechanism[2].lower(), mechanism[3])
            return
        modifier = _MODIFIER.match(term)
        if modifier is not None:
            self._modifier(modifier[1].lower(), modifier[2])
        else:
            self.errors.append(f"the term {_shown(term)} is not known")

    def _mechanism(self, qualifier: str, name: str, rest: str) -> None:
        if self.final is not None:
            self.remarks.append("terms after all are never used")
        if not _fits(name, rest):
            self.errors.append(f"the term {_shown(name + rest)} is malformed")
        if name in _LOOKING_UP and self.final is None:
            self.lookups += 1
        if name == "ptr":
            self.remarks.append("the mechanism ptr should not be used")  # RFC 7208 5.5
        if name == "all" and self.final is None:
            self.final = qualifier

    def _modifier(self, name: str, value: str) -> None:
        if name in ("redirect", "exp"):
            if name in self.modifiers:  # RFC 7208 6
                self.errors.append(f"the modifier {name} is there twice")
            if not _MACRO_STRING.match(value):
                self.errors.append(f"the modifier {name} has no usable domain")
            self.modifiers[name] = value

    def _judge(self) -> None:
        if self.final is None and "redirect" in self.modifiers:
            self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            self.errors.append(f"it needs {self.lookups} DNS lookups, more than the {MOST_LOOKUPS} allowed")
        if self.final is None and "redirect" not in self.modifiers:
            self.remarks.append("it does not end in all, so other senders are neither allowed nor refused")
        if self.final is not None and "redirect" in self.modifiers:
            self.remarks.append("redirect is ignored because there is all")  # RFC 7208 6.1
        if self.final == "+":
            self.remarks.append("it ends in +all, so everybody may send as this domain")
        if self.final == "?":
            self.remarks.append("it ends in ?all, so nobody is refused")


def _fits(name: str, rest: str) -> bool:
    """Whether what follows the name of a mechanism is as RFC 7208 5 wants it."""
    if name == "all":
        return not rest
    if name in ("ip4", "ip6"):
        return rest.startswith(":") and _network(rest[1:], 4 if name == "ip4" else 6)
    if name in ("include", "exists"):
        return rest.startswith(":") and bool(_MACRO_STRING.match(rest[1:]))
    if name == "ptr":
        return not rest or (rest.startswith(":") and bool(_MACRO_STRING.match(rest[1:])))
    return _host_and_prefixes(rest)


def _host_and_prefixes(rest: str) -> bool:
    match = _PREFIXES.match(rest)
    if match is None or int(match[2] or 0) > 32 or int(match[3] or 0) > 128:
        return False
    host = match[1]
    if host.startswith("/"):
        return False
    return not host or (host.startswith(":") and bool(_MACRO_STRING.match(host[1:])))


def _network(text: str, version: int) -> bool:
    if "%" in text:
        return False
    try:
        return ipaddress.ip_network(text, strict=False).version == version
    except ValueError:
        return False


def _shown(term: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in term[:64])
