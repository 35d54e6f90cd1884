"""Asks the scripts of accounts what is to become of a message, before it is stored.

Scripts run in the threads for files, one after the other, and know what was read before: folders, own addresses, ids
that were met. What a script goes wrong with is an event, and its message goes where it would go without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from stalwart.codec.ids import encode_id
from stalwart.codec.sieve.actions import KEPT, Filing, Verdict
from stalwart.codec.sieve.answering import Person, Stamp
from stalwart.codec.sieve.message import Envelope, Message
from stalwart.codec.sieve.syntax import SieveError
from stalwart.codec.sieve.world import Folder, Folders, World, folders_of
from stalwart.config.identity.account import Account
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.receiving_rights import ReceivingRights
from stalwart.mail.sieve.dispatch import Dispatch, Disposed, Plan, Rejected, Situation
from stalwart.mail.sieve.outgoing import Written, written
from stalwart.mail.sieve.scripts import Active, Scripts
from stalwart.mail.sieve.switched_on import SwitchedOn
from stalwart.mail.sieve.vacation import answer_of, is_worth_answering
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE, BlobFiles
from stalwart.store.mail_rows import AddedEmail
from stalwart.store.seen import ANSWERED, MET
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    SIEVE_ACCEPT,
    SIEVE_DISCARD,
    SIEVE_REJECT,
    SIEVE_RUNTIME_ERROR,
    SIEVE_SEND_MESSAGE,
)
from stalwart.telemetry.faults import tell_fault

if TYPE_CHECKING:
    from stalwart.codec.sieve.compiling import Script

SEND: Final = "emailSend"
"""Who may not send mail has scripts that neither redirect nor answer."""
LONGEST: Final = 20.0
"""Seconds that the scripts of all who get one message may take; the others do not run."""
_TURNS: Final = 3
"""Runs of one script, the later ones knowing what was met before."""
_MILLISECONDS: Final = 1000


@define
class _Known:
    """What was read of an account."""

    active: Active
    source: bytes | None = None
    person: Person = field(factory=lambda: Person(()))
    folders: Folders = field(factory=Folders)
    seen: frozenset[bytes] = frozenset()


class Filtering:
    """Makes plans. ``clock`` tells the time, ``hostname`` is in the ids of what is written."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        messages: Messages,
        addresses: OwnAddresses,
        dispatch: Dispatch,
        telemetry: Telemetry,
        clock: Any,
        hostname: str,
    ) -> None:
        self.scripts = Scripts(settings)
        self._switched_on = SwitchedOn(store)
        self._store = store
        self._settings = settings
        self._messages = messages
        self._addresses = addresses
        self._may_send = ReceivingRights(settings, SEND)
        self.dispatch = dispatch
        self._telemetry = telemetry
        self._clock = clock
        self._hostname = hostname

    async def plans(self, prepared: Prepared, recipients: Mapping[int, str], situation: Situation) -> dict[int, Plan]:
        """The plans of those accounts that have a script or a vacation response; ``recipients`` are the addresses by
        which they get it. Raises Unavailable.
        """
        active = await self._switched_on.of(recipients)
        if not active:
            return {}
        if prepared.content is None and prepared.size < LARGE:  # a row, not a file
            prepared = evolve(prepared, content=await self._store.read(lambda tx: tx.blobs.get(prepared.hash)))
        known = await self._store.read(lambda tx: {id: self._read(tx, id, each) for id, each in active.items()})
        began = self._clock.seconds()
        plans: dict[int, Plan] = {}
        try:
            for id, account in known.items():
                if self._clock.seconds() - began > LONGEST:
                    self._tell(id, SieveError("The scripts of those who get the message take too much time.", 1))
                    continue
                envelope = Envelope(situation.sender, recipients[id])
                plans[id] = await self._plan(prepared, id, account, envelope, situation)
        except BaseException:
            self.dispatch.release(plans.values())
            raise
        return plans

    def _read(self, tx: Transaction, account_id: int, active: Active) -> _Known:
        """What the scripts of an account may ask for."""
        hash = active.script
        source = tx.blobs.get(hash) if hash is not None and not self.scripts.knows(hash) else None
        registered = tx.registry.get(Account.type_name, account_id)
        name = registered.data.get("description") if registered is not None else None
        may_send = registered is not None and self._may_send.may_receive(tx, registered.data)
        person = Person(self._addresses.listed(tx, account_id) if may_send else (), name or None)
        return _Known(active, source, person, _folders(tx, account_id))

    async def _plan(
        self, prepared: Prepared, account_id: int, known: _Known, envelope: Envelope, situation: Situation
    ) -> Plan:
        verdict, outgoing = KEPT, Written()
        contents: tuple[bytes, ...] = ()
        for _ in range(_TURNS):
            work = partial(self._run, prepared, known, envelope, situation)
            try:
                verdict, contents, outgoing = await self._store.blob_work(work)
            except (StalwartError, CancelledError):
                raise
            except Exception:  # a fault of ours: the message comes first
                tell_fault(self._telemetry, Failure(), accountId=account_id)
                return Plan(KEPT)
            digests = [each.digest for each in verdict.met]
            if not digests:
                break
            seen = await self._store.read(partial(self._met, account_id, digests))
            if seen <= known.seen:
                break
            known.seen |= seen
        if verdict.problem is not None:
            self._tell(account_id, verdict.problem)
        response = outgoing.response
        if response is not None and await self._store.read(partial(self._is_answered, account_id, response.key)):
            outgoing = evolve(outgoing, response=None)
        planned = account_id, prepared, verdict
        versions: list[Prepared] = []
        try:
            for content in contents:
                versions.append(await self._messages.prepare(content))
            return await self.dispatch.planned(*planned, tuple(versions), outgoing, situation)
        except BaseException:
            self._messages.drop(versions)
            raise

    def _met(self, account_id: int, digests: Sequence[bytes], tx: Transaction) -> frozenset[bytes]:
        return tx.seen.known(account_id, MET, digests, int(self._clock.seconds()))

    def _is_answered(self, account_id: int, key: bytes, tx: Transaction) -> bool:
        return bool(tx.seen.known(account_id, ANSWERED, (key,), int(self._clock.seconds())))

    def _run(
        self, prepared: Prepared, known: _Known, envelope: Envelope, situation: Situation, files: BlobFiles
    ) -> tuple[Verdict, tuple[bytes, ...], Written]:
        """In a thread: the verdict, the messages with other headers, what is to be sent."""
        data = prepared.content if prepared.content is not None else files.read(prepared.hash)
        message = Message(data, prepared.parsed.root, envelope)
        now = datetime.fromtimestamp(int(self._clock.seconds()), UTC)
        verdict = self._verdict(message, known, now)
        vacation = known.active.vacation
        if verdict.answer is None and vacation is not None and is_worth_answering(verdict, situation.folder):
            verdict = evolve(verdict, answer=answer_of(vacation, now))
        if not situation.reports_failure:
            verdict = evolve(verdict, answer=None)
        limits = self._settings.of(SieveUserInterpreter)
        stamp = Stamp(now.isoformat(), f"{token_hex(16)}@{self._hostname}", f"=_{token_hex(12)}")
        usual = f"{limits.default_subject_prefix} ".lstrip(), limits.default_subject
        remembered = limits.default_expiry_vacation // _MILLISECONDS
        verdict, outgoing = written(message, verdict, known.person, stamp, usual, remembered)
        return verdict, tuple(message.with_head(head) for head in verdict.heads), outgoing

    def _verdict(self, message: Message, known: _Known, now: datetime) -> Verdict:
        hash = known.active.script
        if hash is None:
            return KEPT
        from stalwart.codec.sieve.running import run  # when there is a script; a thread runs this

        try:
            script: Script = self.scripts.ready(hash, known.source)
        except SieveError as problem:
            return Verdict((Filing(),), problem=problem)
        environment = {"name": "stalwart", "phase": "during", "location": "MDA", "host": self._hostname}
        world = World(self.scripts.bounds, now, known.folders, known.seen, environment)
        return run(script, message, world)

    def report(self, account_id: int, plan: Plan, outcome: AddedEmail | Disposed | StalwartError) -> None:
        """Tell of what has happened; on the reactor, when the transaction is durable."""
        if isinstance(outcome, Rejected):
            self._telemetry.emit(SIEVE_REJECT, accountId=account_id, reason=outcome.detail)
        elif not isinstance(outcome, StalwartError):
            is_kept = isinstance(outcome, AddedEmail)
            self._telemetry.emit(SIEVE_ACCEPT if is_kept else SIEVE_DISCARD, accountId=account_id)
            sent = self.dispatch.sent(plan)
            if sent:
                self._telemetry.emit(SIEVE_SEND_MESSAGE, accountId=account_id, total=sent)

    def _tell(self, account_id: int, problem: SieveError) -> None:
        self._telemetry.emit(SIEVE_RUNTIME_ERROR, accountId=account_id, line=problem.line, reason=problem.text)


def _folders(tx: Transaction, account_id: int) -> Folders:
    rows = {row.id: row for row in tx.mail.mailboxes.list(account_id)}

    def path(id: int) -> str:
        names: list[str] = []
        at: int | None = id
        while at is not None and at in rows and len(names) < len(rows):
            names.append(rows[at].name)
            at = rows[at].parent_id
        return "/".join(reversed(names))

    return folders_of([Folder(encode_id(row.id), path(row.id), row.role or "") for row in rows.values()])
