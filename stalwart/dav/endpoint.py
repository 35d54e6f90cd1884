"""``/dav``: reads the URL, asks whether the method is known, and has it answer (spec/dav.md 1 to 4).

Routing by path ends here: the rest of a URL is names that people chose. Errors become DAV's answers, an empty body or
the names of conditions; what is no error of the family is for the front.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.paths import Target, parse_target
from stalwart.codec.dav.request_fields import malformed_body_status
from stalwart.dav.asking import Asking, Tools
from stalwart.dav.declaring import methods
from stalwart.dav.refusals import Refused, translated
from stalwart.errors import NotFound
from stalwart.web.answers import Answer, EventStream, Headers
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

ANY_SIZE: Final = 1 << 40
ABILITIES: Final[Headers] = (
    (
        "DAV",
        "1, 2, 3, access-control, extended-mkcol, calendar-access, calendar-auto-schedule, calendar-no-timezone,"
        " calendar-managed-attachments, addressbook",
    ),
    (
        "Allow",
        "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE, COPY, MOVE, MKCALENDAR, MKCOL, PROPFIND, PROPPATCH, LOCK,"
        " UNLOCK, REPORT, ACL",
    ),
)


def target_of(exchange: Exchange) -> Target:
    """What the URL names. Raises NotFound where it is no service, BadPath where there cannot be such a resource."""
    target = parse_target(exchange.target)
    if target is None:
        raise NotFound
    return target


@route("OPTIONS", "/dav/<names:rest>", needs=None, spec="dav 3; RFC 4918 10.1")
def options(exchange: Exchange) -> Answer:
    """What DAV can do here, for any resource, there or not."""
    try:
        target_of(exchange)
    except Exception as error:
        refusal = translated(error)
        if refusal is None:
            raise
        return refusal.answer()
    return Answer(200, headers=ABILITIES)


@route(
    ANY_METHOD,
    "/dav/<names:rest>",
    needs="authenticated",
    body_limit=ANY_SIZE,
    waits=True,
    spec="dav 4; RFC 4918, 4791, 6352",
)
async def dav(exchange: Exchange, *, dav_tools: Tools) -> Answer | EventStream:
    """Calendars, address books, files and principals: WebDAV, CalDAV, CardDAV."""
    try:
        target = target_of(exchange)
        answering = methods().get(exchange.method)
        if answering is None:
            raise Refused(405)
        return await answering(Asking.of(exchange, target, dav_tools))
    except MalformedXml:
        return Answer(malformed_body_status(exchange.header("content-type")))
    except Exception as error:
        refusal = translated(error)
        if refusal is None:
            raise
        return refusal.answer()
