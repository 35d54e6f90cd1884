"""MTA-STS: the DNS record that announces a policy and the policy file itself (RFC 8461 3.1, 3.2), and its use
(4.1). The server's own file is written here too.

The file is read leniently, as senders in the field do, so that a sloppy policy is still honoured; what RFC
8461 asks and the file lacks is listed as advice. Fetching and caching are elsewhere; the cache time that a
policy allows is here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import idna
from attrs import frozen

POLICY_LIMIT = 64 * 1024  # RFC 8461 3.2: senders may limit the policy to 64 KB
LONGEST_AGE = 31557600
SHORTEST_CACHED = 3600
DEFAULT_AGE = 86400

_MODES = ("enforce", "testing", "none")
_MX_LIMIT = 1000
_LONGEST_NAME = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_FIELD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")


class MalformedRecord(Exception):
    """The text is no MTA-STS record; the message says why."""


class MalformedPolicy(Exception):
    """The file is no MTA-STS policy; the message says why."""


def parse_record(txt: str) -> str:
    """The policy id in the text of ``_mta-sts`` (RFC 8461 3.1).

    :raises MalformedRecord: another version, no id, or fields that are not name=value.
    """
    version, *fields = [field.strip(" \t") for field in txt.split(";")]
    if version != "v=STSv1":
        raise MalformedRecord("does not begin with v=STSv1")
    found: str | None = None
    if fields and not fields[-1]:
        del fields[-1]
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or not _FIELD.match(name) or not _VALUE.match(value):
            raise MalformedRecord("has a field that is not name=value")
        if name == "id" and found is None:
            found = value
    if found is None:
        raise MalformedRecord("has no id")
    if not _ID.match(found):
        raise MalformedRecord("has an id that is not 1 to 32 letters and digits")
    return found


@frozen
class Pattern:
    """An allowed MX name: ``name`` itself, or with ``wildcard`` any name with exactly one more label in
    front.
    """

    name: str
    wildcard: bool = False

    def matches(self, host: str) -> bool:
        """Whether a lower-case A-label host name without trailing dot is meant (RFC 8461 4.1)."""
        if not self.wildcard:
            return host == self.name
        label, dot, rest = host.partition(".")
        return bool(label and dot) and rest == self.name

    @property
    def text(self) -> str:
        """The pattern as a policy writes it."""
        return f"*.{self.name}" if self.wildcard else self.name

    def wire(self) -> dict[str, str]:
        """``{"equals": name}`` or ``{"startsWith": name}``, the latter without the ``*.``."""
        return {"startsWith": self.name} if self.wildcard else {"equals": self.name}


@frozen
class Policy:
    """A policy; ``max_age`` in seconds, ``advice`` says where the file falls short of RFC 8461 3.2."""

    mode: str
    mx: tuple[Pattern, ...]
    max_age: int
    advice: tuple[str, ...] = ()

    def matches(self, host: str) -> bool:
        """Whether ``host`` may receive the domain's mail; a policy of mode ``none`` forbids nothing (RFC 8461
        5).
        """
        name = host.rstrip(".").lower()
        return self.mode == "none" or any(pattern.matches(name) for pattern in self.mx)

    @property
    def cache_seconds(self) -> int:
        """How long to keep the policy: ``max_age`` if it is between an hour and a year, otherwise a day."""
        return self.max_age if SHORTEST_CACHED <= self.max_age < LONGEST_AGE else DEFAULT_AGE

    def wire(self, record_id: str) -> dict[str, Any]:
        """The policy as the diagnosis shows it, with the id of the DNS record."""
        return {
            "id": record_id,
            "mode": self.mode,
            "mx": [pattern.wire() for pattern in self.mx],
            "max_age": self.max_age,
        }


def parse_policy(body: bytes) -> Policy:
    """Read the policy file.

    :raises MalformedPolicy: too large, not UTF-8, unknown version or mode, or no MX although the mode needs
        one.
    """
    if len(body) > POLICY_LIMIT:
        raise MalformedPolicy("Policy too large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise MalformedPolicy(f"Invalid UTF-8 at byte {problem.start}.") from problem
    return _Reader().read(text)


def write_policy(mode: str, max_age: int, hosts: Iterable[str]) -> bytes:
    """The policy file (RFC 8461 3.2); ``hosts`` are names or ``*.`` names, ``max_age`` is cut to the longest allowed.

    What is no host name is left out, so that no value can add a line; names are sorted, each is there once.
    """
    names = sorted({name for name in map(_written_name, hosts) if name})
    lines = ["version: STSv1", f"mode: {mode}", f"max_age: {min(max_age, LONGEST_AGE)}", *(f"mx: {n}" for n in names)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def policy_id(body: bytes) -> str:
    """The id of a policy file for its record: another one whenever the file is another (RFC 8461 3.1)."""
    return hashlib.sha256(body).hexdigest()[:20]


class _Reader:
    """Collects the fields of one file."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.mx: list[Pattern] = []
        self.advice: list[str] = []

    def read(self, text: str) -> Policy:
        for line in text.split("\n"):
            key, colon, value = line.strip(" \t\r").partition(":")
            if colon:
                self._field(key, value.strip())
        mode = self.fields.get("mode", "none")
        if not self.mx and not (mode == "none" and "mode" in self.fields):  # RFC 8461 3.2: mode none needs no mx
            raise MalformedPolicy("No 'mx' entries found.")
        for key in ("version", "mode", "max_age"):
            if key not in self.fields:  # RFC 8461 3.2: a policy without one of them is none
                raise MalformedPolicy(f"No '{key}' entry found.")
        return Policy(mode, tuple(self.mx), self._max_age(), tuple(self.advice))

    def _field(self, key: str, value: str) -> None:
        if key == "mx":
            self._pattern(value)
            return
        if key in self.fields:  # RFC 8461 3.2: only the first counts
            self._advise(f"the field {key} is there more than once, only the first counts")
            return
        if key == "version" and value != "STSv1":
            raise MalformedPolicy(f'Unsupported version "{_shown(value)}".')
        if key == "mode" and value not in _MODES:
            raise MalformedPolicy(f'Unsupported mode "{_shown(value)}".')
        if key in ("version", "mode", "max_age"):
            self.fields[key] = value

    def _pattern(self, value: str) -> None:
        name = value.lower()
        if name.endswith("."):
            self._advise("an mx name ends with a dot, which not every sender accepts")
            name = name.rstrip(".")
        wildcard = name.startswith("*.")
        name = name[2:] if wildcard else name
        if not name.isascii():
            self._advise("an mx name is not in its ASCII form")
            name = _a_label(name)
        if not _HOST.match(name) or len(name) > _LONGEST_NAME:
            self._advise("an mx entry is not a host name and is ignored")
        elif len(self.mx) < _MX_LIMIT:
            self.mx.append(Pattern(name, wildcard))

    def _max_age(self) -> int:
        digits = self.fields["max_age"]
        if not re.fullmatch(r"[0-9]{1,10}", digits):
            self._advise("max_age is not a number of seconds, a day is assumed")
            return DEFAULT_AGE
        age = int(digits)
        if age > LONGEST_AGE:
            self._advise(f"max_age is more than {LONGEST_AGE} seconds, the longest allowed")
        elif age < 7 * DEFAULT_AGE and self.fields["mode"] == "enforce":
            self._advise("max_age is less than a week; RFC 8461 expects weeks or more")
        return age

    def _advise(self, text: str) -> None:
        if text not in self.advice:
            self.advice.append(text)


def _written_name(name: str) -> str:
    """A host name or wildcard as it may be published; empty if it is none."""
    name = name.strip().rstrip(".").lower()
    star, host = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    host = host if host.isascii() else _a_label(host)
    is_name = len(host) <= _LONGEST_NAME and _HOST.match(host) and not host.rpartition(".")[2].isdigit()
    return star + host if is_name else ""


def _a_label(name: str) -> str:
    if len(name) > _LONGEST_NAME:
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return name


def _shown(value: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in value[:64])
