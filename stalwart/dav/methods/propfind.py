"""PROPFIND: properties of a resource and of what is in it (RFC 4918 9.1, spec/dav.md 4.2)."""

from __future__ import annotations

from stalwart.codec.dav.bodies import read_propfind
from stalwart.codec.dav.request_fields import Depth
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.keeping import Keeping
from stalwart.dav.listing import Truncation, multistatus_answer
from stalwart.dav.members import MemberPages
from stalwart.dav.places import place_pages
from stalwart.dav.refusals import refused
from stalwart.groupware.kinds import FILES, KINDS
from stalwart.web.answers import Answer, EventStream


@method("PROPFIND")
async def propfind(asking: Asking) -> Answer | EventStream:
    """What was asked for of the resource, and of its members for depths above 0."""
    body = await asking.document()
    kept = Keeping.of(asking, body)
    answer = await kept.answer() if kept is not None else None
    if answer is not None:
        return answer
    if kept is not None:
        kept.prepare()
    wanted = read_propfind(body)
    depth = asking.depth or Depth.ONE
    target = asking.target
    truncation = Truncation(asking.tools.settings.of(WebDav).max_results, target.href())
    if target.account is None or target.service not in KINDS:
        if depth is Depth.INFINITY and target.service in KINDS:
            raise refused(403, "D:propfind-finite-depth")
        return await multistatus_answer(place_pages(asking, wanted, truncation, depth))
    asking.require("PropFind")
    if depth is Depth.INFINITY and (not target.segments or asking.kind is FILES):
        raise refused(403, "D:propfind-finite-depth")
    pages = MemberPages(asking, wanted, truncation, depth is not Depth.ZERO, kept)
    return await multistatus_answer(pages.all(), keep=pages.keep)
