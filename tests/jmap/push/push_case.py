"""Push over a real store and directory in memory: alice, a member of staff, listens; changes are made in the store."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces
from stalwart.jmap.push.feed import Feed, Watcher
from stalwart.jmap.push.state_change import Change, Types
from stalwart.jmap.push.streams import PushStreams
from stalwart.store.object_types import MAILBOX
from stalwart.telemetry.events import Event
from tests.directory.world import NOW, World


class FakeCompany:
    """What others would be told."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.watches: list[bool] = []

    def changed_objects(self, account_id: int) -> None:
        self.told.append(account_id)

    def watches_objects(self, watches: bool) -> None:
        self.watches.append(watches)


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.accesses: list[Access] = []
        self.ended = 0

    def take(self, change: Change) -> None:
        self.changes.append(change)

    def renewed(self, access: Access) -> None:
        self.accesses.append(access)

    def end(self) -> None:
        self.ended += 1

    def taken(self) -> list[dict[int, dict[int, int]]]:
        """The states of each event since the last call."""
        found = [{id: dict(states) for id, states in each.states.items()} for each in self.changes]
        self.changes.clear()
        return found


def one_second() -> float:
    return 1.0


class PushCase(World):
    """``alice`` and her group ``staff`` are ids of accounts."""

    def setUp(self) -> None:
        super().setUp()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self._note)
        self.alice = self.user()
        self.staff = self.settle(self.accounts.create_group("staff", self.domain_id))
        self.join()
        self.company = FakeCompany()
        standing = self.directory.standing
        self.feed = Feed(self.store, standing, self.clock, self.telemetry, self.company)
        self.addCleanup(self.feed.close)
        self.places = MemoryPlaces()
        self.streams = PushStreams(self.feed, standing, self.settings, self.places, self.telemetry)
        self.access = self.sign_in()

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def join(self, *, is_member: bool = True) -> None:
        """Whether alice belongs to staff."""
        self.patch_account(self.alice, {"memberGroupIds": {encode_id(self.staff): True} if is_member else {}})

    def set_jmap(self, **members: Any) -> None:
        """Members of x:Jmap."""
        self.settle(self.settings.change(Jmap, members))

    def touch(self, account_id: int, type: int = MAILBOX) -> int:
        """Change something; the state after that."""
        made = self.successResultOf(self.store.write(lambda tx: tx.objects.insert(account_id, type, now=NOW)))
        return made.seq

    def watch(self, types: Types = None, throttle: Any = one_second, access: Access | None = None) -> Listening:
        """A listener whose watcher is secured."""
        listener = Listener()
        watcher = self.feed.watch(listener, access or self.access, types, throttle)
        watcher.secured(self.settle(self.directory.standing.grant(access or self.access)))
        return Listening(listener, watcher)


class Listening:
    """Both ends."""

    def __init__(self, listener: Listener, watcher: Watcher) -> None:
        self.listener = listener
        self.watcher = watcher

    def taken(self) -> list[dict[int, dict[int, int]]]:
        return self.listener.taken()
