"""ACL: who else may use a calendar, an address book, a folder or a file (RFC 3744 8.1, spec/dav.md 7.2).

The list is a new one each time. It can only grant, to accounts that it names by a URL.
"""

from __future__ import annotations

from stalwart.codec.dav.acl_body import Acl, read_acl
from stalwart.codec.dav.errors import BadPath, UnmetCondition
from stalwart.codec.dav.fragments import need_privileges
from stalwart.codec.dav.multistatus import empty
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import parse_reference
from stalwart.codec.dav.privileges import UNSPOKEN, granted, reported
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.sharing import Sharing
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import judge
from stalwart.dav.properties.access import SORTS
from stalwart.dav.refusals import Refused, refused
from stalwart.dav.shown import kept_on
from stalwart.groupware.granting import Subject, TooGenerous, is_within_reach
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.kinds import FILES
from stalwart.groupware.resources import Level
from stalwart.store import Transaction
from stalwart.web.answers import Answer


@method("ACL")
async def acl(asking: Asking) -> Answer:
    """Grants rights to those who are in the list, and takes them from all others."""
    asking.require("Acl")
    wanted = read_acl(await asking.document())
    await asking.write(lambda tx: _share(tx, asking, wanted))
    return Answer(200)


def _share(tx: Transaction, asking: Asking, wanted: Acl) -> None:
    found = asking.resource(tx)
    if found.level is Level.HOME or found.member is None:
        raise Refused(404)
    if found.level is Level.ITEM and found.kind is not FILES:
        raise Refused(403)
    if Rights.SHARE not in found.rights:
        raise Refused(403)
    judge(tx, asking, found)
    sort = SORTS[kept_on(found.kind, found.member.is_collection)]
    grants: dict[int, Rights] = {}
    for entry in wanted.aces:
        try:
            rights = granted(entry, sort)
        except UnmetCondition as unmet:
            raise Refused(403, empty(unmet.condition)) from None
        grantee = _account(tx, asking, entry.href or "")
        if grantee is None or not is_within_reach(tx, found.account_id, grantee):
            raise refused(403, "D:allowed-principal")
        if rights and grantee != found.account_id:
            grants[grantee] = grants.get(grantee, Rights.NONE) | rights
    if len(grants) > asking.tools.settings.of(Sharing).max_shares:
        raise refused(403, "D:limited-number-of-aces")
    member = tx.collections.member(found.account_id, found.place, found.name, with_data=True)
    assert member is not None  # in the same transaction
    tx.collections.update(found.account_id, member.item_id, now=asking.now, data=member.data)
    known = tx.shares.of_object(found.account_id, member.item_id)
    after = {id: int(rights | Rights(known.get(id, 0)) & UNSPOKEN) for id, rights in grants.items()}
    called = str((member.data or {}).get(DISPLAY_NAME) or member.segment)
    subject = Subject(found.account_id, member.item_id, member.type, called, found.rights)
    try:
        before = asking.tools.granting.replace(tx, subject, after, user_id=asking.viewer.account_id, now=asking.now)
    except TooGenerous as refusal:
        lacking = reported(refusal.missing, sort) or (name("D:write"),)
        raise Refused(403, need_privileges(asking.target.href(), lacking)) from None
    if found.kind is FILES and member.is_collection:
        asking.tools.files.shared_anew(tx, found.account_id, member.item_id, before, after)


def _account(tx: Transaction, asking: Asking, href: str) -> int | None:
    """The account that a URL is about; None if there is none."""
    try:
        target = parse_reference(href)
    except BadPath:
        return None
    home = None if target is None else asking.tools.homes.find(tx, target)
    return None if home is None else home.account_id
