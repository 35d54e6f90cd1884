"""MDN/parse (RFC 9007 2.2): notifications among blobs."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from stalwart.codec.feedback import identifier
from stalwart.codec.ids import encode_id
from stalwart.codec.mdn import read_report
from stalwart.codec.mime import body_values, headers, scanner
from stalwart.codec.mime.header_forms import CONVENIENCE, value_of
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, Octets, octets_of
from stalwart.jmap.blobs.parsing import named_blobs, parse_answer, readable_blobs
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mdn.mdn_object import MDN, wire_of
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.mail.messages import fragment
from stalwart.mail.messages.parsing import reference_of
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.web.clock import Clock

MOST_IN_THREADS = 1000
"""E-mails among which the one is looked for that a notification is about."""
LONGEST_TEXT = 64 << 10
"""Octets of the text for people that are shown."""


@method("MDN/parse", capability=MDN, needs="jmapEmailParse")
async def parse(call: Call, *, store: Store, settings: Settings, clock: Clock) -> dict[str, Any]:
    """Blobs as notifications."""
    account_id = account_argument(call)
    ids = named_blobs(call, ArgumentReader(call.arguments), settings.of(Jmap).parse_limit_email)
    found = await readable_blobs(call, store, account_id, ids, int(clock.seconds()))
    decoding = Decoding(MOST_DECODED)
    parsed: dict[str, dict[str, Any]] = {}
    for id, readable in found.items():
        octets = await octets_of(store, readable, decoding)
        shown = await store.blob_work(partial(_shown, id, octets, call.request.allowance))
        if shown is not None:
            parsed[id] = shown
    if parsed:
        originals = {id: identifier(shown["originalMessageId"]) for id, shown in parsed.items()}
        about = await store.read(lambda tx: _about(tx, account_id, frozenset(filter(None, originals.values()))))
        for id, shown in parsed.items():
            shown["forEmailId"] = about.get(originals[id] or "")
    return parse_answer(account_id, ids, found, parsed)


def _about(tx: Transaction, account_id: int, message_ids: frozenset[str]) -> dict[str, str]:
    """The e-mails of the account that have these ids, the oldest of each."""
    found: dict[str, str] = {}
    for message_id in message_ids:
        for id, text in tx.mail.mentioning(account_id, reference_of(message_id), MOST_IN_THREADS):
            own = fragment.read(text).message_id
            if own is not UNSET and message_id in (msgspec.json.decode(own) or ()):
                found[message_id] = encode_id(id)
                break
    return found


def _shown(id: str, octets: Octets, allowance: Allowance, files: BlobFiles) -> dict[str, Any] | None:
    """The notification that a message is, None if it is none; blocks."""
    allowance.begin(octets.size)
    allowance.read(octets.size)
    try:
        data = octets.read(files, 0, octets.size)
    except NotFound:
        raise MethodError("serverFail", f"The content of the blob {id} is missing on the server.") from None
    report = read_report(data)
    if report is None:
        return None
    root = scanner.scan(data)
    fields = headers.fields(data, root.header_begin, root.header_end)
    text = body_values.body_value(data, report.text, LONGEST_TEXT).value if report.text is not None else None
    subject = value_of(data, fields, CONVENIENCE["subject"])
    return wire_of(report.notification, subject=subject, text=text, has_original=report.has_original)
