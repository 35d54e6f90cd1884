"""Refusals in the words of OAuth (RFC 6749 4.1.2.1 and 5.2, RFC 7591 3.2.2, RFC 8628 3.5, RFC 9449 5)."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "request_not_supported",
    "request_uri_not_supported",
    "invalid_request_uri",
    "server_error",
    "temporarily_unavailable",
    "authorization_pending",
    "slow_down",
    "expired_token",
    "unsupported_token_type",
    "invalid_redirect_uri",
    "invalid_client_metadata",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "invalid_token",
    "insufficient_scope",
]


class OAuthError(Exception):
    """An OAuth error response: its ``code``, a ``description`` for developers in ASCII, the HTTP ``status``.

    ``challenge`` is the value of WWW-Authenticate, if the client tried to authenticate (RFC 6749 5.2).
    """

    def __init__(self, code: Code, description: str, *, status: int = 400, challenge: str | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.challenge = challenge
