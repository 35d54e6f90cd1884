"""What the two synchronisations and an event stream tell of a change, with what was known before it.

``watch.step(deed)`` does something and gives what ``/changes`` and ``/queryChanges`` of JMAP and sync-collection of
WebDAV tell of it. They have to agree: the number in the sync token is that of the state, unless the collection is one
of several that a change is about, and the state that is pushed is that which ``/changes`` and ``/get`` give.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from attrs import frozen

from tests.live.daemon import PATIENCE
from tests.live.protocols.people import DECLARED, NAMES, Person
from tests.live.push_clients import Events


@frozen
class Told:
    """Ids as JMAP tells them; paths as WebDAV does: what is there has changed or come, what is gone has gone."""

    created: list[str]
    updated: list[str]
    destroyed: list[str]
    there: set[str]
    gone: set[str]
    added: list[str]
    removed: list[str]


class Watch:
    """``type`` is followed in the account of ``person``, or ``account``; ``path`` is the collection that is followed
    over WebDAV, ``filter`` of a query whose changes are asked for too.
    """

    def __init__(
        self,
        person: Person,
        type: str,
        path: str | None,
        account: str | None = None,
        filter: dict[str, Any] | None = None,
    ) -> None:
        self.person, self.type, self.path = person, type, path
        self.account = account or person.account
        self._filter = filter
        self.is_one_of_several = False
        self.events = Events(person.daemon.port, person.headers)
        self.note()

    def note(self) -> None:
        """Take what there is now as known."""
        self.state = self.person.jmap(f"{self.type}/get", self.account, ids=[])["state"]
        self.token = None if self.path is None else self._synchronised(self.path, "")[0]
        if self._filter is not None:
            asked = self.person.jmap(f"{self.type}/query", self.account, filter=self._filter)
            self.query, self.ids = asked["queryState"], asked["ids"]

    def step(self, deed: Callable[[], Any]) -> Told:
        """What is told of a deed."""
        deed()
        changes = self.person.jmap(f"{self.type}/changes", self.account, sinceState=self.state)
        assert not changes["hasMoreChanges"]
        assert changes["newState"] == self.person.jmap(f"{self.type}/get", self.account, ids=[])["state"]
        there, gone = self._dav(changes["newState"])
        added, removed = self._queried()
        if changes["newState"] != self.state:
            self.events.until(self.account, self.type, changes["newState"])
        self.state = changes["newState"]
        return Told(changes["created"], changes["updated"], changes["destroyed"], there, gone, added, removed)

    def _dav(self, state: str) -> tuple[set[str], set[str]]:
        if self.path is None:
            return set(), set()
        token, there, gone = self._synchronised(self.path, str(self.token))
        if state != self.state and (there - {self.path} or gone):
            said, known = int(token.rpartition(":")[2], 16), int(state[1:])
            assert said == known or (self.is_one_of_several and said < known), (token, state)
        self.token = token
        return there - {self.path}, gone  # homes, whose tags change, are told of too

    def _queried(self) -> tuple[list[str], list[str]]:
        if self._filter is None:
            return [], []
        found = self.person.jmap(
            f"{self.type}/queryChanges", self.account, filter=self._filter, sinceQueryState=self.query
        )
        kept = [id for id in self.ids if id not in found["removed"]]
        for each in found["added"]:
            kept.insert(each["index"], each["id"])
        asked = self.person.jmap(f"{self.type}/query", self.account, filter=self._filter)
        assert (asked["ids"], asked["queryState"]) == (kept, found["newQueryState"]), (found, self.ids, asked)
        removed = [id for id in found["removed"] if id in self.ids]
        self.ids, self.query = kept, found["newQueryState"]
        return [each["id"] for each in found["added"]], removed

    def _synchronised(self, path: str, token: str) -> tuple[str, set[str], set[str]]:
        body = (
            f"<D:sync-collection {DECLARED}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        answer = self.person.synchronised(path, body)
        there, gone = set[str](), set[str]()
        for response in answer.iterfind("D:response", NAMES):
            is_gone = " 404 " in response.findtext("D:status", "", NAMES)
            (gone if is_gone else there).add(response.findtext("D:href", "", NAMES))
        return answer.findtext("D:sync-token", "", NAMES), there, gone

    def close(self) -> None:
        """Leave the stream."""
        self.events.close()

    def settled(self) -> None:
        """Until nothing more comes for a moment: what was before the watch is behind."""
        until = time.monotonic() + PATIENCE
        while self.events.next(0.05) is not None and time.monotonic() < until:
            pass
