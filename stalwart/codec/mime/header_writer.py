"""Header fields from their JMAP forms (RFC 8621 4.6), folded (RFC 5322 2.2.3), in ASCII wherever mail can say it so.

Text that is not ASCII becomes encoded words (RFC 2047), parameters become those of RFC 2231; addresses beyond ASCII
stay UTF-8 (RFC 6532).
What would break the header, or be read as something else, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from stalwart.codec.mime import encoded_words
from stalwart.codec.mime.header_forms import Form

_LINE = 76
_LONGEST_LINE = 998
_NAME = re.compile(r"[!-9;-~]{1,200}\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+\Z")  # without what RFC 2231 gives a meaning
_EMAIL = re.compile(
    r"""(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|\[[^\[\]<>,;"\s\x00-\x1f]*\]|[^\s"<>(),;:\\\[\]\x00-\x1f\x7f])*\Z"""
)
_ID = re.compile(r"[^\s<>\x00-\x1f\x7f]{1,900}\Z")
_BROKEN = re.compile(r"\r(?!\n)|(?<!\r)\n|\r\n(?![ \t])|\x00|\r\n[ \t]*(?=\r\n|\Z)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_RUNS = re.compile(r" *[^ ]+")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ATTRIBUTE = "!#$&+-.^_`{|}~"  # RFC 2231 7: attribute-char
_SECTION = 60
_FIELD_NAME = len("Content-Disposition: ")
_FOLD = "\r\n "


class InvalidValue(ValueError):
    """A field cannot have this value in this form; the message is half a sentence."""


def field(name: str, form: Form, value: Any) -> bytes:
    """The field with its line break. Raises ``InvalidValue``."""
    if not _NAME.match(name):
        raise InvalidValue("it is no name of a header field")
    written = _WRITERS[form](name, value)
    lines = f"{name}:{written}\r\n".encode("utf-8", "replace")
    if any(len(line) > _LONGEST_LINE for line in lines.split(b"\r\n")):
        raise InvalidValue("it has a line of more than 998 octets")  # RFC 5322 2.1.1
    return lines


def _raw(name: str, value: Any) -> str:
    text = _text_of(value)
    if _BROKEN.search(text):
        raise InvalidValue("it has line breaks that do not fold")
    return text


def _text(name: str, value: Any) -> str:
    text = _CONTROLS.sub(" ", _text_of(value))
    plain = not encoded_words.needs_encoding(text) and text.strip() == text
    runs = _RUNS.findall(f" {text}")
    if plain and all(len(run) < _LINE for run in runs):
        return _folded(name, runs)
    return _words(name, text)


def _words(name: str, text: str) -> str:
    first = len(name) + 2
    if first > _LINE // 2:
        return "\r\n " + "\r\n ".join(encoded_words.encode(text))
    return " " + "\r\n ".join(encoded_words.encode(text, first))


def _folded(name: str, runs: list[str]) -> str:
    """Lines broken before blanks, none of which is nothing but blanks."""
    written: list[str] = []
    used = len(name) + 1
    for run in runs:
        if used + len(run) > _LINE:
            written.append("\r\n")
            used = 0
        written.append(run)
        used += len(run)
    return "".join(written)


def _addresses(name: str, value: Any) -> str:
    return _listed(name, _mailboxes(value), ",")


def _grouped(name: str, value: Any) -> str:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidValue("it is no list of groups")
    members: list[str] = []
    for group in value:
        if not isinstance(group, Mapping):
            raise InvalidValue("a group is no object")
        inside = _mailboxes(group.get("addresses", ()))
        label = group.get("name")
        if label is None:
            members += [f"{each}," for each in inside]
        else:
            members.append((_phrase(_text_of(label)) or '""') + ":")
            members += [f"{each}," for each in inside[:-1]]
            members += [f"{each};" for each in inside[-1:]]
            if not inside:
                members[-1] += ";"
            members[-1] += ","
    return _listed(name, members, "").removesuffix(",")


def _mailboxes(value: Any) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidValue("it is no list of addresses")
    written = []
    for each in value:
        if not isinstance(each, Mapping):
            raise InvalidValue("an address is no object")
        email, name = _text_of(each.get("email", "")), each.get("name")
        phrase = "" if name is None else _phrase(_text_of(name))
        if not phrase and " " in email and len(email) < 200 and _ATOMS.match(email):
            written.append(email)  # RFC 8621 4.6: a draft may hold what is half typed
            continue
        if not _EMAIL.match(email):
            raise InvalidValue(f"{email[:80]!r} is no address")
        if phrase:
            written.append(f"{phrase} <{email}>")
        elif email:
            written.append(email if _is_bare(email) else f"<{email}>")
    return written


def _is_bare(email: str) -> bool:
    return "@" in email and not email.startswith(("@", '"')) and not email.endswith("@") and "=?" not in email


def _phrase(name: str) -> str:
    """A display name (RFC 5322 3.2.5)."""
    text = " ".join(_CONTROLS.sub(" ", name).split())
    if not text or (_ATOMS.match(text) and "=?" not in text and len(text) < 200):
        return text
    if encoded_words.needs_encoding(text) or len(text) > 200:
        return "\r\n ".join(encoded_words.encode(text, 12))
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(name: str, members: list[str], separator: str) -> str:
    """Members one after the other, on a new line where there is no more room."""
    written: list[str] = []
    used = len(name) + 1
    for place, member in enumerate(members):
        text = f"{member}{separator}" if place < len(members) - 1 else member
        first = text.partition("\r\n")[0]
        if used + len(first) + 1 > _LINE and written:
            written.append("\r\n")
            used = 0
        written.append(f" {text}")
        used = used + len(text) + 1 if "\r\n" not in text else len(text.rpartition("\r\n")[2])
    return "".join(written)


def _message_ids(name: str, value: Any) -> str:
    return _listed(name, [f"<{_matching(_ID, each, 'message id')}>" for each in _texts(value)], "")


def _urls(name: str, value: Any) -> str:
    return _listed(name, [f"<{_matching(_ID, each, 'URL')}>" for each in _texts(value)], ",")


def _date(name: str, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(_text_of(value))
    except ValueError:
        raise InvalidValue("it is no date") from None
    offset = moment.utcoffset()
    if offset is None:
        raise InvalidValue("it has no offset from UTC")
    minutes = int(offset / timedelta(minutes=1))
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    day = f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d}"
    return f" {day} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} {zone}"


def parameters(value: str, given: Mapping[str, str | None]) -> str:
    """A value and its parameters, folded between them (RFC 2045 5.1, RFC 2231)."""
    written = [value]
    used = len(value) + _FIELD_NAME
    for name, content in given.items():
        for each in _parameter(name, _CONTROLS.sub(" ", content)) if content is not None else ():
            folds = used + len(each) + 3 > _LINE
            written.append(f";{_FOLD if folds else ' '}{each}")
            used = len(each) + 1 if folds else used + len(each) + 2
    return "".join(written)


def _parameter(name: str, content: str) -> list[str]:
    if content.isascii() and "=?" not in content and len(content) <= _SECTION:
        if _TOKEN.match(content):
            return [f"{name}={content}"]
        if content.strip() == content:
            escaped = content.replace("\\", "\\\\").replace('"', '\\"')
            return [f'{name}="{escaped}"']
    encoded = [quote(character, safe=_ATTRIBUTE, errors="replace") for character in content]
    sections = [""]
    for each in encoded:
        if len(sections[-1]) + len(each) > _SECTION:
            sections.append("")
        sections[-1] += each
    if len(sections) == 1:
        return [f"{name}*=utf-8''{sections[0]}"]
    first, *rest = sections
    return [f"{name}*0*=utf-8''{first}", *(f"{name}*{number}*={each}" for number, each in enumerate(rest, start=1))]


def _text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue("it is no text")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidValue("it is no list")
    return [_text_of(each) for each in value]


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.match(text):
        raise InvalidValue(f"{text[:80]!r} is no {what}")
    return text


_WRITERS: Mapping[Form, Callable[[str, Any], str]] = {
    Form.RAW: _raw,
    Form.TEXT: _text,
    Form.ADDRESSES: _addresses,
    Form.GROUPED_ADDRESSES: _grouped,
    Form.MESSAGE_IDS: _message_ids,
    Form.DATE: _date,
    Form.URLS: _urls,
}
