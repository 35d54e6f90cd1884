"""What came of a ``/set``, and its response: every member present, null where there is nothing (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from stalwart.codec.ids import encode_id

SetError = dict[str, Any]


@define(kw_only=True)
class StatelessOutcome:
    """Of objects without states: creations by creation id, the rest by id, refused ones by what the client wrote."""

    created: dict[str, dict[str, Any]] = field(factory=dict)
    updated: dict[str, dict[str, Any] | None] = field(factory=dict)
    destroyed: list[str] = field(factory=list)
    not_created: dict[str, SetError] = field(factory=dict)
    not_updated: dict[str, SetError] = field(factory=dict)
    not_destroyed: dict[str, SetError] = field(factory=dict)

    @property
    def created_ids(self) -> dict[str, str]:
        """Creation id to id."""
        return {creation_id: made["id"] for creation_id, made in self.created.items()}

    @property
    def has_changed(self) -> bool:
        """Whether anything is other than before."""
        return bool(self.created or self.updated or self.destroyed)

    def wire(self) -> dict[str, Any]:
        """The arguments of the response, but which account it was and its states."""
        return {
            "created": self.created or None,
            "updated": self.updated or None,
            "destroyed": self.destroyed or None,
            "notCreated": self.not_created or None,
            "notUpdated": self.not_updated or None,
            "notDestroyed": self.not_destroyed or None,
        }


@define
class SetOutcome(StatelessOutcome):
    """Of objects of an account, with their states as strings."""

    account_id: int
    old_state: str = ""
    new_state: str = ""

    def wire(self) -> dict[str, Any]:
        """The arguments of the response."""
        head = {"accountId": encode_id(self.account_id), "oldState": self.old_state, "newState": self.new_state}
        return head | super().wire()
