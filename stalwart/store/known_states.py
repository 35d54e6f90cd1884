"""The states that writes have reached, known without asking a thread: whether what was read at a state is still so.

For the reactor thread. A write is told here before whoever asked for it is answered, so nobody is shown less than he
has been told. That holds for the writes of this process; where others write to the same data too, do not ask.
"""

from __future__ import annotations

from attrs import define, field

from stalwart.store.watch import FIRST, Changed

MOST = 50_000
"""States that are held at once; then all of them are forgotten."""


@define
class KnownStates:
    """The last state of each type of objects of an account that was written, and how often all were forgotten.

    Whoever keeps what he reads asks for the ``generation`` before he reads.
    """

    generation: int = 0
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
        self.generation += 1
        self._written.clear()

    def stands(self, account_id: int, type: int, state: int, generation: int) -> bool:
        """Whether objects are as they were at ``state``, which was read in ``generation``."""
        return generation == self.generation and self._written.get((account_id, type), 0) <= state
