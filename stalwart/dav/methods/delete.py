"""DELETE: items, and collections with all that is in them, all or nothing (spec/dav.md 4.7)."""

from __future__ import annotations

from stalwart.codec.dav.request_fields import schedule_reply_wanted
from stalwart.codec.dav.rights import Rights
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import Touch, check_schedule_tag, guard, judge
from stalwart.dav.inbox import delete_notice
from stalwart.dav.owning import check_own
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.violations import Rule, Violation
from stalwart.store import Transaction
from stalwart.web.answers import Answer

_AT_ONCE = 500


@method("DELETE")
async def delete(asking: Asking) -> Answer:
    """Removes a resource; it can be had back for a while."""
    if asking.target.account is None:
        raise Refused(403)
    if asking.target.service == "itip":
        return await delete_notice(asking)
    asking.require("Delete")
    await asking.write(lambda tx: _remove(tx, asking))
    return Answer(204)


def _remove(tx: Transaction, asking: Asking) -> None:
    found = asking.resource(tx)
    check_removable(tx, asking, found)
    check_below(tx, asking, found, Rights.DELETE)
    guard(tx, asking, found, Touch.ITSELF | Touch.NAME | Touch.BELOW)
    judge(tx, asking, found)
    check_schedule_tag(tx, asking, found)
    sends_reply = schedule_reply_wanted(asking.field("schedule-reply"))
    asking.tools.events.withdraw(tx, found, user_id=asking.viewer.account_id, now=asking.now, sends_reply=sends_reply)
    asking.tools.bin.remove(tx, found, asking.now)


def check_removable(tx: Transaction, asking: Asking, found: Resource) -> None:
    """Whether something may go from where it is. Raises Refused: 404, 403."""
    if found.level is Level.HOME:
        raise Refused(403)
    if found.member is None:
        raise Refused(404)
    if found.level is Level.COLLECTION or found.kind is FILES:
        wanted = Rights.DELETE | Rights.REMOVE_ITEMS if found.level is Level.COLLECTION else Rights.DELETE
    else:
        wanted = Rights.REMOVE_ITEMS
    if wanted not in found.rights:
        check_own(tx, asking, found, wanted)
    is_calendar = found.level is Level.COLLECTION and found.kind is CALENDARS
    if is_calendar and asking.tools.homes.is_needed(tx, found.account_id, found.member):
        raise Violation(Rule.FIRST_NEEDED)


def check_below(tx: Transaction, asking: Asking, found: Resource, wanted: Rights) -> None:
    """Whether who asks has a right on all folders and files below a folder of somebody else. Raises Refused (403)."""
    if found.is_own or found.kind is not FILES or found.level is not Level.COLLECTION:
        return
    folders = [found.inside]
    for folder in folders:
        after = ""
        while members := tx.collections.members(found.account_id, folder, after=after, limit=_AT_ONCE):
            rights = asking.viewer.rights_on_some(tx, found.account_id, [each.item_id for each in members])
            if any(not rights.get(each.item_id, Rights.NONE) & wanted for each in members):
                raise Refused(403)
            folders += (each.item_id for each in members if each.is_collection)
            after = members[-1].segment
