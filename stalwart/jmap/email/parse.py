"""``Email/parse`` (RFC 8621 4.9): messages among blobs, uploaded or attached, shown like e-mails."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from stalwart.codec.mime import headers, scanner
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.blobs.access import Readable
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, Octets, octets_of
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.parsing import named_blobs, parse_answer, readable_blobs
from stalwart.jmap.blobs.quota import Uploader, UploadQuota
from stalwart.jmap.call import Call
from stalwart.jmap.email.content import Held
from stalwart.jmap.email.data_type import EMAIL, METADATA
from stalwart.jmap.email.view import EmailView
from stalwart.jmap.email.wanted import Wanted, read_wanted
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.getting import answered_names
from stalwart.mail.messages.fragment import FRAGMENT_NAMES
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles
from stalwart.store.incoming import discarding, store_content
from stalwart.store.object_types import MAILBOX
from stalwart.web.clock import Clock

_UNKNOWN = ("id", "threadId", "mailboxIds", "keywords", "receivedAt")


@method("Email/parse", capability=MAIL, needs=EMAIL.permission("Parse"))
async def parse(call: Call, *, store: Store, settings: Any, clock: Clock) -> dict[str, Any]:
    """Blobs as e-mails that are in no mailbox."""
    account_id = account_argument(call, shared=MAILBOX)
    jmap = settings.of(Jmap)
    reader = ArgumentReader(call.arguments)
    ids = named_blobs(call, reader, jmap.parse_limit_email)
    names = _names(reader.texts("properties"), call.request.using)
    wanted = read_wanted([name for name in names if name != "id"], reader.rest)
    parsing = _Parsing(names, wanted, call.request.allowance)
    access, now = call.request.access, int(clock.seconds())
    found = await readable_blobs(call, store, account_id, ids, now)
    decoding = Decoding(MOST_DECODED)
    uploader = Uploader(access, account_id, UploadQuota.of(jmap, access), now)
    parsed: dict[str, msgspec.Raw] = {}
    for id, readable in found.items():
        octets = await octets_of(store, readable, decoding)
        place = await _place(store, readable, octets, uploader) if parsing.shows_blobs else (id, 0)
        shown = await store.blob_work(partial(parsing.shown, id=id, octets=octets, place=place))
        if shown is not None:
            parsed[id] = shown
    return parse_answer(account_id, ids, found, parsed)


def _names(asked: list[str] | None, using: frozenset[str]) -> Sequence[str]:
    """RFC 8621 4.9: by default all but the metadata; ``id`` only where it is asked for."""
    if asked is None:
        return [name for name in EMAIL.default_names(using) if name not in METADATA]
    return [*(["id"] if "id" in asked else []), *answered_names(EMAIL, asked, using)]


async def _place(store: Store, found: Readable, octets: Octets, by: Uploader) -> tuple[str, int]:
    """The blob whose sections the parts of the message are, and where the message begins in it.

    A message that is encoded in another one becomes a blob of its own, like an upload, so that its parts have ids.
    """
    section = found.id.section
    whole = str(BlobId(found.id.hash))
    if section is None:
        return whole, 0
    if section.encoding == "n":
        return whole, section.offset
    assert octets.held is not None  # decoded content always is
    content = await store_content(store, octets.held)
    with discarding(store, (content,)):
        kept = await store.write(lambda tx: by.keep(tx, content))
    return str(BlobId(kept.hash)), 0


class _Parsing:
    """What one call wants of each message."""

    def __init__(self, names: Sequence[str], wanted: Wanted, allowance: Allowance) -> None:
        self._unknown = dict.fromkeys((name for name in names if name in _UNKNOWN), None)
        self._names = [name for name in names if name in FRAGMENT_NAMES]
        self._has_id, self._has_size = "blobId" in names, "size" in names
        self._wanted = wanted
        self._allowance = allowance
        self.shows_blobs = bool(wanted.body) and "blobId" in wanted.part.names

    def shown(self, files: BlobFiles, id: str, octets: Octets, place: tuple[str, int]) -> msgspec.Raw | None:
        """The message as JSON, None if it is none; blocks."""
        self._allowance.begin(octets.size)
        self._allowance.read(octets.size)
        try:
            data = octets.read(files, 0, octets.size)
        except NotFound:
            raise MethodError("serverFail", f"The content of the blob {id} is missing on the server.") from None
        root = scanner.scan(data)
        if not headers.fields(data, root.header_begin, root.header_end):
            return None
        members: dict[str, Any] = dict(self._unknown)
        if self._has_id:
            members["blobId"] = id
        if self._has_size:
            members["size"] = octets.size
        members |= EmailView(root, Held(data), *place, self._allowance).properties(self._wanted, self._names)
        encoded = msgspec.json.encode(members)
        self._allowance.written(len(encoded))
        return msgspec.Raw(encoded)
