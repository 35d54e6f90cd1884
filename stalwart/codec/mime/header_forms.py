"""The parsed forms of header fields, and ``header:Name:asForm:all`` (RFC 8621 4.1.2, 4.1.3).

Which form a field may have is the RFC's list; fields that neither RFC 5322 nor RFC 2369 defines may have any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

import attrs

from stalwart.codec.mime import addresses, dates, message_ids
from stalwart.codec.mime.encoded_words import composed, decode, unfold
from stalwart.codec.mime.headers import Field, text


class Form(Enum):
    """How a value is shown."""

    RAW = "asRaw"
    TEXT = "asText"
    ADDRESSES = "asAddresses"
    GROUPED_ADDRESSES = "asGroupedAddresses"
    MESSAGE_IDS = "asMessageIds"
    DATE = "asDate"
    URLS = "asURLs"


class InvalidProperty(ValueError):
    """No header property, or a form that its field cannot have; the message is half a sentence."""


_ADDRESS_FORMS = frozenset({Form.RAW, Form.ADDRESSES, Form.GROUPED_ADDRESSES})
_ID_FORMS = frozenset({Form.RAW, Form.MESSAGE_IDS})
_DATE_FORMS = frozenset({Form.RAW, Form.DATE})
_TEXT_FORMS = frozenset({Form.RAW, Form.TEXT})
_URL_FORMS = frozenset({Form.RAW, Form.URLS})
_RAW_ONLY = frozenset({Form.RAW})
_ANY = frozenset(Form)
_ALLOWED: Mapping[str, frozenset[Form]] = {
    **dict.fromkeys(("from", "sender", "reply-to", "to", "cc", "bcc"), _ADDRESS_FORMS),
    **dict.fromkeys(
        ("resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc"), _ADDRESS_FORMS
    ),
    **dict.fromkeys(("message-id", "in-reply-to", "references", "resent-message-id"), _ID_FORMS),
    **dict.fromkeys(("date", "resent-date"), _DATE_FORMS),
    **dict.fromkeys(("subject", "comments", "keywords"), _TEXT_FORMS),
    **dict.fromkeys(
        ("list-help", "list-unsubscribe", "list-subscribe", "list-post", "list-owner", "list-archive"), _URL_FORMS
    ),
    **dict.fromkeys(("return-path", "received"), _RAW_ONLY),
}
_NAME = re.compile(r"[!-9;-~]+\Z")
_URL_PART = re.compile(r"\((?:[^()\\]|\\.)*+\)|<([^<>]*+)>", re.S)
_BLANK = re.compile(r"\s+")


@attrs.frozen
class HeaderProperty:
    """A header property as asked for: ``key`` is its spelling in the request, ``name`` the field in lower case."""

    key: str
    name: str
    form: Form
    all: bool


def forms_of(name: str) -> frozenset[Form]:
    """The forms that a field may be shown and set in."""
    return _ALLOWED.get(name.lower(), _ANY)


def parse_property(key: str) -> HeaderProperty:
    """``header:Name``, ``header:Name:asForm``, each with ``:all`` behind it. Raises ``InvalidProperty``."""
    prefix, _, rest = key.partition(":")
    name, *suffixes = rest.split(":")
    if prefix != "header" or not _NAME.match(name):
        raise InvalidProperty("it names no header field")
    every = bool(suffixes) and suffixes[-1] == "all"
    if every:
        suffixes.pop()
    if len(suffixes) > 1:
        raise InvalidProperty("it has more than a form and all, in this order")
    try:
        form = Form(suffixes[0]) if suffixes else Form.RAW
    except ValueError:
        raise InvalidProperty(f"there is no form {suffixes[0][:40]}") from None
    if form not in forms_of(name):
        raise InvalidProperty(f"{name[:80]} cannot be shown {form.value}")
    return HeaderProperty(key, name.lower(), form, every)


CONVENIENCE: Mapping[str, HeaderProperty] = {
    key: HeaderProperty(key, name, form, False)
    for key, name, form in (
        ("messageId", "message-id", Form.MESSAGE_IDS),
        ("inReplyTo", "in-reply-to", Form.MESSAGE_IDS),
        ("references", "references", Form.MESSAGE_IDS),
        ("sender", "sender", Form.ADDRESSES),
        ("from", "from", Form.ADDRESSES),
        ("to", "to", Form.ADDRESSES),
        ("cc", "cc", Form.ADDRESSES),
        ("bcc", "bcc", Form.ADDRESSES),
        ("replyTo", "reply-to", Form.ADDRESSES),
        ("subject", "subject", Form.TEXT),
        ("sentAt", "date", Form.DATE),
    )
}


def value_of(data: bytes, fields: tuple[Field, ...], wanted: HeaderProperty) -> Any:
    """The value of a header property: of the last field of that name, or of each (RFC 8621 4.1.3)."""
    form = _FORMS[wanted.form]
    if wanted.all:
        return [form(text(data[begin:end])) for name, begin, end in fields if name.lower() == wanted.name]
    for name, begin, end in reversed(fields):
        if len(name) == len(wanted.name) and name.lower() == wanted.name:
            return form(text(data[begin:end]))
    return None


def values_of(data: bytes, fields: tuple[Field, ...], wanted: Mapping[str, HeaderProperty]) -> dict[str, Any]:
    """Several properties at once, under the keys of ``wanted``."""
    return dict(each_value(data, fields, wanted))


def each_value(
    data: bytes, fields: tuple[Field, ...], wanted: Mapping[str, HeaderProperty]
) -> Iterator[tuple[str, Any]]:
    """Each property with its value, made when it is asked for; the names of the fields are read once.

    Properties whose spelling differs only in the case of the field's name share one value.
    """
    last: dict[str, tuple[int, int]] = {}
    for name, begin, end in fields:
        last[name.lower()] = (begin, end)
    made: dict[tuple[str, Form, bool], Any] = {}
    for key, each in wanted.items():
        same = (each.name, each.form, each.all)
        if same not in made:
            if each.all:
                made[same] = value_of(data, fields, each)
            else:
                place = last.get(each.name)
                made[same] = None if place is None else _FORMS[each.form](text(data[place[0] : place[1]]))
        yield key, made[same]


def reader_of(form: Form) -> Callable[[str], Any]:
    """What makes a value in this form of a raw one."""
    return _FORMS[form]


def as_raw(value: str) -> str:
    """RFC 8621 4.1.2.1: as it stands there, blank before it and folds included."""
    return value


def as_text(value: str) -> str:
    """RFC 8621 4.1.2.2: unfolded, encoded words decoded, NFC."""
    return composed(decode(unfold(value).lstrip(" \t\r\n")))


def as_addresses(value: str, lenient: bool = False) -> list[dict[str, str | None]]:
    """RFC 8621 4.1.2.3: all mailboxes, groups forgotten."""
    return [_shown(each) for each in addresses.mailboxes(addresses.parse(value, lenient))]


def as_grouped_addresses(value: str, lenient: bool = False) -> list[dict[str, Any]]:
    """RFC 8621 4.1.2.4."""
    groups = addresses.parse(value, lenient)
    return [{"name": group.name, "addresses": [_shown(each) for each in group.addresses]} for group in groups]


def _shown(address: addresses.Address) -> dict[str, str | None]:
    return {"name": address.name, "email": address.email}


def as_message_ids(value: str) -> list[str] | None:
    """RFC 8621 4.1.2.5."""
    return message_ids.as_message_ids(value)


def as_date(value: str) -> str | None:
    """RFC 8621 4.1.2.6."""
    return dates.as_date(value)


def as_urls(value: str) -> list[str] | None:
    """RFC 8621 4.1.2.7, RFC 2369 2: what stands in angle brackets; None if there is nothing."""
    found = [_BLANK.sub("", match[1]) for match in _URL_PART.finditer(value) if match[1] is not None]
    return [url for url in found if url] or None


_FORMS: Mapping[Form, Callable[[str], Any]] = {
    Form.RAW: as_raw,
    Form.TEXT: as_text,
    Form.ADDRESSES: as_addresses,
    Form.GROUPED_ADDRESSES: as_grouped_addresses,
    Form.MESSAGE_IDS: as_message_ids,
    Form.DATE: as_date,
    Form.URLS: as_urls,
}
