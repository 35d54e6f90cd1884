"""``Blob/get``: the content of blobs, or a range of it, inside the answer; sizes and digests (RFC 9404 4.2).

How many bytes one call may carry is bounded like a request; more is what downloads are for. Large blobs are read and
hashed in the store's threads.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.capability import DIGESTS
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, Octets, octets_of
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import BLOB, SHARED_TYPES
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.web.clock import Clock

_DATA = ("data", "data:asText", "data:asBase64")
_FLAGS = ("isEncodingProblem", "isTruncated")
_DEFAULT = ("id", "data", "size")
_DIGEST = "digest:"
_HASHED = 4  # times the largest upload may be hashed in one call
_AT_ONCE = 16384  # bytes that are looked at on the reactor


@frozen
class Wanted:
    """Which properties of which range: ``length`` None is to the end."""

    properties: frozenset[str]
    offset: int
    length: int | None

    @classmethod
    def read(cls, properties: Sequence[str] | None, further: dict[str, Any]) -> Wanted:
        """From the arguments of a call; raises ``MethodError`` ``invalidArguments``."""
        for name in properties or ():
            known = name in (*_DEFAULT, *_DATA, *_FLAGS) or name.removeprefix(_DIGEST) in DIGESTS
            if not known or name in DIGESTS:
                raise MethodError("invalidArguments", f'There is no property "{name[:100]}".')
        reader = ArgumentReader(further)
        chosen = frozenset(_DEFAULT if properties is None else properties)
        return cls(chosen, reader.unsigned("offset") or 0, reader.unsigned("length"))

    @property
    def data(self) -> bool:
        """Whether any of the content itself is wanted."""
        return not self.properties.isdisjoint(_DATA)

    @property
    def digests(self) -> list[str]:
        """The names of the algorithms."""
        return sorted(name.removeprefix(_DIGEST) for name in self.properties if name.startswith(_DIGEST))

    def within(self, size: int) -> tuple[int, int]:
        """Offset and length of what there is of the range in ``size`` bytes."""
        offset = min(self.offset, size)
        rest = size - offset
        return offset, rest if self.length is None else min(self.length, rest)

    def is_truncated(self, size: int) -> bool:
        """Whether something of the range lies behind the end."""
        return self.offset + (self.length or 0) > size

    def cost(self, size: int) -> int:
        """How many of ``size`` bytes have to be read."""
        return self.within(size)[1] if self.data or self.digests else 0


@method("Blob/get", capability=BLOB, needs="jmapBlobGet")
async def get(call: Call, *, store: Store, settings: Any, clock: Clock) -> dict[str, Any]:
    """Content, size and digests of blobs."""
    account_id = account_argument(call, shared=SHARED_TYPES)
    arguments = GetArguments.read(call)
    wanted = Wanted.read(arguments.properties, arguments.rest)
    ids = list(dict.fromkeys(arguments.ids or ()))
    access, now = call.request.access, int(clock.seconds())

    def look(tx: Transaction) -> dict[str, Readable]:
        require_account(tx, account_id)
        return find_readable(tx, access, account_id, ids, now)

    found = await store.read(look)
    budget = _Budget(settings.of(Jmap), wanted)
    decoding = Decoding(MOST_DECODED)
    values = []
    for id in ids:
        if id in found:
            octets = await octets_of(store, found[id], decoding)
            budget.spend(octets.size)
            values.append(await _value(store, id, octets, wanted))
    missing = [id for id in ids if id not in found]
    return {"accountId": encode_id(account_id), "list": values, "notFound": missing}


class _Budget:
    """How many bytes one call may read."""

    def __init__(self, jmap: Jmap, wanted: Wanted) -> None:
        self._wanted = wanted
        self._left = jmap.max_request_size if wanted.data else _HASHED * jmap.max_upload_size

    def spend(self, size: int) -> None:
        """For one blob of ``size``; raises ``MethodError`` ``requestTooLarge``."""
        self._left -= self._wanted.cost(size)
        if self._left < 0:
            raise MethodError("requestTooLarge", "That is more content than one call gives; download it instead.")


async def _value(store: Store, id: str, octets: Octets, wanted: Wanted) -> dict[str, Any]:
    if wanted.cost(octets.size) <= _AT_ONCE and (octets.held is not None or wanted.cost(octets.size) == 0):
        return blob_value(id, octets, wanted, store.blob_files)
    return await store.blob_work(lambda files: blob_value(id, octets, wanted, files))


def blob_value(id: str, octets: Octets, wanted: Wanted, files: BlobFiles) -> dict[str, Any]:
    """One entry of ``list``; blocks while it reads ``files``."""
    value: dict[str, Any] = {"id": id}
    hashes = {name: hashlib.new(DIGESTS[name], usedforsecurity=False) for name in wanted.digests}
    kept = []
    if wanted.cost(octets.size):
        for piece in octets.pieces(files, *wanted.within(octets.size)):
            for each in hashes.values():
                each.update(piece)
            if wanted.data:
                kept.append(piece)
    problem = wanted.data and _put_data(value, wanted.properties, b"".join(kept))
    value |= {_DIGEST + name: b64encode(each.digest()).decode("ascii") for name, each in hashes.items()}
    if "size" in wanted.properties:
        value["size"] = octets.size
    for name, flag in zip(_FLAGS, (problem, wanted.is_truncated(octets.size)), strict=True):
        if flag or name in wanted.properties:
            value[name] = flag
    return value


def _put_data(value: dict[str, Any], properties: frozenset[str], content: bytes) -> bool:
    """Set the members for the content; True if it should have been text and is not."""
    text: str | None = None
    if properties != {"data:asBase64"}:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = None
    as_text = "data:asText" in properties or ("data" in properties and text is not None)
    as_base64 = "data:asBase64" in properties or ("data" in properties and text is None)
    if as_text:
        value["data:asText"] = text
    if as_base64:
        value["data:asBase64"] = b64encode(content).decode("ascii")
    return text is None and not properties.isdisjoint(("data", "data:asText"))
