"""Has nodes tell each other what has changed by the server that x:Coordinator names."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from stalwart.app.company import Company
from stalwart.app.foundations import Foundations
from stalwart.app.nodes import NodeCompany
from stalwart.config.coordinators import bus_of
from stalwart.config.storage.coordinator import Coordinator
from stalwart.config.storage.in_memory_store import InMemoryStore
from stalwart.errors import Invalid
from stalwart.net.message_bus import MessageBus
from stalwart.telemetry.events import STORE_ERROR

_KEY = "words-of-nodes"


async def coordinate(company: Company, below: Foundations) -> None:
    """As it is set at the start. What cannot be used is an event, and the nodes tell each other by the data store, so
    that the setting can be changed.
    """
    chosen, in_memory = below.settings.of(Coordinator), below.settings.of(InMemoryStore)
    key = await below.store.write(lambda tx: tx.secrets.get_or_create(_KEY, lambda: secrets.token_bytes(32)))
    channel = f"stalwart.{blake2b(b'channel', key=key, digest_size=8).hexdigest()}"

    def bus() -> MessageBus | None:
        return bus_of(chosen, in_memory, channel, below.reactor)

    try:
        found = await below.store.blob_work(lambda _: bus())
    except Invalid as problem:
        below.telemetry.emit(STORE_ERROR, reason=f"x:Coordinator: {problem.detail}")
        return
    if found is not None:
        assert isinstance(company, NodeCompany)
        company.coordinate(found, key, lambda reason: below.telemetry.emit(STORE_ERROR, reason=reason))
