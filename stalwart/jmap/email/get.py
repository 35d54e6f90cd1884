"""``Email/get`` (RFC 8621 4.2): what lists show comes out of the rows as ready JSON, the rest is read of each message.

Small messages are read where their rows are, in the transaction; those in files one after the other in the store's file
threads. Later batches of a long list may be newer than the state of the answer, which the next ``/changes`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from attrs import define, field, frozen

from stalwart.codec.ids import encode_id
from stalwart.codec.mime import scanner
from stalwart.codec.mime.part import Part, root_of
from stalwart.directory.access import Access
from stalwart.errors import NotFound
from stalwart.jmap.accounts import account_argument, belongs
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Call
from stalwart.jmap.email.content import Content, Filed, Held
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.view import EmailView
from stalwart.jmap.email.wanted import Wanted, read_wanted
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight, mail_state
from stalwart.jmap.methods import method
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.jmap.standard.arguments import GetArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.getting import answered_names
from stalwart.jmap.standard.states import State
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE, BlobFiles
from stalwart.store.mail_rows import EmailRow
from stalwart.store.object_types import EMAIL as EMAIL_NUMBER
from stalwart.store.object_types import MAILBOX

_BATCH = 50
_encode = msgspec.json.Encoder().encode

Ids = tuple[str, ...]
Lines = dict[int | None, bytes]


@method("Email/get", capability=MAIL, needs=EMAIL.permission("Get"))
async def get(call: Call, *, store: Store, recent_answers: RecentAnswers) -> dict[str, Any]:
    """E-mails by id."""
    account_id = account_argument(call, shared=MAILBOX)
    arguments = GetArguments.read(call)
    access = call.request.access
    wanted = read_wanted(answered_names(EMAIL, arguments.properties, call.request.using), arguments.rest)
    ids = None if arguments.ids is None else tuple(arguments.ids)
    allowance = call.request.allowance
    reading = _Reading(account_id, access, wanted, allowance)
    if not wanted.is_ready or ids is None or not belongs(access, account_id):
        most = call.request.limits.max_objects_in_get
        return _response(account_id, await _read(store, reading, ids, most))

    def ready(tx: Transaction, state: int) -> _Answer | None:
        return _ready(tx, account_id, access, ids, wanted, state)

    answer = await recent_answers.answer(account_id, EMAIL_NUMBER, (ids, wanted.row_names), ready)
    if answer is None:  # what one of them lacks is in a file
        return _response(account_id, await _read(store, reading, ids, len(ids)))
    allowance.list(len(answer.list))
    return _response(account_id, answer)


@frozen
class _Answer:
    """The state, the objects as one JSON array, the ids of what is not there."""

    state: int
    list: bytes
    not_found: Sequence[str]

    @property
    def octets(self) -> int:
        """About its size."""
        return len(self.list)


def _response(account_id: int, answer: _Answer) -> dict[str, Any]:
    return {
        "accountId": encode_id(account_id),
        "state": str(State(answer.state)),
        "list": msgspec.Raw(answer.list),
        "notFound": answer.not_found,
    }


def _ready(tx: Transaction, account_id: int, access: Access, ids: Ids, wanted: Wanted, state: int) -> _Answer | None:
    """What rows have, in one transaction; None if files have to be read."""
    numbers = _numbers(ids)
    reading = _Reading(account_id, access, wanted, Allowance())
    reading.batch(tx, [*filter(None, numbers.values())])
    return None if reading.large else reading.answer(state, numbers)


async def _read(store: Store, reading: _Reading, ids: Ids | None, most: int) -> _Answer:
    """What has to be read of messages too, a batch at a time."""

    def first(tx: Transaction) -> tuple[int, Mapping[str, int | None], list[int]]:
        state = mail_state(tx, reading.access, reading.account_id, EMAIL_NUMBER)
        numbers = reading.everything(tx, most) if ids is None else _numbers(ids)
        asked = [*filter(None, numbers.values())]
        reading.batch(tx, asked[:_BATCH])
        return state, numbers, asked

    state, numbers, asked = await store.read(first)
    await reading.finish_large(store)
    for begin in range(_BATCH, len(asked), _BATCH):
        await store.read(partial(reading.batch, ids=asked[begin : begin + _BATCH]))
        await reading.finish_large(store)
    return reading.answer(state, numbers)


def _numbers(ids: Iterable[str]) -> Mapping[str, int | None]:
    return {id: number_of(id) for id in ids}


@define
class _Reading:
    """What one call has read: ``lines`` are the objects as JSON by number, ``large`` rows wait for their file."""

    account_id: int
    access: Access
    wanted: Wanted
    allowance: Allowance
    lines: Lines = field(factory=dict)
    large: list[EmailRow] = field(factory=list)

    def everything(self, tx: Transaction, most: int) -> Mapping[str, int | None]:
        """All e-mails, the latest first; raises ``MethodError`` if there are more than ``most``."""
        sight = Sight.of(tx, self.access, self.account_id)
        if sight.is_whole:
            ids = tx.mail.page(self.account_id, limit=most + 1).ids
        else:
            ids = tx.mail.matching(self.account_id, sight.narrowed(tx, self.account_id, None), limit=most + 1)
        if len(ids) > most:
            raise MethodError("requestTooLarge", f"There are more than {most} e-mails; ask for some of them by id.")
        return {encode_id(id): id for id in ids}

    def batch(self, tx: Transaction, ids: Sequence[int]) -> None:
        """Read some, in a transaction."""
        write = self.wanted.rows.line
        sight = Sight.of(tx, self.access, self.account_id)
        if self.wanted.is_ready:
            incomplete = []
            octets = 0
            for id, row in sight.rows(tx.mail.list_rows(self.account_id, ids)).items():
                line = write(row)
                if line is None:
                    incomplete.append(id)
                else:
                    self.lines[id] = line
                    octets += len(line)
            self.allowance.list(octets)
            if not incomplete:
                return
            ids = incomplete
        for row in sight.rows(tx.mail.list_rows(self.account_id, ids, parts=True)).values():
            self._row(tx, row)

    def answer(self, state: int, numbers: Mapping[str, int | None]) -> _Answer:
        """All that was read, in the order of ``numbers``."""
        lines = self.lines
        found = [lines[number] for number in dict.fromkeys(numbers.values()) if number in lines]
        missing = [id for id, number in numbers.items() if number not in lines]
        return _Answer(state, b"[" + b",".join(found) + b"]", missing)

    def _row(self, tx: Transaction, row: EmailRow) -> None:
        line, missing = self.wanted.rows.partly(row)
        root = root_of(row.parts)
        if root is not None and not missing and not self.wanted.needs_content:
            self.allowance.begin(row.size)
            self._add(row, line, self._view(row, root, Held(b"")), missing)
        elif row.size >= LARGE:
            self.large.append(row)
        else:
            octets = tx.blobs.get(row.blob)
            if octets is None:
                raise _lost(row)
            self.allowance.begin(row.size)
            self.allowance.read(len(octets))
            self._add(row, line, self._view(row, root, Held(octets), octets), missing)

    async def finish_large(self, store: Store) -> None:
        """Read what is in files, one after the other."""
        rows, self.large = self.large, []
        for row in rows:
            await store.blob_work(partial(self._from_file, row=row))

    def _from_file(self, files: BlobFiles, row: EmailRow) -> None:
        line, missing = self.wanted.rows.partly(row)
        self.allowance.begin(row.size)
        root = root_of(row.parts)
        try:
            if root is None:  # the places of its parts are not known: all of it has to be read
                self.allowance.read(row.size)
                octets = files.read(row.blob)
                view = self._view(row, None, Held(octets), octets)
            else:
                view = self._view(row, root, Filed(files, row.blob, self.allowance))
            self._add(row, line, view, missing)
        except NotFound:
            raise _lost(row) from None

    def _add(self, row: EmailRow, line: bytes, view: EmailView, missing: Sequence[str]) -> None:
        further = _encode(view.properties(self.wanted, missing))
        shown = line if further == b"{}" else b"%b,%b" % (line[:-1], further[1:])
        self.allowance.written(len(shown))
        self.lines[row.id] = shown

    def _view(self, row: EmailRow, root: Part | None, content: Content, octets: bytes = b"") -> EmailView:
        parts = scanner.scan(octets) if root is None else root
        return EmailView(parts, content, str(BlobId(row.blob)), allowance=self.allowance)


def _lost(row: EmailRow) -> MethodError:
    return MethodError("serverFail", f"The content of the e-mail {encode_id(row.id)} is missing on the server.")
