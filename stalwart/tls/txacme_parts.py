"""The parts of txacme that are used here: its issuing service and its interfaces (acme-tls B4).

txacme 0.9.3 still has a module for tls-sni-01, which no Python of today can import and no authority accepts; an empty
one takes its place before anything else of the package is imported. Import txacme and acme through this module only,
and late: they cost a tenth of a second that a server without automatic certificates need not pay.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_GONE = "txacme.challenges._tls"

if _GONE not in sys.modules:
    _empty: Any = ModuleType(_GONE)
    _empty.TLSSNI01Responder = None
    sys.modules[_GONE] = _empty

from acme import challenges  # noqa: E402
from txacme.interfaces import ICertificateStore, IResponder  # noqa: E402
from txacme.service import AcmeIssuingService  # noqa: E402

__all__ = ["AcmeIssuingService", "ICertificateStore", "IResponder", "challenge_of", "challenges", "response_of"]

_KINDS: dict[str, Any] = {
    "http-01": challenges.HTTP01,
    "tls-alpn-01": challenges.TLSALPN01,
    "dns-01": challenges.DNS01,
}


def challenge_of(type: str, token: str) -> Any:
    """The challenge as responders take it. Raises ValueError for a type or a token that there cannot be."""
    import josepy

    kind = _KINDS.get(type)
    if kind is None:
        raise ValueError(f"no challenge of the type {type[:40]!r}")
    try:
        return kind(token=josepy.b64decode(token))
    except (TypeError, ValueError) as problem:
        raise ValueError("the token of the challenge is not base64url") from problem


def response_of(challenge: Any, key_authorization: str) -> Any:
    """The response as responders take it."""
    return challenge.response_cls(key_authorization=key_authorization)
