"""The states that writes have reached, known without asking a thread: whether what was read at a state is still so.

For the reactor thread. A write is told here before whoever asked for it is answered, so nobody is shown less than he
has been told. When another process has written, nothing that was read before stands.
"""

from __future__ import annotations

from collections.abc import Callable

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
        if self._has_news():
            self.forget()
            if self._has_news():
                return None
        return self._generation

    def stands(self, account_id: int, type: int, state: int, moment: int | None) -> bool:
        """Whether objects are as they were at ``state``, which was read after ``moment``."""
        if self._has_news():
            self.forget()
            return False
        return moment == self._generation and self._written.get((account_id, type), 0) <= state
