"""A property of vCard as an entry of a map in JSContact (RFC 9555 2.5 to 2.13): e-mail addresses, phones, titles ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from stalwart.codec.content_lines import parted, text_list, unescaped
from stalwart.codec.jscontact.components import address_values, components_of
from stalwart.codec.jscontact.jcard import Parameters
from stalwart.codec.jscontact.pointers import copied
from stalwart.codec.jscontact.values import (
    is_plain,
    is_tag,
    is_uri,
    is_zone,
    link_of,
    moment_of,
    number_of,
    offset_zone,
    uri_of,
)
from stalwart.codec.jscontact.vocabulary import ADDRESS_KINDS, EXPERTISE_LEVELS, LEVELS, Entry, Value
from stalwart.codec.vcard.lines import CardProperty

Objects = list[Value] | None
"""What a property becomes: nothing, if it is empty; None if JSContact cannot say it."""

_GOOGLE: Final = 8
_GREATEST: Final = 2**53 - 1


def objects_of(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """The entries that a property becomes; what means something is taken out of the parameters."""
    made = _MAKERS.get(entry.property, _plain)(item, entry, given)
    if not made:
        return made
    described: Value = {}
    _described(described, entry, given)
    for found in made:
        found.update(copied(described) if len(made) > 1 else described)
    return made


def _plain(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    written = item.value
    if not written or written.isspace():
        return []
    if entry.is_uri:
        if given.get("VALUE", ("",))[0].strip().lower() == "text":
            return None
        value = (link_of if entry.member == ("links",) else uri_of)(written)
    else:
        value = unescaped(written)
    if value is None or (entry.property == "EMAIL" and not is_plain(value)):
        return None
    found: Value = {} if entry.kind is None else {"kind": entry.kind}
    found[entry.value] = value
    return [found]


def _described(found: Value, entry: Entry, given: Parameters) -> None:
    if not given:
        return
    if "TYPE" in given:
        _types(found, entry, given)
    if entry.pref and "PREF" in given:
        pref = number_of(given["PREF"][0], 100)
        if pref is not None:
            found["pref"] = pref
            del given["PREF"]
    if entry.media and is_plain(given.get("MEDIATYPE", ("",))[0]):
        found["mediaType"] = given.pop("MEDIATYPE")[0]
    if entry.order and "INDEX" in given:
        index = number_of(given["INDEX"][0], _GREATEST)
        if index is not None:
            found["listAs"] = index
            del given["INDEX"]


def _types(found: Value, entry: Entry, given: Parameters) -> None:
    """TYPE; several of them may stand within the same quotes (RFC 9555 2.7.6)."""
    contexts: dict[str, bool] = {}
    features: dict[str, bool] = {}
    rest = []
    for said in given.pop("TYPE"):
        for each in said.split(","):
            lower = each.strip().lower()
            if lower in entry.contexts:
                contexts[entry.contexts[lower]] = True
            elif lower in entry.features:
                features[entry.features[lower]] = True
            elif lower == "pref" and entry.pref:
                found["pref"] = 1
            elif lower:
                rest.append(each.strip())
    if contexts:
        found["contexts"] = contexts
    if features:
        found["features"] = features
    if rest:
        given["TYPE"] = tuple(rest)


def _nicknames(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    return [{"name": text} for text in text_list(item.value) if text.strip()]


def _organization(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """RFC 9555 2.9.4."""
    name, *units = [unescaped(part) for part in parted(item.value, ";")]
    found: Value = {}
    if name.strip():
        found["name"] = name
    made: list[Value] = [{"name": unit} for unit in units]
    sorting = given.get("SORT-AS")
    if sorting is not None:
        order, *orders = [unescaped(part) for part in parted(",".join(sorting), ",")]
        if len(orders) <= len(made):
            del given["SORT-AS"]
            if order:
                found["sortAs"] = order
            for unit, said in zip(made, orders, strict=False):
                if said:
                    unit["sortAs"] = said
    made = [unit for unit in made if unit["name"].strip()]
    if made:
        found["units"] = made
    return [found] if "name" in found or made else []


def _note(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """RFC 9555 2.11.4, 2.3.2, 2.3.3, 2.3.6."""
    text = unescaped(item.value)
    if not text.strip():
        return []
    found: Value = {"note": text}
    if "CREATED" in given:
        created = moment_of(given["CREATED"][0], without_zone=True)
        if created is not None:
            found["created"] = created
            del given["CREATED"]
    author: Value = {}
    name, uri = given.get("AUTHOR-NAME", ("",))[0], given.get("AUTHOR", ("",))[0]
    if name:
        author["name"] = name
        del given["AUTHOR-NAME"]
    if uri and is_uri(uri):
        author["uri"] = uri
        del given["AUTHOR"]
    if author:
        found["author"] = author
    return [found]


def _personal(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """RFC 9555 2.10, 2.3.13."""
    made = _plain(item, entry, given)
    level = given.get("LEVEL", ("",))[0].strip().lower()
    if entry.kind == "expertise":
        level = EXPERTISE_LEVELS.get(level, level)
    if made and level in LEVELS:
        made[0]["level"] = level
        del given["LEVEL"]
    return made


def _language(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    tag = item.value.strip()
    if not tag:
        return []
    return [{"language": tag}] if is_tag(tag) else None


def _messenger(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """IMPP (RFC 9555 2.7.2); a value without a scheme is the name of somebody at the service."""
    found = _at_service(item, given)
    if found:
        found["vCardName"] = "impp"
        _service(found, given)
    return [found] if found else []


def _profile(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """SOCIALPROFILE (RFC 9555 2.7.5)."""
    found = _at_service(item, given)
    if found:
        _service(found, given)
    return [found] if found else []


def _apple_profile(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """X-SOCIALPROFILE, whose type is the service."""
    found = _at_service(item, given)
    if not found:
        return []
    found["vCardName"] = "x-socialprofile"
    _service(found, given)
    types = given.get("TYPE", ())
    service = next((each for each in types if each.strip().lower() not in ("home", "work", "pref", "")), None)
    if service is not None and "service" not in found:
        found["service"] = service
        rest = tuple(each for each in types if each is not service)
        del given["TYPE"]
        if rest:
            given["TYPE"] = rest
    if "user" not in found and given.get("X-USER", ("",))[0]:
        found["user"] = given.pop("X-USER")[0]
    return [found]


def _at_service(item: CardProperty, given: Parameters) -> Value:
    written = item.value.strip()
    if not written:
        return {}
    uri = None if given.get("VALUE", ("",))[0].strip().lower() == "text" else uri_of(written)
    return {"uri": uri} if uri is not None else {"user": unescaped(written)}


def _service(found: Value, given: Parameters) -> None:
    for name in ("SERVICE-TYPE", "X-SERVICE-TYPE"):
        if given.get(name, ("",))[0] and "service" not in found:
            found["service"] = given[name][0]
            if name == "SERVICE-TYPE":
                del given[name]
    if "uri" in found and given.get("USERNAME", ("",))[0]:
        found["user"] = given.pop("USERNAME")[0]


def _address(item: CardProperty, entry: Entry, given: Parameters) -> Objects:
    """RFC 9555 2.6.1."""
    written = item.value
    order = given.pop("JSCOMPS", None)
    found: Value = {}
    values = address_values(written)
    last = parted(written, ";")[-1] if len(values) > 1 and (7, 0) in values else ""
    if last and "\\n" in last and written.count(";") == _GOOGLE - 1:
        values = address_values(written[: -len(last)])  # an address as Google writes it, with all of it at the end
        found["full"] = unescaped(last)
    found.update(components_of(values, ADDRESS_KINDS, order[0] if order else None)[0])
    label = given.pop("LABEL", None)
    if label is not None and label[0].strip():
        found["full"] = unescaped(label[0])
    geo = uri_of(given.get("GEO", ("",))[0])
    if geo is not None and geo[:4].lower() == "geo:":
        found["coordinates"] = geo
        del given["GEO"]
    zone = given.get("TZ", ("",))[0]
    zone = zone if is_zone(zone) else offset_zone(zone) or ""
    if zone:
        found["timeZone"] = zone
        del given["TZ"]
    country = given.get("CC", ("",))[0].strip()
    if len(country) == 2 and country.isascii() and country.isalpha():
        found["countryCode"] = country
        del given["CC"]
    return [found] if found else []


_MAKERS: Final[Mapping[str, Callable[[CardProperty, Entry, Parameters], Objects]]] = {
    "ADR": _address,
    "NICKNAME": _nicknames,
    "ORG": _organization,
    "NOTE": _note,
    "LANG": _language,
    "IMPP": _messenger,
    "SOCIALPROFILE": _profile,
    "X-SOCIALPROFILE": _apple_profile,
    "EXPERTISE": _personal,
    "HOBBY": _personal,
    "INTEREST": _personal,
}
