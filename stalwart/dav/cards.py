"""Cards as reports give them: in the version and with the properties that were asked for."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field

from stalwart.codec.dav.property_request import ADDRESS_DATA, PropertyRequest
from stalwart.codec.vcard.conditions import AddressData
from stalwart.codec.vcard.requested import Requested, requested
from stalwart.dav.asking import Asking
from stalwart.dav.contents import Given, responses_with
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction


@define
class CardRows:
    """Writes the cards of one report."""

    asking: Asking
    wanted: PropertyRequest
    _given: PropertyRequest = field(init=False)
    _requested: Requested = field(init=False)

    def __attrs_post_init__(self) -> None:
        # What is written is selected before, so that the property gives it as it is.
        self._requested = requested(self.wanted.address_data, self.asking.field("accept"))
        self._given = evolve(self.wanted, address_data=AddressData(version=self._requested.version))

    @property
    def wants_octets(self) -> bool:
        """Whether the data of cards are asked for."""
        return ADDRESS_DATA in self.wanted.names

    def written(self, tx: Transaction, above: Resource, contents: Iterable[Given]) -> list[bytes]:
        """The responses of members of an address book."""
        give = self._requested.of
        given = [(member, octets if octets is None else give(octets)) for member, octets in contents]
        return responses_with(tx, self.asking, above, self._given, given)
