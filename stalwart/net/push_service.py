"""One push to the URL of a subscription, and what the push service made of it (RFC 8030 5, RFC 8620 7.2).

People name these URLs, so they lead to https: and to addresses that ``allow`` lets be used, never into the network of
this server; the address that is judged is the one that is connected to. Messages are encrypted when the subscription
has keys (RFC 8291). Redirects are not followed. The URL is a secret between client and push service: no reason repeats
it. When to try again, and what to do with subscriptions that are gone, is for the caller to decide.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.web.http_headers import Headers

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.retry_after import seconds_to_wait
from stalwart.codec.web_addresses import is_web_address
from stalwart.codec.web_push import SALT_SIZE, MessageTooLong, UnusableKeys, encrypt
from stalwart.net.allowed_endpoint import FORBIDDEN
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from stalwart.net.web_requests import WebAnswer, WebRequests

Urgency = Literal["very-low", "low", "normal", "high"]

TTL = 86_400
"""Seconds that a push service is asked to keep a message for a device that is away (RFC 8030 5.2)."""

TIMEOUT = 10.0
LONGEST_WAIT = 86_400.0
"""Seconds that a push service may have us wait."""

MOST_IN_CLEAR = 65_536
"""Octets of a message for a subscription without keys."""

_ANSWER_LIMIT = 4096
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")  # RFC 8030 5.4
_TRY_AGAIN = frozenset((408, 425, 429))


class Outcome(Enum):
    """What became of a push."""

    ACCEPTED = "accepted"
    GONE = "gone"
    TOO_LARGE = "too-large"
    LATER = "later"
    REFUSED = "refused"


@frozen
class Push:
    """What is sent where; ``keys`` are `p256dh` and `auth` of the subscription, None if it has none."""

    url: str = field(repr=False)
    message: bytes = field(repr=False)
    keys: tuple[str, str] | None = field(default=None, repr=False)
    ttl: int = TTL
    urgency: Urgency = "normal"
    topic: str | None = None


@frozen
class Delivered:
    """The outcome, the status if there was an answer, and half a sentence for people.

    ``retry_after``: seconds that the push service wants us to wait, if it says so.
    """

    outcome: Outcome
    status: int | None = None
    reason: str = ""
    retry_after: float | None = None


def url_problem(url: str, allow: Callable[[str], bool], *, clear_text: bool = False) -> str | None:
    """What keeps ``url`` from being pushed to, as the end of a sentence about it; None if nothing does as far as can be
    told without a look-up.
    """
    if not is_web_address(url):
        return "is no https: URL with a host and without user name and fragment"
    parts = urlsplit(url)
    if parts.scheme != "https" and not clear_text:
        return "is not https:"
    host = parts.hostname or ""
    if ":" in host:
        return "names an IPv6 address; use a name"
    if parts.port == 0:
        return "has no valid port"
    try:
        literal = str(IPv4Address(host))
    except ValueError:
        return None if _is_name(host) else "has no valid host"
    return None if allow(literal) else "names an address that is not on the public Internet"


def _is_name(host: str) -> bool:
    try:
        return to_ascii(host.removesuffix(".")) != ""
    except InvalidName:
        return False


class PushService:
    """Delivers pushes to addresses that ``allow`` lets be used.

    ``authorize`` gives the field Authorization for a URL (RFC 8292), if there is one. ``clear_text`` lets http: URLs
    pass, which is for tests.
    """

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        *,
        allow: Callable[[str], bool],
        authorize: Callable[[str], str | None],
        clear_text: bool = False,
    ) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._allow = allow
        self._authorize = authorize
        self._clear_text = clear_text

    async def deliver(self, push: Push, timeout: float = TIMEOUT) -> Delivered:
        """Send ``push`` once; over within ``timeout`` seconds. Never raises but for a cancellation."""
        problem = url_problem(push.url, self._allow, clear_text=self._clear_text)
        if problem is not None:
            return Delivered(Outcome.REFUSED, None, f"the URL {problem}")
        try:
            body = _body(push)
        except MessageTooLong as too_long:
            return Delivered(Outcome.TOO_LARGE, None, f"the message is too long: {too_long}")
        except UnusableKeys as unusable:
            return Delivered(Outcome.REFUSED, None, f"the keys cannot be used: {unusable}")
        requests = WebRequests(
            self._reactor, self._trust_store, limit=_ANSWER_LIMIT, timeout=timeout, allow=self._allow
        )
        try:
            answer = await requests.send(b"POST", push.url, self._headers(push), body, needs_body=False)
        except FetchFailed as failed:
            if failed.reason == FORBIDDEN:
                return Delivered(Outcome.REFUSED, None, "the host has no address on the public Internet")
            return Delivered(Outcome.LATER, None, failed.reason)
        return self._judged(answer)

    def _headers(self, push: Push) -> Headers:
        fields = {"TTL": str(max(0, push.ttl)), "Urgency": push.urgency, "User-Agent": "Stalwart"}
        if push.topic is not None and _TOPIC.match(push.topic):
            fields["Topic"] = push.topic
        if push.keys is None:
            fields["Content-Type"] = "application/json"  # RFC 8620 7.2
        else:
            fields |= {"Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm"}
        token = self._authorize(push.url)
        if token is not None:
            fields["Authorization"] = token
        return Headers({name: [value] for name, value in fields.items()})

    def _judged(self, answer: WebAnswer) -> Delivered:
        status = answer.status
        if 200 <= status < 300:
            return Delivered(Outcome.ACCEPTED, status)
        reason = f"the push service answers with status {status}"
        if status in (404, 410):  # RFC 8030 7.3
            return Delivered(Outcome.GONE, status, reason)
        if status == 413:
            return Delivered(Outcome.TOO_LARGE, status, reason)
        if status in _TRY_AGAIN or status >= 500:
            wait = seconds_to_wait(answer.retry_after, self._reactor.seconds(), LONGEST_WAIT)
            return Delivered(Outcome.LATER, status, reason, wait)
        return Delivered(Outcome.REFUSED, status, reason)


def _body(push: Push) -> bytes:
    """The message as it is sent: encrypted with a key pair and a salt that nothing else is encrypted with."""
    if push.keys is None:
        if len(push.message) > MOST_IN_CLEAR:
            raise MessageTooLong(f"it has {len(push.message)} octets, more than {MOST_IN_CLEAR}")
        return push.message
    key, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(SALT_SIZE)
    return encrypt(push.message, *push.keys, private_key=key, salt=salt)
