"""Requests to version 4 of Cloudflare's API: JSON both ways, credentials in the head, lists page by page.

Certificates must be right, redirects are not followed, and time, head, body and pages are bounded. No error text
repeats what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from twisted.web.http_headers import Headers

from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer, JsonFetcher
from stalwart.net.tls import TrustStore

PER_PAGE = 50
MOST_PAGES = 40
_BODY_LIMIT = 1024 * 1024
_LONGEST_WORDS = 300
_CREDENTIALS = "check the token: it has to be valid and to have Zone:Read and DNS:Edit for the zone"
_GLOBAL_KEY = "check email and global API key of the account"


class Refused(DnsUpdateRefused):
    """The API said no; ``code`` is its first error code, 0 for none."""

    def __init__(self, detail: str, code: int, *, temporary: bool) -> None:
        super().__init__(detail, temporary=temporary)
        self.code = code


class Api:
    """Asks ``url`` with an API token, or with the global key of ``email``. Every request ends within ``timeout``."""

    def __init__(
        self, reactor: Any, trust_store: TrustStore, *, secret: str, email: str | None, timeout: float, url: str
    ) -> None:
        self._fetcher = JsonFetcher(reactor, trust_store, limit=_BODY_LIMIT, timeout=timeout)
        self._secret = secret
        self._email = email
        self._url = url

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """The whole answer.

        :raises Refused: the API says no. DnsUpdateRefused: it cannot be asked.
        """
        url = f"{self._url}{path}?{urlencode(query)}" if query else f"{self._url}{path}"
        content = msgspec.json.encode(body) if body is not None else None
        try:
            answered = await self._fetcher.request(method.encode(), url, self._headers(content), content)
        except FetchFailed as problem:
            raise DnsUpdateRefused(f"Cloudflare cannot be asked: {problem.reason}.", temporary=True) from problem
        value = answered.value or {}
        if answered.status >= 300 or value.get("success") is not True:
            raise self._refusal(answered)
        return value

    async def pages(self, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All entries of a list, page after page. Raises as ``call``."""
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            value = await self.call("GET", path, {**query, "per_page": PER_PAGE, "page": page})
            entries, told = value.get("result"), value.get("result_info")
            if not isinstance(entries, list):
                raise DnsUpdateRefused("Cloudflare answered something that is not understood.", temporary=True)
            found += [entry for entry in entries if isinstance(entry, dict)]
            last = told.get("total_pages") if isinstance(told, dict) else None
            if not entries or not isinstance(last, int) or page >= last:
                break
        return found

    def _headers(self, content: bytes | None) -> Headers:
        headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"Stalwart"]})
        if content is not None:
            headers.setRawHeaders(b"Content-Type", [b"application/json"])
        if self._email is None:
            headers.setRawHeaders(b"Authorization", [f"Bearer {self._secret}".encode()])
        else:
            headers.setRawHeaders(b"X-Auth-Email", [self._email.encode()])
            headers.setRawHeaders(b"X-Auth-Key", [self._secret.encode()])
        return headers

    def _refusal(self, answered: JsonAnswer) -> Refused:
        status = answered.status
        code, words = _first_error(answered.value or {})
        said = f"{words} (code {code})" if code else words or f"status {status} without a reason"
        advice = ""
        if status in (401, 403) or (status == 400 and code in (6003, 6111)):  # the latter: a token that is none
            advice = f"; {_GLOBAL_KEY if self._email is not None else _CREDENTIALS}"
        elif status == 429:
            advice = f"; try again {f'after {answered.retry_after} seconds' if answered.retry_after else 'later'}"
        return Refused(f"Cloudflare refused: {said}{advice}.", code, temporary=status == 429 or status >= 500)


def _first_error(value: Mapping[str, Any]) -> tuple[int, str]:
    """Code and words of the first error, with those that led to it."""
    errors = value.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return 0, ""
    code, words = first.get("code"), [first.get("message")]
    chain = first.get("error_chain")
    if isinstance(chain, list):
        words += [link.get("message") for link in chain if isinstance(link, dict)]
    text = ": ".join(str(word) for word in words if word)
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return (code if isinstance(code, int) else 0), printable[:_LONGEST_WORDS].rstrip(". ")
