"""x:RecoveryCodes: codes that stand in for a lost second factor; a view of what the directory keeps of them.

An update with ``regenerate`` answers the new ``codes`` as a list, once.
"""

from __future__ import annotations

from stalwart.schema import Boolean, Secret, Singleton, String, Unsigned, prop


class RecoveryCodes(Singleton, stored=False):
    """The recovery codes of one's own account. An update with `regenerate` answers the new `codes`, once."""

    remaining: int | None = prop(Unsigned(), None, "How many are left.", update="serverSet")
    current_secret: str | None = prop(
        Secret(nullable=True), None, "Present password, which new codes need.", stored=False
    )
    otp_code: str | None = prop(
        String(nullable=True), None, "One-time or recovery code, if the account asks for one.", stored=False
    )
    regenerate: bool = prop(Boolean(), False, "Make new codes; all former ones are void.", stored=False)
