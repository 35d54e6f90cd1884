"""x:AccountPassword: how people change their own password and second factor (settings C.5); a view of x:Account.

What is unset is left out of answers, as in the reference.
"""

from __future__ import annotations

from stalwart.schema import Nested, Secret, Singleton, String, Value, prop


class OtpAuth(Value):
    """The second factor of a password (RFC 6238)."""

    otp_url: str | None = prop(
        Secret(nullable=True),
        None,
        "otpauth: URL of the factor; null switches it off.",
        stored=False,
        label="otpauth: URL",
    )
    otp_code: str | None = prop(
        String(nullable=True),
        None,
        "Code of this moment: from the new factor, or from the present one if there is any.",
        stored=False,
        label="Code",
    )


class AccountPassword(Singleton, stored=False):
    """The password of one's own account and its second factor."""

    current_secret: str | None = prop(
        Secret(nullable=True), None, "Present password, which every change needs.", stored=False
    )
    secret: str | None = prop(Secret(nullable=True), None, "New password.", stored=False)
    otp_auth: OtpAuth = prop(Nested(OtpAuth), {}, "Second factor.", label="Second factor")
