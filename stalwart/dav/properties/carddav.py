"""What clients of address books ask about: data and limits (RFC 6352 6.2, 8.3.1, spec/dav.md 6.2)."""

from __future__ import annotations

from stalwart.codec.dav.multistatus import attribute_element, element, text_element
from stalwart.codec.dav.names import name
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown

_DATA = element(
    name("B:supported-address-data"),
    *(
        attribute_element(name("B:address-data-type"), content_type="text/vcard", version=version)
        for version in ("4.0", "3.0", "2.1")
    ),
)
_COLLATION_SET = element(
    name("B:supported-collation-set"),
    *(text_element(name("B:supported-collation"), each) for each in ("i;ascii-casemap", "i;unicode-casemap")),
)


@prop("B:supported-address-data", on=On.BOOK, alike=On.BOOK, lasting=On.BOOK, spec="RFC 6352 6.2.2")
def supported_address_data(shown: Shown) -> bytes | None:
    """vCard, the newest version first."""
    return _DATA


@prop("B:max-resource-size", on=On.BOOK, alike=On.BOOK, spec="RFC 6352 6.2.3")
def max_card_size(shown: Shown) -> bytes | None:
    """Octets of one card."""
    size = shown.asking.tools.settings.of(AddressBook).max_v_card_size
    return text_element(name("B:max-resource-size"), str(size))


@prop("B:supported-collation-set", on=On.BOOK, alike=On.BOOK, lasting=On.BOOK, spec="RFC 6352 8.3.1")
def supported_card_collations(shown: Shown) -> bytes | None:
    """How texts are compared."""
    return _COLLATION_SET
