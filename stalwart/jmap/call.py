"""One method call and the request that it is part of, as a handler sees them (RFC 8620 3.2, 3.3).

Result references are resolved before a handler is asked; creation references are resolved by ``Request.id_of``.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field, frozen

from stalwart.directory.access import Access
from stalwart.errors import Invalid
from stalwart.jmap.allowance import Allowance
from stalwart.web.exchange import Exchange

_MOST_FAULTS: Final = 10


class UnresolvedReference(Invalid):
    """``#creation_id`` stands for nothing that was created so far (RFC 8620 5.3)."""

    title = "Unresolved reference"

    def __init__(self, creation_id: str) -> None:
        super().__init__(f'Nothing was created with the creation id "{creation_id[:255]}".')
        self.creation_id = creation_id


@frozen
class RequestLimits:
    """How much one call may ask for and is given (x:Jmap, RFC 8620 2)."""

    max_objects_in_get: int = 500
    max_objects_in_set: int = 500
    query_max_results: int = 5000
    changes_max_results: int = 5000


@define
class Request:
    """A JMAP request while its calls are carried out.

    ``using`` are the capabilities that it names. ``created_ids`` maps creation ids to ids: those the client sent, and
    whatever the calls so far have added; a handler that creates adds to it. ``allowance`` counts what they
    show of messages.
    """

    access: Access
    client_ip: str = ""
    exchange: Exchange | None = None
    using: frozenset[str] = frozenset()
    created_ids: dict[str, str] = field(factory=dict)
    limits: RequestLimits = field(factory=RequestLimits)
    allowance: Allowance = field(factory=Allowance)
    faults: list[BaseException] = field(factory=list)
    """What broke with single objects in the call that is carried out."""

    def note(self, fault: BaseException) -> None:
        """Something broke with one object; the call goes on. The first ones of a call are told."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)

    def id_of(self, text: str) -> str:
        """The id that ``text`` stands for: ``#cid`` is looked up, anything else is an id already.

        :raises UnresolvedReference: nothing was created with that creation id.
        """
        if not text.startswith("#"):
            return text
        found = self.created_ids.get(text[1:])
        if found is None:
            raise UnresolvedReference(text[1:])
        return found


@define
class Call:
    """One entry of ``methodCalls``: ``id`` is the method call id; ``arguments`` are the handler's to change."""

    name: str
    arguments: dict[str, Any]
    id: str
    request: Request
