"""Rights as privileges of WebDAV and back (RFC 3744 3, 5.3 to 5.5; RFC 4791 6.1.1; RFC 6638 6), and as XML.

A list can grant only, and to principals by their URL only. ``D:write`` is told of those who have all that it contains;
parts of it are told as what they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import or_
from typing import Literal

from stalwart.codec.dav.acl_body import Ace
from stalwart.codec.dav.errors import UnmetCondition
from stalwart.codec.dav.multistatus import element, empty, escaped, href
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.rights import Rights

Kind = Literal["calendar", "event", "addressbook", "card", "folder", "file"]
SchedulingKind = Literal["inbox", "outbox"]

_SCHEDULING = Rights.SCHEDULING_READ_FREE_BUSY | Rights.SCHEDULING_INVITE | Rights.SCHEDULING_REPLY
_CONTENT = Rights.ADD_ITEMS | Rights.MODIFY | Rights.MODIFY_ITEMS
_GRANTS: dict[Name, Rights] = {
    name("D:read"): Rights.READ | Rights.READ_ITEMS,
    name("D:write"): _CONTENT | Rights.DELETE | Rights.REMOVE_ITEMS | Rights.RENAME,
    name("D:write-content"): _CONTENT,
    name("D:write-properties"): Rights.MODIFY,
    name("D:write-acl"): Rights.SHARE,
    name("D:bind"): Rights.ADD_ITEMS,
    name("D:unbind"): Rights.REMOVE_ITEMS,
    # These come with others and say nothing alone.
    name("D:read-acl"): Rights.NONE,
    name("D:read-current-user-privilege-set"): Rights.NONE,
    name("D:unlock"): Rights.NONE,
}
_CALENDAR_GRANTS: dict[Name, Rights] = {
    name("A:read-free-busy"): Rights.SCHEDULING_READ_FREE_BUSY,
    name("A:schedule-query-freebusy"): Rights.SCHEDULING_READ_FREE_BUSY,
    name("A:schedule-send-freebusy"): Rights.SCHEDULING_READ_FREE_BUSY,
    name("A:schedule-deliver"): _SCHEDULING,
    name("A:schedule-send"): _SCHEDULING,
    name("A:schedule-deliver-invite"): Rights.SCHEDULING_INVITE,
    name("A:schedule-send-invite"): Rights.SCHEDULING_INVITE,
    name("A:schedule-deliver-reply"): Rights.SCHEDULING_REPLY,
    name("A:schedule-send-reply"): Rights.SCHEDULING_REPLY,
}
UNSPOKEN = Rights.all() & ~reduce(or_, (*_GRANTS.values(), *_CALENDAR_GRANTS.values()))
"""Rights that no privilege stands for; who is granted anything keeps those that he has."""

_ALL, _FREE_BUSY = name("D:all"), name("A:read-free-busy")
_READ, _READ_OWN = name("D:read"), name("D:read-current-user-privilege-set")
_WRITE, _WRITE_PROPERTIES, _WRITE_CONTENT = name("D:write"), name("D:write-properties"), name("D:write-content")
_READ_ACL, _WRITE_ACL = name("D:read-acl"), name("D:write-acl")
_BIND, _UNBIND, _UNLOCK = name("D:bind"), name("D:unbind"), name("D:unlock")

_SENDING = (
    (Rights.SCHEDULING_INVITE, name("A:schedule-send-invite")),
    (Rights.SCHEDULING_REPLY, name("A:schedule-send-reply")),
)
"""What RFC 6638 6.2 has on outboxes: here it is granted on each calendar, and told where it was granted."""

_MEMBER = (
    *(_ALL, _READ, _WRITE, _WRITE_PROPERTIES, _WRITE_CONTENT, _UNLOCK),
    *(_READ_ACL, _READ_OWN, _WRITE_ACL, _BIND, _UNBIND),
)
_OF_SCHEDULING: dict[SchedulingKind, tuple[Name, ...]] = {
    "inbox": (
        *(name("A:schedule-deliver"), name("A:schedule-deliver-invite")),
        *(name("A:schedule-deliver-reply"), name("A:schedule-query-freebusy")),
    ),
    "outbox": (
        *(name("A:schedule-send"), name("A:schedule-send-invite")),
        *(name("A:schedule-send-reply"), name("A:schedule-send-freebusy")),
    ),
}
_DESCRIPTIONS: dict[Name, str] = {
    _ALL: "Any operation",
    _READ: "Read objects",
    _READ_OWN: "Read the privileges of the current user",
    _WRITE: "Write objects",
    _WRITE_PROPERTIES: "Write properties",
    _WRITE_CONTENT: "Write content",
    _BIND: "Add objects to a collection",
    _UNBIND: "Remove objects from a collection",
    _UNLOCK: "Remove locks",
    _READ_ACL: "Read access control lists",
    _WRITE_ACL: "Write access control lists",
    _FREE_BUSY: "Read when somebody is busy",
    name("A:schedule-deliver"): "Deliver scheduling messages",
    name("A:schedule-deliver-invite"): "Deliver invitations",
    name("A:schedule-deliver-reply"): "Deliver replies to invitations",
    name("A:schedule-query-freebusy"): "Ask when somebody is busy",
    name("A:schedule-send"): "Send scheduling messages",
    name("A:schedule-send-invite"): "Send invitations",
    name("A:schedule-send-reply"): "Send replies to invitations",
    name("A:schedule-send-freebusy"): "Send questions when somebody is busy",
}


def granted(entry: Ace, kind: Kind) -> Rights:
    """The rights that an entry of a list gives.

    :raises UnmetCondition: it does not only grant, names its principal in another way than by URL, or names what
        cannot be granted on this kind of object.
    """
    if entry.invert:
        raise UnmetCondition(name("D:no-invert"), "An entry cannot mean everybody but a principal.")
    if entry.deny:
        raise UnmetCondition(name("D:grant-only"), "An entry can only grant.")
    if entry.kind != "href":
        raise UnmetCondition(name("D:allowed-principal"), "An entry names its principal by URL.")
    rights = Rights.NONE
    for privilege in entry.privileges:
        if privilege == _ALL:
            raise UnmetCondition(name("D:no-abstract"), "D:all is abstract; what it contains can be granted.")
        more = _GRANTS.get(privilege)
        if more is None and kind == "calendar":
            more = _CALENDAR_GRANTS.get(privilege)
        if more is None:
            raise UnmetCondition(name("D:not-supported-privilege"), f"{str(privilege)[:100]} cannot be granted here.")
        rights |= more
    return rights if kind in ("folder", "file") else rights & ~Rights.RENAME


@lru_cache(maxsize=1024)
def reported(rights: Rights, kind: Kind) -> tuple[Name, ...]:
    """The privileges of somebody with ``rights``; objects in calendars and address books have those of their
    collection.
    """
    found: list[Name] = []
    if rights & (Rights.READ | Rights.READ_ITEMS):
        found += [_READ, _READ_OWN]
    properties = rights & (Rights.MODIFY_ITEMS if kind in ("event", "card") else Rights.MODIFY)
    content = rights & (Rights.MODIFY if kind == "file" else Rights.MODIFY_ITEMS)
    bind, unbind = rights & Rights.ADD_ITEMS, rights & Rights.REMOVE_ITEMS
    if kind == "calendar" and rights & Rights.MODIFY_ITEMS_OWN:
        bind = unbind = Rights.MODIFY_ITEMS_OWN  # of one's own events
    if properties and content and (kind == "file" or (bind and unbind)):
        found.append(_WRITE)
    told = ((properties, _WRITE_PROPERTIES), (content, _WRITE_CONTENT), (bind, _BIND), (unbind, _UNBIND))
    found += [privilege for has, privilege in told if has]
    if rights & Rights.SHARE:
        found += [_READ_ACL, _WRITE_ACL]
    if rights & Rights.SCHEDULING_READ_FREE_BUSY and kind in ("calendar", "event"):
        found.append(_FREE_BUSY)
    if kind == "calendar":
        found += [privilege for right, privilege in _SENDING if rights & right]
    return tuple(found)


def member_privileges(kind: Kind) -> tuple[Name, ...]:
    """The privileges of the owner and of members of the account."""
    return (*_MEMBER, _FREE_BUSY) if kind in ("calendar", "event") else _MEMBER


def home_privileges(*, member: bool) -> tuple[Name, ...]:
    """The privileges on a home, of members or of those to whom something in it is shared."""
    return _MEMBER if member else (_READ,)


def scheduling_privileges(kind: SchedulingKind, *, member: bool) -> tuple[Name, ...]:
    """The privileges on an inbox or outbox."""
    more = (_ALL, _WRITE, _WRITE_PROPERTIES, _WRITE_CONTENT, _READ_ACL, _WRITE_ACL) if member else ()
    return (_READ, _READ_OWN, *_OF_SCHEDULING[kind], *more)


@lru_cache(maxsize=256)
def privilege_elements(privileges: tuple[Name, ...]) -> bytes:
    """A ``D:privilege`` for each."""
    return b"".join(b"<D:privilege>%b</D:privilege>" % empty(privilege) for privilege in privileges)


def current_user_privilege_set(privileges: tuple[Name, ...]) -> bytes:
    """The property of that name."""
    return element(name("D:current-user-privilege-set"), privilege_elements(privileges))


def acl_property(entries: Iterable[tuple[str, Rights]], kind: Kind) -> bytes:
    """The property ``D:acl``: principals by the paths of their URLs, with what they may do."""
    return element(
        name("D:acl"),
        *(
            b"<D:ace><D:principal>%b</D:principal><D:grant>%b</D:grant></D:ace>"
            % (href(path), privilege_elements(reported(rights, kind)))
            for path, rights in entries
        ),
    )


@lru_cache(maxsize=16)
def supported_privilege_set(kind: Kind | SchedulingKind) -> bytes:
    """The property of that name: the tree of privileges, of which only the outermost cannot be granted."""
    read = _supported(_READ, _supported(_READ_OWN))
    inner: tuple[bytes, ...]
    if kind == "inbox" or kind == "outbox":
        outer, *parts = _OF_SCHEDULING[kind]
        inner = (read, _supported(outer, *map(_supported, parts)))
    else:
        parts = [_WRITE_PROPERTIES, _WRITE_CONTENT, _BIND, _UNBIND, _UNLOCK]
        write = _supported(_WRITE, *map(_supported, parts))
        inner = (read, write, _supported(_READ_ACL), _supported(_WRITE_ACL))
        if kind in ("calendar", "event"):
            inner = (*inner, _supported(_FREE_BUSY))
        if kind == "calendar":
            inner = (*inner, *(_supported(privilege) for _, privilege in _SENDING))
    return element(name("D:supported-privilege-set"), _supported(_ALL, *inner, abstract=True))


def _supported(privilege: Name, *inner: bytes, abstract: bool = False) -> bytes:
    return b'<D:supported-privilege>%b%b<D:description xml:lang="en">%b</D:description>%b</D:supported-privilege>' % (
        privilege_elements((privilege,)),
        b"<D:abstract/>" if abstract else b"",
        escaped(_DESCRIPTIONS[privilege]),
        b"".join(inner),
    )
