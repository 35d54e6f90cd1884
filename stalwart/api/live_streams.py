"""Live traces and live metrics, whoever reads them: how many an account reads at once, how many there are, and whether
the reader still may.

A stream lasts as long as its reader likes, so the right to it is looked at again whenever accounts have changed.
"""

from __future__ import annotations

from typing import Protocol

from stalwart.directory.access import Access
from stalwart.directory.failures import LoginFailed
from stalwart.directory.places import Places
from stalwart.errors import StalwartError
from stalwart.telemetry import Telemetry
from stalwart.web.open_streams import OpenStreams

MOST = 20
RETRY_AFTER = 5


class Accounts(Protocol):
    """What is asked of ``stalwart.directory``."""

    @property
    def generation(self) -> int: ...
    async def account_access(self, account_id: int, client_ip: str) -> Access: ...
    async def entered_access(self, account_id: int, presenter_id: int, client_ip: str) -> Access: ...


class Reader:
    """Who reads a stream from ``client_ip``, with the right that ``permission`` gives."""

    def __init__(self, accounts: Accounts, access: Access, permission: str, client_ip: str) -> None:
        self._accounts = accounts
        self._access = access
        self._permission = permission
        self._client_ip = client_ip
        self._seen = accounts.generation

    async def may_read(self) -> bool:
        """Whether the account still has the permission; costs nothing while no account has changed."""
        generation = self._accounts.generation
        if generation == self._seen:
            return True
        account_id, presenter_id = self._access.account_id, self._access.presenter_id
        try:
            if presenter_id is None:
                now = await self._accounts.account_access(account_id, self._client_ip)
            else:
                now = await self._accounts.entered_access(account_id, presenter_id, self._client_ip)
        except (StalwartError, LoginFailed):
            return False
        self._seen = generation
        return now.may(self._permission)


class LiveStreams(OpenStreams):
    """The open ones; ``places`` count them by account, ``telemetry`` by kind."""

    def __init__(self, places: Places, telemetry: Telemetry, accounts: Accounts) -> None:
        refusal = f"This account already reads {MOST} live streams. End one of them."
        super().__init__(places, telemetry, "live-streams", MOST, refusal, RETRY_AFTER)
        self._accounts = accounts

    def reader(self, access: Access, permission: str, client_ip: str) -> Reader:
        """Who has come in just now."""
        return Reader(self._accounts, access, permission, client_ip)
