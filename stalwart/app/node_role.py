"""What a node does by its role: the x:ClusterRole that STALWART_ROLE names (settings C.11).

A role says which of the stored listeners a node opens, and whether it stands for the work that one node does for all of
them. A server whose data store is its own has nobody else to do that work, and does it whatever its role says.
"""

from __future__ import annotations

from stalwart.config.network.listener import NetworkListener
from stalwart.config.settings import Settings
from stalwart.config.storage.cluster import ClusterRole, led_by
from stalwart.errors import Invalid


class NodeRole:
    """The role ``name`` in ``settings``; None for a node that does everything. Raises Invalid if there is none."""

    def __init__(self, name: str | None, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._last: ClusterRole | None = None
        if name is not None and self._role is None:
            raise Invalid(f"STALWART_ROLE is {name}, but there is no x:ClusterRole of that name: make it first.")

    @property
    def may_lead(self) -> bool:
        """Whether the node may do the work that one does for all."""
        return self._role is None or bool(led_by(self._role.tasks))

    def opens(self, listener: str) -> bool:
        """Whether the node opens the stored listener of this name."""
        if self._role is None:
            return True
        group = self._role.listeners
        ids: frozenset[int] = getattr(group, "listener_ids", frozenset())
        is_named = any(each.name == listener for id, each in self._settings.all(NetworkListener) if id in ids)
        return group.tag == "EnableAll" or (group.tag != "DisableAll" and is_named is (group.tag == "EnableSome"))

    @property
    def _role(self) -> ClusterRole | None:
        """As it is now; one that was removed meanwhile holds here until the node ends."""
        for _, role in self._settings.all(ClusterRole) if self._name is not None else ():
            if role.name == self._name:
                self._last = role
        return self._last
