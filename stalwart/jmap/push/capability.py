"""What a session says about push: the WebSocket (RFC 8887 3) and the server's key (RFC 9749 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.jmap.capabilities import Audience, Capability

WEBSOCKET = "urn:ietf:params:jmap:websocket"
VAPID = "urn:ietf:params:jmap:webpush-vapid"


def websocket_members(audience: Audience) -> Mapping[str, Any]:
    """Where the WebSocket is, and where browsers get a ticket for it (jmap.md 23)."""
    base = audience.base_url
    scheme, mark, rest = base.partition("://")
    sockets = f"ws{scheme.removeprefix('http')}{mark}{rest}" if base else ""
    return {"url": f"{sockets}/jmap/ws", "supportsPush": True, "ticketUrl": f"{base}/jmap/ws/ticket"}


def vapid_members(audience: Audience) -> Mapping[str, Any] | None:
    """The key that subscriptions are bound to, if there is one."""
    return None if audience.push_key is None else {"applicationServerKey": audience.push_key}


websocket = Capability(WEBSOCKET, session=websocket_members, of_data=False)
vapid = Capability(VAPID, session=vapid_members, account=None, of_data=False)
