"""The company of a process whose database other nodes use too: what it shares with them, and which node leads.

It passes on what the process shares with others of its own computer (``inner``: ``Alone``, or a worker) and tells the
other nodes by way of the database. Settings and keys that another node has written are read anew before the next
request goes on; who has changed them, or an account, is answered when all nodes know (``agreement``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.app.agreement import ASK, KNOWS, Agreement
from stalwart.app.company import Company, HearsOfCertificates, HearsOfObjects
from stalwart.app.foundations import Foundations
from stalwart.app.membership import Membership, machine_of
from stalwart.app.node_counters import NodeCounters
from stalwart.app.node_words import BusWords
from stalwart.app.workers.changes import EVERYTHING, Kind, News, news_of
from stalwart.app.workers.following import Following
from stalwart.config.storage.blob_store import BlobStore, Default
from stalwart.net.message_bus import MessageBus
from stalwart.provider.keys import SigningKeys
from stalwart.store.neighbours import Neighbours, Words
from stalwart.telemetry.cluster_events import CLUSTER_LEADS, CLUSTER_LEADS_NO_MORE, CLUSTER_SUPERSEDED
from stalwart.telemetry.events import STORE_ERROR
from stalwart.web.limits import Counters
from stalwart.web.pipeline import Changes

_ON_THE_WAY = 1.0
"""Seconds after which all nodes have heard a word."""
_ALERT, _LETTERS, _TASKS = "alert", "letters", "tasks"
_LIMITS, _LASTING = "limits", "lasting"
_AWAITED = frozenset((Kind.ACCOUNT, Kind.ACCOUNTS, Kind.SETTINGS, Kind.KEYS))
"""What all nodes have to know before whoever has changed it is answered."""


class Inbox:
    """What other nodes have told, as ``Following`` reads it."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int]] = []
        self._missed = False

    @property
    def is_behind(self) -> bool:
        """Whether there is something to read."""
        return self._missed or bool(self._entries)

    def put(self, kind: int, subject: int) -> None:
        """One more."""
        self._entries.append((kind, subject))

    def miss(self) -> None:
        """Nobody knows what else there was."""
        self._missed = True

    def take(self) -> News:
        """What came since the last time."""
        entries, self._entries = self._entries, []
        missed, self._missed = self._missed, False
        return EVERYTHING if missed else news_of(entries)


class NodeCompany:
    """``Company`` among nodes; what it does not know itself is asked of ``inner``. ``start_again`` ends what leads, and
    a node whose version is too old.
    """

    def __init__(self, inner: Company, neighbours: Neighbours, start_again: Callable[[], object], clock: Any) -> None:
        self._inner = inner
        self._limits = NodeCounters(inner.limits, lambda counts: self._say((_LIMITS, counts)), clock)
        self._lasting = NodeCounters(inner.lasting, lambda counts: self._say((_LASTING, counts)), clock)
        self.limits: Counters = self._limits
        self.lasting: Counters = self._lasting
        self.stands = True
        """Whether this node may lead."""
        self._neighbours = neighbours
        self._start_again = start_again
        self._inbox = Inbox()
        self._following: Following | None = None
        self._objects: HearsOfObjects | None = None
        self._below: Foundations | None = None
        self._wake_sender: Callable[[], None] | None = None
        self._runner: Any = None
        self._agreement = Agreement(neighbours.id, self._say, neighbours.others, clock)
        self._clock = clock
        self._membership: Membership | None = None
        self._bus: BusWords | None = None
        neighbours.listen(self._hear)
        neighbours.superseded(self._end)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def coordinate(self, bus: MessageBus, key: bytes, report: Callable[[str], object]) -> None:
        """Speak over ``bus`` from now on; who leads is settled by the database all the same."""
        self._bus = BusWords(bus, key, self._hear, self._neighbours.tell, report, self._clock)
        self._bus.start()

    @property
    def settling(self) -> float:
        """See ``Company``."""
        return self._inner.settling + _ON_THE_WAY

    def forgot(self, account_id: int | None) -> None:
        """See ``Company``."""
        self._inner.forgot(account_id)
        self._tell(*((Kind.ACCOUNTS,) if account_id is None else (Kind.ACCOUNT, account_id)))

    def changed_settings(self) -> None:
        """See ``Company``."""
        self._inner.changed_settings()
        self._tell(Kind.SETTINGS)

    def changed_keys(self) -> None:
        """See ``Company``."""
        self._inner.changed_keys()
        self._tell(Kind.KEYS)

    def forgot_world(self, answers_only: bool) -> None:
        """See ``Company``: each node has its own view of the world."""
        self._inner.forgot_world(answers_only)

    def changed_certificate(self, id: int | None) -> None:
        """See ``Company``."""
        self._inner.changed_certificate(id)
        self._tell(*((Kind.CERTIFICATES,) if id is None else (Kind.CERTIFICATE, id)))

    def changed_challenges(self, domain_id: int) -> None:
        """See ``Company``."""
        self._inner.changed_challenges(domain_id)
        self._tell(Kind.CHALLENGE, domain_id)

    def changed_objects(self, account_id: int) -> None:
        """See ``Company``."""
        self._inner.changed_objects(account_id)
        self._tell(Kind.OBJECTS, account_id)

    def changed_subscriptions(self, account_id: int) -> None:
        """See ``Company``."""
        self._inner.changed_subscriptions(account_id)
        self._tell(Kind.SUBSCRIPTIONS, account_id)

    def told_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """See ``Company``."""
        self._inner.told_alert(account_id, alert)
        self._say((_ALERT, account_id, dict(alert)))

    def share_objects(self, hearer: HearsOfObjects) -> None:
        """See ``Company``."""
        self._objects = hearer
        self._inner.share_objects(hearer)
        if self._following is not None:
            self._following.objects = hearer

    def changes(self, below: Foundations, keys: SigningKeys, tls: HearsOfCertificates) -> Changes:
        """See ``Company``."""
        self._below = below
        self._following = Following(self._inbox, below, keys, tls)
        self._following.objects = self._objects
        inner = self._inner.changes(below, keys, tls)
        return Both(self._following, self._agreement, *(() if inner is None else (inner,)))

    def tasks(self, runner: Any) -> Any:
        """See ``Company``. Whoever wakes the runner here wakes that of the node that leads."""
        self._runner = self._inner.tasks(runner)
        return TasksOfNodes(self._runner, lambda: self._say((_TASKS,)))

    def letters(self, wake: Callable[[], None]) -> Callable[[], None]:
        """See ``Company``."""
        self._wake_sender = inner = self._inner.letters(wake)

        def queued() -> None:
            inner()
            self._say((_LETTERS,))

        return queued

    def lead(self, begin: Callable[[], object]) -> None:
        """See ``Company``: of all nodes that may one."""

        def first_here() -> None:
            self._show()
            if self.stands:
                self._neighbours.lead(partial(self._begin, begin), self._lead_no_more)

        self._inner.lead(first_here)

    def closing(self) -> None:
        """See ``Company``."""
        if self._membership is not None:
            self._membership.close()
            self._membership = None
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        self._following = self._objects = self._below = self._wake_sender = self._runner = None
        self._agreement.close()
        self._limits.close()
        self._lasting.close()
        self._inner.closing()

    def _show(self) -> None:
        """Of the processes of this computer one shows that the node is there."""
        if self._below is not None and self._membership is None:
            below, machine = self._below, machine_of(self._below.config_path)
            shares = partial(_shares, below)
            self._membership = Membership(below.store, below.hostname, machine, below.telemetry, self._clock, shares)
            self._membership.start()

    def _begin(self, begin: Callable[[], object]) -> None:
        if self._below is not None:
            self._below.telemetry.emit(CLUSTER_LEADS)
        if self._membership is not None:
            self._membership.lead()
        begin()

    def _lead_no_more(self) -> None:
        if self._below is not None:
            self._below.telemetry.emit(CLUSTER_LEADS_NO_MORE)
        self._start_again()

    def _end(self) -> None:
        """To begin anew is to end: the store of a newer version is refused, with a sentence that says what to do."""
        if self._below is not None:
            self._below.telemetry.emit(CLUSTER_SUPERSEDED)
        self._start_again()

    def _tell(self, kind: Kind, subject: int = 0) -> None:
        self._say((int(kind), subject))
        if kind in _AWAITED:
            self._agreement.changed()

    def _say(self, word: Words) -> None:
        if self._bus is not None:
            self._bus.tell(word)
        else:
            self._neighbours.tell(word)

    def _hear(self, word: Words | None) -> None:
        if word is None:
            self._inbox.miss()
        elif word[0] == _ALERT:
            if self._objects is not None:
                self._objects.hear_alert(word[1], word[2])
            return
        elif word[0] == _LETTERS:
            if self._wake_sender is not None:
                self._wake_sender()
            return
        elif word[0] == _TASKS:
            if self._runner is not None:
                self._runner.wake()
            return
        elif word[0] in (_LIMITS, _LASTING):
            if self._inner.is_first:  # the processes of a computer count in one place
                (self._limits if word[0] == _LIMITS else self._lasting).hear(word[1])
            return
        elif word[0] == KNOWS:
            self._agreement.hear_answer(*word[1:4])
            return
        elif word[0] == ASK:
            self._look()
            self._agreement.hear(word[1], word[2])
            return
        else:
            try:
                self._inbox.put(Kind(word[0]), word[1])
            except ValueError:  # a newer version knows of more
                self._inbox.miss()
        self._look()

    def _look(self) -> None:
        looking = self._following.look() if self._following is not None else None
        if looking is not None and self._below is not None:
            telemetry = self._below.telemetry
            looking.addErrback(lambda failure: telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage()))


class TasksOfNodes:
    """The runner of tasks, of which waking is told to all nodes."""

    def __init__(self, runner: Any, tell: Callable[[], object]) -> None:
        self._runner = runner
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    def wake(self) -> None:
        """There may be something to do."""
        self._runner.wake()
        self._tell()


class Both:
    """``Changes`` of two sources."""

    def __init__(self, *sources: Changes) -> None:
        self._sources = sources

    def look(self) -> Awaitable[None] | None:
        """See ``Changes``."""
        return _all_of([each for source in self._sources if (each := source.look()) is not None])

    def agreed(self) -> Awaitable[None] | None:
        """See ``Changes``."""
        return _all_of([each for source in self._sources if (each := source.agreed()) is not None])


def _all_of(waiting: list[Awaitable[None]]) -> Awaitable[None] | None:
    if len(waiting) < 2:
        return waiting[0] if waiting else None

    async def awaited() -> None:
        for each in waiting:
            await each

    return Deferred.fromCoroutine(awaited())


def _shares(below: Foundations) -> bool:
    """Whether all nodes find large values; a database that is a file has one node."""
    return below.sole_use is not None or not isinstance(below.settings.of(BlobStore), Default)
