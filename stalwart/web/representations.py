"""Stored content as an answer: If-Match, If-None-Match, Range, If-Range (RFC 9110 13, 14).

Whoever stores the content makes its entity tag. Modification times are left out; so are several ranges in one answer.
"""

from __future__ import annotations

from stalwart.codec.byte_ranges import UnsatisfiableError, range_still_holds, requested_range, unsatisfied_range
from stalwart.codec.etags import matches, none_match
from stalwart.web.answers import Answer, Content, Headers
from stalwart.web.exchange import Exchange
from stalwart.web.problems import problem

_RANGES = ("Accept-Ranges", "bytes")


def content_answer(
    exchange: Exchange,
    content: Content,
    *,
    etag: str,
    content_type: str,
    headers: Headers = (),
    cached: Headers = (),
    is_judged: bool = False,
) -> Answer:
    """The answer to GET or HEAD: 200, 206, 304, 412 or 416.

    ``etag`` is strong, with its quotes; ``headers`` go with the content, ``cached`` with a 304 too (RFC 9110 15.4.5).
    Where it ``is_judged``, If-Match and If-None-Match have let the request through before.
    """
    fields = exchange.head.fields
    if not is_judged and not matches(fields.get("if-match"), etag):
        return problem(412, "Precondition Failed", "The content has another entity tag than those in If-Match.")
    if not is_judged and not none_match(fields.get("if-none-match"), etag):
        return Answer(304, headers=(("ETag", etag), *cached))
    wanted = fields.get("range") if exchange.method == "GET" else None  # RFC 9110 14.2
    try:
        part = requested_range(wanted, content.length) if range_still_holds(fields.get("if-range"), etag) else None
    except UnsatisfiableError:
        return problem(
            416,
            "Range Not Satisfiable",
            "The range begins behind the end of the content.",
            headers=(("Content-Range", unsatisfied_range(content.length)),),
        )
    own: Headers = (*headers, *cached, ("ETag", etag), _RANGES)
    if part is None:
        return Answer(200, b"", content_type, own, content)
    own = (*own, ("Content-Range", part.content_range(content.length)))
    return Answer(206, b"", content_type, own, content.section(part.start, part.length))
