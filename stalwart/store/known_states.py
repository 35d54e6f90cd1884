"""The states that writes have reached, known without asking a thread: whether what was read at a state is still so.

For the reactor thread. A write is told here before whoever asked for it is answered, so nobody is shown less than he
has been told. When another process has written, nothing that was read before stands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from attrs import define, field

from stalwart.store.watch import FIRST, Changed

MOST = 50_000
"""States that are held at once; then all of them are forgotten."""


@define
class KnownStates:
    """The last state of each type of objects of an account that was written here. ``has_news`` tells whether others may
    have written since it was asked last. Whoever keeps what he reads asks for the ``moment`` before he reads.
    """

    _has_news: Callable[[], bool] = bool
    look: Callable[[], Awaitable[bool]] | None = None
    """Where others can only be asked about with a wait: True once it is known what they have written."""
    _generation: int = 0
    _written: dict[tuple[int, int], int] = field(factory=dict)
    _most: int = MOST

    def note(self, changed: Changed) -> None:
        """These states have been reached; 0 stands for one that is not known, so that nothing of before stands."""
        written = self._written
        for account_id, states in changed.items():
            for type, state in states.items():
                if type == FIRST:
                    continue
                if not state:
                    self.forget()
                elif state > written.get((account_id, type), 0):
                    written[account_id, type] = state
        if len(written) > self._most:
            self.forget()

    def forget(self) -> None:
        """Nothing that was read until now stands."""
        self._generation += 1
        self._written.clear()

    def moment(self) -> int | None:
        """For ``stands`` later on; None if nothing that is read now can stand."""
        if self.look is None and self._has_news():
            self.forget()
            if self._has_news():
                return None
        return self._generation

    def stands(self, account_id: int, type: int, state: int, moment: int | None) -> bool:
        """Whether objects are as they were at ``state``, read after ``moment``, as far as that is known here."""
        if self.look is not None:
            return False
        if self._has_news():
            self.forget()
            return False
        return self._stood(account_id, type, state, moment)

    async def still_stand(self, account_id: int, states: Iterable[tuple[int, int]], moment: int | None) -> bool:
        """As ``stands``, of several types, with a wait where that is needed."""
        if self.look is None:
            return all(self.stands(account_id, type, state, moment) for type, state in states)
        if moment != self._generation or not await self.look():
            return False
        return all(self._stood(account_id, type, state, moment) for type, state in states)

    def _stood(self, account_id: int, type: int, state: int, moment: int | None) -> bool:
        return moment == self._generation and self._written.get((account_id, type), 0) <= state
