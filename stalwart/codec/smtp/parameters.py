"""The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), those of delivery reports,
RET, ENVID, NOTIFY, ORCPT (RFC 3461), of mail for later, HOLDFOR and HOLDUNTIL (RFC 4865), MT-PRIORITY (RFC 6710) and
REQUIRETLS (RFC 8689).

What is known and what the server announces are different things: a parameter of an extension that is not announced is
refused with 555, like one that nobody knows (RFC 5321 4.1.1.11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

LONGEST_ENVID = 100  # RFC 3461 4.4
LONGEST_ORCPT = 500  # RFC 3461 4.2
_LONGEST_SIZE = 20  # digits, RFC 1870 3
_LONGEST_HOLD = 9  # digits, RFC 4865 3

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u00a0-\U0010ffff]+))?").fullmatch
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*").fullmatch
_HEX = re.compile(r"\+([0-9A-F]{2})")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9-]+").fullmatch
_CONDITIONS = frozenset(("SUCCESS", "FAILURE", "DELAY"))
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch
_PRIORITY = re.compile(r"-?[0-9]").fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class UnknownParameter(ValueError):
    """A parameter of no extension that was announced."""


class InvalidParameter(ValueError):
    """A parameter that is not written as its extension says."""


@frozen
class MailParameters:
    """What MAIL says beside the sender. ``size`` is what the client thinks it will send, ``holdfor`` how many seconds
    it is to wait before it leaves, ``holduntil`` until when (seconds since 1970).
    """

    size: int | None = None
    body: str | None = None
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None
    auth: str | None = None
    holdfor: int | None = None
    holduntil: int | None = None
    mt_priority: int | None = None
    requiretls: bool = False


@frozen
class RcptParameters:
    """What RCPT says beside the recipient. ``notify`` is empty for NEVER, None if nothing was said.

    ``orcpt`` is the type of an address and the address as the sender first wrote it.
    """

    notify: frozenset[str] | None = None
    orcpt: tuple[str, str] | None = None


NO_MAIL_PARAMETERS = MailParameters()
NO_RCPT_PARAMETERS = RcptParameters()


def mail_parameters(text: str, announced: Collection[str]) -> MailParameters:
    """Read what follows the path of MAIL; ``announced`` are the keywords that are taken, in upper case.

    :raises UnknownParameter, InvalidParameter:
    """
    return MailParameters(**_read(text, announced, _MAIL)) if text else NO_MAIL_PARAMETERS


def rcpt_parameters(text: str, announced: Collection[str]) -> RcptParameters:
    """Read what follows the path of RCPT. Raises like ``mail_parameters``."""
    return RcptParameters(**_read(text, announced, _RCPT)) if text else NO_RCPT_PARAMETERS


def _read(text: str, announced: Collection[str], kinds: Mapping[str, Callable[[str | None], Any]]) -> dict[str, Any]:
    if text[0] != " ":
        raise InvalidParameter("a space is expected after the path")
    found: dict[str, Any] = {}
    for word in text.split():
        match = _PARAMETER(word)
        if match is None:
            raise InvalidParameter("parameters are written KEYWORD or KEYWORD=value")
        keyword = match[1].upper()
        if keyword not in kinds or keyword not in announced:
            raise UnknownParameter(keyword)
        name = keyword.lower().replace("-", "_")
        if name in found:
            raise InvalidParameter(f"{keyword} is given twice")
        found[name] = kinds[keyword](match[2])
    if "holdfor" in found and "holduntil" in found:  # RFC 4865 4
        raise InvalidParameter("HOLDFOR and HOLDUNTIL exclude each other")
    return found


def _size(value: str | None) -> int:
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_SIZE):
        raise InvalidParameter("SIZE is a number of octets")
    return int(value)


def _one_of(keyword: str, *values: str) -> Callable[[str | None], str]:
    def read(value: str | None) -> str:
        if value is None or value.upper() not in values:
            raise InvalidParameter(f"{keyword} is {' or '.join(values)}")
        return value.upper()

    return read


def _without_value(keyword: str) -> Callable[[str | None], bool]:
    def read(value: str | None) -> bool:
        if value is not None:
            raise InvalidParameter(f"{keyword} has no value")
        return True

    return read


def _hold_for(value: str | None) -> int:
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_HOLD and int(value)):
        raise InvalidParameter(f"HOLDFOR is a number of seconds with at most {_LONGEST_HOLD} digits")
    return int(value)


def _hold_until(value: str | None) -> int:
    try:
        if value is None or not _MOMENT(value):
            raise ValueError
        return int(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError) as error:
        raise InvalidParameter("HOLDUNTIL is a date and time as in RFC 3339") from error


def _priority(value: str | None) -> int:
    if value is None or not _PRIORITY(value):
        raise InvalidParameter("MT-PRIORITY is a number from -9 to 9")
    return int(value)


def xtext(value: str) -> str:
    """The text that ``value`` stands for (RFC 3461 4).

    :raises InvalidParameter: it is not xtext, or stands for control characters.
    """
    if not _XTEXT(value):
        raise InvalidParameter("the value is not xtext")
    text = _HEX.sub(lambda match: chr(int(match[1], 16)), value)
    if _CONTROL.search(text):
        raise InvalidParameter("the value holds control characters")
    return text


def _envid(value: str | None) -> str:
    if not value or len(value) > LONGEST_ENVID:
        raise InvalidParameter(f"ENVID has 1 to {LONGEST_ENVID} characters")
    return xtext(value)


def _notify(value: str | None) -> frozenset[str]:
    words = (value or "").upper().split(",")
    if words == ["NEVER"]:
        return frozenset()
    if not _CONDITIONS.issuperset(words) or len(set(words)) != len(words):
        raise InvalidParameter("NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY")
    return frozenset(words)


def _orcpt(value: str | None) -> tuple[str, str]:
    kind, separator, address = (value or "").partition(";")
    if not separator or not _ADDRESS_TYPE(kind) or len(value or "") > LONGEST_ORCPT:
        raise InvalidParameter("ORCPT is the type of an address, a semicolon, and the address")
    if kind.lower() == "utf-8" and not _XTEXT(address):  # RFC 6533 3: UTF-8 may stand for itself
        return kind.lower(), address
    return kind.lower(), xtext(address)


def _auth(value: str | None) -> str:
    if not value:
        raise InvalidParameter("AUTH is an address or <>")
    return xtext(value)  # RFC 4954 5


_MAIL: Mapping[str, Callable[[str | None], Any]] = {
    "SIZE": _size,
    "BODY": _one_of("BODY", "7BIT", "8BITMIME"),
    "SMTPUTF8": _without_value("SMTPUTF8"),
    "RET": _one_of("RET", "FULL", "HDRS"),
    "ENVID": _envid,
    "AUTH": _auth,
    "HOLDFOR": _hold_for,
    "HOLDUNTIL": _hold_until,
    "MT-PRIORITY": _priority,
    "REQUIRETLS": _without_value("REQUIRETLS"),
}
_RCPT: Mapping[str, Callable[[str | None], Any]] = {"NOTIFY": _notify, "ORCPT": _orcpt}
