"""How much an account has and may have (RFC 4331); clients that mount files ask for it."""

from __future__ import annotations

from typing import Final

from stalwart.codec.dav.multistatus import text_element
from stalwart.codec.dav.names import name
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown

UNLIMITED: Final = (1 << 32) - 1
"""What accounts without a bound are said to have, used octets counted: as much as old clients can count."""
_ON: Final = On.COLLECTION | On.HOME


@prop("D:quota-available-bytes", on=_ON, alike=_ON, spec="RFC 4331 3")
def quota_available(shown: Shown) -> bytes | None:
    """What there is room for."""
    room = shown.asking.tools.files.room(shown.tx, shown.account_id)
    if room is None:
        room = UNLIMITED - shown.asking.tools.files.used(shown.tx, shown.account_id)
    return text_element(name("D:quota-available-bytes"), str(max(0, room)))


@prop("D:quota-used-bytes", on=_ON, alike=_ON, spec="RFC 4331 4")
def quota_used(shown: Shown) -> bytes | None:
    """What the account takes, mail and all."""
    return text_element(name("D:quota-used-bytes"), str(shown.asking.tools.files.used(shown.tx, shown.account_id)))
