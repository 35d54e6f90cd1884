"""``ContactCard/parse``: cards among blobs as JSContact (spec/jmap.md 15.2); of several in a blob the first counts."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from stalwart.codec.ids import encode_id
from stalwart.codec.vcard.lines import MalformedCard
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound
from stalwart.groupware.contacts import Contacts
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import Decoding, Octets, octets_of
from stalwart.jmap.call import Call
from stalwart.jmap.contacts.capability import CONTACTS, CONTACTS_PARSE
from stalwart.jmap.contacts.card_properties import OWN
from stalwart.jmap.contacts.contact_card import CONTACT_CARD
from stalwart.jmap.contacts.conversion import Card, read
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.getting import answered_names
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.store.object_types import ADDRESS_BOOK
from stalwart.web.clock import Clock

_END: Final = re.compile(rb"^END[ \t]*:[ \t]*VCARD[ \t]*$", re.IGNORECASE | re.MULTILINE)
_MOST_DECODED: Final = 64 << 20


@method("ContactCard/parse", capability=(CONTACTS, CONTACTS_PARSE), needs=CONTACT_CARD.declared.permission("Parse"))
async def parse(call: Call, *, store: Store, settings: Any, clock: Clock, contacts: Contacts) -> dict[str, Any]:
    """Blobs as Cards that are in no address book."""
    account_id = account_argument(call, shared=ADDRESS_BOOK)
    reader = ArgumentReader(call.arguments)
    ids = _blob_ids(call, reader, settings.of(Jmap).parse_limit_contact)
    asked = reader.texts("properties")
    names = None if asked is None else answered_names(CONTACT_CARD.declared, asked, call.request.using)
    access, now = call.request.access, int(clock.seconds())

    def look(tx: Transaction) -> dict[str, Readable]:
        require_account(tx, account_id)
        return find_readable(tx, access, account_id, ids, now)

    found = await store.read(look)
    decoding = Decoding(_MOST_DECODED)
    parsed: dict[str, Card] = {}
    for id, readable in found.items():
        try:
            octets = await octets_of(store, readable, decoding)
            card = await store.blob_work(partial(_first, octets=octets, most=contacts.largest))
        except (MalformedCard, NotFound):
            continue
        parsed[id] = card if names is None else {name: card[name] for name in names if name in card and name not in OWN}
    return {
        "accountId": encode_id(account_id),
        "parsed": parsed or None,
        "notParsable": [id for id in found if id not in parsed] or None,
        "notFound": [id for id in ids if id not in found] or None,
    }


def _blob_ids(call: Call, reader: ArgumentReader, most: int) -> list[str]:
    given = reader.texts("blobIds")
    if given is None:
        raise invalid("blobIds", "is missing")
    if len(given) > most:
        raise MethodError("requestTooLarge", f"At most {most} blobs can be parsed in one call, not {len(given)}.")
    return list(dict.fromkeys(call.request.id_of(each) for each in given))


def _first(files: BlobFiles, octets: Octets, most: int) -> Card:
    """The first card of a blob; blocks. Raises MalformedCard."""
    begin = octets.read(files, 0, min(octets.size, most))
    end = _END.search(begin.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    if end is None:
        raise MalformedCard("END:VCARD is missing.")
    return read(end.string[: end.end()])
