"""The account that a call is about: which ids a client may name (RFC 8620 3.6.2, jmap.md 5).

Whether an account of that number exists is asked where its data is read: whoever may impersonate can name any.
Somebody to whom objects of another account are shared can name it where that type of objects is asked for.
"""

from __future__ import annotations

from stalwart.directory.access import Access
from stalwart.errors import Forbidden
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.asking import number_of

IMPERSONATE = "impersonate"

Shared = int | tuple[int, ...] | None
"""The type of objects that may be shared, or several; None where sharing opens nothing."""


def account_argument(call: Call, *, optional: bool = False, member: str = "accountId", shared: Shared = None) -> int:
    """The number of the account that the argument ``member`` names; with ``optional`` the own one if it is absent.
    ``shared`` is the type of objects, or any of which, others may have shared with who asks.

    :raises MethodError: ``invalidArguments`` where it is missing or no string, ``accountNotFound`` where it is no id
        or not one that the client may use, ``accountNotSupportedByMethod`` where only objects of other types are
        shared; ``UnresolvedReference`` passes.
    """
    given = call.arguments.get(member)
    access = call.request.access
    if given is None:
        if optional:
            return access.account_id
        raise MethodError("invalidArguments", f'The argument "{member}" is missing.')
    if not isinstance(given, str):
        raise MethodError("invalidArguments", f'The argument "{member}" must be an id.')
    account_id = number_of(call.request.id_of(given))
    if account_id is not None and may_use(access, account_id, shared):
        return account_id
    if account_id is not None and access.shared_types(account_id):
        kind = "fromAccountNotSupportedByMethod" if member == "fromAccountId" else "accountNotSupportedByMethod"
        raise MethodError(kind, "Nothing of the kind is shared with you in this account.")
    raise _not_found(member)


def belongs(access: Access, account_id: int) -> bool:
    """Whether everything in an account that may be used may be used, and not only what is shared."""
    return account_id == access.account_id or account_id in access.group_ids or access.may(IMPERSONATE)


def may_use(access: Access, account_id: int, shared: Shared = None) -> bool:
    """Whether ``account_id`` is the own account, a group's, any because the client may impersonate, or one in which
    objects of the type ``shared`` are shared with him.
    """
    if belongs(access, account_id):
        return True
    types = (shared,) if isinstance(shared, int) else shared or ()
    return not access.shared_types(account_id).isdisjoint(types)


def require_changeable(access: Access, account_id: int) -> None:
    """Raises Forbidden where nothing may be changed that is shared in an account: what is put there would be of no use
    to anybody.
    """
    if any(each.account_id == account_id and not each.changeable for each in access.shared):
        raise Forbidden("Nothing may be changed in this account.")


def _not_found(member: str) -> MethodError:
    kind = "fromAccountNotFound" if member == "fromAccountId" else "accountNotFound"  # RFC 8620 5.4
    return MethodError(kind, f'The argument "{member}" names no account that you can use.')
