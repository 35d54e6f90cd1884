"""What every resource has: names, types, sizes, times, tags (RFC 4918 15, spec/dav.md 6.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.fragments import creation_date as creation_text
from stalwart.codec.dav.fragments import http_date
from stalwart.codec.dav.multistatus import element, empty, href_element, text_element
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import href
from stalwart.dav.changing import CANNOT_GO, Change, Unsettable
from stalwart.dav.declaring import On, prop, row_prop, setter
from stalwart.dav.shown import Shown
from stalwart.groupware.files import MEDIA_TYPE
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.principals import account_name
from stalwart.groupware.traits import CREATED
from stalwart.store.collection_rows import Member
from stalwart.store.object_types import CALENDAR_EVENT, CALENDAR_EVENT_NOTIFICATION, CONTACT_CARD

_COLLECTION = empty(name("D:collection"))
_RESOURCE_TYPES = {
    On.CALENDAR: (_COLLECTION, empty(name("A:calendar"))),
    On.BOOK: (_COLLECTION, empty(name("B:addressbook"))),
    On.INBOX: (_COLLECTION, empty(name("A:schedule-inbox"))),
    On.OUTBOX: (_COLLECTION, empty(name("A:schedule-outbox"))),
    On.PRINCIPAL: (empty(name("D:principal")), _COLLECTION),
    **dict.fromkeys((On.FOLDER, On.HOME, On.SERVICE), (_COLLECTION,)),
}
_TYPES = {
    type: text_element(name("D:getcontenttype"), said)
    for type, said in (
        (CALENDAR_EVENT, "text/calendar"),
        (CALENDAR_EVENT_NOTIFICATION, "text/calendar"),
        (CONTACT_CARD, "text/vcard"),
    )
}
_ANYWHERE = On.KEPT | On.SCHEDULING | On.NOTICE


@row_prop("D:creationdate", on=_ANYWHERE, all_on=_ANYWHERE, data_on=_ANYWHERE, spec="RFC 4918 15.1")
def creation_date(member: Member) -> bytes | None:
    """When it was made, or is said to have been."""
    return text_element(name("D:creationdate"), creation_text((member.data or {}).get(CREATED, member.created_at)))


@setter("D:creationdate", on=On.KEPT)
def set_creation_date(change: Change, element: Element | None) -> None:
    """A date of RFC 3339."""
    if element is None:
        raise Unsettable(409, description=CANNOT_GO)
    try:
        made = datetime.fromisoformat(element.text.strip())
    except ValueError:
        raise Unsettable(409, description="The date is not one of RFC 3339") from None
    change.put(CREATED, round((made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()))


@prop("D:getcontentlanguage", on=~On(0), alike=~On(0), lasting=~On(0), spec="RFC 4918 15.3")
def content_language(shown: Shown) -> bytes | None:
    """Nobody says in which language something is."""
    return None


_NAMED_ALIKE = On.ITEM | On.FOLDER


def _display_name(member: Member) -> bytes | None:
    called = (member.data or {}).get(DISPLAY_NAME)
    return text_element(name("D:displayname"), called) if isinstance(called, str) else None


@prop(
    "D:displayname",
    on=On.KEPT | On.HOME | On.PRINCIPAL,
    all_on=On.KEPT | On.HOME | On.PRINCIPAL,
    needs_data=True,
    rows_on=_NAMED_ALIKE,
    of_row=_display_name,
    lasting=_NAMED_ALIKE,
    spec="RFC 4918 15.2",
)
def display_name(shown: Shown) -> bytes | None:
    """What people call it; homes and principals are called as their accounts."""
    if shown.member is not None:
        called = shown.display_name
    else:
        called = None if shown.home is None else account_name(shown.tx, shown.home)
    if called is None and shown.on in On.CALENDAR | On.BOOK:
        called = shown.segments[-1]
    return None if called is None else text_element(name("D:displayname"), called)


@setter("D:displayname", on=On.KEPT)
def set_display_name(change: Change, element: Element | None) -> None:
    """Each sees a calendar or an address book under the name that he has given it; it has one in any case."""
    if element is None and change.on in On.CALENDAR | On.BOOK:
        raise Unsettable(409, description=CANNOT_GO)
    called = None if element is None else change.bounded(element.text)
    if called != "":
        change.put(DISPLAY_NAME, called)


@row_prop("D:getcontentlength", on=On.ITEM | On.NOTICE, all_on=On.ITEM | On.NOTICE, spec="RFC 4918 15.4")
def content_length(member: Member) -> bytes | None:
    """Octets of the content."""
    return b"<D:getcontentlength>%d</D:getcontentlength>" % member.size


@row_prop("D:getcontenttype", on=On.ITEM | On.NOTICE, all_on=On.ITEM | On.NOTICE, data_on=On.FILE, spec="RFC 4918 15.5")
def content_type(member: Member) -> bytes | None:
    """The media type, without parameters for events and cards: that is how clients tell them."""
    known = _TYPES.get(member.type)
    if known is not None:
        return known
    said = (member.data or {}).get(MEDIA_TYPE)
    return _content_type(said) if said else None


@lru_cache(maxsize=256)
def _content_type(said: str) -> bytes:
    return text_element(name("D:getcontenttype"), said)


@setter("D:getcontenttype", on=On.FILE)
def set_content_type(change: Change, element: Element | None) -> None:
    """What is in a file."""
    said = None if element is None else change.bounded(element.text.strip())
    if said and not (said.isascii() and said.isprintable() and "/" in said):
        raise Unsettable(409, description="It is no media type")
    if said != "":
        change.put(MEDIA_TYPE, said)


@row_prop("D:getetag", on=_ANYWHERE, all_on=_ANYWHERE, spec="RFC 4918 15.6")
def etag(member: Member) -> bytes | None:
    """Which state of it this is."""
    return b"<D:getetag>&quot;%b&quot;</D:getetag>" % member.etag[1:-1].encode()


@row_prop("D:getlastmodified", on=_ANYWHERE, all_on=_ANYWHERE, spec="RFC 4918 15.7")
def last_modified(member: Member) -> bytes | None:
    """When it was changed last."""
    return b"<D:getlastmodified>%b</D:getlastmodified>" % http_date(member.modified_at).encode()


@prop("D:resourcetype", on=~On(0), all_on=~On(0), alike=~On(0), lasting=~On(0), spec="RFC 4918 15.9")
def resource_type(shown: Shown) -> bytes | None:
    """Whether it is a collection, and of what."""
    return element(name("D:resourcetype"), *_RESOURCE_TYPES.get(shown.on, ()))


@prop("D:current-user-principal", on=~On(0), all_on=~On(0), alike=~On(0), lasting=~On(0), spec="RFC 5397 3")
def current_user_principal(shown: Shown) -> bytes | None:
    """Who asks."""
    return href_element(name("D:current-user-principal"), principal_path(shown.asking.access.login))


def principal_path(address: str) -> str:
    """The URL of the principal of an account."""
    return href("pal", address)
