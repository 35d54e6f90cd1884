"""What the session says about contacts (RFC 9610 1.4.1), for each account that a client sees."""

from __future__ import annotations

from typing import Any, Final

from stalwart.jmap.capabilities import Audience, Capability
from stalwart.store.object_types import ADDRESS_BOOK

CONTACTS: Final = "urn:ietf:params:jmap:contacts"
CONTACTS_PARSE: Final = f"{CONTACTS}:parse"


def _limits(audience: Audience) -> dict[str, Any]:
    return {
        "maxAddressBooksPerCard": None,
        "mayCreateAddressBook": audience.belongs and audience.access.may("jmapAddressBookCreate"),
    }


contacts = Capability(CONTACTS, account=_limits, permission="jmapAddressBookGet", shared=(ADDRESS_BOOK,))
contacts_parse = Capability(CONTACTS_PARSE, permission="jmapContactCardParse", shared=(ADDRESS_BOOK,))
