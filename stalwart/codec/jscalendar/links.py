"""What an event refers to: ATTACH, IMAGE, LINK and URL as links (RFC 8984 1.4.11, RFC 7986 5.10, RFC 9253 8.2).

Attachments have the relation ``enclosure``, images ``icon``; a URL has none. So each comes back as what it was.
"""

from __future__ import annotations

import re
from typing import Final

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.jscalendar.reading import Aspect, Reading, Writing, identified, write_items
from stalwart.codec.jscalendar.values import Json, derived_id

_NAMES: Final = ("ATTACH", "IMAGE", "LINK", "URL")
_DATA = re.compile(r"data:([^,;]*)(?:;[^,;]*)*;base64,([A-Za-z0-9+/=]*)\Z", re.ASCII)
_TITLES: Final = {"ATTACH": "FILENAME", "IMAGE": "FILENAME", "LINK": "LABEL"}


def _is_binary(item: Property) -> bool:
    return (item.parameter("VALUE") or "").upper() == "BINARY"


def _href(item: Property) -> str:
    if _is_binary(item):
        return f"data:{item.parameter('FMTTYPE') or 'application/octet-stream'};base64,{item.value.strip()}"
    return item.value.strip()


def _derived(item: Property) -> str:
    return derived_id(item.name, item.value.strip())


def _read(reading: Reading) -> None:
    items = [item for name in _NAMES if name in reading.items for item in reading.take(name)]
    if not items:
        return
    found: Json = {}
    for key, item in identified(items, _derived):
        made = _link(item)
        if made is None:
            reading.unread.append(item)
        else:
            found[key] = made
    if found:
        reading.made["links"] = found


def _link(item: Property) -> Json | None:
    if not item.value.strip() or (item.name == "LINK" and (item.parameter("VALUE") or "URI").upper() != "URI"):
        return None
    made: Json = {"@type": "Link", "href": _href(item)}
    kind, size, rel = item.parameter("FMTTYPE"), item.parameter("SIZE"), _relation(item)
    if kind:
        made["contentType"] = kind
    if size and size.isdecimal() and size.isascii() and len(size) < 16:
        made["size"] = int(size)
    if rel:
        made["rel"] = rel
    if item.name == "IMAGE":
        displays = {each.strip().lower(): True for each in item.parameters.get("DISPLAY", ()) if each.strip()}
        if displays:
            made["display"] = displays
    title = item.parameter(_TITLES.get(item.name, "LABEL"))
    if title:
        made["title"] = title
    return made


def _relation(item: Property) -> str | None:
    return {"ATTACH": "enclosure", "IMAGE": "icon", "LINK": item.parameter("LINKREL") or "related"}.get(item.name)


def _kind(given: Json) -> str:
    rel = given.get("rel")
    if rel == "icon" or given.get("display"):
        return "IMAGE"
    if rel == "enclosure":
        return "ATTACH"
    return "URL" if rel is None else "LINK"


def _property(key: str, given: Json, over: Property | None) -> Property | None:
    href, name = given.get("href"), _kind(given)
    if not href:
        return None
    if over is None or over.name != name:
        over = Property.made(name, "")
    made = over
    if _href(over) != href:
        made = _with_href(over, href)
    if name != "URL":
        wanted = {"FMTTYPE": given.get("contentType"), _TITLES[name]: given.get("title")}
        size = given.get("size")
        wanted["SIZE"] = None if size is None else str(size)
        if name == "LINK":
            wanted["LINKREL"] = given.get("rel")
        for parameter, text in wanted.items():
            made = made.with_parameter(parameter, text) if text else made.without_parameters(parameter)
        displays = [each.upper() for each in given.get("display") or ()]
        made = made.with_parameter("DISPLAY", displays) if displays else made.without_parameters("DISPLAY")
    return made


def _with_href(over: Property, href: str) -> Property:
    """Another target: octets that are within it are written as iCalendar has them (RFC 5545 3.8.1.1)."""
    bare = over.without_parameters("VALUE", "ENCODING", "MANAGED-ID", "SIZE", "FILENAME")
    found = _DATA.match(href) if over.name in ("ATTACH", "IMAGE") else None
    if found is not None:
        return bare.with_parameter("ENCODING", "BASE64").with_parameter("VALUE", "BINARY").with_value(found.group(2))
    return (bare if over.name in ("ATTACH", "URL") else bare.with_parameter("VALUE", "URI")).with_value(href)


def _write(writing: Writing) -> None:
    component = writing.component
    old, new = writing.old.get("links") or {}, writing.new.get("links") or {}
    present = identified([item for name in _NAMES for item in component.all(name)], _derived)
    known = [(key, item) for key, item in present if _link(item) is not None]
    urls = [key for key, each in new.items() if isinstance(each, dict) and _kind(each) == "URL"]
    if len(urls) > 1:
        # RFC 5545 3.6.1: one URL; what is more has no property.
        kept = next((key for key, item in known if item.name == "URL" and key in urls), urls[0])
        new = {key: each for key, each in new.items() if key not in urls or key == kept}
    write_items(component, known, old, new, _property, _derived)


LINKS: Final = Aspect(("links",), _read, _write)
