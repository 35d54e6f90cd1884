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
        self.ahead: tuple[Observer, ...] = ()

    def add(self, observer: Observer, *, ahead: bool = False) -> Callable[[], None]:
        """Tell ``observer`` from now on, ``ahead`` of whoever has written; calling the result ends it."""
        if ahead:
            self.ahead = (*self.ahead, observer)
        else:
            self.observers = (*self.observers, observer)

        def leave() -> None:
            self.observers = tuple(each for each in self.observers if each is not observer)
            self.ahead = tuple(each for each in self.ahead if each is not observer)

        return leave

    def tell_ahead(self, changed: Changed) -> None:
        """Something has changed, and who has changed it is not answered yet."""
        for observer in self.ahead:
            observer(changed)

    def tell(self, changed: Changed) -> None:
        """Something has changed."""
        for observer in self.observers:
            observer(changed)
