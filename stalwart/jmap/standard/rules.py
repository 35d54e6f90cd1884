"""What a data type adds to ``/set`` and ``/copy`` beyond its properties: a class with a method for each moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, ClassVar

from attrs import frozen

from stalwart.errors import StalwartError
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.source import Source
from stalwart.store.store import Transaction


class Rules:
    """Nothing special; subclass and override.

    ``of_originals`` are the arguments of a ``/copy`` that count when its originals are destroyed.

    All but ``prepare``, ``prepare_copies`` and ``committed`` run in the transaction, each change in a savepoint of its
    own; an error of the family, ``SetRefused`` above all, refuses that change alone.
    """

    of_originals: ClassVar[frozenset[str]] = frozenset()

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        """Before the transaction: what takes time or asks others. Put results into ``asking.prepared``.

        Answers the changes that are refused already, by creation id or id. May raise ``MethodError``.
        """
        return {}

    async def prepare_copies(
        self, origin: Asking, asking: Asking, create: Mapping[str, dict[str, Any]]
    ) -> Mapping[str, StalwartError]:
        """The same before a ``/copy``; ``create`` are the copies as the client gives them. Blobs that they name may be
        of either account, those that they are made with belong to the account of ``asking``.
        """
        return {}

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Before a creation or update is stored; may change ``change.new``."""

    def created(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """After a creation was stored; ``change.id`` is its number."""

    def updated(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """After an update was stored."""

    def letting_go(self, tx: Transaction, asking: Asking, named: Mapping[int, Collection[str]]) -> bool:
        """Take from objects those of their ``named`` properties that only one can have; False if there are none.

        All of ``named`` will be updated at once then, so that they can exchange such values, or nothing has happened.
        """
        return False

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Before the object ``change.id`` goes."""

    def writes(self, asking: Asking) -> bool:
        """Whether a call that neither creates nor changes nor destroys changes something all the same."""
        return False

    def finishing(self, tx: Transaction, asking: Asking, outcome: SetOutcome) -> None:
        """At the end of the transaction: what depends on how all changes went. Clients learn what ``outcome`` says."""

    async def committed(self, asking: Asking, outcome: SetOutcome) -> list[tuple[str, dict[str, Any]]]:
        """After the transaction, before the answer: further responses (name, arguments) of implicit calls."""
        return []


def nothing_else(asking: Asking) -> Hashable:
    """Everybody who may ask is answered the same."""
    return None


@frozen
class Repeated:
    """Answers of a type may be kept for a state of the objects of ``number``; what they depend on besides is what
    ``seen`` tells of the asking. The service ``recent_answers`` keeps them.
    """

    number: int
    seen: Callable[[Asking], Hashable] = nothing_else


@frozen
class Backed:
    """A declared type with what stores it and what rules its changes: what the standard methods work on."""

    declared: Declaration
    source: Source
    rules: Rules
    tells_query_changes: bool = True
    repeated: Repeated | None = None
