"""``/.well-known/user-agent-configuration.json``: where a domain has its mail, calendars and sign-in, for user agents
(draft-ietf-mailmaint-pacc-02, discovery 3)."""

from __future__ import annotations

from stalwart.mail.announcements import Announcements
from stalwart.web.answers import CORS_TRIO, PLAIN_JSON, Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

PREFIX = "ua-auto-config."


@route("GET", "/.well-known/user-agent-configuration.json", needs=None, spec="discovery 3")
def user_agent_configuration(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """Services and sign-in of the domain that the host name stands for, for user agents."""
    domain = (exchange.host or "").removeprefix(PREFIX)
    return Answer(200, announcements.configuration(domain), PLAIN_JSON, CORS_TRIO)
