"""The closed family of errors that cross package borders.

Domain code raises these; each face translates them once into its own dialect (problem+json in ``web.problems``, JMAP
errors, DAV preconditions, OAuth errors, SMTP replies). A new kind of error is one class here. Nothing else that escapes
a handler is meant for a client: anything outside this family is a fault of ours and becomes a plain 500.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class StalwartError(Exception):
    """Root of the family. ``detail`` is a sentence for the person who made the request; it never holds a secret."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    default_detail: ClassVar[str] = (
        "There was a problem while processing your request. "
        "Please contact the system administrator if this problem persists."
    )

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail if detail is not None else self.default_detail
        super().__init__(self.detail)


class Invalid(StalwartError):
    """The request or a value in it is malformed; ``properties`` names the offending members where there are any."""

    status = 400
    title = "Invalid parameters"
    default_detail = "One or multiple parameters could not be parsed."

    def __init__(self, detail: str | None = None, properties: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.properties = tuple(properties)


class Unauthenticated(StalwartError):
    """No credentials, or credentials that are not right. ``challenge`` False leaves out ``WWW-Authenticate``."""

    status = 401
    title = "Unauthorized"
    default_detail = "Invalid or missing credentials."

    def __init__(self, detail: str | None = None, challenge: bool = True) -> None:
        super().__init__(detail)
        self.challenge = challenge


class SecondFactorRequired(StalwartError):
    """The password is right, but the account wants a second factor that this request cannot carry."""

    status = 402
    title = "MFA code required"
    default_detail = (
        "This account requires multi-factor authentication. "
        "Alternatively, you can use an app password if your account has one."
    )


class Forbidden(StalwartError):
    """Authenticated, but not allowed; ``properties`` names the members that were not right, where it is about such."""

    status = 403
    title = "Forbidden"
    default_detail = "You do not have enough permissions to access this resource."

    def __init__(self, detail: str | None = None, properties: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.properties = tuple(properties)


class OverQuota(StalwartError):
    """A quota of the account or its tenant is used up."""

    status = 403
    title = "Quota exceeded"
    default_detail = "You have exceeded your account quota."


class NotFound(StalwartError):
    """There is no such thing here."""

    status = 404
    title = "Not Found"
    default_detail = "The requested resource does not exist on this server."


class MethodNotAllowed(StalwartError):
    """The path exists, the method does not; ``allow`` lists the methods that do (RFC 9110 15.5.6)."""

    status = 405
    title = "Method Not Allowed"
    default_detail = "This method is not available for this resource; the Allow header lists those that are."

    def __init__(self, allow: Sequence[str], detail: str | None = None) -> None:
        super().__init__(detail)
        self.allow = tuple(allow)


class TimedOut(StalwartError):
    """The client did not send in time what it announced (RFC 9110 15.5.9)."""

    status = 408
    title = "Request Timeout"
    default_detail = "The request did not arrive in time."


class Conflict(StalwartError):
    """The thing changed meanwhile, or a unique value is taken; ``holder`` is the (type, id) that has it."""

    status = 409
    title = "Conflict"
    default_detail = "The resource was changed by somebody else; read it again and retry."

    def __init__(
        self, detail: str | None = None, property: str | None = None, holder: tuple[str, int] | None = None
    ) -> None:
        super().__init__(detail)
        self.property = property
        self.holder = holder


class Linked(Conflict):
    """The object cannot go: ``linked`` lists the (type, id) pairs that still refer to it."""

    default_detail = "The object is still referred to by others."

    def __init__(self, linked: Sequence[tuple[str, int]], detail: str | None = None) -> None:
        super().__init__(detail)
        self.linked = tuple(linked)


class DanglingReference(Invalid):
    """A reference names an object that does not exist; ``target`` is its (type, id)."""

    default_detail = "The object that is referred to does not exist."

    def __init__(self, target: tuple[str, int], property: str | None = None, detail: str | None = None) -> None:
        super().__init__(detail, (property,) if property else ())
        self.target = target


class TooLarge(StalwartError):
    """More bytes than the limit that applies."""

    status = 413
    title = "Content Too Large"
    default_detail = "The request is larger than the server is willing to process."


class TooMany(StalwartError):
    """A rate or concurrency limit is reached; ``headers`` carries Retry-After and the RateLimit fields if known."""

    status = 429
    title = "Too Many Requests"
    default_detail = "Your request has been rate limited. Please try again in a few seconds."

    def __init__(
        self, detail: str | None = None, title: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        if title is not None:
            self.title = title  # type: ignore[misc]  # narrows the class default for this instance
        self.headers = dict(headers or {})


class TooManyAtOnce(TooMany):
    """An account has more requests under way than it may, and others wait already, or this one has waited."""

    default_detail = "The request exceeds the maximum number of concurrent requests."


class LimitExceeded(StalwartError):
    """A limit of RFC 8620 3.6.1 is exceeded; ``limit`` is its name, for example ``maxConcurrentRequests``."""

    status = 400
    title = ""
    default_detail = "The request exceeds a limit of this server."

    def __init__(self, limit: str, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.limit = limit
        self.headers = dict(headers or {})


class HeadersTooLarge(StalwartError):
    """The head of the request is larger than the server reads (RFC 6585 5)."""

    status = 431
    title = "Request Header Fields Too Large"
    default_detail = "The head of the request is larger than the server is willing to process."


class Unavailable(StalwartError):
    """Something that the answer needs does not work at present."""

    status = 503
    title = "Service Unavailable"
    default_detail = "The service is temporarily unavailable. Please try again later."


class Unreachable(Unavailable):
    """What the answer needs cannot be reached, or is just starting: it may be there in a moment."""


def family() -> dict[str, Any]:
    """All error classes by name: what a face's translation table is checked against."""
    found: dict[str, Any] = {}
    pending: list[type[StalwartError]] = [StalwartError]
    while pending:
        kind = pending.pop()
        found[kind.__name__] = kind
        pending.extend(kind.__subclasses__())
    return found
