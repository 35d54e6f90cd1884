"""x:AccountSettings: what people may change of their own account (settings C.5); a view of x:Account."""

from __future__ import annotations

from stalwart.config.identity.encryption import EncryptionAtRest
from stalwart.config.languages import LOCALE, TIME_ZONE
from stalwart.schema import Enum, Nested, Singleton, String, Variant, prop


class AccountSettings(Singleton, stored=False):
    """What people may change of their own account."""

    description: str | None = prop(String(nullable=True), None, "Full name.")
    locale: str = prop(Enum(LOCALE), "en_US", "Language of generated texts.")
    time_zone: str | None = prop(Enum(TIME_ZONE, nullable=True), None, "Time zone.")
    encryption_at_rest: Variant = prop(
        Nested(EncryptionAtRest), {"@type": "Disabled"}, "Encrypt stored mail with a public key."
    )
