"""x:MailingList: its address is computed (settings C.5)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id
from stalwart.jmap.registry.handler import Asking, Handler, handles
from stalwart.store import Transaction


@handles("MailingList")
class MailingListHandler(Handler):
    """Mailing lists."""

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The address."""
        if not asking.wants("emailAddress"):
            return
        domains = tx.registry.many("Domain", {decode_id(members["domainId"]) for _, members in found})
        for _, members in found:
            domain = domains.get(decode_id(members["domainId"]))
            if domain is not None:
                members["emailAddress"] = f"{members['name']}@{domain.data['name']}"
