"""What checks of a message have found, and the header fields that say so: Authentication-Results (RFC 8601) and
Received-SPF (RFC 7208 9.1).

Everything that others control is quoted or cut, so that it can neither end a field nor begin another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+^_`{|}~.-]+\Z")
_ADDRESS = re.compile(rf"(?:{_ATOMS})?@[A-Za-z0-9.-]+\Z")
_LONGEST = 320
_LONGEST_REASON = 160
_LINE = 250  # octets, unless a single value is longer
_MOST_OCTETS = 600


@frozen
class SpfVerdict:
    """Whether a host may send for a domain (RFC 7208 2.6): none, neutral, pass, fail, softfail, temperror, permerror.

    ``scope`` is ``helo`` or ``mailfrom``; ``identity`` what was checked: the name of EHLO, or the sender;
    ``mechanism`` the term that matched; ``explanation`` what the domain has to say of a failure.
    """

    result: str
    domain: str
    scope: str = "mailfrom"
    identity: str = ""
    mechanism: str = ""
    reason: str = ""
    explanation: str = ""


@frozen
class DkimVerdict:
    """One signature: none, pass, fail, policy, neutral, temperror, permerror (RFC 8601 2.7.1)."""

    result: str
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    identity: str = ""
    signature: str = ""
    reason: str = ""


@frozen
class ArcVerdict:
    """The chain of earlier results: none, pass, fail (RFC 8617 4.4); ``sets`` is its length, ``sealer`` who sealed it
    last; ``reason`` says why it fails, which may be ``temporary``.
    """

    result: str
    sets: int = 0
    sealer: str = ""
    reason: str = ""
    temporary: bool = False


@frozen
class DmarcVerdict:
    """Whether the author's ``domain`` was authenticated: none, pass, fail, temperror, permerror (RFC 7489 11.2).

    ``policy`` is what the domain asks to be done with this message if it fails: none, quarantine, reject, after
    subdomains and percentage are counted; ``published`` what its record says. ``policy_domain`` is where the record is.
    """

    result: str
    domain: str = ""
    policy: str = "none"
    published: str = "none"
    policy_domain: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    reason: str = ""


@frozen
class NameVerdict:
    """Whether the address of the client has a name that leads back to it: pass, fail, temperror, permerror
    (RFC 8601 2.7.3).
    """

    result: str
    ip: str
    name: str = ""
    reason: str = ""


def authentication_results(authserv_id: str, methods: Iterable[str]) -> bytes:
    """The field with its CRLF (RFC 8601 2.2); ``methods`` as the functions below write them, none if nothing was
    looked at.
    """
    found = tuple(methods) or ("none",)
    return ";\r\n\t".join((f"Authentication-Results: {_token(authserv_id)}", *found)).encode() + b"\r\n"


def spf_method(verdict: SpfVerdict) -> str:
    """RFC 8601 2.7.2."""
    name = "helo" if verdict.scope == "helo" else "mailfrom"
    said = f" smtp.{name}={_value(verdict.identity)}"
    return _folded(f"spf={verdict.result}{_comment(verdict.reason)}", (), said)


def dkim_method(verdict: DkimVerdict) -> str:
    """RFC 8601 2.7.1, RFC 6008 4."""
    parts = (
        ("header.d", verdict.domain),
        ("header.s", verdict.selector),
        ("header.a", verdict.algorithm),
        ("header.i", verdict.identity if verdict.identity != f"@{verdict.domain}" else ""),
        ("header.b", verdict.signature),
    )
    return _folded(f"dkim={verdict.result}{_comment(verdict.reason)}", parts)


def arc_method(verdict: ArcVerdict) -> str:
    """RFC 8617 10.1."""
    words = [verdict.reason] if verdict.reason else []
    if verdict.sets:
        words.append(f"i={verdict.sets}")
    if verdict.sealer:
        words.append(f"d={verdict.sealer}")
    return f"arc={verdict.result}{_comment(' '.join(words))}"


def dmarc_method(verdict: DmarcVerdict) -> str:
    """RFC 7489 11.1."""
    words = [f"p={verdict.published}"] if verdict.policy_domain else []
    if verdict.reason:
        words.append(verdict.reason)
    policy = verdict.policy if verdict.policy_domain else ""
    parts = (("header.from", verdict.domain), ("policy.dmarc", policy))
    return _folded(f"dmarc={verdict.result}{_comment(' '.join(words))}", parts)


def name_method(verdict: NameVerdict) -> str:
    """RFC 8601 2.7.3."""
    return _folded(f"iprev={verdict.result}{_comment(verdict.name or verdict.reason)}", (("policy.iprev", verdict.ip),))


def received_spf(verdict: SpfVerdict, *, ip: str, helo: str, mail_from: str, receiver: str) -> bytes:
    """The field with its CRLF (RFC 7208 9.1)."""
    words = verdict.reason or {
        "pass": f"{verdict.domain} designates {ip} as permitted sender",
        "fail": f"{verdict.domain} does not designate {ip} as permitted sender",
        "softfail": f"{verdict.domain} does not vouch for {ip}",
        "neutral": f"{verdict.domain} neither permits nor denies {ip}",
        "none": f"{verdict.domain} designates no permitted senders",
    }.get(verdict.result, "")
    pairs = [
        ("client-ip", ip),
        ("envelope-from", mail_from),
        ("helo", helo),
        ("receiver", receiver),
        ("identity", verdict.scope),
        ("mechanism", verdict.mechanism),
    ]
    said = ";\r\n\t".join(f"{name}={_quoted(value)}" for name, value in pairs if value or name == "envelope-from")
    return f"Received-SPF: {verdict.result}{_comment(words)}\r\n\t{said}\r\n".encode()


def _folded(text: str, parts: Iterable[tuple[str, str]], last: str = "") -> str:
    """``text`` with its properties, those that are not empty; lines that get long go on in the next one, for no line
    may have more than 998 octets (RFC 5322 2.1.1).
    """
    lines = [text]
    for part in (*(f" {name}={_value(value)}" for name, value in parts if value), *((last,) if last else ())):
        if len((lines[-1] + part).encode()) > _LINE:
            lines.append("\t" + part.lstrip())
        else:
            lines[-1] += part
    return "\r\n".join(lines)


def _comment(text: str) -> str:
    """`` (text)``, or nothing; what has a meaning in comments is left out (RFC 5322 3.2.2)."""
    kept = "".join(character for character in text if character.isprintable() and character not in "()\\").strip()
    return f" ({kept[:_LONGEST_REASON]})" if kept else ""


def _token(text: str) -> str:
    return text if _TOKEN.match(text) else _quoted(text)


def _value(text: str) -> str:
    """A token or an address as it is, anything else in quotes."""
    return text if len(text) <= _LONGEST and (_TOKEN.match(text) or _ADDRESS.match(text)) else _quoted(text)


def _quoted(text: str) -> str:
    kept = "".join(character for character in text[:_LONGEST] if character.isprintable())
    kept = kept.encode()[:_MOST_OCTETS].decode("utf-8", "ignore")
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
