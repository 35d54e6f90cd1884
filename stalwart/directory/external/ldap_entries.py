"""What an entry of an LDAP directory says about a person or group, by the names of attributes in the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from stalwart.config.identity.directory import Ldap
from stalwart.net.ldap_messages import Entry
from stalwart.schema.formats import email_address

_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)\Z", re.S)


def values(entry: Entry, names: Iterable[str]) -> list[bytes]:
    """The values of the attributes ``names``, in the order of the names, then as the server sent them."""
    keys = dict.fromkeys(name.partition(";")[0].lower() for name in sorted(names))
    return [value for key in keys for value in entry.attributes.get(key, ())]


def texts(entry: Entry, names: Iterable[str]) -> list[str]:
    """`values` as text; those that are none are left out."""
    found = []
    for value in values(entry, names):
        try:
            found.append(value.decode().strip())
        except UnicodeDecodeError:
            continue
    return [text for text in found if text]


def addresses(entry: Entry, names: Iterable[str]) -> list[str]:
    """The addresses among `texts`, in lower case, each once."""
    return list(dict.fromkeys(found for text in texts(entry, names) if (found := address_in(text)) is not None))


def address_in(text: str) -> str | None:
    """The address that a value holds, None for another kind of value.

    Active Directory's ``proxyAddresses`` have the kind before them: ``smtp:alias@example.org``.
    """
    if match := _PREFIX.match(text):
        if match[1].lower() != "smtp":
            return None
        text = match[2]
    try:
        return email_address(text)
    except ValueError:
        return None


def kind_of(entry: Entry, settings: Ldap) -> Literal["User", "Group"]:
    """A group if one of its classes is that of groups."""
    wanted = settings.group_class.lower()
    return "Group" if any(text.lower() == wanted for text in texts(entry, settings.attr_class)) else "User"


def group_references(entry: Entry, settings: Ldap) -> tuple[list[str], list[bytes]]:
    """What the entry says about its groups: addresses, and DNs that have to be looked up."""
    known, unknown = [], []
    for text in texts(entry, settings.attr_member_of):
        address = None if "=" in text.partition("@")[0] else address_in(text)
        if address is not None:
            known.append(address)
        elif "=" in text:
            unknown.append(text.encode())
    return known, unknown


def same_dn(dn: bytes) -> bytes:
    """A form in which a DN can be compared well enough to save a search: spaces and case do not count."""
    return re.sub(rb"\s*([,=+])\s*", rb"\1", dn).lower()
