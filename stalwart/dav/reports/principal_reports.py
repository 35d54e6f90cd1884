"""Reports about principals (RFC 3744 9.2 to 9.5, spec/dav.md 5): who stands in an access control list, who it is that
asks and what is his, whom a name leads to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from stalwart.codec.dav.fragments import search_property_set
from stalwart.codec.dav.multistatus import CONTENT_TYPE
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.reports import (
    AclPrincipalPropSet,
    PrincipalMatch,
    PrincipalPropertySearch,
    PrincipalSearchPropertySet,
    PropertySearch,
)
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import report
from stalwart.dav.listing import Truncation, multistatus_answer, one_page
from stalwart.dav.places import others_to_find, visible_accounts
from stalwart.dav.refusals import Refused
from stalwart.dav.reports.sync_collection import everything
from stalwart.dav.responses import response
from stalwart.dav.seeking import require_directory
from stalwart.dav.shown import Showing, Shown
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import FILES, KINDS
from stalwart.groupware.resources import Level, locate
from stalwart.store import Transaction
from stalwart.web.answers import Answer, EventStream

_NAME: Final = name("D:displayname")
_SEARCHED: Final = (_NAME, name("A:calendar-user-address-set"), name("C:email-address-set"))
_OWNER: Final = PropertyRequest("prop", (name("D:owner"),))
_NAMED: Final = PropertyRequest("prop", (_NAME,))


@report(AclPrincipalPropSet)
async def acl_principal_prop_set(asking: Asking, asked: AclPrincipalPropSet) -> Answer | EventStream:
    """The principals to whom something is granted on a collection or a file."""
    require_directory(asking, "davPrincipalAcl")
    page = await asking.read(partial(_grantees, asking=asking, wanted=asked.request or _NAMED))
    return await multistatus_answer(one_page(page))


def _grantees(tx: Transaction, asking: Asking, wanted: PropertyRequest) -> list[bytes]:
    found = asking.resource(tx)
    if found.level in (Level.ABSENT, Level.ORPHAN):
        raise Refused(404)
    may_know = found.is_own or found.rights & Rights.SHARE
    if found.member is None or not may_know or (found.level is Level.ITEM and found.kind is not FILES):
        raise Refused(403)
    showing = Showing(tx, asking, wanted)
    homes = (asking.tools.homes.get(tx, id) for id in tx.shares.of_object(found.account_id, found.member.item_id))
    return _responses(asking, [showing.principal(each) for each in homes if each is not None], _truncation(asking))


@report(PrincipalMatch)
async def principal_match(asking: Asking, asked: PrincipalMatch) -> Answer | EventStream:
    """Who asks, in a service or among principals; below an account all that there is, which is its owner's."""
    require_directory(asking, "davPrincipalMatch")
    target = asking.target
    if target.service in KINDS and target.account is not None:
        return await multistatus_answer(everything(asking, asked.request or _OWNER))
    if target.account is not None or target.service == "itip":
        raise Refused(405)
    page = await asking.read(partial(_mine, asking=asking, wanted=asked.request or _NAMED))
    return await multistatus_answer(one_page(page))


def _mine(tx: Transaction, asking: Asking, wanted: PropertyRequest) -> list[bytes]:
    showing, kind = Showing(tx, asking, wanted), KINDS.get(asking.target.service)
    if kind is None:
        shown = [showing.principal(each) for each in visible_accounts(tx, asking)]
    else:
        homes = asking.tools.homes.visible(tx, asking.viewer, kind)
        shown = [showing.resource(locate(tx, asking.viewer, kind, each, ())) for each in homes]
    return _responses(asking, shown, _truncation(asking))


@report(PrincipalPropertySearch)
async def principal_property_search(asking: Asking, asked: PrincipalPropertySearch) -> Answer | EventStream:
    """The principals whose name or address has the texts in it, of those that who asks may know."""
    if asking.target.service != "pal":
        raise Refused(405)
    require_directory(asking, "davPrincipalSearch")
    return await multistatus_answer(_found(asking, asked))


async def _found(asking: Asking, asked: PrincipalPropertySearch) -> AsyncIterator[list[bytes]]:
    matches = [_texts(search) for search in asked.searches if set(search.names) & set(_SEARCHED)]
    if not matches:
        return
    truncation, wanted = _truncation(asking), asked.request or _NAMED
    every = asked.test == "allof"

    def page(tx: Transaction, homes: list[Home]) -> list[bytes]:
        showing = Showing(tx, asking, wanted)
        return _responses(asking, [showing.principal(each) for each in homes], truncation)

    async for homes in others_to_find(asking, matches, every=every):
        if homes:
            yield await asking.tools.store.read(partial(page, homes=homes))
        if truncation.is_told:
            return


def _texts(search: PropertySearch) -> tuple[str, ...]:
    """What is looked for in names; of an address it is what stands before the domain."""
    if _NAME in search.names:
        texts = [search.match]
    else:
        texts = []
    if set(search.names) & {*_SEARCHED[1:]}:
        texts.append(search.match.removeprefix("mailto:").partition("@")[0])
    return tuple(texts)


@report(PrincipalSearchPropertySet)
async def principal_search_property_set(asking: Asking, asked: PrincipalSearchPropertySet) -> Answer:
    """By what principals are found."""
    if asking.target.service != "pal":
        raise Refused(405)
    require_directory(asking, "davPrincipalSearchPropSet")
    searched: tuple[tuple[Name, str], ...] = ((_NAME, "Account or Group name"),)
    return Answer(200, search_property_set(searched), CONTENT_TYPE)


def _truncation(asking: Asking) -> Truncation:
    return Truncation(asking.tools.settings.of(WebDav).max_results, asking.target.href())


def _responses(asking: Asking, shown: list[Shown], truncation: Truncation) -> list[bytes]:
    allowed = truncation.take(len(shown))
    page = [response(each, minimal=asking.preferences.minimal) for each in shown[:allowed]]
    return page if allowed == len(shown) else [*page, truncation.told()]
