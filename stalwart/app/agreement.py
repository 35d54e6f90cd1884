"""That the other nodes know what was changed here, before whoever changed it is answered.

After a password was changed, a token revoked or a setting written, no node may go by what was before. So the words
about it are followed by a question, which each node answers as soon as it has taken over what was said before. Who is
gone is not waited for, whoever goes meanwhile no longer once that is seen, and whoever hangs for ``PATIENCE``. Requests
that change something meanwhile share questions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from stalwart.store.neighbours import Words

PATIENCE = 3.0
"""Seconds after which a node that does not answer is taken for one that hangs, and will be left by the balancer."""
LOOK_AGAIN = 0.4
"""Seconds after which it is looked who has gone meanwhile: a process that was killed is seen at once."""
ASK, KNOWS = "ask", "knows"


@define(eq=False)
class _Question:
    """Who is to answer (None while that is not known), who has, and who waits for that."""

    expected: frozenset[int] | None = None
    known: set[int] = field(factory=set)
    waiting: dict[Deferred[None], None] = field(factory=dict)
    late: Any = None
    looking: Any = None


class Agreement:
    """``id`` is that of this process among ``others``, which are asked for each time; ``say`` reaches all of them.

    It is one of the ``web.pipeline.Changes`` of the process.
    """

    def __init__(
        self,
        id: int,
        say: Callable[[Words], object],
        others: Callable[[], Deferred[frozenset[int]]],
        clock: Any,
    ) -> None:
        self._id = id
        self._say = say
        self._others = others
        self._clock = clock
        self._is_due = False
        self._number = 0
        self._questions: dict[int, _Question] = {}

    def look(self) -> None:
        """See ``Changes``: nothing is taken over here."""

    def changed(self) -> None:
        """The others have been told something that they must know before anybody is answered here."""
        self._is_due = True

    def agreed(self) -> Deferred[None] | None:
        """See ``Changes``."""
        if self._is_due:
            self._is_due = False
            self._ask()
        question = self._questions.get(self._number)
        if question is None:
            return None
        waiting: Deferred[None] = Deferred(lambda one: question.waiting.pop(one, None))
        question.waiting[waiting] = None
        return waiting

    def hear(self, asker: int, number: int) -> None:
        """Another one asks; what it has said before has been taken over."""
        self._say((KNOWS, asker, number, self._id))

    def hear_answer(self, asker: int, number: int, who: int) -> None:
        """One that knows."""
        question = self._questions.get(number) if asker == self._id else None
        if question is not None:
            question.known.add(who)
            self._look_whether_all(number, question)

    def close(self) -> None:
        """Nobody is waited for any more."""
        for number in tuple(self._questions):
            self._end(number)

    def _ask(self) -> None:
        self._number = number = self._number + 1
        question = self._questions[number] = _Question()
        question.late = self._clock.callLater(PATIENCE, self._end, number)
        self._say((ASK, self._id, number))
        self._look_who_is_there(number)

    def _look_who_is_there(self, number: int) -> None:
        self._questions[number].looking = self._clock.callLater(LOOK_AGAIN, self._look_who_is_there, number)
        self._others().addCallback(partial(self._expect, number))

    def _expect(self, number: int, others: frozenset[int]) -> None:
        """Who has come since the question was put knows what was said before."""
        question = self._questions.get(number)
        if question is not None:
            question.expected = others if question.expected is None else question.expected & others
            self._look_whether_all(number, question)

    def _look_whether_all(self, number: int, question: _Question) -> None:
        if question.expected is not None and question.expected <= question.known:
            self._end(number)

    def _end(self, number: int) -> None:
        question = self._questions.pop(number)
        for timer in (question.late, question.looking):
            if timer is not None and timer.active():
                timer.cancel()
        waiting, question.waiting = question.waiting, {}
        for each in waiting:
            each.callback(None)
