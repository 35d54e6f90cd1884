"""Problem bodies (RFC 9457) in the three forms of http-service 5.1, and the translation of the error family into them.

Form A is what the front says by itself, form B what routes raise, form C is form B with challenges. The content type is
always exactly ``application/problem+json``. Where design and specification differ on 401, design.md 8 counts.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from stalwart.errors import (
    LimitExceeded,
    MethodNotAllowed,
    StalwartError,
    TooMany,
    Unauthenticated,
)
from stalwart.provider.dpop import ALGORITHMS
from stalwart.web.answers import Answer, Headers

PROBLEM = "application/problem+json"
ABOUT_BLANK = "about:blank"
JMAP_LIMIT = "urn:ietf:params:jmap:error:limit"
REALM = 'realm="Stalwart Server"'

_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",  # RFC 9110 names, on every Python version
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def reason_phrase(status: int) -> str:
    """The reason phrase of ``status``; codes that nobody registered are named after their class."""
    known = _PHRASES.get(status)
    if known is not None:
        return known
    return _PHRASES.get(status // 100 * 100, "Unknown")


def status_problem(status: int) -> Answer:
    """Form A: members in alphabetical order, title and detail are the reason phrase."""
    phrase = reason_phrase(status)
    members = {"detail": phrase, "status": status, "title": phrase, "type": ABOUT_BLANK}
    return Answer(status, msgspec.json.encode(members), PROBLEM)


def problem(
    status: int, title: str, detail: str, *, type: str = ABOUT_BLANK, limit: str | None = None, headers: Headers = ()
) -> Answer:
    """Form B: ``type, status, title, detail, limit``; an empty title is left out, as is an absent limit."""
    members: dict[str, Any] = {"type": type, "status": status}
    if title:
        members["title"] = title
    members["detail"] = detail
    if limit is not None:
        members["limit"] = limit
    return Answer(status, msgspec.json.encode(members), PROBLEM, headers)


def refused_head(status: int, detail: str) -> Answer:
    """The problem for a head that cannot be served (design.md 8)."""
    return problem(status, reason_phrase(status), detail)


def fault() -> Answer:
    """The plain 500; the request id in the header leads to the logged cause."""
    return problem(500, StalwartError.title, StalwartError.default_detail)


def challenges(base_url: str, cross_origin_script: bool, scheme: str | None = None, code: str = "") -> Headers:
    """The two challenges of form C. Scripts get no Basic one, so that browsers show no dialog of their own.

    Who came with a token, by ``scheme`` bearer or dpop, is told so by ``code`` (RFC 6750 3.1, RFC 9449 7.1).
    """
    found = []
    if scheme == "dpop":
        found.append(f'DPoP {REALM}, error="{code}", algs="{" ".join(ALGORITHMS)}"')
    refused = f', error="{code}"' if scheme == "bearer" else ""
    found.append(f'Bearer {REALM}, resource_metadata="{base_url}/.well-known/oauth-protected-resource"{refused}')
    if not cross_origin_script:
        found.append(f"Basic {REALM}")
    return tuple(("WWW-Authenticate", challenge) for challenge in found)


def insufficient_scope(scheme: str) -> Headers:
    """What a token of too little scope is told beside 403 (RFC 6750 3.1)."""
    return (("WWW-Authenticate", f'{"DPoP" if scheme == "dpop" else "Bearer"} {REALM}, error="insufficient_scope"'),)


def of_error(
    error: StalwartError,
    base_url: str = "",
    cross_origin_script: bool = False,
    scheme: str | None = None,
    code: str = "invalid_token",
) -> Answer:
    """The answer for an error of the family; ``scheme`` and ``code`` are for ``challenges``."""
    if isinstance(error, LimitExceeded):
        headers = tuple(error.headers.items())
        return problem(error.status, error.title, error.detail, type=JMAP_LIMIT, limit=error.limit, headers=headers)
    if isinstance(error, Unauthenticated):
        headers = challenges(base_url, cross_origin_script, scheme, code) if error.challenge else ()
    elif isinstance(error, MethodNotAllowed):
        headers = (("Allow", ", ".join(error.allow)),)
    elif isinstance(error, TooMany):
        headers = tuple(error.headers.items())
    else:
        headers = ()
    return problem(error.status, error.title, error.detail, headers=headers)
