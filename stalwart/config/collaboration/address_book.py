"""x:AddressBook: limits of address books, and the one that every account begins with (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Singleton, Size, String, Unsigned, prop

_LIMIT = Unsigned(min=1, nullable=True)


class AddressBook(Singleton):
    """Address books of accounts."""

    default_display_name: str | None = prop(
        String(nullable=True), "Stalwart Address Book", "Name of the first address book; null makes none."
    )
    default_href_name: str | None = prop(String(nullable=True), "default", "First address book's part of the URL.")
    max_v_card_size: int = prop(Size(), 524_288, "Bytes of one card.", label="Max vCard size")
    max_address_books: int | None = prop(_LIMIT, 250, "Address books of one account; null is no limit.")
    max_contacts: int | None = prop(_LIMIT, None, "Cards of one account; null is no limit.")
