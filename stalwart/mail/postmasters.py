"""Whether somebody gets what is written to those who look after a domain and its lists, and what to do if nobody does.

Every domain has a postmaster (RFC 5321 4.5.1). Where no account has the name it is an administrator, and so is the
owner of each list; the recovery administrator has no mailbox, so a new server may have nobody at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from stalwart.codec.ids import encode_id
from stalwart.codec.smtp.paths import Path
from stalwart.config.domains.domain import Domain
from stalwart.config.settings import Settings
from stalwart.mail.recipients import OWNER, POSTMASTER, Recipients
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_NO_POSTMASTER

MOST_LOOKED_AT: Final = 100
"""Domains that are looked at in one go."""
MOST_NAMED: Final = 5


class Postmasters:
    """Looks for them."""

    def __init__(self, settings: Settings, recipients: Recipients) -> None:
        self._settings = settings
        self._recipients = recipients

    async def lacking(self, ids: Collection[int] | None = None) -> list[tuple[int, str]]:
        """Ids and names of the enabled domains, of all if ``ids`` is None, for whose postmaster nobody gets mail."""
        wanted = [each for each in self._settings.all(Domain) if ids is None or each[0] in ids]
        return [
            (id, domain.name) for id, domain in wanted[:MOST_LOOKED_AT] if await self._is_lacking(POSTMASTER, domain)
        ]

    async def is_list_without_owner(self, name: str, domain_id: int) -> bool:
        """Whether nobody hears of what cannot be delivered to the members of a list."""
        domain = next((domain for id, domain in self._settings.all(Domain) if id == domain_id), None)
        return domain is not None and await self._is_lacking(f"{OWNER}{name}", domain)

    async def _is_lacking(self, local: str, domain: Domain) -> bool:
        if not domain.is_enabled:
            return False
        found = await self._recipients.resolve(Path(local, domain.name))
        return not found.accounts and not found.forwards


async def tell_of_postmasters(postmasters: Postmasters, telemetry: Telemetry) -> None:
    """Log that domains have none, at a start."""
    lacking = await postmasters.lacking()
    if lacking:
        names = " ".join(name for _, name in lacking[:MOST_NAMED])
        first, name = lacking[0]
        telemetry.emit(SMTP_NO_POSTMASTER, domain=names, total=len(lacking), hint=advice(encode_id(first), name))


def advice(id: str, name: str) -> str:
    """What to do for a domain without a postmaster, whose id is as clients know it."""
    reason = f"Nobody gets mail for {POSTMASTER}@{name}, where reports and complaints go (RFC 5321 4.5.1)."
    wanted = {"name": POSTMASTER, "domainId": id, "recipients": {f"NAME@{name}": True}}
    line = f"stalwart-cli create MailingList --json '{json.dumps(wanted)}'"
    ways = "Make an account with the role Admin, give that alias to an account, or make a list"
    return f"{reason} {ways}, with whoever is to read it for NAME:\n{line}"


def list_advice(name: str) -> str:
    """What to do for a list without an owner."""
    return (
        f"Nobody hears of what cannot be delivered to the list: {OWNER}{name}@ leads to the administrator, and no"
        " account that gets mail is one. Make an account with the role Admin, or give that alias to an account."
    )
