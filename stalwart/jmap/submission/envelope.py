"""Envelopes of submissions (RFC 8621 7): addresses, and the parameters of SMTP that they can have, read and bounded.

Names of parameters have no case; HOLDFOR and HOLDUNTIL (RFC 4865) are read in all the forms that clients send. Values
come without the encodings that they have in SMTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from stalwart.codec.smtp.parameters import (
    NO_MAIL_PARAMETERS,
    NO_RCPT_PARAMETERS,
    InvalidParameter,
    MailParameters,
    RcptParameters,
    UnknownParameter,
    mail_parameters,
    rcpt_parameters,
)
from stalwart.codec.smtp.paths import NULL, Path
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.dates import utc_date
from stalwart.jmap.submission.addresses import path_of
from stalwart.jmap.submission.capability import LONGEST_HOLD

MOST_RECIPIENTS: Final = 5000
"""Recipients that are read, whatever the settings allow."""

LARGEST_SIZE: Final = (1 << 53) - 1
"""Octets that SIZE may say: the largest number of RFC 8620 1.3."""

_MAIL = frozenset(("SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "MT-PRIORITY", "REQUIRETLS"))
_RCPT = frozenset(("NOTIFY", "ORCPT"))
_ENCODED = frozenset(("ENVID", "ORCPT"))
_DELIVER_BY = re.compile(r"([+-]?[0-9]{1,9});RT?", re.IGNORECASE | re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


@frozen
class Envelope:
    """Who sends to whom. ``parameters`` are those of the sender; ``recipients`` come with theirs, and ``emails`` are
    the same addresses as they are shown.

    ``hold_until`` is when it leaves if not at once, ``expires_at`` when it must have arrived, in seconds.
    """

    sender: Path
    recipients: tuple[tuple[Path, RcptParameters], ...]
    emails: tuple[str, ...]
    wire: Mapping[str, Any]
    parameters: MailParameters = NO_MAIL_PARAMETERS
    hold_until: int | None = None
    expires_at: int | None = None


def made_envelope(sender: str, recipients: Iterable[str]) -> Envelope:
    """The envelope of a message that goes to ``recipients``; raises as ``read_envelope``."""
    rcpt_to = [{"email": email, "parameters": None} for email in recipients]
    return read_envelope({"mailFrom": {"email": sender, "parameters": None}, "rcptTo": rcpt_to}, 0)


def read_envelope(given: Any, now: int) -> Envelope:
    """What a client gives.

    :raises SetRefused: ``invalidProperties``, ``noRecipients``, ``invalidRecipients``, ``tooManyRecipients``.
    """
    if not isinstance(given, Mapping) or not {"mailFrom", "rcptTo"}.issuperset(given):
        raise _invalid("must be an object with mailFrom and rcptTo")
    email, parameters, shown_sender = _address(given.get("mailFrom"), "mailFrom")
    sender = NULL if email == "" else path_of(email)
    if sender is None:
        raise SetRefused("invalidProperties", "The address of mailFrom is none.", ("envelope/mailFrom/email",))
    hold_until, expires_at, rest = _times(parameters, now)
    read, shown = _recipients(given.get("rcptTo"))
    wire = {"mailFrom": shown_sender, "rcptTo": shown}
    emails = tuple(each["email"] for each in shown)
    return Envelope(sender, read, emails, wire, _mail_parameters(rest), hold_until, expires_at)


def _recipients(given: Any) -> tuple[tuple[tuple[Path, RcptParameters], ...], list[dict[str, Any]]]:
    """The recipients, each once, and as they are shown."""
    if given is None or given == []:
        raise SetRefused("noRecipients", "There is nobody to send it to.")
    if not isinstance(given, list):
        raise _invalid("must have a list of recipients", "rcptTo")
    if len(given) > MOST_RECIPIENTS:
        raise too_many(MOST_RECIPIENTS)
    read: dict[str, tuple[Path, RcptParameters]] = {}
    shown, wrong = [], []
    for each in given:
        email, parameters, as_shown = _address(each, "rcptTo")
        path = path_of(email)
        if path is None:
            wrong.append(email)
        elif path.text not in read:
            read[path.text] = path, _rcpt_parameters(parameters)
            shown.append(as_shown)
    if wrong:
        raise invalid_recipients(wrong)
    return tuple(read.values()), shown


def too_many(most: int) -> SetRefused:
    """For more recipients than one message may have."""
    return SetRefused("tooManyRecipients", f"A message can have at most {most} recipients.", maxRecipients=most)


def invalid_recipients(emails: Iterable[str]) -> SetRefused:
    """For recipients that mail cannot be sent to."""
    return SetRefused(
        "invalidRecipients",
        "Mail cannot be sent to some of the recipients.",
        invalidRecipients=[email[:512] for email in emails],
    )


def _address(given: Any, where: str) -> tuple[str, dict[str, str | None], dict[str, Any]]:
    """Address and parameters, the names of these in upper case; and both as they are shown."""
    if not isinstance(given, Mapping) or not {"email", "parameters"}.issuperset(given):
        raise _invalid("must have objects with email and parameters", where)
    email, parameters = given.get("email"), given.get("parameters")
    if not isinstance(email, str):
        raise _invalid("must have an email that is a string", where)
    if parameters is None:
        return email, {}, {"email": email, "parameters": None}
    if not isinstance(parameters, Mapping):
        raise _invalid("must have parameters that are an object, or null", where)
    # Some clients write the seconds of HOLDFOR as a number.
    shown = {name: str(value) if type(value) is int else value for name, value in parameters.items()}
    read: dict[str, str | None] = {}
    for name, value in shown.items():
        if not (value is None or isinstance(value, str)) or name.upper() in read:
            raise _invalid(f'has a parameter "{name[:40]}" twice, or one that is no string', where)
        read[name.upper()] = value
    return email, read, {"email": email, "parameters": shown}


def _times(parameters: Mapping[str, str | None], now: int) -> tuple[int | None, int | None, dict[str, str | None]]:
    """When it leaves and when it must have arrived, and the other parameters."""
    rest = dict(parameters)
    hold_for, hold_until, by = rest.pop("HOLDFOR", ""), rest.pop("HOLDUNTIL", ""), rest.pop("BY", "")
    if hold_for != "" and hold_until != "":  # RFC 4865 4
        raise _invalid("has HOLDFOR and HOLDUNTIL, which exclude each other", "mailFrom")
    until = None
    if hold_for != "":
        if hold_for is None or not _SECONDS.fullmatch(hold_for):
            raise _invalid("has a HOLDFOR that is no number of seconds", "mailFrom")
        until = now + int(hold_for)
    elif hold_until != "":
        until = _moment(hold_until)
    if until is not None and until > now + LONGEST_HOLD:
        raise _invalid(f"holds the message for more than {LONGEST_HOLD} seconds", "mailFrom")
    expires_at = None
    if by != "":  # RFC 2852 4
        match = _DELIVER_BY.fullmatch(by or "")
        if match is None or int(match[1]) <= 0:
            raise _invalid("has a BY that is not a number of seconds and ;R", "mailFrom")
        expires_at = max(now, until or now) + int(match[1])
    return (until if until is not None and until > now else None), expires_at, rest


def _moment(text: str | None) -> int:
    if text is not None and _SECONDS.fullmatch(text):
        return int(text)
    try:
        if text is None or not _MOMENT.fullmatch(text):
            raise ValueError
        return int(datetime.fromisoformat(text.upper()).timestamp())
    except (ValueError, OverflowError):
        example = utc_date(0)
        raise _invalid(f"has a HOLDUNTIL that is no date such as {example}", "mailFrom") from None


def _mail_parameters(parameters: Mapping[str, str | None]) -> MailParameters:
    try:
        read = mail_parameters(_line(parameters), _MAIL)
    except (InvalidParameter, UnknownParameter) as problem:
        raise _unfit(problem, "mailFrom") from None
    if read.size is not None and read.size > LARGEST_SIZE:
        raise _invalid(f"has a SIZE of more than {LARGEST_SIZE} octets", "mailFrom")
    return read


def _rcpt_parameters(parameters: Mapping[str, str | None]) -> RcptParameters:
    try:
        return rcpt_parameters(_line(parameters), _RCPT) if parameters else NO_RCPT_PARAMETERS
    except (InvalidParameter, UnknownParameter) as problem:
        raise _unfit(problem, "rcptTo") from None


def _line(parameters: Mapping[str, str | None]) -> str:
    """The parameters as a command has them."""
    words = []
    for name, value in parameters.items():
        if any(character.isspace() for character in name + ("" if name in _ENCODED else value or "")):
            raise InvalidParameter("parameters hold no blanks")
        words.append(name if value is None else f"{name}={_xtext(name, value)}")
    return "".join(f" {word}" for word in words)


def _xtext(name: str, value: str) -> str:
    """A value encoded as RFC 3461 4 asks, where it is."""
    if name not in _ENCODED:
        return value
    kind, separator, address = value.partition(";") if name == "ORCPT" else ("", "", value)
    return f"{kind}{separator}" + "".join(
        f"+{ord(each):02X}" if ord(each) < 0x80 and (each in "+=" or not "!" <= each <= "~") else each
        for each in address
    )


def _unfit(problem: Exception, where: str) -> SetRefused:
    if isinstance(problem, UnknownParameter):
        return _invalid(f"has a parameter {str(problem)[:40]} that is not supported", where)
    return _invalid(f"has parameters that cannot be: {problem}", where)


def _invalid(rule: str, where: str = "") -> SetRefused:
    path = f"envelope/{where}" if where else "envelope"
    return SetRefused("invalidProperties", f'"{path}" {rule}.', (path,))
