"""addressbook-multiget: cards by their URLs, of one address book or of many (RFC 6352 8.7, spec/dav.md 5.4)."""

from __future__ import annotations

from stalwart.codec.dav.addressbook_reports import AddressbookMultiget
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.dav.asking import Asking
from stalwart.dav.cards import CardRows
from stalwart.dav.declaring import report
from stalwart.dav.fetching import multiget
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.web.answers import Answer, EventStream


@report(AddressbookMultiget)
async def addressbook_multiget(asking: Asking, asked: AddressbookMultiget) -> Answer | EventStream:
    """What was asked for of the cards at these URLs."""
    if asking.kind is not ADDRESS_BOOKS:
        raise Refused(405)
    return await multiget(asking, asked.hrefs, CardRows(asking, asked.request or PropertyRequest("prop")))
