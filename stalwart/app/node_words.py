"""Words to other nodes over a message bus (x:Coordinator), and over the data store while there is none.

Each message holds who says it, and a proof that it is one of the nodes. Who has no connection to the bus says its words
by the data store, where all listen too; since it hears nothing meanwhile, it believes nothing that it remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from twisted.internet.task import LoopingCall

from stalwart.net.message_bus import MessageBus
from stalwart.store.neighbours import Outbox, Words, words_of

CUT_OFF = 2.0
"""Seconds after which a node without a bus looks at everything again."""
_PROOF = 16
_LONGEST = 60_000
"""Octets of one message; the words of one turn may be several."""


class BusWords:
    """What a node says and hears over ``bus``; ``fall_back`` says a word by the data store."""

    def __init__(
        self,
        bus: MessageBus,
        key: bytes,
        hear: Callable[[Words | None], object],
        fall_back: Callable[[Words], object],
        report: Callable[[str], object],
        clock: Any,
    ) -> None:
        self._bus = bus
        self._key = key
        self._hear = hear
        self._fall_back = fall_back
        self._report = report
        self._clock = clock
        self._is_connected = False
        self._said = Outbox()
        self._leaving: Any = None
        self._blind = LoopingCall(lambda: self._hear(None))
        self._blind.clock = clock

    def start(self) -> None:
        """Begin: until the first connection stands nothing is heard, however long that takes to be noticed."""
        self._blind.start(CUT_OFF, now=False)
        self._bus.start(self)

    def close(self) -> None:
        """Say and hear nothing more."""
        self._bus.close()
        if self._leaving is not None and self._leaving.active():
            self._leaving.cancel()
        if self._blind.running:
            self._blind.stop()

    def tell(self, word: Words) -> None:
        """See ``Neighbours``."""
        if not self._is_connected:
            self._fall_back(word)
            return
        self._said.add(word)
        if self._leaving is None:
            self._leaving = self._clock.callLater(0, self._leave)

    def heard(self, payload: bytes) -> None:
        """See ``Listener``: words of ourselves, or of somebody else, are not listened to."""
        proof, text = payload[:_PROOF], payload[_PROOF:]
        if not compare_digest(proof, self._proof(text)):
            return
        for word in self._said.heard(text):
            self._hear(word)

    def connected(self) -> None:
        """See ``Listener``."""
        self._is_connected = True
        if self._blind.running:
            self._blind.stop()
        self._hear(None)

    def disconnected(self, reason: str) -> None:
        """See ``Listener``."""
        self._is_connected = False
        self._report(
            f"The coordinator cannot be reached ({reason}). Nodes tell each other by the data store meanwhile."
        )
        if self._blind.running:
            self._hear(None)
        else:
            self._blind.start(CUT_OFF)

    def unpublished(self, payload: bytes) -> None:
        """See ``Listener``."""
        for word in words_of(payload[_PROOF:]):
            self._fall_back(word)

    def _leave(self) -> None:
        self._leaving = None
        for message in self._said.messages(_LONGEST):
            text = message.encode()
            self._bus.publish(self._proof(text) + text)

    def _proof(self, text: bytes) -> bytes:
        return blake2b(text, key=self._key, digest_size=_PROOF).digest()
