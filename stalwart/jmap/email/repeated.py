"""What an update may repeat: properties that cannot change, with the value that they have (RFC 8620 5.3).

So a client may send a whole e-mail back as it got it. What only a file could tell is taken as something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stalwart.codec.ids import encode_id
from stalwart.codec.mime.part import root_of
from stalwart.errors import NotFound, TooLarge
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.email.content import Held
from stalwart.jmap.email.data_type import EMAIL, PART_PROPERTIES, is_header_property
from stalwart.jmap.email.view import EmailView
from stalwart.jmap.email.wanted import read_wanted
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.dates import utc_date
from stalwart.jmap.standard.equality import same
from stalwart.store.blob_files import LARGE
from stalwart.store.mail_rows import EmailRow
from stalwart.store.store import Transaction

_EVERYTHING = {"bodyProperties": sorted(PART_PROPERTIES), "fetchAllBodyValues": True}


def different(tx: Transaction, account_id: int, number: int, repeated: Mapping[str, Any]) -> list[str]:
    """The names of those properties that an e-mail has not, or with another value. Raises NotFound."""
    row = tx.mail.list_rows(account_id, [number]).get(number)
    if row is None:
        raise NotFound
    present = _kept(row)
    further = [
        name for name in repeated if name not in present and (name in EMAIL.properties or is_header_property(name))
    ]
    if further:
        present |= _read(tx, account_id, number, further)
    return [name for name, value in repeated.items() if name not in present or not _repeats(value, present[name])]


def _kept(row: EmailRow) -> dict[str, Any]:
    """The properties that are kept with an e-mail and never change."""
    return {
        "id": encode_id(row.id),
        "blobId": str(BlobId(row.blob)),
        "threadId": encode_id(row.thread_id),
        "size": row.size,
        "receivedAt": utc_date(row.received_at),
        **msgspec.json.decode(row.fragment),
    }


def _read(tx: Transaction, account_id: int, number: int, names: list[str]) -> dict[str, Any]:
    """Those that are read of the message, nothing where that is in a file or they are too many."""
    row = tx.mail.list_rows(account_id, [number], parts=True)[number]
    octets = tx.blobs.get(row.blob) if row.size < LARGE else None
    root = root_of(row.parts)
    if octets is None or root is None:
        return {}
    try:
        wanted = read_wanted(names, _EVERYTHING)
        return EmailView(root, Held(octets), str(BlobId(row.blob))).properties(wanted, names)
    except (MethodError, TooLarge):  # more of it than is ever shown
        return {}


def _repeats(given: Any, present: Any) -> bool:
    """Whether ``given`` says nothing else; an object may leave members out, for nobody asks for all of them."""
    if isinstance(given, dict) and isinstance(present, dict):
        return all(name in present and _repeats(value, present[name]) for name, value in given.items())
    if isinstance(given, list) and isinstance(present, list):
        return len(given) == len(present) and all(map(_repeats, given, present))
    return same(given, present)
