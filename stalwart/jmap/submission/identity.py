"""The data type Identity (RFC 8621 6): who an account sends as, with the signatures that programs put below."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.errors import OverQuota
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, Nullable, String
from stalwart.jmap.standard.source import Found
from stalwart.jmap.submission.addresses import EmailAddress, path_of
from stalwart.jmap.submission.capability import SUBMISSION
from stalwart.jmap.submission.identity_keeping import IDENTITIES
from stalwart.store.object_types import IDENTITY as NUMBER
from stalwart.store.store import Transaction

LONGEST_SIGNATURE: Final = 64 << 10
LONGEST_NAME: Final = 255
_MOST_ADDRESSES: Final = 100


@frozen
class IdentitySource(ObjectSource):
    """Objects as they are stored; every one of them may be destroyed."""

    def compute(self, tx: Transaction, asking: Asking, found: Found, names: frozenset[str]) -> None:
        for _, properties in found:
            properties["mayDelete"] = True


class IdentityRules(Rules):
    """An identity has an address that the account may send from; there is a limit to their number."""

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.id is not None:
            return
        email = change.new["email"]
        path = path_of(email)
        if path is None:
            raise SetRefused("invalidProperties", "The email is no address.", ("email",))
        own = asking.services["own_addresses"]
        if not own.may_send_as(tx, own.with_groups(tx, asking.account_id), path):
            raise SetRefused("forbiddenFrom", f"You may not send from {email[:255]}.", ("email",))
        most = IDENTITIES.most_of(tx, asking.account_id, asking.services["settings"])
        if len(tx.objects.list(asking.account_id, NUMBER, limit=most)) >= most:
            raise OverQuota(f"An account can have at most {most} identities.")


_ADDRESSES = Nullable(ListOf(EmailAddress(), _MOST_ADDRESSES))
_SIGNATURE = Property(String(most=LONGEST_SIGNATURE), "")

IDENTITY = DataType(
    Declaration(
        name="Identity",
        capability=SUBMISSION,
        properties={
            "name": Property(String(most=LONGEST_NAME), ""),
            "email": Property(String(most=512), immutable=True),
            "replyTo": Property(_ADDRESSES, None),
            "bcc": Property(_ADDRESSES, None),
            "textSignature": _SIGNATURE,
            "htmlSignature": _SIGNATURE,
            "mayDelete": computed(Boolean()),
        },
    ),
    source=IdentitySource(NUMBER),
    rules=IdentityRules(),
    supports=("get", "set", "changes"),
    services=("settings", "own_addresses"),
    before=IDENTITIES.keep,
)
