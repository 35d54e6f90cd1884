"""Who wants to hear of which accounts, and what is told to whom (RFC 8620 7).

A write says what the states are that it has changed. What another process of this server changes makes the accounts
doubtful that somebody watches; their states are read once, all doubtful ones together, and compared with what they
were. So are those where the numbers of a write show that another process has written before it. Watchers with the same
accounts and types share one event, which is encoded once and told at once, then at most once in each ``throttle``. A
watcher whose access may have gone stale is told nothing until that has been looked at: it ends, or sees other accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from stalwart.directory.access import Access
from stalwart.directory.standing import Grant, Standing
from stalwart.errors import StalwartError
from stalwart.jmap.push.scopes import Scopes, grown, scopes_of
from stalwart.jmap.push.state_change import ALERTS, PUSHED, Change, Types, merged, write_vector
from stalwart.store import Store, Transaction
from stalwart.store.watch import FIRST, Changed
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR
from stalwart.telemetry.faults import Works, tell_fault

BATCH = 500
"""Accounts whose states one transaction reads."""
TURN = 200
"""Watchers that are told in a row before others get their turn."""
LOOKS = 50
"""Watchers in a second whose access is looked at though they were told nothing."""
ROUND = 300.0
"""Seconds after which that of each is looked at, because sign-ins end in time."""
RETRY = 1.0

_ALL = dict.fromkeys(PUSHED, 0)


class Listener(Protocol):
    """What a watcher is for; called on the reactor's stack, and not to take long."""

    def take(self, change: Change) -> None:
        """Something has changed."""

    def renewed(self, access: Access) -> None:
        """What the access is now, after it was looked at."""

    def end(self) -> None:
        """The access stands no more; the watcher is closed."""


class Company(Protocol):
    """What is asked of ``stalwart.app.company``."""

    def changed_objects(self, account_id: int) -> None: ...
    def watches_objects(self, watches: bool) -> None: ...


class Watcher:
    """One who wants to hear, until ``close``. ``seen`` is the generation at which ``grant`` stood; it has one once it
    is ``secured``.
    """

    __slots__ = ("_feed", "grant", "group", "listener", "seen", "waiting")

    def __init__(self, feed: Feed, listener: Listener, seen: int, group: _Group) -> None:
        self._feed = feed
        self.listener = listener
        self.grant: Grant | None = None
        self.seen = seen
        self.group: _Group | None = group
        self.waiting: Change | None = None

    def secured(self, grant: Grant) -> None:
        """Its access is what ``grant`` gives, from now on too."""
        self.grant = grant
        self._feed.secured(self)

    async def missed(self, known: Mapping[int, int]) -> Change | None:
        """What has changed since somebody knew that much; None for nothing."""
        await self._feed.loaded(self)
        return None if self.group is None else self.group.since(known)

    async def mark(self) -> str:
        """What somebody gives back to hear of everything that is told from now on."""
        await self._feed.loaded(self)
        return "" if self.group is None else write_vector(self.group.told(self.waiting))

    @property
    def state(self) -> Change:
        """An event of nothing, for its ``state``: how far everything is known now."""
        return Change({}, self.group.known() if self.group is not None else {})

    def close(self) -> None:
        """Hear no more."""
        self._feed.leave(self)


class _Account:
    """States of one account that is watched; None until they were read. ``doubtful`` has changed since then.

    All changes up to ``known`` are in them: another process may have taken numbers below those of a write here, and its
    word comes later.
    """

    __slots__ = ("doubtful", "groups", "known", "states", "waiting")

    def __init__(self) -> None:
        self.states: dict[int, int] | None = None
        self.known = 0
        self.doubtful: set[int] = set()
        self.groups: set[_Group] = set()
        self.waiting: list[Deferred[None]] = []

    def arrived(self, states: dict[int, int]) -> set[int]:
        """Take what was read; the types that changed."""
        self.known = max(self.known, *states.values(), 0)
        states = {type: number for type, number in states.items() if type in PUSHED}
        doubtful, self.doubtful = self.doubtful, set()
        if self.states is None:
            self.states = states
            return doubtful & states.keys()
        return self.told(states)

    def tell(self, id: int, changed: Set[int], touched: dict[_Group, None]) -> None:
        """Tell the groups; those for whom that is worth an event are ``touched``."""
        if changed:
            touched.update((group, None) for group in self.groups if group.changed(id, changed))

    def follows(self, written: Mapping[int, int]) -> bool:
        """Take over how far everything is known now; whether nothing is missing before what was written."""
        last = max(written.values())
        if last > self.known:
            if written.get(FIRST, last + 1) > self.known + 1:
                return False
            self.known = last
        return True

    def told(self, states: Mapping[int, int]) -> set[int]:
        """Take states that are known; the types that changed. States only grow: a reading may be older."""
        assert self.states is not None
        known = self.states
        changed = {type for type, number in states.items() if number > known.get(type, 0)}
        for type in changed:
            known[type] = states[type]
        return changed


class _Group:
    """Watchers that are told the same."""

    __slots__ = ("accounts", "call", "key", "last", "members", "pending", "scopes", "throttle", "types")

    def __init__(
        self,
        key: Any,
        accounts: Mapping[int, _Account],
        scopes: Scopes,
        types: Types,
        throttle: Callable[[], float],
    ) -> None:
        self.key = key
        self.accounts = accounts
        self.scopes = scopes
        self.types = types
        self.throttle = throttle
        self.members: dict[Watcher, None] = {}
        self.pending: dict[int, set[int]] = {}
        self.last = float("-inf")
        self.call: Any = None

    def changed(self, account_id: int, types: Set[int]) -> bool:
        """Whether that is worth an event."""
        wanted = types if self.types is None else types & self.types
        scope = self.scopes[account_id]
        wanted = wanted if scope is None else wanted & scope
        if wanted:
            self.pending.setdefault(account_id, set()).update(wanted)
        return bool(wanted)

    def change(self) -> Change:
        """The event of what is pending, with the states of now."""
        states = {}
        for id, types in self.pending.items():
            now = self.accounts[id].states or {}
            states[id] = {type: now[type] for type in types if type in now}
        return Change(states, self.known())

    def since(self, known: Mapping[int, int]) -> Change | None:
        """What has changed since ``known``. A number that has not been given out yet says nothing: the store was put
        back to an earlier day, or another process was quicker."""
        states = {}
        for id, account in self.accounts.items():
            least = known.get(id, 0)
            if least > account.known:
                least = 0
            now = account.states or {}
            found = {type: number for type, number in now.items() if number > least and self._tells(id, type)}
            if found:
                states[id] = found
        return Change(states, self.known()) if states else None

    def _tells(self, account_id: int, type: int) -> bool:
        """Whether anybody asked for it, and may know."""
        scope = self.scopes[account_id]
        return (self.types is None or type in self.types) and (scope is None or type in scope)

    def told(self, waiting: Change | None) -> dict[int, int]:
        """How far everything has been told: not what is pending, nor what is ``waiting`` for a member."""
        known = self.known()
        for id, types in self.pending.items():
            now = self.accounts[id].states or {}
            known[id] = min([known[id], *(now[type] - 1 for type in types if type in now)])
        for id, states in (waiting.states if waiting is not None else {}).items():
            known[id] = min([known.get(id, 0), *(number - 1 for number in states.values())])
        return known

    def known(self) -> dict[int, int]:
        """How far everything is known."""
        return {id: account.known for id, account in self.accounts.items()}


class Feed:
    """The watchers of this process. What changes here is told to the ``company``."""

    def __init__(self, store: Store, standing: Standing, clock: Any, telemetry: Telemetry, company: Company) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock
        self._telemetry = telemetry
        self._company = company
        self._accounts: dict[int, _Account] = {}
        self._groups: dict[Any, _Group] = {}
        self._dirty: dict[int, None] = {}
        self._works = Works(telemetry)
        self._is_reading = self._is_looking = False
        self._doubted: dict[Grant, dict[Watcher, None]] = {}
        self._round: Iterator[Watcher] = iter(())
        self._round_of = (standing.generation, clock.seconds() + ROUND)
        self._tick: Any = None
        self._unwatch = store.watch(self._written)

    def close(self) -> None:
        """Tell nobody anything any more."""
        self._unwatch()
        self._works.cancel()
        for group in tuple(self._groups.values()):
            for watcher in tuple(group.members):
                self.leave(watcher)

    def watch(self, listener: Listener, access: Access, types: Types, throttle: Callable[[], float]) -> Watcher:
        """Tell ``listener`` what happens to ``types`` in the accounts of ``access`` from now on; ``throttle`` gives
        seconds, and is one function for all of a kind. The watcher has to be secured.
        """
        group = self._group(scopes_of(access), types, throttle)
        watcher = Watcher(self, listener, self._standing.generation, group)
        group.members[watcher] = None
        if self._tick is None:
            self._tick = self._clock.callLater(1.0, self._ticked)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """``watcher`` is closed."""
        group, watcher.group = watcher.group, None
        watcher.waiting = None
        doubted = self._doubted.get(watcher.grant) if watcher.grant is not None else None
        if doubted is not None:
            doubted.pop(watcher, None)
        if group is not None:
            self._leave_group(watcher, group)

    async def loaded(self, watcher: Watcher) -> None:
        """Wait until the states of all its accounts are known."""
        while watcher.group is not None:
            account = next((each for each in watcher.group.accounts.values() if each.states is None), None)
            if account is None:
                return
            waiting: Deferred[None] = Deferred(account.waiting.remove)
            account.waiting.append(waiting)
            await waiting

    def hear_objects(self, account_ids: Collection[int] | None) -> None:
        """Objects of these accounts, or of any, have changed in another process."""
        self._note(dict.fromkeys(self._accounts if account_ids is None else account_ids, _ALL))

    def alert(self, account_id: int, members: Mapping[str, Any]) -> None:
        """Tell those who want to hear of alerts of an account, at once."""
        account = self._accounts.get(account_id)
        for group in tuple(account.groups) if account is not None else ():
            if group.scopes[account_id] is None and (group.types is None or ALERTS in group.types):
                change = Change({}, group.known(), ((account_id, members),))
                self._hand_out(iter(tuple(group.members)), change)

    def _written(self, changed: Changed) -> None:
        for account_id in changed:
            self._company.changed_objects(account_id)
        if self._accounts:
            self._note(changed)

    def _note(self, changed: Changed) -> None:
        told: dict[_Group, None] = {}
        for account_id, states in changed.items():
            account = self._accounts.get(account_id)
            if account is None:
                continue
            if account.states is not None and all(states.values()):
                if not account.follows(states):
                    self._dirty[account_id] = None
                account.tell(account_id, account.told({type: states[type] for type in states if type in PUSHED}), told)
            else:
                account.doubtful.update(states)
                self._dirty[account_id] = None
        for group in told:
            self._soon(group)
        self._begin_reading()

    # Reading

    def _begin_reading(self) -> None:
        if self._dirty and not self._is_reading:
            self._is_reading = True
            self._works.run(self._read())

    async def _read(self) -> None:
        try:
            while self._dirty:
                ids = list(self._dirty)[:BATCH]
                for id in ids:
                    del self._dirty[id]
                try:
                    self._arrived(await self._store.read(partial(_states, ids=ids)))
                except StalwartError as problem:
                    self._telemetry.emit(STORE_ERROR, reason=problem.detail)
                    self._dirty.update(dict.fromkeys(id for id in ids if id in self._accounts))
                    await deferLater(self._clock, RETRY)
        finally:
            self._is_reading = False

    def _arrived(self, found: Mapping[int, dict[int, int]]) -> None:
        touched: dict[_Group, None] = {}
        ready: list[Deferred[None]] = []
        for account_id, states in found.items():
            account = self._accounts.get(account_id)
            if account is None:
                continue
            changed = account.arrived(states)
            ready += account.waiting
            account.waiting = []
            account.tell(account_id, changed, touched)
        for group in touched:
            self._soon(group)
        for waiting in ready:
            waiting.callback(None)

    # Telling

    def _soon(self, group: _Group) -> None:
        if group.call is not None:
            return
        delay = group.last + group.throttle() - self._clock.seconds()
        if delay <= 0:
            self._tell(group)
        else:
            group.call = self._clock.callLater(delay, self._tell, group)

    def _tell(self, group: _Group) -> None:
        group.call = None
        group.last = self._clock.seconds()
        change, group.pending = group.change(), {}
        self._hand_out(iter(tuple(group.members)), change)

    def _hand_out(self, watchers: Iterator[Watcher], change: Change) -> None:
        generation = self._standing.generation
        for number, watcher in enumerate(watchers, 1):
            if watcher.group is None:
                continue
            if watcher.seen == generation:
                self._safely(watcher, watcher.listener.take, change)
            else:
                watcher.waiting = merged(watcher.waiting, change)
                self._doubt(watcher)
            if number == TURN:
                self._clock.callLater(0, self._hand_out, watchers, change)
                return

    # Looking at accesses

    def _safely(self, watcher: Watcher, call: Callable[..., object], *values: object) -> None:
        """A listener that fails hears no more, and takes no other with it."""
        try:
            call(*values)
        except Exception:
            tell_fault(self._telemetry, Failure())
            self.leave(watcher)

    def secured(self, watcher: Watcher) -> None:
        """``watcher`` has its grant."""
        if watcher.group is not None and watcher.seen != self._standing.generation:
            self._doubt(watcher)

    def _doubt(self, watcher: Watcher) -> None:
        if watcher.grant is None:
            return
        self._doubted.setdefault(watcher.grant, {})[watcher] = None
        if not self._is_looking:
            self._is_looking = True
            self._works.run(self._look())

    async def _look(self) -> None:
        try:
            while self._doubted:
                grant, watchers = next(iter(self._doubted.items()))
                generation = self._standing.generation
                access: Access | None = None
                if watchers:
                    try:
                        access = await self._standing.access(grant)
                    except StalwartError as problem:
                        self._telemetry.emit(STORE_ERROR, reason=problem.detail)
                        await deferLater(self._clock, RETRY)
                        continue
                self._doubted.pop(grant, None)
                for watcher in tuple(watchers):
                    self._looked(watcher, access, generation)
        finally:
            self._is_looking = False

    def _looked(self, watcher: Watcher, access: Access | None, generation: int) -> None:
        group, waiting = watcher.group, watcher.waiting
        if group is None:
            return
        if access is None:
            self.leave(watcher)
            self._safely(watcher, watcher.listener.end)
            return
        watcher.seen, watcher.waiting = generation, None
        scopes = scopes_of(access)
        if scopes != group.scopes:
            if group.pending:
                waiting = merged(waiting, group.change())  # nobody may be left there to whom it would be told
            moved = self._group(scopes, group.types, group.throttle)
            moved.members[watcher] = None
            self._leave_group(watcher, group)
            watcher.group = moved
            if more := grown(group.scopes, scopes):
                self._works.run(self._show(watcher, more))
        self._safely(watcher, watcher.listener.renewed, access)
        change = waiting.seen_by(scopes) if waiting is not None else None
        if change is not None and watcher.group is not None:
            self._safely(watcher, watcher.listener.take, change)

    async def _show(self, watcher: Watcher, account_ids: Collection[int]) -> None:
        """Tell what has come into sight: it may have changed before that was known here."""
        await self.loaded(watcher)
        group = watcher.group
        if group is not None:
            change = group.since({id: number for id, number in group.known().items() if id not in account_ids})
            if change is not None:
                self._hand_out(iter((watcher,)), change)

    def _ticked(self) -> None:
        """Look at some of those who hear nothing, if anything may have become stale."""
        self._tick = self._clock.callLater(1.0, self._ticked)
        now, generation = self._clock.seconds(), self._standing.generation
        if self._round_of[0] != generation or self._round_of[1] <= now:
            everyone = [watcher for group in self._groups.values() for watcher in group.members]
            is_timely = self._round_of[1] <= now
            self._round = iter([each for each in everyone if is_timely or each.seen != generation])
            self._round_of = (generation, now + ROUND if is_timely else self._round_of[1])
        for _, watcher in zip(range(LOOKS), self._round, strict=False):
            if watcher.group is not None:
                self._doubt(watcher)

    # Groups and accounts

    def _group(self, scopes: Scopes, types: Types, throttle: Callable[[], float]) -> _Group:
        key = (frozenset(scopes.items()), types, throttle)
        group = self._groups.get(key)
        if group is None:
            accounts = {id: self._account(id) for id in sorted(scopes)}
            group = self._groups[key] = _Group(key, accounts, scopes, types, throttle)
            for account in accounts.values():
                account.groups.add(group)
            self._begin_reading()
        return group

    def _account(self, id: int) -> _Account:
        account = self._accounts.get(id)
        if account is None:
            if not self._accounts:
                self._company.watches_objects(True)
            account = self._accounts[id] = _Account()
            self._dirty[id] = None
        return account

    def _leave_group(self, watcher: Watcher, group: _Group) -> None:
        group.members.pop(watcher, None)
        if group.members:
            return
        self._groups.pop(group.key, None)
        if group.call is not None:
            group.call.cancel()
            group.call = None
        for id, account in group.accounts.items():
            account.groups.discard(group)
            if not account.groups:
                self._forget(id, account)

    def _forget(self, id: int, account: _Account) -> None:
        self._accounts.pop(id, None)
        self._dirty.pop(id, None)
        waiting, account.waiting = account.waiting, []
        for each in waiting:
            each.callback(None)
        if not self._accounts:
            self._company.watches_objects(False)
            if self._tick is not None:
                self._tick.cancel()
                self._tick = None


def _states(tx: Transaction, ids: Iterable[int]) -> dict[int, dict[int, int]]:
    return {id: tx.objects.states(id) for id in ids}
