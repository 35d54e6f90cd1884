"""REPORT: a question whose sort the body says (RFC 3253 3.6); the answers are in ``dav.reports`` (spec/dav.md 5)."""

from __future__ import annotations

from stalwart.codec.dav.reports import read_report
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method, reports
from stalwart.dav.keeping import Keeping
from stalwart.dav.refusals import refused
from stalwart.web.answers import Answer, EventStream


@method("REPORT")
async def report(asking: Asking) -> Answer | EventStream:
    """What the report answers; the depth says nothing, as clients send any."""
    body = await asking.document()
    kept = Keeping.of(asking, body)
    known = await kept.answer() if kept is not None else None
    if known is not None:
        return known
    asked = read_report(body)
    answering = reports().get(type(asked))
    if answering is None:
        raise refused(403, "D:supported-report")
    answer: Answer | EventStream = await answering(asking, asked)
    return answer
