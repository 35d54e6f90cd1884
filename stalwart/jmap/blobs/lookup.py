"""``Blob/lookup``: which objects hold a blob (RFC 9404 4.3).

A blob that is not there or may not be read has an entry without objects, as the text of the RFC demands, and is in
``notFound``, as its example has it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import find_readable
from stalwart.jmap.blobs.holders import BlobHolder, known_holders
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import BLOB, SHARED_TYPES
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Store, Transaction
from stalwart.web.clock import Clock


@method("Blob/lookup", capability=BLOB, needs="jmapBlobLookup")
async def lookup(call: Call, *, store: Store, clock: Clock) -> dict[str, Any]:
    """The objects of the asked types that hold each blob."""
    account_id = account_argument(call, shared=SHARED_TYPES)
    arguments = GetArguments.read(call)
    if arguments.ids is None:
        raise invalid("ids", "is missing")
    holders = _holders(ArgumentReader(arguments.rest).texts("typeNames"), call.request.using)
    ids = list(dict.fromkeys(arguments.ids))
    access, now = call.request.access, int(clock.seconds())

    def look(tx: Transaction) -> dict[str, dict[str, list[str]]]:
        require_account(tx, account_id)
        readable = find_readable(tx, access, account_id, ids, now)
        return {
            id: {each.type_name: sorted(each.find(tx, access, account_id, found.id, now)) for each in holders}
            for id, found in readable.items()
        }

    matched = await store.read(look)
    nothing: dict[str, list[str]] = {each.type_name: [] for each in holders}
    return {
        "accountId": encode_id(account_id),
        "list": [{"id": id, "matchedIds": matched.get(id, nothing)} for id in ids],
        "notFound": [id for id in ids if id not in matched],
    }


def _holders(names: list[str] | None, using: Collection[str]) -> list[BlobHolder]:
    if names is None:
        raise invalid("typeNames", "is missing")
    known = known_holders()
    for name in names:
        if name not in known or known[name].capability not in using:
            raise MethodError("unknownDataType", f'Blobs cannot be looked up in "{name[:100]}".')
    return [known[name] for name in dict.fromkeys(names)]
