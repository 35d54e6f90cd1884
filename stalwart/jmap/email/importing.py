"""Email/import (RFC 8621 4.8): messages that were uploaded, or are parts of others, become e-mails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.email import Email
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, octets_of
from stalwart.jmap.call import Call
from stalwart.jmap.email.filing import Made, Outcomes, Target, answers, dropping, file_all, report_all
from stalwart.jmap.email.placement import Placement, read_placement
from stalwart.jmap.email.set_work import email_state
from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.states import require_state
from stalwart.mail.messages.arriving import Messages, NotAMessage, Prepared
from stalwart.store import Store, Transaction
from stalwart.store.object_types import MAILBOX
from stalwart.web.clock import Clock

_MEMBERS = frozenset(("blobId", "mailboxIds", "keywords", "receivedAt"))


@frozen
class Wanted:
    """One EmailImport."""

    blob_id: str
    placement: Placement


@method("Email/import", capability=MAIL, needs="jmapEmailImport")
async def import_emails(
    call: Call, *, store: Store, clock: Clock, settings: Settings, messages: Messages
) -> dict[str, Any]:
    """Make e-mails of blobs."""
    account_id = account_argument(call, shared=MAILBOX)
    if_in_state, emails = _arguments(call)
    began = clock.seconds()
    now = int(began)
    made: dict[str, Made | StalwartError] = {}
    wanted: dict[str, Wanted] = {}
    for creation_id, given in emails.items():
        try:
            wanted[creation_id] = _wanted(given, call.request.created_ids)
        except StalwartError as problem:
            made[creation_id] = problem
    access, ids = call.request.access, list(dict.fromkeys(each.blob_id for each in wanted.values()))

    def look(tx: Transaction) -> tuple[Mapping[str, Readable], Target]:
        require_state(if_in_state, email_state(tx, access, account_id))
        places = [each.placement for each in wanted.values()]
        found = find_readable(tx, access, account_id, ids, now)
        return found, Target.seen(tx, access, account_id, places, messages)

    found, target = await store.read(look)

    def work(tx: Transaction) -> tuple[str, str, Outcomes]:
        old_state = email_state(tx, access, account_id)
        require_state(if_in_state, old_state)
        outcomes = file_all(tx, account_id, Sight.of(tx, access, account_id), made, messages, now)
        return old_state, email_state(tx, access, account_id), outcomes

    with dropping(made, messages):
        preparing = _Preparing(store, messages, settings.of(Email).max_message_size, found, target)
        for creation_id, each in wanted.items():
            try:
                made[creation_id] = await preparing.message(each)
            except StalwartError as problem:
                made[creation_id] = problem
        old_state, new_state, outcomes = await store.write(work)
    report_all(account_id, made, outcomes, messages, clock.seconds() - began)
    created, not_created = answers(made, outcomes)
    call.request.created_ids.update({creation_id: told["id"] for creation_id, told in created.items()})
    return {
        "accountId": encode_id(account_id),
        "oldState": old_state,
        "newState": new_state,
        "created": created or None,
        "notCreated": not_created or None,
    }


def _arguments(call: Call) -> tuple[str | None, dict[str, dict[str, Any]]]:
    reader = ArgumentReader(call.arguments)
    if_in_state = reader.text("ifInState")
    if reader.rest.get("emails") is None:
        raise invalid("emails", "is missing")
    emails = reader.creations("emails")
    most = call.request.limits.max_objects_in_set
    if len(emails) > most:
        raise MethodError("requestTooLarge", f"At most {most} e-mails can be imported in one call, not {len(emails)}.")
    return if_in_state, emails


def _wanted(given: Mapping[str, Any], created_ids: Mapping[str, str]) -> Wanted:
    unknown = sorted(name for name in given if name not in _MEMBERS)
    if unknown:
        raise SetRefused("invalidProperties", "There are no such properties of an import.", unknown)
    blob_id = given.get("blobId")
    if not isinstance(blob_id, str):
        raise SetRefused("invalidProperties", "The blobId must be given.", ("blobId",))
    return Wanted(
        created_ids.get(blob_id[1:], blob_id) if blob_id[:1] == "#" else blob_id, read_placement(given, created_ids)
    )


def _dated(placement: Placement, prepared: Prepared) -> Placement:
    """RFC 8621 4.8: received when its newest Received field says so."""
    received_at = placement.received_at if placement.received_at is not None else prepared.parsed.received_at
    return Placement(placement.mailboxes, placement.keywords, received_at)


class _Preparing:
    """Reads messages; one blob that is imported several times is read once."""

    def __init__(
        self, store: Store, messages: Messages, most: int, found: Mapping[str, Readable], target: Target
    ) -> None:
        self._store = store
        self._messages = messages
        self._most = most
        self._found = found
        self._last: tuple[str, Prepared] | None = None
        self._decoding = Decoding(MOST_DECODED)
        self._target = target

    async def message(self, wanted: Wanted) -> Made:
        """What is to be added.

        Raises OverQuota, ``SetRefused``: ``invalidProperties`` for an id that names no blob, ``invalidEmail``,
        ``tooLarge``.
        """
        blob_id = wanted.blob_id
        found = self._found.get(blob_id)
        if found is None:
            raise _no_blob(blob_id)
        if self._last is not None and self._last[0] == blob_id:
            self._target.check(wanted.placement, self._last[1].size, 0)
        else:
            size = found.place.length
            self._target.check(wanted.placement, size if found.place.encoding == "n" else 0, size)
            self._last = (blob_id, await self._prepared(found, blob_id))
        prepared = self._last[1]
        blobs = frozenset((found.blob.hash,))
        return self._target.take(Made(_dated(wanted.placement, prepared), prepared, blobs=blobs))

    async def _prepared(self, found: Readable, blob_id: str) -> Prepared:
        try:
            if found.id.section is None:
                return await self._messages.prepare_stored(found.blob.hash, found.blob.size)
            return await self._messages.prepare(await self._section(found))
        except NotAMessage as problem:
            raise SetRefused("invalidEmail", problem.detail) from None
        except NotFound:
            raise _no_blob(blob_id) from None

    async def _section(self, found: Readable) -> bytes:
        if found.place.length > 2 * self._most:  # as base64 it would be a third longer
            raise SetRefused("tooLarge", f"A message can have at most {self._most} octets.")
        octets = await octets_of(self._store, found, self._decoding)
        if octets.held is not None:
            return octets.held
        return await self._store.blob_work(lambda files: octets.read(files, 0, octets.size))


def _no_blob(blob_id: str) -> SetRefused:
    """RFC 8621 4.8: an id that is not found is an invalid property here."""
    return SetRefused("invalidProperties", "There is no such blob.", ("blobId",), notFound=[blob_id])
