"""PUT of cards (RFC 6352 6.3.2, spec/dav.md 4.6): refused as soon as they are too large, examined before the write, and
written in the transaction that has looked at locks and conditions.
"""

from __future__ import annotations

from stalwart.dav.asking import Asking
from stalwart.dav.refusals import violation
from stalwart.dav.storing import Place, is_to_show, limited_body, placed, stored_answer, violated
from stalwart.groupware.contacts import SMALL, ExaminedCard, KeptCard
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.violations import Violation
from stalwart.store import Transaction
from stalwart.web.answers import Answer

CONTENT_TYPE = "text/vcard; charset=utf-8"


async def put_card(asking: Asking, place_for: Place) -> Answer:
    """Keep a card. ``place_for`` says where, once locks and conditions have let it through."""
    try:
        given = await _examined(asking, await limited_body(asking, asking.tools.contacts.largest))
    except Violation as broken:
        # Whoever may not write here hears that, and not what is wrong with what he sent.
        await asking.read(lambda tx: place_for(tx, asking))
        raise violation(ADDRESS_BOOKS, broken, None) from broken
    outcome = await asking.write(lambda tx: _written(tx, asking, given, place_for))
    if isinstance(outcome, Answer):
        return outcome
    kept, is_shown = outcome
    octets = given.octets if is_shown else None
    return stored_answer(kept.is_new, (("ETag", kept.member.etag),), octets, CONTENT_TYPE)


async def _examined(asking: Asking, octets: bytes) -> ExaminedCard:
    contacts = asking.tools.contacts
    if len(octets) <= SMALL:
        return contacts.examine(octets)
    return await asking.tools.store.blob_work(lambda files: contacts.examine(octets))


def _written(tx: Transaction, asking: Asking, given: ExaminedCard, place_for: Place) -> tuple[KeptCard, bool] | Answer:
    """What is kept, and whether the answer shows it."""
    found = placed(tx, asking, place_for, CONTENT_TYPE)
    if isinstance(found, Answer):
        return found
    try:
        return asking.tools.contacts.put(tx, found, given, now=asking.now), is_to_show(asking, found)
    except Violation as broken:
        raise violated(found, broken) from broken
