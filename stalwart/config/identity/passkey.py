"""x:Passkey: keys of authenticators that people sign in with (WebAuthn 3); a view of what the directory keeps of them.

A creation begins an enrolment: it answers ``options`` (PublicKeyCredentialCreationOptionsJSON) for the browser, and
nothing is listed yet. An update with ``response`` finishes it.
"""

from __future__ import annotations

from stalwart.schema import REQUIRED, Boolean, Object, Secret, Set, String, UtcDateTime, prop


class Passkey(Object, snapshot=False, label="description", stored=False):
    """A passkey of one's own account. A creation answers `options` for the browser; an update with its `response`
    finishes it.
    """

    description: str = prop(String(max_length=255), REQUIRED, "Which device it is on.")
    required_with_password: bool = prop(
        Boolean(), False, "Accept the password no more without a passkey, a one-time code or a recovery code."
    )
    current_secret: str | None = prop(
        Secret(nullable=True),
        None,
        "Present password: for a new passkey, and to let the password be enough again.",
        stored=False,
    )
    otp_code: str | None = prop(
        String(nullable=True), None, "One-time or recovery code, if the account has a second factor.", stored=False
    )
    response: str | None = prop(
        String("text", nullable=True),
        None,
        "What the browser made of `options` (RegistrationResponseJSON), as an object or as its text.",
        stored=False,
    )
    created_at: int | None = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    last_used_at: int | None = prop(UtcDateTime(nullable=True), None, "When it was last used.", update="serverSet")
    backed_up: bool | None = prop(Boolean(), None, "Whether it is in more than one place.", update="serverSet")
    transports: frozenset[str] = prop(
        Set(String()), {}, "Ways to reach its authenticator: internal, hybrid, usb, nfc ...", update="serverSet"
    )
