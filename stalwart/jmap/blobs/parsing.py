"""What all ``/parse`` methods have in common: blobs are read as objects that are kept nowhere (RFC 8621 4.9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Store, Transaction


def named_blobs(call: Call, reader: ArgumentReader, most: int) -> list[str]:
    """The ids that ``blobIds`` names, each once. Raises MethodError: there are none, or more than ``most``."""
    given = reader.texts("blobIds")
    if given is None:
        raise invalid("blobIds", "is missing")
    if len(given) > most:
        raise MethodError("requestTooLarge", f"At most {most} blobs can be parsed in one call, not {len(given)}.")
    return list(dict.fromkeys(call.request.id_of(each) for each in given))


async def readable_blobs(
    call: Call, store: Store, account_id: int, ids: Sequence[str], now: int
) -> dict[str, Readable]:
    """Those of them that the client may read. Raises MethodError: there is no such account."""
    access = call.request.access

    def look(tx: Transaction) -> dict[str, Readable]:
        require_account(tx, account_id)
        return find_readable(tx, access, account_id, ids, now)

    return await store.read(look)


def parse_answer(
    account_id: int, ids: Sequence[str], found: Collection[str], parsed: Mapping[str, Any]
) -> dict[str, Any]:
    """The response, by what was found and what could be read of it."""
    return {
        "accountId": encode_id(account_id),
        "parsed": parsed or None,
        "notParsable": [id for id in found if id not in parsed] or None,
        "notFound": [id for id in ids if id not in found] or None,
    }
