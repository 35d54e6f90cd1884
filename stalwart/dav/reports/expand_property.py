"""expand-property: properties, with properties of what they name (RFC 3253 3.8, spec/dav.md 5).

Where a property holds the URL of a principal or of something else that who asks may see, a response about that stands
in place of the URL, as deep as was asked for; other URLs stay.
"""

from __future__ import annotations

import re
from html import unescape

from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.paths import parse_reference
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.reports import ExpandedProperty, ExpandProperty
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import report
from stalwart.dav.listing import multistatus_answer, one_page
from stalwart.dav.members import READERS, with_data
from stalwart.dav.places import may_know
from stalwart.dav.refusals import Refused
from stalwart.dav.responses import described, written
from stalwart.dav.shown import Showing, Shown
from stalwart.groupware.kinds import KINDS
from stalwart.groupware.resources import Level
from stalwart.store import Transaction
from stalwart.web.answers import Answer, EventStream

_HREF = re.compile(rb"<D:href(?: [^<>]*)?>([^<]*)</D:href>")


@report(ExpandProperty)
async def expand_property(asking: Asking, asked: ExpandProperty) -> Answer | EventStream:
    """The properties of the resource."""
    if not asking.access.may("davExpandProperty"):
        raise Refused(403)
    if asking.target.account is None or asking.target.service == "itip":
        raise Refused(405)
    most = asking.tools.settings.of(WebDav).max_results
    page = await asking.read(lambda tx: _Expanding(tx, asking, most).page(asked.properties))
    return await multistatus_answer(one_page(page))


class _Expanding:
    """One answer; ``most`` URLs are replaced at most."""

    def __init__(self, tx: Transaction, asking: Asking, most: int) -> None:
        self._tx = tx
        self._asking = asking
        self._left = most

    def page(self, asked: tuple[ExpandedProperty, ...]) -> list[bytes]:
        """The response of the resource itself."""
        shown = self._shown(self._asking.target.href(), asked)
        if shown is None:
            raise Refused(404)
        return [self._response(shown, asked)]

    def _response(self, shown: Shown, asked: tuple[ExpandedProperty, ...]) -> bytes:
        inner = {each.name: each.properties for each in asked if each.properties}
        what = described(shown)
        for number, (called, value) in enumerate(what.found):
            if called in inner:
                what.found[number] = (called, self._expanded(value, inner[called]))
        return written(shown, what, minimal=self._asking.preferences.minimal)

    def _expanded(self, value: bytes, asked: tuple[ExpandedProperty, ...]) -> bytes:
        """The value of a property with responses in place of URLs."""

        def replaced(match: re.Match[bytes]) -> bytes:
            if not self._left:
                return match[0]
            shown = self._shown(unescape(match[1].decode()), asked)
            if shown is None:
                return match[0]
            self._left -= 1
            return self._response(shown, asked)

        return _HREF.sub(replaced, value)

    def _shown(self, path: str, asked: tuple[ExpandedProperty, ...]) -> Shown | None:
        """What a URL names, if who asks may see it."""
        try:
            target = parse_reference(path)
        except BadPath:
            return None
        if target is None or target.account is None:
            return None
        asking, tx = self._asking, self._tx
        showing = Showing(tx, asking, PropertyRequest("prop", tuple(dict.fromkeys(each.name for each in asked))))
        if target.service == "pal":
            found = asking.tools.homes.find(tx, target)
            known = found is not None and not target.segments and may_know(tx, asking, found)
            return showing.principal(found) if found is not None and known else None
        if target.service not in KINDS:
            return None
        try:
            resource = asking.resource(tx, target)
        except Refused:
            return None
        if resource.level in (Level.ABSENT, Level.ORPHAN):
            return None
        if resource.level is not Level.HOME and not resource.rights & READERS:
            return None
        return showing.resource(with_data(tx, resource) if resource.member is not None else resource)
