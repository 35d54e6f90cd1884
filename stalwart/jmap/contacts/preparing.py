"""What ContactCard/set does before its transaction: blobs are read, cards are converted in threads for files, within
bounds. What comes out of it counts only as long as the transaction finds the cards as they were here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any, Final

from stalwart.codec.media_types import is_media_type
from stalwart.directory.access import Access
from stalwart.errors import NotFound, StalwartError
from stalwart.groupware.contacts import Contacts
from stalwart.jmap.blobs.access import Readable, find_readable, uploader
from stalwart.jmap.blobs.contents import Decoding, octets_of
from stalwart.jmap.blobs.download import DEFAULT_TYPE
from stalwart.jmap.contacts.card_properties import ADDRESS_BOOK_IDS, OWN
from stalwart.jmap.contacts.conversion import (
    MOST_LINES,
    Card,
    Prepared,
    lines,
    read,
    shown,
    wanted_card,
    written,
)
from stalwart.jmap.contacts.media import blobs_wanted
from stalwart.jmap.contacts.writing import new_uid
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.proposals import proposed, read_changes, read_patch
from stalwart.store import Store, Transaction

_MOST_OCTETS: Final = 64 << 20
"""Octets of cards and blobs that one call has at hand."""
_TOO_MUCH: Final = "This is more than one call changes; change fewer cards at a time."


async def prepare(asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
    """Convert what is new and what changes; answers what cannot be."""
    given = chain(arguments.create.values(), arguments.update.values())
    await _read_blobs(asking, {id for each in given for id in blobs_wanted(each)})
    refused: dict[str, StalwartError] = {}
    store: Store = asking.services["store"]
    for key, card in arguments.create.items():
        await store.blob_work(lambda files, key=key, card=card: _create(asking, key, card))  # type: ignore[misc]
    numbers = {
        key: number_of(asking.request.created_ids.get(key[1:], "") if key[:1] == "#" else key)
        for key, patch in arguments.update.items()
        if _changes_card(patch)
    }
    room, left = _MOST_OCTETS, MOST_LINES
    for key, number in numbers.items():
        if number is None:
            continue
        octets = await store.read(partial(_octets, account_id=asking.account_id, id=number))
        if octets is None:
            continue
        room, left = room - len(octets), left - lines(octets)
        if min(room, left) < 0 and Prepared.of(asking).read:
            refused[key] = SetRefused("tooLarge", _TOO_MUCH)
            continue
        patch = arguments.update[key]
        await store.blob_work(partial(_update, asking=asking, key=key, patch=patch, number=number, octets=octets))
    return refused


def _changes_card(patch: Mapping[str, Any]) -> bool:
    return not all(map(_is_own, patch))


def _is_own(pointer: str) -> bool:
    return pointer.partition("/")[0] in OWN


def _octets(tx: Any, account_id: int, id: int) -> bytes | None:
    found: bytes | None = tx.collections.octets(account_id, id)
    return found


async def prepare_copies(origin: Asking, asking: Asking, create: Mapping[str, Mapping[str, Any]]) -> None:
    """Read what copies name, be it of the account that they go to or of the one that they come from."""
    wanted = {id for each in create.values() for id in blobs_wanted(each)}
    await _read_blobs(asking, wanted)
    contents = Prepared.of(asking).contents
    await _read_blobs(origin, wanted - contents.keys())
    contents.join(Prepared.of(origin).contents)


async def _read_blobs(asking: Asking, ids: Iterable[str]) -> None:
    """Those that can be in a card; others are not there for it."""
    store, prepared = asking.services["store"], Prepared.of(asking)
    names = {id: asking.request.created_ids.get(id[1:], "") if id[:1] == "#" else id for id in ids}
    if not names:
        return
    access, account_id, now = asking.access, asking.account_id, asking.now
    found, types = await store.read(lambda tx: _found(tx, access, account_id, names.values(), now))
    most = asking.services["contacts"].largest
    decoding = Decoding(_MOST_OCTETS)
    for id, text in names.items():
        readable = found.get(text)
        if readable is None:
            continue
        if readable.place.length > 2 * most:
            prepared.contents.too_large.add(id)
            continue
        try:
            octets = await octets_of(store, readable, decoding)
            if octets.size <= most:
                decoding.spend(octets.size)
                prepared.contents[id] = await store.blob_work(partial(_all, octets=octets))
                prepared.contents.types |= {id: types[text]} if text in types else {}
            else:
                prepared.contents.too_large.add(id)
        except NotFound:
            continue


def _found(
    tx: Transaction, access: Access, account_id: int, ids: Collection[str], now: int
) -> tuple[dict[str, Readable], dict[str, str]]:
    """The blobs that may be read, and of uploads the types that they were given."""
    found = find_readable(tx, access, account_id, ids, now)
    types: dict[str, str] = {}
    for text, readable in found.items():
        for link in tx.blobs.links(readable.blob.hash, account_id, now) if readable.id.section is None else ():
            said = (link.type or "").partition(";")[0].strip().lower()
            if link.owner_id == uploader(access.account_id) and is_media_type(said) and said != DEFAULT_TYPE:
                types[text] = said
    return found, types


def _all(files: Any, octets: Any) -> bytes:
    found: bytes = octets.read(files, 0, octets.size)
    return found


def _create(asking: Asking, key: str, given: Mapping[str, Any]) -> None:
    """Convert a new card; blocks. What is wrong with it is told in the transaction."""
    prepared, contacts = Prepared.of(asking), _contacts(asking)
    wire = {name: value for name, value in given.items() if name != ADDRESS_BOOK_IDS}
    if wire.get("uid") is None:
        wire["uid"] = prepared.uids[key] = new_uid()
    try:
        prepared.written[key] = written(contacts, wanted_card(wire, None, prepared.contents), None, None)
    except StalwartError:
        return


def _update(files: Any, asking: Asking, key: str, patch: Mapping[str, Any], number: int, octets: bytes) -> None:
    """Convert a card as it is and as it is to be; blocks. What is wrong is told in the transaction."""
    prepared, properties = Prepared.of(asking), asking.declared.properties
    try:
        former = read(octets)
        prepared.read[number] = (octets, former)
        wire = shown(former)
        said = {pointer: value for pointer, value in patch.items() if not _is_own(pointer)}
        changes = read_patch(said, properties, asking.request)
        names = [*properties, *wire, *(path[0] for path in changes)]
        old = {name: wire.get(name) for name in names if name not in OWN}
        wanted: Card = read_changes(old, proposed(old, changes, properties), properties)
        card = wanted_card(wanted, former, prepared.contents)
        prepared.written[key] = written(_contacts(asking), card, octets, former)
    except StalwartError:
        return


def _contacts(asking: Asking) -> Contacts:
    found: Contacts = asking.services["contacts"]
    return found
