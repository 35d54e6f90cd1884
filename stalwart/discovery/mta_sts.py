"""``/.well-known/mta-sts.txt``: the policy that senders fetch from ``mta-sts.<domain>`` (RFC 8461 3.3, discovery 4).

The host name says which domain is meant; a name that is none of ours gets the policy of the server.
"""

from __future__ import annotations

from stalwart.errors import NotFound
from stalwart.mail.announcements import Announcements
from stalwart.web.answers import TEXT, Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

PREFIX = "mta-sts."


@route("GET", "/.well-known/mta-sts.txt", needs=None, spec="discovery 4; RFC 8461 3.3")
def mta_sts(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """The MTA-STS policy of the domain that the host name stands for."""
    body = announcements.policy((exchange.host or "").removeprefix(PREFIX))
    if body is None:
        raise NotFound
    return Answer(200, body, TEXT)
