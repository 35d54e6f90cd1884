"""The fields that a server puts before a message: Received (RFC 5321 4.4, RFC 3848) and Return-Path (RFC 5321 4.4).

What clients say of themselves is written only where it has a form that cannot end a line or a comment.
"""

from __future__ import annotations

import re
import time

from attrs import frozen

from stalwart.codec.smtp.paths import Path, is_host

_LINE = 76
_TOKEN = re.compile(r"[^A-Za-z0-9._:/+=-]")
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f:.]+\]").fullmatch
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@frozen
class Transmission:
    """How a message came: the name that the client gave, its address, and which of the extensions were in use.

    ``host`` is its name by DNS where that is known, ``tls`` what was agreed, such as ``TLSv1.3
    TLS_AES_256_GCM_SHA384``.
    """

    hello: str
    address: str
    is_extended: bool = True
    is_lmtp: bool = False
    is_authenticated: bool = False
    is_utf8: bool = False
    tls: str | None = None
    host: str | None = None

    @property
    def keyword(self) -> str:
        """``ESMTPS`` and the like (RFC 3848, RFC 6531 4.3)."""
        if not self.is_extended and not self.is_lmtp:
            return "SMTP"
        base = ("UTF8LMTP" if self.is_utf8 else "LMTP") if self.is_lmtp else ("UTF8SMTP" if self.is_utf8 else "ESMTP")
        return base + ("S" if self.tls else "") + ("A" if self.is_authenticated else "")


def received(way: Transmission, by: str, id: str, recipient: Path | None, moment: float) -> bytes:
    """The field, folded. ``recipient`` should be given only if there is one alone (RFC 5321 7.2)."""
    words = ["from", *_client(way), "by", _safe(by), "with", way.keyword]
    if way.tls:
        words += [f"({_safe(way.tls.replace(' ', '/'))})"]
    words += ["id", _safe(id)]
    if recipient is not None and not recipient.is_null:
        words += ["for", str(recipient)]
    return _folded("Received:", [*words[:-1], f"{words[-1]};", date(moment)])


def return_path(sender: Path) -> bytes:
    """The field that tells the sender of the envelope."""
    return f"Return-Path: {sender}\r\n".encode()


def date(moment: float) -> str:
    """Seconds since 1970 as RFC 5322 3.3 writes them, in UTC."""
    at = time.gmtime(moment)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
    )


def timestamp(moment: float) -> str:
    """Seconds since 1970 as RFC 3339 writes them, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _client(way: Transmission) -> list[str]:
    literal = f"[IPv6:{_safe(way.address)}]" if ":" in way.address else f"[{_safe(way.address)}]"
    shown = [f"({_safe(way.host)}", f"{literal})"] if way.host else [f"({literal})"]
    said = way.hello
    return [said if is_host(said) or _LITERAL(said) else literal, *shown]


def _safe(text: str) -> str:
    return _TOKEN.sub("?", text)


def _folded(name: str, words: list[str]) -> bytes:
    lines, line = [], name
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line.strip():
            lines.append(line)
            line = "\t" + word
        else:
            line += " " + word
    return "\r\n".join((*lines, line, "")).encode()
