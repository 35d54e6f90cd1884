"""Passwords that are kept elsewhere cannot be changed here (settings A.8).

App passwords and API keys can be made all the same: they belong to this server. So can the password of an
administrator, whom no directory elsewhere may lock out.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.identity.authentication import Authentication
from stalwart.config.settings import Settings
from stalwart.directory.identity import find_by_id
from stalwart.errors import Forbidden
from stalwart.store import Transaction

KEPT_ELSEWHERE = "The credentials of this account are kept in an external directory."


def check_internal(tx: Transaction, settings: Settings, account_id: int, account: Any, memo: dict[Any, Any]) -> None:
    """Raises Forbidden if a directory elsewhere knows the password of ``account``; ``memo`` remembers domains."""
    authentication = settings.of(Authentication)
    key = ("external", account.domain_id)
    if key not in memo:
        row = tx.registry.get("Domain", account.domain_id)
        bound = row is not None and row.data.get("directoryId") is not None
        memo[key] = bound or authentication.directory_id is not None
    if memo[key]:
        identity = find_by_id(tx, account_id, authentication)
        if identity is None or identity.is_external:
            raise Forbidden(KEPT_ELSEWHERE)
