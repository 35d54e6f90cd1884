"""``ContactCard/parse``: cards among blobs as JSContact (spec/jmap.md 15.2); of several in a blob the first counts."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from stalwart.codec.vcard.lines import MalformedCard
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound
from stalwart.groupware.contacts import Contacts
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.contents import Decoding, Octets, octets_of
from stalwart.jmap.blobs.parsing import named_blobs, parse_answer, readable_blobs
from stalwart.jmap.call import Call
from stalwart.jmap.contacts.capability import CONTACTS, CONTACTS_PARSE
from stalwart.jmap.contacts.card_properties import OWN
from stalwart.jmap.contacts.contact_card import CONTACT_CARD
from stalwart.jmap.contacts.conversion import Card, read
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.getting import answered_names
from stalwart.store import Store
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
    ids = named_blobs(call, reader, settings.of(Jmap).parse_limit_contact)
    asked = reader.texts("properties")
    names = None if asked is None else answered_names(CONTACT_CARD.declared, asked, call.request.using)
    found = await readable_blobs(call, store, account_id, ids, int(clock.seconds()))
    decoding = Decoding(_MOST_DECODED)
    parsed: dict[str, Card] = {}
    for id, readable in found.items():
        try:
            octets = await octets_of(store, readable, decoding)
            card = await store.blob_work(partial(_first, octets=octets, most=contacts.largest))
        except (MalformedCard, NotFound):
            continue
        parsed[id] = card if names is None else {name: card[name] for name in names if name in card and name not in OWN}
    return parse_answer(account_id, ids, found, parsed)


def _first(files: BlobFiles, octets: Octets, most: int) -> Card:
    """The first card of a blob; blocks. Raises MalformedCard."""
    begin = octets.read(files, 0, min(octets.size, most))
    end = _END.search(begin.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    if end is None:
        raise MalformedCard("END:VCARD is missing.")
    return read(end.string[: end.end()])
