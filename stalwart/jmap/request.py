"""Reading the body of a JMAP request, and refusing it as a whole (RFC 8620 3.3, 3.6.1).

Three kinds of refusal that the reference does not tell apart (jmap.md 20): ``notJSON``, ``notRequest`` and
``unknownCapability``; and the limits. What is said never repeats a value of the body.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from attrs import frozen

from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.call import RequestLimits
from stalwart.web.answers import Answer
from stalwart.web.json_body import NotJson, decode_json, has_many_values
from stalwart.web.problems import problem

_ERROR = "urn:ietf:params:jmap:error:"
_SHOWN = 255

MAX_CALLS = "maxCallsInRequest"
MAX_SIZE = "maxSizeRequest"
_LIMIT_TEXTS = {
    MAX_CALLS: "The request exceeds the maximum number of calls in a single request.",
    MAX_SIZE: "The request is larger than the server is willing to process.",
}


class RequestRefused(Exception):
    """No call of the request is carried out. ``kind`` is the last part of the problem's type (RFC 8620 3.6.1)."""

    def __init__(self, kind: str, detail: str, limit: str | None = None) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.limit = limit

    def answer(self) -> Answer:
        """The problem body, status 400."""
        return problem(400, "", self.detail, type=_ERROR + self.kind, limit=self.limit)


def over(limit: str) -> RequestRefused:
    """The refusal for a request over one of the limits of RFC 8620 2."""
    return RequestRefused("limit", _LIMIT_TEXTS[limit], limit)


@frozen
class Limits:
    """What bounds a request (x:Jmap): bytes, calls, and what each call gets."""

    max_size: int
    max_calls: int
    per_call: RequestLimits

    @classmethod
    def of(cls, settings: Jmap) -> Limits:
        """The limits that ``settings`` set."""
        return cls(
            max_size=settings.max_request_size,
            max_calls=settings.max_method_calls,
            per_call=RequestLimits(
                max_objects_in_get=settings.get_max_results,
                max_objects_in_set=settings.set_max_objects,
                query_max_results=settings.query_max_results,
                changes_max_results=settings.changes_max_results,
            ),
        )


class RequestBody(msgspec.Struct, rename="camel"):
    """The Request object: ``method_calls`` are (name, arguments, call id); a null ``createdIds`` is none."""

    using: list[str]
    method_calls: list[tuple[str, dict[str, Any], str]]
    created_ids: dict[str, str] | None = None


def read_json(body: bytes) -> Any:
    """The I-JSON value of a body or message. Raises ``RequestRefused``: it is none, or has too many values."""
    if has_many_values(body):
        raise over(MAX_SIZE)
    try:
        return decode_json(body)
    except NotJson as problem:
        raise RequestRefused("notJSON", f"The body is not I-JSON: {problem.reason}.") from None


def read_value(value: Any, known: Collection[str], max_calls: int) -> RequestBody:
    """The request that ``value`` is; ``known`` are the capabilities that ``using`` may name.

    :raises RequestRefused: it is none, names an unknown capability or has too many calls.
    """
    try:
        request = msgspec.convert(value, RequestBody)
    except msgspec.ValidationError as problem:
        raise RequestRefused("notRequest", f"The body is not a JMAP request: {problem}.") from None
    for urn in request.using:
        if urn not in known:
            shown = urn if len(urn) <= _SHOWN else f"{urn[:_SHOWN]}..."
            raise RequestRefused("unknownCapability", f'This server does not know the capability "{shown}".')
    if len(request.method_calls) > max_calls:
        raise over(MAX_CALLS)
    return request
