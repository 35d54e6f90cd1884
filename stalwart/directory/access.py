"""What a proved identity may do: the value that every handler gets, and the language its owner reads."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from zope.interface import Attribute, Interface, implementer

from stalwart.directory.credentials import Network

Kind = Literal["user", "recovery", "live"]

RECOVERY_ACCOUNT = 4294967295
"""Account id of the recovery administrator, who has no record in the store."""


class IAccess(Interface):
    """What a proved identity may do; the avatar of `stalwart.directory.cred`."""

    account_id = Attribute("Number of the account.")
    login = Attribute("Its address.")
    permissions = Attribute("The camelCase names of what it may do, a frozenset.")

    def may(permission):  # noqa: N805 - methods of interfaces have no self
        """Whether ``permission`` is held."""


@frozen(cache_hash=True)
class SharedAccount:
    """An account in which somebody has rights on single objects: of which ``types`` (``store.object_types``), and of
    which of these he may change any.
    """

    account_id: int
    types: frozenset[int]
    changeable: frozenset[int]


@implementer(IAccess)
@frozen
class Access:
    """One authenticated client: whose account, by which credential, with which permissions (camelCase names).

    ``locale`` is a BCP 47 tag. ``expires_at`` (seconds since the epoch) is when the credential ends, None =
    never. ``kind`` is "live" for the holder of a live token, who has no more than its one permission.
    ``presenter_id`` is the account whose credential it was, where somebody entered another's account.
    ``group_ids`` are the groups that the account belongs to, ``tenant_id`` the tenant that it belongs to.
    ``session_id`` is the sign-in to an application that a token belongs to, ``scope`` what that application was granted
    (empty = everything).
    ``dpop_thumbprint`` is the key that a request must prove besides (RFC 9449), None for none.
    ``shared`` are the accounts that have shared something with it or its groups, in their order.
    ``networks`` and ``stamp`` are for the credential cache: from where the credential may be used, and how
    old the account's data was.
    """

    account_id: int
    login: str
    name: str | None
    permissions: frozenset[str]
    locale: str = "en-US"
    kind: Kind = "user"
    credential_id: int | None = None
    expires_at: int | None = None
    presenter_id: int | None = None
    group_ids: frozenset[int] = frozenset()
    tenant_id: int | None = None
    session_id: int | None = None
    scope: tuple[str, ...] = ()
    dpop_thumbprint: str | None = None
    shared: tuple[SharedAccount, ...] = ()
    networks: tuple[Network, ...] = field(default=(), repr=False, eq=False)
    stamp: int = field(default=0, repr=False, eq=False)

    def may(self, permission: str) -> bool:
        """Whether ``permission`` is held."""
        return permission in self.permissions

    def shared_types(self, account_id: int) -> frozenset[int]:
        """The types of objects that are shared in an account."""
        return next((each.types for each in self.shared if each.account_id == account_id), frozenset())

    @property
    def account_ids(self) -> frozenset[int]:
        """The accounts in which anything can be seen: its own, those of its groups, those that are shared."""
        return self.group_ids.union((self.account_id,), (each.account_id for each in self.shared))


def language_tag(locale: str) -> str:
    """The BCP 47 tag of a POSIX locale name: `en_IE@euro` -> `en-IE`; `POSIX` -> `en-US`."""
    name = locale.partition("@")[0].partition(".")[0].replace("_", "-")
    return "en-US" if name in ("", "C", "POSIX") else name
