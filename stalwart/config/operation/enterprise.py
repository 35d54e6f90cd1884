"""x:Enterprise: the logo of the installation (settings C.12).

The members for a licence are taken and kept, so that configurations of the reference can be applied; there is one
edition and it needs none.
"""

from __future__ import annotations

from stalwart.schema import Nested, SecretKeyOptional, Singleton, String, Variant, prop


class Enterprise(Singleton, enforced=False):
    """The logo of the installation."""

    license_key: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Not needed here; kept as it is given.")
    api_key: Variant = prop(
        Nested(SecretKeyOptional), {"@type": "None"}, "Not needed here; kept as it is given.", label="API key"
    )
    logo_url: str | None = prop(
        String("uri", nullable=True),
        None,
        "Picture for who has no other from domain or tenant; null is the one built in.",
        label="Logo URL",
    )
