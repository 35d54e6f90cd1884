"""x:OidcProvider: the server as an OAuth and OpenID Connect provider (settings C.4).

A key that is null is one that the server has made and keeps for itself.
"""

from __future__ import annotations

from stalwart.schema import (
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Nested,
    SecretKey,
    SecretText,
    Singleton,
    Unsigned,
    Variant,
    prop,
)

SIGNATURE_ALGORITHM = Enumeration(
    "JwtSignatureAlgorithm",
    (
        *("es256", "es384", "ps256", "ps384", "ps512", "rs256", "rs384", "rs512"),
        *("hs256", "hs384", "hs512"),
    ),
    "Algorithms that sign tokens (RFC 7518 3.1).",
)

_MINUTE = 60_000
_DAY = 86_400_000


class OidcProvider(Singleton):
    """How applications sign people in: lifetimes of codes and tokens, keys, who may register."""

    require_client_registration: bool = prop(Boolean(), False, "Refuse applications that nobody has registered.")
    anonymous_client_registration: bool = prop(
        Boolean(), True, "Let applications register themselves without signing in (RFC 7591)."
    )
    auth_code_max_attempts: int = prop(
        Unsigned(min=1, max=1000), 3, "Wrong attempts to use a code before it is void.", label="Code attempts"
    )
    auth_code_expiry: int = prop(Duration(), 10 * _MINUTE, "Lifetime of an authorization code.", label="Code expiry")
    user_code_expiry: int = prop(Duration(), 30 * _MINUTE, "Lifetime of the code that a device shows.")
    access_token_expiry: int = prop(Duration(), 60 * _MINUTE, "Lifetime of an access token.")
    refresh_token_expiry: int = prop(Duration(), 30 * _DAY, "Lifetime of a refresh token.")
    refresh_token_renewal: int = prop(
        Duration(), 4 * _DAY, "A refresh token that has less than this left is replaced when it is used."
    )
    id_token_expiry: int = prop(Duration(), 15 * _MINUTE, "Lifetime of an ID token.", label="ID token expiry")
    encryption_key: Variant | None = prop(
        Nested(SecretKey, nullable=True),
        None,
        "Secret behind the tokens; null lets the server make one. Another one voids all tokens.",
    )
    signature_key: Variant | None = prop(
        Nested(SecretText, nullable=True),
        None,
        "Key that signs ID tokens: PEM, or any text for the hs algorithms; null lets the server make one.",
    )
    signature_key_rotation: int | None = prop(
        Duration(nullable=True), 90 * _DAY, "Age at which a key that the server has made is replaced; null is never."
    )
    signature_algorithm: str = prop(Enum(SIGNATURE_ALGORITHM), "hs256", "Algorithm that signs ID tokens.")
