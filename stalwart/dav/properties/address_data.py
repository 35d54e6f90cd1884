"""The data of cards as a property: all of it, or the part and the version that the request asks for (RFC 6352 10.4)."""

from __future__ import annotations

from stalwart.codec.dav.multistatus import data_element
from stalwart.codec.dav.names import name
from stalwart.codec.vcard.requested import requested
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown

_NAME = name("B:address-data")


@prop("B:address-data", on=On.CARD, lasting=On.CARD, spec="RFC 6352 10.4")
def address_data(shown: Shown) -> bytes | None:
    """The card."""
    octets = shown.octets
    if octets is None and shown.member is not None:
        octets = shown.tx.collections.octets(shown.account_id, shown.member.item_id)
    if octets is None:
        return None
    asked = requested(shown.wanted.address_data, shown.asking.field("accept"))
    return data_element(_NAME, asked.of(octets))
