"""The data type AddressBook (RFC 9610 2): get, changes, set; and query, which clients ask for though it has none."""

from __future__ import annotations

from typing import Final

from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.jmap.collections.collection_type import LARGEST_ORDER, LONGEST_DESCRIPTION, collection_type
from stalwart.jmap.contacts.capability import CONTACTS
from stalwart.jmap.sharing.rights import ADDRESS_BOOK as RIGHTS
from stalwart.jmap.standard.default_choice import IS_DEFAULT
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.scalars import Boolean, Int, Nullable, String

_PROPERTIES: Final = {
    "name": Property(String(least=1, most=255, is_line=True)),
    "description": Property(Nullable(String(most=LONGEST_DESCRIPTION)), None),
    "sortOrder": Property(Int(least=0, most=LARGEST_ORDER), 0),
    IS_DEFAULT: computed(Boolean()),
    "isSubscribed": Property(Boolean(), True),
    **RIGHTS.properties(),
}

ADDRESS_BOOK = collection_type(
    "AddressBook",
    CONTACTS,
    ADDRESS_BOOKS,
    RIGHTS,
    _PROPERTIES,
    removing="onDestroyRemoveContents",
    not_empty="addressBookHasContents",
)
