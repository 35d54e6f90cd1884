"""What certificate authorities say when they refuse (RFC 8555 6.7, RFC 7807), and what is said for the silent.

Their words reach logs and administrators: they are cut to a length and freed of what cannot be printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from stalwart.errors import StalwartError
from stalwart.net.acme.head_fields import links, retry_after

PREFIX = "urn:ietf:params:acme:error:"

LONGEST_WORDS = 500
_LONGEST_TYPE = 200
_LONGEST_DETAIL = 1000
_MOST_SUBPROBLEMS = 100
_MOST_SHOWN = 5
_TEMPORARY = frozenset({"badNonce", "connection", "rateLimited", "serverInternal"})


class AcmeProblem(StalwartError):
    """The authority refuses, or what it issued cannot be used.

    ``type`` is a URN of RFC 8555 6.7, or one word for what is found wrong here; ``kind`` is its last part, for example
    ``rateLimited``. ``status`` is that of the authority's answer. ``retry_after`` is in seconds from now.
    ``subproblems`` are (identifier, kind, detail), ``terms_of_service`` is what somebody has to agree to first.
    """

    status: int | None  # type: ignore[misc, assignment]  # the authority's, not ours: faces translate
    title = "Certificate authority"

    def __init__(
        self,
        type: str,
        detail: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        subproblems: Sequence[tuple[str, str, str]] = (),
        terms_of_service: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = type
        self.status = status
        self.retry_after = retry_after
        self.subproblems = tuple(subproblems)
        self.terms_of_service = terms_of_service

    @property
    def kind(self) -> str:
        """The short name of the type; types that are not of RFC 8555 are what they are."""
        return self.type.removeprefix(PREFIX)

    @property
    def is_temporary(self) -> bool:
        """Whether the same may succeed later."""
        return self.kind in _TEMPORARY or (self.status is not None and (self.status == 429 or self.status >= 500))


class AcmeUnreachable(AcmeProblem):
    """There is no answer, or none that can be understood; ``detail`` names the host and the reason."""

    def __init__(self, detail: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__("unreachable", detail, status, retry_after)

    @property
    def is_temporary(self) -> bool:
        """Always."""
        return True


def host_of(url: str) -> str:
    """The part of a URL that messages name."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2][:253] or "the authority"
    except ValueError:
        return "the authority"


def words(value: Any, longest: int = LONGEST_WORDS) -> str:
    """Text of others, on one line and not too long; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    shown = "".join(letter if letter.isprintable() else " " for letter in value[: longest + 1])
    return f"{shown[:longest].rstrip()}..." if len(value) > longest else shown.strip()


def problem_in(document: Any) -> AcmeProblem | None:
    """The problem document that an order or a challenge holds; None for anything else."""
    return _problem(document, "", None, None, None) if isinstance(document, dict) else None


def refusal(
    url: str, status: int, heads: Mapping[str, Sequence[str]], document: Mapping[str, Any] | None, now: float
) -> AcmeProblem:
    """What the answer with ``status`` means; ``document`` None: its body is no JSON object."""
    again = retry_after(heads, now)
    if document is None or not isinstance(document.get("type", ""), str):
        where = links(url, heads).get("redirect", ())
        hint = f", which leads to {words(where[0])}" if where else " and no reason"
        return AcmeUnreachable(f"{host_of(url)} answered with status {status}{hint}", status=status, retry_after=again)
    terms = links(url, heads).get("terms-of-service", ())
    return _problem(
        document, f"{host_of(url)} answered with status {status}", status, again, terms[0] if terms else None
    )


def _problem(
    document: Mapping[str, Any], silent: str, status: int | None, again: float | None, terms: str | None
) -> AcmeProblem:
    """RFC 7807 3.1, RFC 8555 6.7.1."""
    kind = words(document.get("type"), _LONGEST_TYPE) or "about:blank"
    said = words(document.get("detail")) or words(document.get("title")) or silent or kind.removeprefix(PREFIX)
    parts = [part for part in map(_subproblem, _list(document.get("subproblems"))) if part is not None]
    if parts:
        shown = "; ".join(f"{name}: {detail}" if name else detail for name, _, detail in parts[:_MOST_SHOWN])
        said = words(f"{said} ({shown})", _LONGEST_DETAIL)
    said_status = document.get("status")
    if status is None and type(said_status) is int and 100 <= said_status <= 599:
        status = said_status
    if terms is None and kind == f"{PREFIX}userActionRequired":
        terms = words(document.get("instance"), 2048) or None
    return AcmeProblem(kind, said, status, again, parts, terms)


def _subproblem(document: Any) -> tuple[str, str, str] | None:
    if not isinstance(document, dict):
        return None
    identifier = document.get("identifier")
    name = words(identifier.get("value"), 253) if isinstance(identifier, dict) else ""
    kind = words(document.get("type"), _LONGEST_TYPE).removeprefix(PREFIX)
    return name, kind, words(document.get("detail")) or kind


def _list(value: Any) -> list[Any]:
    return value[:_MOST_SUBPROBLEMS] if isinstance(value, list) else []
