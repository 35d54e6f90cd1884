"""x:Sharing: what accounts may show each other (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Boolean, Singleton, Unsigned, prop


class Sharing(Singleton):
    """Sharing between accounts."""

    allow_directory_queries: bool = prop(Boolean(), False, "Let accounts look each other up.")
    max_shares: int = prop(Unsigned(min=1), 10, "Accounts that one folder, calendar or address book is shared with.")
