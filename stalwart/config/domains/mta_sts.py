"""x:MtaSts: the MTA-STS policy of domains that have none of their own (settings C.6, RFC 8461 3.2)."""

from __future__ import annotations

from stalwart.config.domains.domain import MtaStsPolicy
from stalwart.schema import Singleton


class MtaSts(MtaStsPolicy, Singleton):
    """The MTA-STS policy that is published for domains without one of their own."""
