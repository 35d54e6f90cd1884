"""What came of a ``/set``, and its response: every member present, null where there is nothing (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from stalwart.codec.ids import encode_id

SetError = dict[str, Any]


@define
class SetOutcome:
    """States are strings; creations by creation id, the rest by id; refused changes by what the client wrote."""

    account_id: int
    old_state: str = ""
    new_state: str = ""
    created: dict[str, dict[str, Any]] = field(factory=dict)
    updated: dict[str, dict[str, Any] | None] = field(factory=dict)
    destroyed: list[str] = field(factory=list)
    not_created: dict[str, SetError] = field(factory=dict)
    not_updated: dict[str, SetError] = field(factory=dict)
    not_destroyed: dict[str, SetError] = field(factory=dict)

    def wire(self) -> dict[str, Any]:
        """The arguments of the response."""
        return {
            "accountId": encode_id(self.account_id),
            "oldState": self.old_state,
            "newState": self.new_state,
            "created": self.created or None,
            "updated": self.updated or None,
            "destroyed": self.destroyed or None,
            "notCreated": self.not_created or None,
            "notUpdated": self.not_updated or None,
            "notDestroyed": self.not_destroyed or None,
        }
