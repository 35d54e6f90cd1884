"""The data type EmailSubmission (RFC 8621 7): sending an e-mail, now or later, and taking it back while it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.email.filing import Effort
from stalwart.jmap.email.set import Writing
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.methods import method
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.proposals import new_object, with_ids
from stalwart.jmap.standard.rules import Backed, Rules
from stalwart.jmap.standard.scalars import Id, Json, Nullable, String
from stalwart.jmap.standard.setting import Responses, carry_out
from stalwart.jmap.standard.sorting import Sort
from stalwart.jmap.submission.capability import SUBMISSION
from stalwart.jmap.submission.departure import Departure, Source
from stalwart.jmap.submission.identity_keeping import IDENTITIES
from stalwart.jmap.submission.implicit import OnSuccess, change_emails
from stalwart.jmap.submission.sending import Sending
from stalwart.jmap.submission.submission_source import Prepared, SubmissionSource, Work, work_of
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.submissions import CANCELED, FINAL, PENDING, canceled, queued
from stalwart.store import Store
from stalwart.store.incoming import discarding
from stalwart.store.object_types import EMAIL_SUBMISSION as NUMBER
from stalwart.store.object_types import IDENTITY, QUEUE_ID
from stalwart.store.store import Transaction
from stalwart.web.clock import Clock

STATUSES = frozenset((PENDING, FINAL, CANCELED))


class SubmissionRules(Rules):
    """Creations are composed and signed before the transaction; an update can only cancel."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        work = work_of(asking)
        preparing = _Preparing(asking, work.sending, asking.services["departure"])
        refused: dict[str, StalwartError] = {}
        for key, given in arguments.create.items():
            try:
                work.prepared[key] = await preparing.prepared(given)
            except StalwartError as problem:
                refused[key] = problem
        return refused

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.id is None:
            self._check_new(tx, asking, change)
        elif "undoStatus" in change.changed:
            self._cancel(tx, asking, change)

    def updated(self, tx: Transaction, asking: Asking, change: Change) -> None:
        assert change.id is not None
        _note_email(tx, asking, change.id)

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        assert change.id is not None
        _note_email(tx, asking, change.id)

    def _check_new(self, tx: Transaction, asking: Asking, change: Change) -> None:
        prepared = work_of(asking).prepared[change.key]
        if change.new["undoStatus"] != PENDING:
            raise SetRefused("invalidProperties", "A new submission is pending.", ("undoStatus",))
        row = tx.mail.list_rows(asking.account_id, (prepared.email_id,)).get(prepared.email_id)
        if row is None:
            raise _no_email()
        envelope = prepared.ready.envelope
        change.new |= {
            "threadId": encode_id(row.thread_id),
            "envelope": dict(envelope.wire),
            "sendAt": utc_date(envelope.hold_until or asking.now),
            "deliveryStatus": {email: queued() for email in envelope.emails},
            "dsnBlobIds": [],
            "mdnBlobIds": [],
        }

    def _cancel(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.new["undoStatus"] != CANCELED:
            raise SetRefused("invalidProperties", "A submission can only be canceled.", ("undoStatus",))
        stored = tx.objects.get(asking.account_id, change.id or 0)
        data = (stored.data if stored is not None else None) or {}
        queue = work_of(asking).sending.queue
        if change.old["undoStatus"] != PENDING or not queue.cancel(tx, data.get(QUEUE_ID, 0), asking.now):
            raise SetRefused("cannotUnsend", "It has been sent, or is being sent.")
        change.new["deliveryStatus"] = {email: canceled() for email in data["deliveryStatus"]}


def _note_email(tx: Transaction, asking: Asking, id: int) -> None:
    """Remember which e-mail a submission that may be gone soon was about."""
    stored = tx.objects.get(asking.account_id, id)
    if stored is not None and stored.data is not None:
        work_of(asking).emails[encode_id(id)] = stored.data["emailId"]


def _no_email() -> SetRefused:
    return SetRefused("invalidProperties", "There is no such e-mail.", ("emailId",))


class _Preparing:
    """Makes the messages of one call."""

    def __init__(self, asking: Asking, sending: Sending, departure: Departure) -> None:
        self._asking = asking
        self._sending = sending
        self._departure = departure
        self._effort = Effort()

    async def prepared(self, given: Mapping[str, Any]) -> Prepared:
        """Raises errors of the family."""
        asking, properties = self._asking, self._asking.declared.properties
        new = new_object(with_ids(given, properties, asking.request), properties)
        self._sending.require_right(asking.request)
        email_id = number_of(new["emailId"])
        identity, source = await self._sending.store.read(lambda tx: self._found(tx, new["identityId"], email_id))
        self._effort.spend(source.size)
        try:
            ready = await self._sending.ready(
                *(asking.request, asking.account_id, source, identity, new["envelope"], self._departure)
            )
        except NotFound:
            raise _no_email() from None
        assert email_id is not None  # or else it was not found
        return Prepared(email_id, ready)

    def _found(self, tx: Transaction, identity_id: str, email_id: int | None) -> tuple[str, Source]:
        """The address of the identity, and the message."""
        account_id = self._asking.account_id
        number = number_of(identity_id)
        identity = None if number is None else tx.objects.get(account_id, number)
        if identity is None or identity.type != IDENTITY or identity.data is None:
            raise SetRefused("invalidProperties", "There is no such identity.", ("identityId",))
        row = None if email_id is None else tx.mail.list_rows(account_id, (email_id,)).get(email_id)
        blob = None if row is None else tx.blobs.find(row.blob)
        if row is None or blob is None:
            raise _no_email()
        held = tx.blobs.get(row.blob) if blob.store == "db" else None
        return identity.data["email"], Source(row.blob, blob.size, held)


def _among(name: str) -> Condition:
    return Condition(ListOf(Id()), lambda object, ids: object[name] in ids, (name,))


_DECLARED = Declaration(
    name="EmailSubmission",
    capability=SUBMISSION,
    properties={
        "identityId": Property(Id(), immutable=True),
        "emailId": Property(Id(), immutable=True),
        "threadId": Property(Id(), server_set=True, immutable=True),
        "envelope": Property(Nullable(Json()), None, immutable=True),
        "sendAt": Property(UTCDate(), server_set=True, immutable=True),
        "undoStatus": Property(String(choices=STATUSES), PENDING),
        "deliveryStatus": Property(Nullable(Json()), server_set=True),
        "dsnBlobIds": Property(ListOf(Id()), server_set=True),
        "mdnBlobIds": Property(ListOf(Id()), server_set=True),
    },
    conditions={
        "identityIds": _among("identityId"),
        "emailIds": _among("emailId"),
        "threadIds": _among("threadId"),
        "undoStatus": Condition(
            String(choices=STATUSES), lambda object, value: object["undoStatus"] == value, ("undoStatus",)
        ),
        "before": Condition(UTCDate(), lambda object, moment: object["sendAt"] < moment, ("sendAt",)),
        "after": Condition(UTCDate(), lambda object, moment: object["sendAt"] >= moment, ("sendAt",)),
    },
    sorts={
        "emailId": Sort.by("emailId"),
        "threadId": Sort.by("threadId"),
        "sentAt": Sort.by("sendAt"),  # RFC 8621 7.3 calls it so
        "sendAt": Sort.by("sendAt"),
    },
)
_SOURCE = SubmissionSource(NUMBER)
_RULES = SubmissionRules()

EMAIL_SUBMISSION = DataType(
    _DECLARED,
    source=_SOURCE,
    rules=_RULES,
    supports=("get", "changes", "query", "queryChanges"),
    services=("jmap_sending",),
)


@method("EmailSubmission/set", capability=SUBMISSION)
async def set_submissions(
    call: Call, *, store: Store, clock: Clock, settings: Settings, messages: Messages, jmap_sending: Sending
) -> Responses:
    """Send, cancel, and remove records; then the changes of e-mails that were asked for."""
    account_id = account_argument(call)
    arguments = SetArguments.read(call)
    then = OnSuccess.read(arguments.rest, call.request.limits.max_objects_in_set)
    own_addresses = jmap_sending.own_addresses
    named = {"store": store, "clock": clock, "settings": settings, "own_addresses": own_addresses}
    await IDENTITIES.keep(call, named)
    work = Work(jmap_sending)
    departure = jmap_sending.departure(int(clock.seconds()))
    services = {**named, "jmap_sending": jmap_sending, "work": work, "departure": departure}
    asking = Asking.of(_DECLARED, call, account_id, arguments.rest, services)
    with discarding(store, departure.files):
        outcome = await carry_out(Backed(_DECLARED, _SOURCE, _RULES), asking, arguments)
    for key in outcome.created:
        jmap_sending.queue.queued(*work.letters[key])
    made = {told["id"]: encode_id(work.prepared[key].email_id) for key, told in outcome.created.items()}
    done = {*outcome.updated, *outcome.destroyed}
    emails = made | {id: email for id, email in work.emails.items() if id in done}
    implied = then.arguments(emails, call.request.created_ids)
    responses: Responses = [("EmailSubmission/set", outcome.wire())]
    writing = Writing(store, clock, settings, messages)
    return responses + await change_emails(call.request, account_id, implied, writing)
