"""``Blob/lookup``: which objects hold a blob (RFC 9404 4.3)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import check_account, find_readable
from stalwart.jmap.blobs.holders import BlobHolder, known_holders
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import BLOB
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.store import Store, Transaction
from stalwart.web.clock import Clock


@method("Blob/lookup", capability=BLOB, needs="jmapBlobLookup")
async def lookup(call: Call, *, store: Store, clock: Clock) -> dict[str, Any]:
    """The objects of the asked types that hold each blob."""
    account_id = account_argument(call)
    arguments = GetArguments.read(call)
    if arguments.ids is None:
        raise invalid("ids", "is missing")
    holders = _holders(ArgumentReader(arguments.rest).texts("typeNames"))
    ids = list(dict.fromkeys(arguments.ids))
    access, now = call.request.access, int(clock.seconds())

    def look(tx: Transaction) -> list[dict[str, Any]]:
        check_account(tx, account_id)
        readable = find_readable(tx, access, account_id, ids, now)
        return [
            {
                "id": id,
                "matchedIds": {
                    each.type_name: sorted(each.find(tx, access, account_id, found.id, now)) for each in holders
                },
            }
            for id, found in readable.items()
        ]

    matched = await store.read(look)
    known = {each["id"] for each in matched}
    missing = [id for id in ids if id not in known]
    return {"accountId": encode_id(account_id), "list": matched, "notFound": missing}


def _holders(names: list[str] | None) -> list[BlobHolder]:
    if names is None:
        raise invalid("typeNames", "is missing")
    known = known_holders()
    for name in names:
        if name not in known:
            raise MethodError("unknownDataType", f'Blobs cannot be looked up in "{name[:100]}".')
    return [known[name] for name in dict.fromkeys(names)]
