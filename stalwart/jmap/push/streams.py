"""The streams on which clients hear of changes: how many there are, for whom, and what they need."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.places import Places
from stalwart.directory.standing import Standing
from stalwart.jmap.push.feed import Feed
from stalwart.telemetry import Telemetry
from stalwart.web.open_streams import OpenStreams

MOST = 4096
"""Streams of one account: many devices behind one login are no attack, and an idle one costs little."""
SHARE = 4
"""One account may have this part of the file descriptors of a process, if that is less."""
REQUESTS = 4
"""Messages of one account to its WebSockets may hold the octets of as many requests of the greatest size,
or of as many as may run at once."""
RETRY_AFTER = 30


class PushStreams(OpenStreams):
    """What the routes share; ``places`` count streams by account, ``telemetry`` by kind. ``descriptors`` is how many
    the process may have, None without a limit."""

    def __init__(
        self,
        feed: Feed,
        standing: Standing,
        settings: Any,
        places: Places,
        telemetry: Telemetry,
        descriptors: int | None = None,
    ) -> None:
        self.feed = feed
        self.standing = standing
        self.settings = settings
        self._held: dict[int, int] = {}
        most = MOST if descriptors is None else min(MOST, max(descriptors // SHARE, 1))
        refusal = f"This account has {most} open streams already. End one of them."
        super().__init__(places, telemetry, "push-streams", most, refusal, RETRY_AFTER)

    def room(self, account_id: int) -> MessageRoom:
        """What a WebSocket of the account counts the octets of its messages in."""
        jmap = self.settings.of(Jmap)
        most = max(REQUESTS, jmap.max_concurrent_requests or 0) * jmap.max_request_size
        return MessageRoom(self._held, account_id, most)

    def event_source_throttle(self) -> float:
        """Seconds between two events of a stream."""
        return float(self.settings.of(Jmap).event_source_throttle) / 1000

    def socket_throttle(self) -> float:
        """Seconds between two pushes on a WebSocket."""
        return float(self.settings.of(Jmap).websocket_throttle) / 1000


class MessageRoom:
    """``web.answers.Room`` of one account: ``held`` are the octets of all accounts, of which it may have ``most``."""

    __slots__ = ("_account_id", "_held", "_most")

    def __init__(self, held: dict[int, int], account_id: int, most: int) -> None:
        self._held = held
        self._account_id = account_id
        self._most = most

    def take(self, octets: int) -> bool:
        """See ``Room``."""
        held = self._held.get(self._account_id, 0) + octets
        if held > self._most:
            return False
        self._held[self._account_id] = held
        return True

    def free(self, octets: int) -> None:
        """See ``Room``."""
        held = self._held.get(self._account_id, 0) - octets
        if held > 0:
            self._held[self._account_id] = held
        else:
            self._held.pop(self._account_id, None)
