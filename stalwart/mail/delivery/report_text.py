"""What reports say to people: which recipient, what happened, and what may be done about it, in plain words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from stalwart.mail.delivery.shipment import RecipientOutcome

MOST_LISTED: Final = 100
"""Recipients that are told of in words."""

_WIDTH: Final = 72
_LONGEST: Final = 600

_MEANINGS = {  # by enhanced status code without its class (RFC 3463 3; RFC 7505 4, RFC 8689 5)
    "1.1": "There is no such mailbox. Please check the part before the @.",
    "1.2": "There is no such domain. Please check the part after the @.",
    "1.3": "The address is not written as an address must be.",
    "1.6": "The mailbox has moved and left no new address.",
    "1.10": "The domain takes no mail at all.",
    "2.1": "The mailbox is switched off.",
    "2.2": "The mailbox is full. The recipient has to make room.",
    "2.3": "The message is larger than the mailbox takes.",
    "3.4": "The message is too large for the other server. A link in its place may help.",
    "4.1": "The other server cannot be reached.",
    "4.2": "The connection to the other server broke.",
    "4.3": "The name service gives no answer about the domain at present.",
    "4.4": "No server is to be found that takes mail for the domain.",
    "4.5": "There is too much mail for the other server at present.",
    "4.6": "The mail would go round in circles: the servers of the domain send it back.",
    "4.7": "The time for delivery is over.",
    "6.3": "The other server cannot take text with characters such as accents or emoji.",
    "6.7": "The other server takes no addresses with such characters.",
    "6.9": "The other server takes no header with such characters.",
    "7.1": "The message is not wanted there, or its sender may not send it.",
    "7.5": "No connection could be made that is as safe as the domain or this server demands.",
    "7.8": "The next server did not accept our login.",
    "7.30": "The message is to travel encrypted all the way, and the other server does not offer that.",
}


@frozen
class Told:
    """One recipient, and until when delivery is tried, where that is told."""

    outcome: RecipientOutcome
    until: int | None = None


def bounce_text(hostname: str, told: Sequence[Told], *, is_whole: bool) -> str:
    """That nothing more will be tried."""
    returned = "Your message" if is_whole else "The header of your message"
    whom = "this address" if len(told) == 1 else "these addresses"
    return _text(
        f"This is the mail server {hostname}.",
        f"Your message could not be delivered to {whom}, and no further attempt will be made:",
        _list(told),
        f"{returned} is attached, and so is a report for programs.",
    )


def delay_text(hostname: str, told: Sequence[Told], arrived: int, now: int) -> str:
    """That it takes longer."""
    until = max((each.until for each in told if each.until is not None), default=None)
    further = "Delivery will be tried further." if until is None else f"Delivery will be tried until {_moment(until)}."
    return _text(
        f"This is the mail server {hostname}.",
        f"Your message has been waiting for {_span(now - arrived)}, as it could not be delivered yet:",
        _list(told),
        f"You need not send it again. {further} If that fails you will be told.",
    )


def success_text(hostname: str, told: Sequence[Told]) -> str:
    """That it has arrived, or left our sight."""
    return _text(
        f"This is the mail server {hostname}. You asked to be told of this.",
        "\n".join(_arrived(each.outcome) for each in told[:MOST_LISTED]),
        "The header of your message is attached, and so is a report for programs.",
    )


def _arrived(outcome: RecipientOutcome) -> str:
    if outcome.relayed_without_dsn and not outcome.arrived:
        host = outcome.hostname or "another server"
        return _wrapped(f"{outcome.address}: the message was handed over to {host}, which sends no further reports.")
    return _wrapped(f"{outcome.address}: the message was delivered.")


def _list(told: Sequence[Told]) -> str:
    reasons = [_reason(each.outcome) for each in told[:MOST_LISTED]]
    if len(told) > MOST_LISTED:
        reasons.append(f"  and {len(told) - MOST_LISTED} more, which the report for programs lists")
    return "\n\n".join(reasons)


def _reason(outcome: RecipientOutcome) -> str:
    """The address, what it means, and the words that came."""
    lines = [f"  {outcome.address}"]
    meaning = _MEANINGS.get(outcome.status[2:])
    if meaning is not None:
        lines.append(_wrapped(meaning, "    "))
    if outcome.reply is not None:
        enhanced = f"{outcome.reply.enhanced} " if outcome.reply.enhanced else ""
        said = f"{outcome.reply.code} {enhanced}{outcome.reply.text}"
        lines.append(_wrapped(f"{outcome.hostname or 'The other server'} said: {said}", "    "))
    elif outcome.message:
        where = f" ({outcome.hostname})" if outcome.hostname else ""
        lines.append(_wrapped(f"{outcome.message}{where}", "    "))
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "  ") -> str:
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return textwrap.fill(
        cut, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _text(*paragraphs: str) -> str:
    written = (each if each.startswith(" ") else textwrap.fill(each, _WIDTH) for each in paragraphs)
    return "\n\n".join(written) + "\n"


def _moment(moment: int) -> str:
    return format(datetime.fromtimestamp(moment, UTC), "%d %B %Y, %H:%M UTC")


def _span(seconds: int) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "a moment"
