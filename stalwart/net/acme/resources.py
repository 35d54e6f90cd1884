"""The objects of RFC 8555 7.1 as values, read from JSON that nobody has checked (and RFC 9773, ACME profiles).

Unknown members are ignored. An object that lacks what a client cannot do without is ``Unusable``; challenges that
cannot be answered are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import Factory, field, frozen

from stalwart.net.acme.head_fields import is_https
from stalwart.net.acme.problems import AcmeProblem, problem_in, words

LEAST_PAUSE, MOST_PAUSE, USUAL_PAUSE = 60.0, 86400.0, 6 * 3600.0
"""Bounds of the time between two looks at a certificate's renewal information (RFC 9773 4.3), in seconds."""

_MOST = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}\Z")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:)(\d\d)(?:\.\d{1,20})?([Zz]|[+-]\d\d:\d\d)\Z", re.A)
_RESOURCES = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo")
_NEEDED = ("newNonce", "newAccount", "newOrder")


class Unusable(ValueError):
    """The object lacks something; the message is the end of a sentence."""


@frozen
class ExternalAccount:
    """An account that the authority's operator has given out beforehand (RFC 8555 7.3.4); ``mac_key`` in base64url."""

    key_id: str
    mac_key: str = field(repr=False)


@frozen
class Challenge:
    """A way to prove a name (RFC 8555 7.1.5)."""

    type: str
    url: str
    token: str
    status: str = "pending"
    error: AcmeProblem | None = None


@frozen
class Authorization:
    """Whether a name is proved, and how it can be (RFC 8555 7.1.4). ``name`` is without ``*.``."""

    url: str
    name: str
    is_wildcard: bool
    status: str
    challenges: tuple[Challenge, ...] = ()
    expires: float | None = None
    retry_after: float | None = None

    @property
    def error(self) -> AcmeProblem | None:
        """Why it failed."""
        return next((each.error for each in self.challenges if each.error is not None), None)


@frozen
class Order:
    """A certificate that was asked for (RFC 8555 7.1.3)."""

    url: str
    status: str
    names: tuple[str, ...]
    authorizations: tuple[str, ...]
    finalize: str
    certificate: str | None = None
    expires: float | None = None
    error: AcmeProblem | None = None
    replaces: str | None = None
    profile: str | None = None
    retry_after: float | None = None


@frozen
class RenewalInfo:
    """When the authority wants a certificate to be renewed, and when to ask again (RFC 9773 4.2); epoch seconds."""

    start: float
    end: float
    explanation: str | None
    retry_after: float


@frozen
class Directory:
    """What the authority offers (RFC 8555 7.1.1). ``profiles`` are descriptions by name."""

    terms_of_service: str | None = None
    website: str | None = None
    caa_identities: tuple[str, ...] = ()
    external_account_required: bool = False
    profiles: Mapping[str, str] = Factory(dict)
    has_renewal_info: bool = False
    resources: Mapping[str, str] = Factory(dict)


def directory_of(document: Mapping[str, Any]) -> Directory:
    """Raises Unusable."""
    resources = {name: document[name] for name in _RESOURCES if isinstance(document.get(name), str)}
    for name in _NEEDED:
        if name not in resources:
            raise Unusable(f"is no ACME directory, as it has no {name}")
    for name, url in resources.items():
        if not is_https(url):
            raise Unusable(f"has an address for {name} that is no https: URL")
    meta = document.get("meta")
    if not isinstance(meta, dict):
        meta = {}
    identities = meta.get("caaIdentities")
    profiles = meta.get("profiles")
    profiles = profiles if isinstance(profiles, dict) else {}
    return Directory(
        words(meta.get("termsOfService"), 2048) or None,
        words(meta.get("website"), 2048) or None,
        tuple(words(each, 253) for each in identities[:_MOST] if words(each)) if isinstance(identities, list) else (),
        meta.get("externalAccountRequired") is True,
        {name: words(text) for name, text in list(profiles.items())[:_MOST] if name and words(name, 100) == name},
        "renewalInfo" in resources,
        resources,
    )


def order_of(url: str, document: Mapping[str, Any], again: float | None = None) -> Order:
    """Raises Unusable."""
    status, finalize, authorizations = (document.get(name) for name in ("status", "finalize", "authorizations"))
    if not isinstance(status, str) or not _is_url(finalize):
        raise Unusable("is no order")
    if not isinstance(authorizations, list) or not all(map(_is_url, authorizations)) or len(authorizations) > _MOST:
        raise Unusable("is an order without proper authorizations")
    identifiers = document.get("identifiers")
    certificate = document.get("certificate")
    if certificate is not None and not _is_url(certificate):
        raise Unusable("is an order whose certificate has no https: URL")
    return Order(
        url,
        words(status, 40),
        tuple(filter(None, map(_name, identifiers[:_MOST]))) if isinstance(identifiers, list) else (),
        tuple(authorizations),
        str(finalize),
        certificate,
        moment_of(document.get("expires")),
        problem_in(document.get("error")),
        words(document.get("replaces")) or None,
        words(document.get("profile")) or None,
        again,
    )


def authorization_of(url: str, document: Mapping[str, Any], again: float | None = None) -> Authorization:
    """Raises Unusable."""
    status, name, challenges = document.get("status"), _name(document.get("identifier")), document.get("challenges")
    if not isinstance(status, str) or not name or not isinstance(challenges, list):
        raise Unusable("is no authorization")
    return Authorization(
        url,
        name,
        document.get("wildcard") is True,
        words(status, 40),
        tuple(filter(None, map(_challenge, challenges[:_MOST]))),
        moment_of(document.get("expires")),
        again,
    )


def renewal_info_of(document: Mapping[str, Any], again: float | None) -> RenewalInfo:
    """Raises Unusable, also for windows that end before they start (RFC 9773 4.2)."""
    window = document.get("suggestedWindow")
    start, end = (moment_of(window.get(name)) if isinstance(window, dict) else None for name in ("start", "end"))
    if start is None or end is None or end <= start:
        raise Unusable("is no renewal information")
    pause = USUAL_PAUSE if again is None else min(max(again, LEAST_PAUSE), MOST_PAUSE)
    return RenewalInfo(start, end, words(document.get("explanationURL"), 2048) or None, pause)


def moment_of(value: Any) -> float | None:
    """Epoch seconds of a date and time of RFC 3339; None for anything else."""
    found = _MOMENT.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        zone = found[4].upper().replace("Z", "+00:00")
        seconds = "59" if found[3] == "60" else found[3]  # RFC 3339 5.7
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{seconds}{zone}").timestamp()
    except (ValueError, OverflowError):
        return None


def _challenge(document: Any) -> Challenge | None:
    if not isinstance(document, dict):
        return None
    kind, url, token = document.get("type"), document.get("url"), document.get("token", "")
    if not isinstance(kind, str) or not _is_url(url) or not isinstance(token, str):
        return None
    if token and not _TOKEN.match(token):  # RFC 8555 8.3: it becomes part of a path
        return None
    status = words(document.get("status"), 40) or "pending"
    return Challenge(words(kind, 100), str(url), token, status, problem_in(document.get("error")))


def _name(identifier: Any) -> str:
    """The value of a DNS identifier (RFC 8555 9.7.7)."""
    if not isinstance(identifier, dict) or identifier.get("type") != "dns":
        return ""
    return words(identifier.get("value"), 253).lower()


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and is_https(value)
