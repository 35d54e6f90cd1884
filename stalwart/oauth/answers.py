"""Answers of the OAuth endpoints, and errors in the words of OAuth instead of problem bodies (RFC 6749 5.2).

Nothing of it may be stored by a cache (RFC 6749 5.1). A refusal by the front, such as a rate limit, stays a problem
body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

from stalwart.errors import Invalid, TimedOut, TooLarge, Unavailable
from stalwart.provider.errors import OAuthError
from stalwart.web.answers import NO_STORE, Answer, Headers, json_answer

P = ParamSpec("P")

PRAGMA = ("Pragma", "no-cache")


def oauth_answer(value: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """``value`` as JSON that nobody keeps."""
    return json_answer(value, status, (NO_STORE, PRAGMA, *headers))


def oauth_error(error: OAuthError) -> Answer:
    """The error response (RFC 6749 5.2)."""
    headers: Headers = (("WWW-Authenticate", error.challenge),) if error.challenge is not None else ()
    members = {"error": error.code, "error_description": error.description}
    return oauth_answer(members, error.status, headers)


def in_oauth_words(handler: Callable[P, Awaitable[Answer]]) -> Callable[P, Awaitable[Answer]]:
    """Have what ``handler`` raises told as OAuth errors; to stand below ``@route``."""

    @wraps(handler)
    async def answer(*positional: P.args, **named: P.kwargs) -> Answer:
        try:
            return await handler(*positional, **named)
        except OAuthError as error:
            return oauth_error(error)
        except (Invalid, TooLarge, TimedOut) as problem:
            return oauth_error(OAuthError("invalid_request", problem.detail, status=problem.status))
        except Unavailable as problem:
            return oauth_error(OAuthError("temporarily_unavailable", problem.detail, status=503))

    return answer
