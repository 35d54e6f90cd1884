"""Whose something is, and accounts as principals: homes, addresses, groups (RFC 3744 4 and 5, RFC 4791 6.2, RFC 6352
7.1, RFC 6638 2.4, spec/dav.md 6.3). Homes have what their principals have.
"""

from __future__ import annotations

from stalwart.codec.dav.multistatus import element, empty, escaped, href_element, text_element
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import Service, href, service_href
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.declaring import On, prop
from stalwart.dav.properties.basics import principal_path
from stalwart.dav.shown import INBOX, OUTBOX, Shown
from stalwart.groupware.kinds import KINDS
from stalwart.groupware.principals import groups_of, members_of

_ACCOUNT = On.HOME | On.PRINCIPAL
_OWNED = ~On.SERVICE
_MOST_MEMBERS = 1000


@prop("D:owner", on=_OWNED, all_on=_ACCOUNT, alike=_OWNED, lasting=_OWNED, spec="RFC 3744 5.1")
def owner(shown: Shown) -> bytes | None:
    """Whose it is."""
    return None if shown.home is None else href_element(name("D:owner"), principal_path(shown.home.address))


@prop("D:principal-collection-set", on=_OWNED, all_on=_ACCOUNT, alike=_OWNED, lasting=_OWNED, spec="RFC 3744 5.8")
def principal_collections(shown: Shown) -> bytes | None:
    """Where principals are."""
    return href_element(name("D:principal-collection-set"), service_href("pal"))


@prop("D:alternate-URI-set", on=_ACCOUNT, all_on=On.PRINCIPAL, spec="RFC 3744 4.1")
def alternate_uris(shown: Shown) -> bytes | None:
    """There are no others."""
    return empty(name("D:alternate-URI-set"))


@prop("D:principal-URL", on=_ACCOUNT, all_on=On.PRINCIPAL, spec="RFC 3744 4.2")
def principal_url(shown: Shown) -> bytes | None:
    """The principal."""
    return None if shown.home is None else href_element(name("D:principal-URL"), principal_path(shown.home.address))


@prop("D:group-member-set", on=_ACCOUNT, all_on=On.PRINCIPAL, spec="RFC 3744 4.3")
def group_members(shown: Shown) -> bytes | None:
    """Who belongs to a group, for those who belong to it themselves."""
    if shown.home is None or not shown.home.is_group or not shown.is_own:
        return empty(name("D:group-member-set"))
    return _principals(shown, "D:group-member-set", members_of(shown.tx, shown.account_id, _MOST_MEMBERS))


@prop("D:group-membership", on=_ACCOUNT, all_on=On.PRINCIPAL, spec="RFC 3744 4.4")
def group_membership(shown: Shown) -> bytes | None:
    """To which groups somebody belongs, for himself."""
    if shown.home is None or not shown.is_own:
        return empty(name("D:group-membership"))
    return _principals(shown, "D:group-membership", groups_of(shown.tx, shown.account_id))


@prop("A:calendar-home-set", on=_ACCOUNT | On.SERVICE, spec="RFC 4791 6.2.1")
def calendar_homes(shown: Shown) -> bytes | None:
    """Where the calendars are."""
    return _homes(shown, "A:calendar-home-set", "cal")


@prop("B:addressbook-home-set", on=_ACCOUNT | On.SERVICE, spec="RFC 6352 7.1.1")
def book_homes(shown: Shown) -> bytes | None:
    """Where the address books are."""
    return _homes(shown, "B:addressbook-home-set", "card")


@prop("A:calendar-user-address-set", on=_ACCOUNT, spec="RFC 6638 2.4.1")
def calendar_addresses(shown: Shown) -> bytes | None:
    """The addresses that somebody is invited by, the one that he is known by before the others."""
    if shown.home is None:
        return None
    listed = shown.asking.tools.homes.addresses(shown.tx, shown.home)
    first, *others = (b"mailto:" + escaped(address) for address in listed)
    start = b'<D:href preferred="1">' if others else b"<D:href>"
    hrefs = [b"%b%b</D:href>" % (start, first), *(b"<D:href>%b</D:href>" % each for each in others)]
    return element(name("A:calendar-user-address-set"), *hrefs)


@prop("A:calendar-user-type", on=_ACCOUNT, spec="RFC 6638 2.4.2")
def calendar_user_type(shown: Shown) -> bytes | None:
    """A person or a group."""
    is_group = shown.home is not None and shown.home.is_group
    return text_element(name("A:calendar-user-type"), "GROUP" if is_group else "INDIVIDUAL")


@prop("A:schedule-inbox-URL", on=_ACCOUNT, spec="RFC 6638 2.2.1")
def inbox(shown: Shown) -> bytes | None:
    """Where invitations come in."""
    return _scheduling(shown, "A:schedule-inbox-URL", INBOX)


@prop("A:schedule-outbox-URL", on=_ACCOUNT, spec="RFC 6638 2.1.1")
def outbox(shown: Shown) -> bytes | None:
    """Where questions when others are busy go out."""
    return _scheduling(shown, "A:schedule-outbox-URL", OUTBOX)


def _principals(shown: Shown, called: str, account_ids: list[int]) -> bytes:
    rows = shown.tx.accounts.many(account_ids).values()
    return href_element(name(called), *(principal_path(row.login) for row in rows))


def _scheduling(shown: Shown, called: str, box: str) -> bytes | None:
    return None if shown.home is None else href_element(name(called), href("itip", shown.home.address, box))


def _homes(shown: Shown, called: str, service: Service) -> bytes | None:
    """The home of an account; of who asks all that he sees, where they are not shown in his own (spec/dav.md 7.4)."""
    asking = shown.asking
    address = asking.access.login if shown.home is None else shown.home.address
    found = {href(service, address): None}
    is_me = shown.home is None or shown.home.account_id == asking.viewer.account_id
    if is_me and not asking.tools.settings.of(WebDav).enable_assisted_discovery:
        others = asking.tools.homes.visible(shown.tx, asking.viewer, KINDS[service])
        found |= {href(service, home.address): None for home in others}
    return href_element(name(called), *found)
