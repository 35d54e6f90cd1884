"""Who wants to know that objects of accounts have changed: what push is made of. For the reactor thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Changed = Mapping[int, Mapping[int, int]]
"""The states that writes have changed, by account and type of objects (``object_types``); 0 for what has to be read.
Under ``FIRST`` is the first change number that they took in the account, if they took any.
"""

FIRST = 0
"""No type of objects has this number."""

Observer = Callable[[Changed], object]


class Watch:
    """The observers of one store."""

    def __init__(self) -> None:
        self.observers: tuple[Observer, ...] = ()

    def add(self, observer: Observer) -> Callable[[], None]:
        """Tell ``observer`` from now on; calling the result ends it."""
        self.observers = (*self.observers, observer)

        def leave() -> None:
            self.observers = tuple(each for each in self.observers if each is not observer)

        return leave

    def tell(self, changed: Changed) -> None:
        """Something has changed."""
        for observer in self.observers:
            observer(changed)
