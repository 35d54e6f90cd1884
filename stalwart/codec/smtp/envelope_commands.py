"""MAIL and RCPT as a client writes them, with the parameters that the server has offered (RFC 5321 4.1.1, RFC 1870,
RFC 3461, RFC 6152, RFC 6531, RFC 6533, RFC 8689).

Addresses are written as they stand; whoever takes one in has made sure that it is one. What a server does not offer is
left out; whether the message may then go at all is the caller's question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stalwart.codec.smtp_reply import Capabilities

_TO_ENCODE = re.compile(r"[^!-*,-<>-~]")
_TO_EMBED = re.compile(r"[^!-*,-<>-~]|\\(?!x\{[0-9A-F]{2,6}\})")
_ORDER = ("NEVER", "SUCCESS", "FAILURE", "DELAY")


def to_xtext(text: str) -> str:
    """``text`` as xtext (RFC 3461 4); what is beyond ASCII is encoded octet by octet."""
    return _TO_ENCODE.sub(lambda match: "".join(f"+{octet:02X}" for octet in match[0].encode()), text)


def to_utf8_xtext(text: str) -> str:
    """``text`` as ``utf-8-addr-xtext`` (RFC 6533 3); what is written that way already stays."""
    return _TO_EMBED.sub(lambda match: f"\\x{{{ord(match[0]):X}}}", text)


def mail_command(
    sender: str,
    offered: Capabilities,
    *,
    size: int,
    eight_bit: bool = False,
    smtputf8: bool = False,
    ret: str | None = None,
    env_id: str | None = None,
    require_tls: bool = False,
) -> str:
    """``MAIL FROM``; an empty ``sender`` is the null one."""
    words = [f"MAIL FROM:<{sender}>"]
    if offered.size is not None:
        words.append(f"SIZE={size}")
    if eight_bit and offered.eightbitmime:
        words.append("BODY=8BITMIME")
    if smtputf8 and offered.smtputf8:
        words.append("SMTPUTF8")
    if offered.dsn:
        if ret:
            words.append(f"RET={ret}")
        if env_id:
            words.append(f"ENVID={to_xtext(env_id)}")
    if require_tls and offered.requiretls:
        words.append("REQUIRETLS")
    return " ".join(words)


def rcpt_command(recipient: str, offered: Capabilities, *, notify: Iterable[str] = (), orcpt: str | None = None) -> str:
    """``RCPT TO``; ``orcpt`` is the type of an address and the address, ``rfc822;jane@a.test``."""
    words = [f"RCPT TO:<{recipient}>"]
    if offered.dsn:
        wanted = [word for word in _ORDER if word in notify]
        if wanted:
            words.append(f"NOTIFY={','.join(wanted)}")
        kind, separator, address = (orcpt or "").partition(";")
        if separator:
            written = to_utf8_xtext(address) if kind.lower() == "utf-8" else to_xtext(address)
            words.append(f"ORCPT={kind};{written}")
    return " ".join(words)
