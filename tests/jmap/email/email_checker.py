"""What RFC 8621 4.1 says of each property of an Email, as checks: ``check_email`` complains of anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

ID = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
UTC_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)
TYPE = re.compile(r"[!-.0-9:-~]+/[!-~]+\Z", re.ASCII)
KEYWORD = re.compile(r"[a-z0-9!#$&'+,\-./:;<=>?@\[^_`|}~]{1,255}\Z", re.ASCII)

Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    value.encode("utf-8")  # no surrogates
    return "\0" not in value


def number(value: Any) -> bool:
    return type(value) is int and value >= 0


def boolean(value: Any) -> bool:
    return isinstance(value, bool)


def matches(form: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and form.match(value) is not None


def nullable(check: Check) -> Check:
    return lambda value: value is None or check(value)


def listed(check: Check, least: int = 0) -> Check:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(check, value))


def struct(**members: Check) -> Check:
    return lambda value: (
        isinstance(value, dict)
        and set(value) == set(members)
        and all(check(value[name]) for name, check in members.items())
    )


def truths(key: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(key(each) and there is True for each, there in value.items())


identifier = matches(ID)
address = struct(name=nullable(text), email=text)
addresses = listed(address)
group = struct(name=nullable(text), addresses=addresses)
message_id = lambda value: text(value) and value and "<" not in value and ">" not in value  # noqa: E731
message_ids = nullable(listed(message_id, least=1))
FORMS: Mapping[str, Check] = {
    "asRaw": text,
    "asText": text,
    "asAddresses": addresses,
    "asGroupedAddresses": listed(group),
    "asMessageIds": message_ids,
    "asDate": nullable(matches(DATE)),
    "asURLs": nullable(listed(text, least=1)),
}
HEADERS = listed(struct(name=text, value=text))
VALUE = struct(value=text, isEncodingProblem=boolean, isTruncated=boolean)
EMAIL: Mapping[str, Check] = {
    "id": identifier,
    "blobId": identifier,
    "threadId": identifier,
    "mailboxIds": lambda value: truths(identifier)(value) and value,
    "keywords": truths(matches(KEYWORD)),
    "size": number,
    "receivedAt": matches(UTC_DATE),
    **dict.fromkeys(("messageId", "inReplyTo", "references"), message_ids),
    **dict.fromkeys(("sender", "from", "to", "cc", "bcc", "replyTo"), nullable(addresses)),
    "subject": nullable(text),
    "sentAt": nullable(matches(DATE)),
    "hasAttachment": boolean,
    "preview": lambda value: text(value) and len(value) <= 256,
    "headers": HEADERS,
}
PART: Mapping[str, Check] = {
    "partId": nullable(lambda value: text(value) and value),
    "blobId": nullable(identifier),
    "size": number,
    "headers": HEADERS,
    "name": nullable(text),
    "type": lambda value: matches(TYPE)(value) and value == value.lower(),
    "charset": nullable(text),
    "disposition": nullable(lambda value: text(value) and value == value.lower()),
    "cid": nullable(lambda value: text(value) and "<" not in value),
    "language": nullable(listed(text)),
    "location": nullable(text),
}


class Wrong(AssertionError):
    """A value is not what the RFC says."""


def check_email(email: Mapping[str, Any], names: Collection[str], part_names: Collection[str]) -> None:
    """``names`` are the properties asked for, ``id`` among them; ``part_names`` those of body parts."""
    require(set(email) == set(names), f"has {sorted(email)}, not {sorted(names)}")
    for name, value in email.items():
        if name.startswith("header:"):
            check_header(name, value)
        elif name in EMAIL:
            require(bool(EMAIL[name](value)), f"{name}: {value!r}")
    parts = []
    if "bodyStructure" in email:
        parts = check_part(email["bodyStructure"], part_names)
        ids = [each["partId"] for each in parts if each["partId"] is not None]
        require(len(ids) == len(set(ids)), "partIds are unique")
    for name in ("textBody", "htmlBody", "attachments"):
        for part in email.get(name, ()):
            check_part(part, part_names)
            require(part["partId"] is not None, f"{name} has a multipart")
            require(not parts or part in parts, f"{name} has a part that bodyStructure has not")
    for part_id, value in email.get("bodyValues", {}).items():
        require(VALUE(value), f"bodyValues/{part_id}: {value!r}")
        require("\r\n" not in value["value"], "CRLF becomes LF")
        require(not parts or any(part["partId"] == part_id for part in parts), f"no part {part_id}")


def check_part(part: Mapping[str, Any], names: Collection[str]) -> list[Mapping[str, Any]]:
    """An EmailBodyPart and those below it; answers them all."""
    is_multipart = part["type"].startswith("multipart/")
    expected = set(names) | ({"subParts"} if is_multipart else set())
    require(set(part) == expected, f"a part has {sorted(part)}, not {sorted(expected)}")
    for name, value in part.items():
        if name.startswith("header:"):
            check_header(name, value)
        elif name in PART:
            require(bool(PART[name](value)), f"part {name}: {value!r}")
    require((part["partId"] is None) == is_multipart, "partId is null if and only if it is a multipart")
    require((part["blobId"] is None) == is_multipart, "blobId is null if and only if it is a multipart")
    if part["type"].startswith("text/"):
        require(part["charset"] is not None, "text has a charset, us-ascii if none is said")
    found = [part]
    if is_multipart:
        for below in part["subParts"]:
            found += check_part(below, names)
    elif "subParts" in names:
        require(part["subParts"] is None, "only multiparts have parts")
    return found


def check_header(name: str, value: Any) -> None:
    """``header:Name:asForm:all``."""
    suffixes = name.split(":")[2:]
    form = FORMS[next((each for each in suffixes if each != "all"), "asRaw")]
    check = listed(form) if "all" in suffixes else nullable(form)
    require(bool(check(value)), f"{name}: {value!r}")


def require(holds: bool, text: str) -> None:
    """Raises ``Wrong``."""
    if not holds:
        raise Wrong(text[:2000])
