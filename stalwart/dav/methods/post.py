"""POST: adds to a calendar or an address book under a name that the server finds (RFC 5995); to an item it is a PUT,
or something about its attachments (RFC 8607 3.3), to an outbox a question (RFC 6638 5).
"""

from __future__ import annotations

import secrets
from typing import Final

from attrs import evolve

from stalwart.codec.dav.paths import Target
from stalwart.dav.asking import Asking
from stalwart.dav.attachment_actions import change_attachments
from stalwart.dav.declaring import method
from stalwart.dav.methods.put import put
from stalwart.dav.outbox import ask_free_busy
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import CALENDARS, FILES, KINDS
from stalwart.groupware.resources import Level
from stalwart.store import Transaction
from stalwart.web.answers import Answer, EventStream

_OCTETS: Final = 12


@method("POST")
async def post(asking: Asking) -> Answer | EventStream:
    """Keeps what is sent."""
    if asking.target.service == "itip":
        return await ask_free_busy(asking)
    kind = KINDS.get(asking.target.service)
    if kind is None or not asking.target.segments:
        raise Refused(405)
    if kind is CALENDARS and len(asking.target.segments) > kind.deepest and "action" in asking.exchange.query:
        return await change_attachments(asking)
    if kind is FILES or len(asking.target.segments) > kind.deepest:
        return await put.handler(asking)
    asking.require("Put")
    await asking.read(lambda tx: _check(asking, tx))
    name = f"{secrets.token_hex(_OCTETS)}.{'ics' if kind is CALENDARS else 'vcf'}"
    target = Target(asking.target.service, asking.target.account, (*asking.target.segments, name))
    kept = await put.handler(evolve(asking, target=target))
    if isinstance(kept, Answer) and kept.status == 201:
        return evolve(kept, headers=(*kept.headers, ("Location", target.href())))
    return kept


def _check(asking: Asking, tx: Transaction) -> None:
    found = asking.resource(tx)
    if found.level is not Level.COLLECTION:
        raise Refused(404)
