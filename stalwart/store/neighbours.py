"""The other nodes that use the same database: words to them, and which one of all leads."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred

Words = Sequence[Any]
"""Values that JSON can hold."""


class Outbox:
    """Words of one sender that wait to be told, each once, as messages; what messages of others say."""

    def __init__(self) -> None:
        self._sender = secrets.randbits(62)
        self._words: dict[str, None] = {}

    def add(self, word: Words) -> None:
        """One more, unless it waits already."""
        self._words[json.dumps(word, separators=(",", ":"))] = None

    def messages(self, longest: int) -> Iterator[str]:
        """What waits, and waits no more; a message has about ``longest`` characters, or one word."""
        waiting, self._words = list(self._words), {}
        waiting.reverse()
        while waiting:
            words, length = list[str](), 0
            while waiting and (not words or length + len(waiting[-1]) < longest):
                length += len(waiting[-1]) + 1
                words.append(waiting.pop())
            yield f'{{"from":{self._sender},"words":[{",".join(words)}]}}'

    def heard(self, message: str | bytes) -> list[Words]:
        """The words of a message; none of what this sender has said."""
        return words_of(message) if json.loads(message)["from"] != self._sender else []


def words_of(message: str | bytes) -> list[Words]:
    """What a message says, whoever has said it."""
    words: list[Words] = json.loads(message)["words"]
    return words


class Neighbours(Protocol):
    """For the reactor thread. Words reach the nodes that listen when they are said, each once, or none of them if the
    database cannot be reached: then all of them are told that they may have missed any.
    """

    @property
    def id(self) -> int:
        """That of this process among all that use the database."""

    def others(self) -> Deferred[frozenset[int]]:
        """The ids of the others that live and can hear now, or hear before they answer anybody; it may never fire."""

    def listen(self, hear: Callable[[Words | None], object]) -> None:
        """Call ``hear`` with each word of another node, and with None where some may have been missed."""

    def tell(self, word: Words) -> None:
        """Say this to the others, within milliseconds; what is said twice meanwhile may be heard once."""

    def lead(self, begin: Callable[[], object], lost: Callable[[], object]) -> None:
        """Call ``begin`` once this node leads: no other one does then. ``lost`` is called should another one be about
        to lead, or nobody know; a later call may lead again.
        """

    def superseded(self, end: Callable[[], object]) -> None:
        """Call ``end`` should a node of a newer version have changed the schema of the database."""

    def start(self) -> None:
        """Begin; ``run`` is to be called in a thread then."""

    def run(self) -> None:
        """The body of the thread, until ``close``."""

    def close(self) -> None:
        """Lead no more, and be silent."""
