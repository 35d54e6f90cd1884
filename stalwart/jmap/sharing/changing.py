"""``shareWith`` as a client has changed it, carried out (RFC 9670 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.errors import OverQuota
from stalwart.groupware.granting import Subject, is_within_reach
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.sharing.rights import SHARE_WITH, Vocabulary
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.store.store import Transaction

Shown = Mapping[str, Mapping[str, bool]]
"""Rights by the ids of principals."""


def share(
    tx: Transaction,
    asking: Asking,
    vocabulary: Vocabulary,
    subject: tuple[int, int, str],
    old: Shown | None,
    new: Shown | None,
) -> Mapping[int, int]:
    """Give the object ``subject`` (number, type, what its owner calls it), which was written just before, to those of
    ``new``; whose rights are shown as they were in ``old`` keeps all that he has. What rights there were.

    Raises ``SetRefused``, and what ``Granting.replace`` raises.
    """
    id, type, called = subject
    account_id, viewer = asking.account_id, Viewer.of(asking.access)
    held = viewer.rights_on(tx, account_id, id)
    if Rights.SHARE not in held:
        raise SetRefused("forbidden", "You may not share this.", (SHARE_WITH,))
    former, wanted = old or {}, new or {}
    grants = tx.shares.of_object(account_id, id)
    for principal in former.keys() | wanted.keys():
        if former.get(principal) == wanted.get(principal):
            continue
        grantee = _grantee(tx, account_id, principal)
        rights = vocabulary.changed(Rights(grants.get(grantee, 0)), wanted.get(principal, {}))
        grants[grantee] = int(rights)
    granting = asking.services["granting"]
    made = Subject(account_id, id, type, called, held)
    try:
        before: Mapping[int, int] = granting.replace(tx, made, grants, user_id=viewer.account_id, now=asking.now)
    except OverQuota as problem:
        raise SetRefused("invalidProperties", problem.detail, (SHARE_WITH,)) from None
    return before


def shown_grants(vocabulary: Vocabulary, grants: Mapping[int, int]) -> dict[str, Any] | None:
    """``shareWith`` of these rights; null if nobody has any."""
    shown = {encode_id(grantee): vocabulary.shown(Rights(held)) for grantee, held in grants.items()}
    return {id: rights for id, rights in shown.items() if any(rights.values())} or None


def _grantee(tx: Transaction, account_id: int, principal: str) -> int:
    where = f"{SHARE_WITH}/{principal}"
    grantee = number_of(principal)
    if grantee == account_id:
        raise SetRefused("invalidProperties", "It belongs to this principal.", (where,))
    if grantee is None or not is_within_reach(tx, account_id, grantee):
        raise SetRefused("invalidProperties", "There is no such principal.", (where,))
    return grantee
