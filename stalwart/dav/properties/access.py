"""Who may do what (RFC 3744 5, spec/dav.md 6.1, 7.1). Of grants only their makers and who may make more are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.codec.dav.multistatus import element, empty
from stalwart.codec.dav.names import name
from stalwart.codec.dav.privileges import (
    Kind,
    acl_property,
    current_user_privilege_set,
    home_privileges,
    member_privileges,
    reported,
    scheduling_privileges,
    supported_privilege_set,
)
from stalwart.codec.dav.rights import Rights
from stalwart.dav.declaring import On, prop
from stalwart.dav.properties.basics import principal_path
from stalwart.dav.shown import Shown

SORTS: Final[Mapping[On, Kind]] = {
    On.CALENDAR: "calendar",
    On.EVENT: "event",
    On.BOOK: "addressbook",
    On.CARD: "card",
    On.FOLDER: "folder",
    On.FILE: "file",
}
"""What privileges call the sorts of things that are kept."""
_SCHEDULING: Final = On.SCHEDULING | On.NOTICE
_ANYWHERE: Final = On.KEPT | On.HOME | _SCHEDULING


@prop("D:group", on=_ANYWHERE, alike=_ANYWHERE, lasting=_ANYWHERE, spec="RFC 3744 5.2")
def group(shown: Shown) -> bytes | None:
    """Nothing here belongs to a group beside its owner."""
    return empty(name("D:group"))


@prop("D:supported-privilege-set", on=_ANYWHERE, alike=_ANYWHERE, lasting=_ANYWHERE, spec="RFC 3744 5.3")
def supported_privileges(shown: Shown) -> bytes | None:
    """The tree of all that can be told."""
    if shown.on in _SCHEDULING:
        return supported_privilege_set("outbox" if shown.on is On.OUTBOX else "inbox")
    return supported_privilege_set(_sort(shown))


@prop("D:current-user-privilege-set", on=_ANYWHERE, alike=On.EVENT | On.CARD, lasting=_ANYWHERE, spec="RFC 3744 5.4")
def current_user_privileges(shown: Shown) -> bytes | None:
    """What who asks may do."""
    if shown.on in _SCHEDULING:
        told = scheduling_privileges("outbox" if shown.on is On.OUTBOX else "inbox", member=shown.is_own)
    elif shown.on is On.HOME:
        told = home_privileges(member=shown.is_own)
    else:
        told = member_privileges(_sort(shown)) if shown.is_own else reported(shown.rights, _sort(shown))
    return current_user_privilege_set(told)


@prop("D:acl", on=On.COLLECTION | On.FILE, spec="RFC 3744 5.5")
def acl(shown: Shown) -> bytes | None:
    """To whom something was granted; the owner is not in the list."""
    if shown.member is None or not (shown.is_own or shown.rights & Rights.SHARE):
        return empty(name("D:acl"))
    grants = shown.tx.shares.of_object(shown.account_id, shown.member.item_id)
    accounts = shown.tx.accounts.many(grants)
    entries = [(principal_path(row.login), Rights(grants[id])) for id, row in accounts.items()]
    return acl_property(entries, SORTS[shown.on])


@prop("D:acl-restrictions", on=_ANYWHERE, alike=_ANYWHERE, lasting=_ANYWHERE, spec="RFC 3744 5.6")
def acl_restrictions(shown: Shown) -> bytes | None:
    """Entries grant, and name who gets it."""
    return element(name("D:acl-restrictions"), empty(name("D:grant-only")), empty(name("D:no-invert")))


@prop("D:inherited-acl-set", on=_ANYWHERE, alike=_ANYWHERE, lasting=_ANYWHERE, spec="RFC 3744 5.7")
def inherited_acls(shown: Shown) -> bytes | None:
    """Nothing has rights from elsewhere."""
    return empty(name("D:inherited-acl-set"))


def _sort(shown: Shown) -> Kind:
    if shown.on is not On.HOME:
        return SORTS[shown.on]
    return "calendar" if shown.kind is not None and shown.kind.service == "cal" else "folder"
