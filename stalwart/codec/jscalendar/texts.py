"""Members of one value: title, description, status, priority and their like; keywords, categories and relations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import MalformedValue, escaped, moment, text_list, time_text, unescaped
from stalwart.codec.jscalendar.reading import Aspect, Reading, Writing, exchange_all, with_value
from stalwart.codec.jscalendar.values import Json, utc_seconds, utc_text
from stalwart.codec.mime.html_text import text_of

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOLD = ("ALTREP", "LANGUAGE", "DERIVED")
_MOST_DERIVED: Final = 65_536


def text_value(text: str) -> str:
    """A text as it stands in a property; what iCalendar cannot carry is left out."""
    return escaped(_CONTROLS.sub("", text))


def _text(key: str, name: str) -> Aspect:
    def read(reading: Reading) -> None:
        item = reading.one(name)
        if item is not None:
            reading.made[key] = unescaped(item.value)

    def write(writing: Writing) -> None:
        text = writing.new.get(key)
        with_value(writing.component, name, None if text is None else text_value(text), _TOLD)

    return Aspect((key,), read, write)


def _token(key: str, name: str, meanings: Mapping[str, str]) -> Aspect:
    written = {value: token for token, value in meanings.items()}

    def read(reading: Reading) -> None:
        item = reading.one(name)
        if item is not None:
            value = meanings.get(item.value.strip().upper())
            if value is None:
                reading.unread.append(item)
            else:
                reading.made[key] = value

    def write(writing: Writing) -> None:
        with_value(writing.component, name, written.get(writing.new.get(key, "")))

    return Aspect((key,), read, write)


def _number(key: str, name: str, highest: int) -> Aspect:
    def read(reading: Reading) -> None:
        item = reading.one(name)
        if item is not None:
            text = item.value.strip()
            if text.isdecimal() and text.isascii() and len(text) < 12 and int(text) <= highest:
                reading.made[key] = int(text)
            else:
                reading.unread.append(item)

    def write(writing: Writing) -> None:
        number = writing.new.get(key)
        with_value(writing.component, name, None if number is None else str(number))

    return Aspect((key,), read, write)


def _utc(reading: Reading, item: Property, key: str) -> None:
    try:
        given = moment(item.value)
        reading.made[key] = utc_text(given.local)
    except MalformedValue:
        reading.unread.append(item)


def _read_created(reading: Reading) -> None:
    item = reading.one("CREATED")
    if item is not None:
        _utc(reading, item, "created")


def _write_created(writing: Writing) -> None:
    text = writing.new.get("created")
    with_value(writing.component, "CREATED", None if text is None else time_text(utc_seconds(text), is_utc=True))


def _read_updated(reading: Reading) -> None:
    """LAST-MODIFIED; DTSTAMP where there is none, as it is the same but in messages (RFC 5545 3.8.7.2)."""
    stamp, modified = reading.one("DTSTAMP"), reading.one("LAST-MODIFIED")
    item = modified or stamp
    if item is not None:
        _utc(reading, item, "updated")


def _write_updated(writing: Writing) -> None:
    component, text = writing.component, writing.new.get("updated")
    if text is None:
        component.remove("LAST-MODIFIED")
        return
    value = time_text(utc_seconds(text), is_utc=True)
    with_value(component, "DTSTAMP", value)
    if component.has("LAST-MODIFIED"):
        with_value(component, "LAST-MODIFIED", value)


def _read_title(reading: Reading) -> None:
    item = reading.one("SUMMARY")
    if item is not None:
        reading.made["title"] = unescaped(item.value)
        language = item.parameter("LANGUAGE")
        if language:
            reading.made["locale"] = language


def _write_title(writing: Writing) -> None:
    component, title, locale = writing.component, writing.new.get("title"), writing.new.get("locale")
    if title is None:
        component.remove("SUMMARY")
        return
    item = component.first("SUMMARY")
    if item is None:
        item = Property.made("SUMMARY", text_value(title))
        component.append(item)
    made = item.without_parameters("ALTREP").with_value(text_value(title)) if _differs(writing, "title") else item
    if locale is None:
        made = made.without_parameters("LANGUAGE")
    elif made.parameter("LANGUAGE") != locale:
        made = made.with_parameter("LANGUAGE", locale)
    component.exchange(item, made)


def _differs(writing: Writing, key: str) -> bool:
    return writing.old.get(key) != writing.new.get(key)


def _read_description(reading: Reading) -> None:
    styled, plain = reading.one("STYLED-DESCRIPTION"), reading.one("DESCRIPTION")
    if styled is not None and (styled.parameter("VALUE") or "TEXT").upper() == "TEXT":
        reading.made["description"] = unescaped(styled.value)
        reading.made["descriptionContentType"] = styled.parameter("FMTTYPE") or "text/html"
    else:
        if styled is not None:
            reading.unread.append(styled)
        if plain is not None:
            reading.made["description"] = unescaped(plain.value)


def _write_description(writing: Writing) -> None:
    """RFC 9073 6.5: what is not plain text is styled, and has plain text beside it. The text that Outlook writes beside
    the plain one is of the old description."""
    component, text = writing.component, writing.new.get("description")
    kind = writing.new.get("descriptionContentType", "text/plain")
    component.remove("X-ALT-DESC")
    if text is None or kind.partition(";")[0].strip().lower() == "text/plain":
        component.remove("STYLED-DESCRIPTION")
        with_value(component, "DESCRIPTION", None if text is None else text_value(text), _TOLD)
        return
    styled = component.first("STYLED-DESCRIPTION") or Property.made("STYLED-DESCRIPTION", "", {"VALUE": "TEXT"})
    made = styled.with_parameter("FMTTYPE", kind).with_value(text_value(text))
    component.put(made) if component.has("STYLED-DESCRIPTION") else component.append(made)
    plain = text_of(text, _MOST_DERIVED) if "html" in kind.lower() else text
    with_value(component, "DESCRIPTION", text_value(plain), ("ALTREP",))
    derived = component.first("DESCRIPTION")
    if derived is not None:
        component.exchange(derived, derived.with_parameter("DERIVED", "TRUE"))


def _set(key: str, name: str, *, is_list: bool) -> Aspect:
    """A set of texts: CATEGORIES has many in a property, CONCEPT one."""

    def read(reading: Reading) -> None:
        found: Json = {}
        for item in reading.take(name):
            for each in text_list(item.value) if is_list else (item.value,):
                if each.strip():
                    found[each.strip()] = True
        if found:
            reading.made[key] = found

    def write(writing: Writing) -> None:
        component, wanted = writing.component, writing.new.get(key) or {}
        missing = dict(wanted)
        exchanged: dict[int, Property | None] = {}
        for item in component.all(name):
            present = [each.strip() for each in (text_list(item.value) if is_list else (item.value,))]
            kept = [each for each in present if each in wanted]
            if len(kept) < len(present):
                exchanged[id(item)] = item.with_value(",".join(map(text_value, kept))) if kept else None
            for each in kept:
                missing.pop(each, None)
        exchange_all(component, exchanged)
        if missing and is_list:
            component.append(Property.made(name, ",".join(map(text_value, missing))))
        elif missing:
            for each in missing:
                component.append(Property.made(name, _CONTROLS.sub("", each)))

    return Aspect((key,), read, write)


def _read_relations(reading: Reading) -> None:
    found: Json = {}
    for item in reading.take("RELATED-TO"):
        related = found.setdefault(unescaped(item.value), {"@type": "Relation", "relation": {}})
        kind = item.parameter("RELTYPE")
        if kind:
            related["relation"][kind.lower()] = True
    if found:
        reading.made["relatedTo"] = found


def _write_relations(writing: Writing) -> None:
    component = writing.component
    old, new = writing.old.get("relatedTo") or {}, writing.new.get("relatedTo") or {}
    items = [(unescaped(item.value), item) for item in component.all("RELATED-TO")]
    exchange_all(component, {id(item): None for uid, item in items if old.get(uid) != new.get(uid)})
    for uid, related in new.items():
        if old.get(uid) != related:
            for kind in related.get("relation") or {"": True}:
                parameters = {"RELTYPE": kind.upper()} if kind else None
                component.append(Property.made("RELATED-TO", text_value(uid), parameters))


def _read_request_status(reading: Reading) -> None:
    item = reading.one("REQUEST-STATUS")
    if item is not None:
        reading.made["requestStatus"] = item.value


def _write_request_status(writing: Writing) -> None:
    text = writing.new.get("requestStatus")
    with_value(writing.component, "REQUEST-STATUS", None if text is None else _CONTROLS.sub("", text))


EVENT_STATUS: Final = {"CONFIRMED": "confirmed", "CANCELLED": "cancelled", "TENTATIVE": "tentative"}
PROGRESS: Final = {
    "NEEDS-ACTION": "needs-action",
    "IN-PROCESS": "in-process",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
PRIVACY: Final = {"PUBLIC": "public", "PRIVATE": "private", "CONFIDENTIAL": "secret"}
FREE_BUSY: Final = {"OPAQUE": "busy", "TRANSPARENT": "free"}

COMMON: Final = (
    _text("uid", "UID"),
    Aspect(("updated",), _read_updated, _write_updated),
    Aspect(("created",), _read_created, _write_created),
    _number("sequence", "SEQUENCE", 2**31 - 1),
    Aspect(("title", "locale"), _read_title, _write_title),
    Aspect(("description", "descriptionContentType"), _read_description, _write_description),
    _set("keywords", "CATEGORIES", is_list=True),
    _set("categories", "CONCEPT", is_list=False),
    _text("color", "COLOR"),
    _number("priority", "PRIORITY", 9),
    _token("privacy", "CLASS", PRIVACY),
    Aspect(("relatedTo",), _read_relations, _write_relations),
    Aspect(("requestStatus",), _read_request_status, _write_request_status),
)
EVENT: Final = (_token("status", "STATUS", EVENT_STATUS), _token("freeBusyStatus", "TRANSP", FREE_BUSY))
TASK: Final = (
    _token("progress", "STATUS", PROGRESS),
    _token("freeBusyStatus", "TRANSP", FREE_BUSY),
    _number("percentComplete", "PERCENT-COMPLETE", 100),
)
