"""x:MailingList: its address is computed (settings C.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import decode_id
from stalwart.config.settings import Settings
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.standard.asking import number_of
from stalwart.mail.postmasters import Postmasters, list_advice
from stalwart.mail.recipients import Recipients
from stalwart.schema import Declaration
from stalwart.store import Transaction

MOST_NOTICES = 3
"""Lists that a client is told of in one call."""


@handles("MailingList")
class MailingListHandler(Handler):
    """Mailing lists."""

    def __init__(self, declaration: Declaration, *, settings: Settings, recipients: Recipients) -> None:
        super().__init__(declaration, settings=settings)
        self._postmasters = Postmasters(settings, recipients)

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The address."""
        if not asking.wants("emailAddress"):
            return
        domains = tx.registry.many("Domain", {decode_id(members["domainId"]) for _, members in found})
        for _, members in found:
            domain = domains.get(decode_id(members["domainId"]))
            if domain is not None:
                members["emailAddress"] = f"{members['name']}@{domain.data['name']}"

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """New lists are told of if nobody hears of what cannot be delivered to them."""
        notices = await super().committed(asking, done)
        for change in [change for change in done if change.kind == "create"][:MOST_NOTICES]:
            name, domain_id = change.data["name"], number_of(change.data["domainId"])
            if domain_id is not None and await self._postmasters.is_list_without_owner(name, domain_id):
                notices.append(list_advice(name))
        return notices
