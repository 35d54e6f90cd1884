"""Mozilla's autoconfiguration at its three places (discovery 1): a client asks with an address, or with none.

The same document is at ``autoconfig.<domain>`` and below ``/.well-known`` of the domain itself. What is no address is
taken as none, so every question has an answer.
"""

from __future__ import annotations

from stalwart.codec.typed_address import typed_address
from stalwart.mail.announcements import Announcements
from stalwart.web.answers import CORS_TRIO, Answer, Headers
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

XML = "application/xml; charset=utf-8"


@route("GET", "/mail/config-v1.1.xml", needs=None, spec="discovery 1")
def at_its_own_host(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """Mozilla's autoconfiguration, at the host for it."""
    return _answer(exchange, announcements)


@route("GET", "/.well-known/autoconfig/mail/config-v1.1.xml", needs=None, spec="discovery 1")
def at_the_domain(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """The same at the domain, for scripts too."""
    return _answer(exchange, announcements, CORS_TRIO)


@route("GET", "/.well-known/mail-v1.xml", needs=None, spec="discovery 1")
def at_the_newer_place(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """The same under a newer name."""
    return _answer(exchange, announcements)


def _answer(exchange: Exchange, announcements: Announcements, headers: Headers = ()) -> Answer:
    address = typed_address(exchange.query.get("emailaddress", ""))
    return Answer(200, announcements.autoconfig(address), XML, headers)
