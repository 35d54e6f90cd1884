"""Header fields of an e-mail to be made, of its own or of a part: ``subject``, ``header:X-Note:asText`` (RFC 8621 4.6).

Every value is tried here, so that each wrong one is named; writing them is the composer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from stalwart.codec.mime import header_writer
from stalwart.codec.mime.header_forms import CONVENIENCE, Form, InvalidProperty, parse_property
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.patch import Path

Field = tuple[str, Form, Any]

SPELLINGS: Final = {
    "messageId": "Message-ID",
    "inReplyTo": "In-Reply-To",
    "references": "References",
    "sender": "Sender",
    "from": "From",
    "to": "To",
    "cc": "Cc",
    "bcc": "Bcc",
    "replyTo": "Reply-To",
    "subject": "Subject",
    "sentAt": "Date",
}
"""The fields that the convenience properties of an e-mail stand for (RFC 8621 4.1.2.3)."""

MOST_FIELDS: Final = 1000
MOST_OCTETS: Final = 512 << 10


@define
class Fields:
    """Those of one e-mail, or of one part: ``written`` are to be written, ``names`` are given, in lower case."""

    faults: Faults
    path: Path = ()
    written: list[Field] = field(factory=list)
    names: dict[str, str] = field(factory=dict)
    octets: int = 0

    def take(self, key: str, value: Any) -> None:
        """A convenience property or one that begins with ``header:``."""
        try:
            wanted = CONVENIENCE.get(key) or parse_property(key)
        except InvalidProperty as problem:
            self.fault(key, f"cannot be set: {problem}")
            return
        name = SPELLINGS.get(key) or key.split(":")[1]
        if not self.claim(wanted.name, key):
            return
        if value is None:
            return
        if outweighs(value, MOST_OCTETS):
            raise _too_large()
        if wanted.all and not isinstance(value, list):
            self.fault(key, "must be a list")
            return
        for each in value if wanted.all else (value,):
            if each != [] or wanted.form is Form.RAW:
                self._put(key, name, wanted.form, each)

    def claim(self, name: str, key: str) -> bool:
        """Say that ``key`` stands for the field ``name``; False if another property does (RFC 8621 4.6)."""
        former = self.names.setdefault(name, key)
        if former == key:
            return True
        self.fault(key, f'stands for the same header field as "{former[:100]}"')
        return False

    def fault(self, key: str, rule: str) -> None:
        """A property is wrong."""
        self.faults.add((*self.path, key), rule)

    def _put(self, key: str, name: str, form: Form, value: Any) -> None:
        rule = _unsound(form, value)
        if rule is not None:
            self.fault(key, rule)
            return
        try:
            self.octets += len(header_writer.field(name, form, value))
        except InvalidValue as problem:
            self.fault(key, f"cannot be written: {problem}")
            return
        self.written.append((name, form, value))
        if len(self.written) > MOST_FIELDS or self.octets > MOST_OCTETS:
            raise _too_large()


def outweighs(value: Any, most: int) -> bool:
    """Whether a JSON value has more than so many characters and other values, of which each counts for some."""
    weight, pending = 0, [value]
    while pending:
        each = pending.pop()
        weight += 8
        if isinstance(each, str):
            weight += len(each)
        elif isinstance(each, (list, dict)):
            if len(each) > most:
                return True
            pending += each.values() if isinstance(each, dict) else each
            weight += sum(map(len, each)) if isinstance(each, dict) else 0
        if weight > most:
            return True
    return False


def _too_large() -> SetRefused:
    return SetRefused("tooLarge", f"The header is larger than {MOST_FIELDS} fields or {MOST_OCTETS} octets.")


def _unsound(form: Form, value: Any) -> str | None:
    """Which rule of the form's JSON a value breaks, where the writer would be lenient."""
    if form is Form.ADDRESSES:
        return _addresses(value)
    if form is Form.GROUPED_ADDRESSES:
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            return "must be a list of groups"
        return next((rule for each in value if (rule := _addresses(each.get("addresses")))), None)
    return None


def _addresses(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        return "must be a list of addresses"
    if not all(isinstance(each.get("email"), str) for each in value):
        return "has an address without an email"
    return None
