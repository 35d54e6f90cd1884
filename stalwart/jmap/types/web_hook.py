"""x:WebHook: addresses that can never be told of anything are refused when they are written (settings C.10)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.web_addresses import is_safe, is_web_address
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.store import Transaction


@handles("WebHook")
class WebHookHandler(CompletedHandler):
    """Whether somebody answers there is not tried."""

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """Nothing. Raises Invalid."""
        if not is_web_address(value.url):
            raise Invalid("This is no https: or http: address of a host; credentials belong into httpAuth.", ("url",))
        if value.http_auth.tag != "Unauthenticated" and not is_safe(value.url):
            raise Invalid("Credentials are sent by https: only, but for the own machine.", ("url",))
        return {}
