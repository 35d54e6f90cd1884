"""Command lines of SMTP and LMTP (RFC 5321 4.1.1, RFC 2033 4.1): bytes in, a command or its refusal out.

Verbs have no case. A space after the colon of MAIL and RCPT and blanks at the end of a line are let pass (RFC 5321
4.1.1 asks to tolerate the latter); angle brackets must be there. Whether a command is in its place is the session's
business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import Enum

from attrs import frozen

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.parameters import (
    InvalidParameter,
    MailParameters,
    RcptParameters,
    UnknownParameter,
    mail_parameters,
    rcpt_parameters,
)
from stalwart.codec.smtp.paths import InvalidPath, Path, address_literal, forward_path, is_host, reverse_path
from stalwart.codec.smtp_reply import Reply

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]").search
_MOST_DIGITS = 20
_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}").fullmatch


class Verb(Enum):
    """Commands without anything else to say."""

    DATA = "DATA"
    RSET = "RSET"
    QUIT = "QUIT"
    STARTTLS = "STARTTLS"
    NOOP = "NOOP"
    HELP = "HELP"


@frozen
class Hello:
    """``verb`` is EHLO, HELO or LHLO; ``name`` the client's domain or its address literal, in canonical form."""

    verb: str
    name: str


@frozen
class Mail:
    """MAIL (RFC 5321 4.1.1.2)."""

    path: Path
    parameters: MailParameters


@frozen
class Rcpt:
    """RCPT (RFC 5321 4.1.1.3)."""

    path: Path
    parameters: RcptParameters


@frozen
class Bdat:
    """BDAT (RFC 3030 2): the next ``size`` octets belong to the message."""

    size: int
    is_last: bool


@frozen
class Auth:
    """AUTH (RFC 4954 4), ``initial`` being the initial response as it was sent; empty if it is ``=``."""

    mechanism: str
    initial: str | None


@frozen
class Ask:
    """VRFY or EXPN (RFC 5321 4.1.1.6, 4.1.1.7): who is ``text``, and who gets the mail of the list ``text``?"""

    verb: str
    text: str


Command = Verb | Hello | Mail | Rcpt | Bdat | Auth | Ask


def parse(line: bytes, announced: Collection[str]) -> Command | Reply:
    """The command in ``line``, which has no line end; ``announced`` are the parameters that MAIL and RCPT may have."""
    if _CONTROL(line):
        return replies.CONTROL_CHARACTERS
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return replies.NOT_UTF8
    verb, _, rest = text.partition(" ")
    verb = verb.upper()
    if verb == "RCPT":
        return _rcpt(rest.strip(" "), announced)
    if verb == "MAIL":
        return _mail(rest.strip(" "), announced)
    reader = _READERS.get(verb)
    if reader is not None:
        return reader(verb, rest.strip(" "))
    if verb in _HTTP:
        return replies.WRONG_PROTOCOL
    return replies.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else replies.UNKNOWN_COMMAND


def _refused(code: int, enhanced: str, problem: object) -> Reply:
    text = str(problem)
    return replies.reply(code, enhanced, text[:1].upper() + text[1:])


def _mail(rest: str, announced: Collection[str]) -> Command | Reply:
    if rest[:5].upper() != "FROM:":
        return replies.reply(501, "5.5.2", "Write MAIL FROM:<address>")
    try:
        path, rest = reverse_path(rest[5:].lstrip(" "))
    except InvalidPath as problem:
        return _refused(501, "5.1.7", problem)
    try:
        return Mail(path, mail_parameters(rest, announced))
    except UnknownParameter as problem:
        return _unsupported(problem)
    except InvalidParameter as problem:
        return _refused(501, "5.5.4", problem)


def _rcpt(rest: str, announced: Collection[str]) -> Command | Reply:
    if rest[:3].upper() != "TO:":
        return replies.reply(501, "5.5.2", "Write RCPT TO:<address>")
    try:
        path, rest = forward_path(rest[3:].lstrip(" "))
    except InvalidPath as problem:
        return _refused(501, "5.1.3", problem)
    try:
        return Rcpt(path, rcpt_parameters(rest, announced))
    except UnknownParameter as problem:
        return _unsupported(problem)
    except InvalidParameter as problem:
        return _refused(501, "5.5.4", problem)


def _unsupported(problem: UnknownParameter) -> Reply:
    return replies.reply(555, "5.5.4", f"Parameter {str(problem)[:40]} not supported")


def _hello(verb: str, name: str) -> Command | Reply:
    if name.startswith("[") and name.endswith("]"):
        try:
            return Hello(verb, address_literal(name))
        except InvalidPath as problem:
            return _refused(501, "5.5.4", problem)
    name = name.removesuffix(".")
    if not is_host(name) and not _is_address(name):
        return replies.reply(501, "5.5.4", f"Write {verb} and your domain name, or your address in brackets")
    return Hello(verb, name)


def _is_address(name: str) -> bool:
    """A bare IPv4 address: wrong, but common, and harmless."""
    try:
        address_literal(f"[{name}]")
    except InvalidPath:
        return False
    return ":" not in name


def _alone(verb: str, rest: str) -> Command | Reply:
    return replies.NO_ARGUMENTS if rest else Verb[verb]


def _with_anything(verb: str, rest: str) -> Command | Reply:
    return Verb[verb]


def _with_something(verb: str, rest: str) -> Command | Reply:
    return Ask(verb, rest) if rest else replies.reply(501, "5.5.4", f"{verb} of whom?")


def _bdat(verb: str, rest: str) -> Command | Reply:
    size, _, last = rest.partition(" ")
    last = last.strip().upper()
    if not (size.isascii() and size.isdigit() and len(size) <= _MOST_DIGITS) or last not in ("", "LAST"):
        return replies.reply(501, "5.5.4", "Write BDAT, a number of octets, and LAST with the last ones")
    return Bdat(int(size), last == "LAST")


def _auth(verb: str, rest: str) -> Command | Reply:
    mechanism, _, initial = rest.partition(" ")
    if not _MECHANISM(mechanism):
        return replies.reply(501, "5.5.4", "Write AUTH and a mechanism")
    return Auth(mechanism.upper(), ("" if initial.strip() == "=" else initial.strip()) if initial else None)


_READERS: dict[str, Callable[[str, str], Command | Reply]] = {
    **dict.fromkeys(("EHLO", "HELO", "LHLO"), _hello),
    **dict.fromkeys(("DATA", "RSET", "QUIT", "STARTTLS"), _alone),
    **dict.fromkeys(("NOOP", "HELP"), _with_anything),
    "VRFY": _with_something,
    "EXPN": _with_something,
    "BDAT": _bdat,
    "AUTH": _auth,
}
_NOT_IMPLEMENTED = frozenset(("TURN", "ATRN", "ETRN", "SEND", "SOML", "SAML", "BURL"))
_HTTP = frozenset(("GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PATCH", "DELETE", "TRACE", "HOST:", "PRI"))
