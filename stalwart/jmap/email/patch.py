"""Patches of e-mails (RFC 8620 5.3, RFC 8621 4.6): only ``keywords`` and ``mailboxIds`` change, whole or by member.

Reading needs no transaction. What else a patch names must be what it is already; that is looked at where the e-mail is.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from attrs import define, field

from stalwart.jmap.email.keywords import check_number
from stalwart.jmap.email.placement import CreatedIds, read_keywords, read_mailbox, read_mailboxes, read_mark, refused
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.patch import path_of

_NOTHING: Mapping[str, Any] = {}
_MOST_POINTERS = 10_000
_TREES = frozenset(("bodyStructure", "bodyValues"))  # what has members that a pointer can lead to, and cannot change
_NOWHERE = 'The pointer "{}" goes into something that does not exist.'


@define
class EmailPatch:
    """``keywords`` and ``mailboxes`` are whole sets, None for none; ``marks`` and ``moves`` say what comes (True) and
    goes; ``repeated`` are properties that cannot change.
    """

    keywords: frozenset[str] | None = None
    mailboxes: frozenset[int] | None = None
    marks: dict[str, bool] = field(factory=dict)
    moves: dict[int, bool] = field(factory=dict)
    repeated: Mapping[str, Any] = _NOTHING

    def applied(self, mailboxes: Set[int], keywords: Set[str]) -> tuple[Set[int], Set[str]]:
        """What an e-mail in ``mailboxes`` with ``keywords`` has after it; raises ``SetRefused``."""
        marked = _changed(keywords if self.keywords is None else self.keywords, self.marks)
        if len(marked) > len(keywords):
            check_number(marked)
        moved = _changed(mailboxes if self.mailboxes is None else self.mailboxes, self.moves)
        if not moved:
            raise refused("mailboxIds", "must keep at least one mailbox")
        return moved, marked


def _changed(former: Set[Any], changes: Mapping[Any, bool]) -> Set[Any]:
    if not changes:
        return former
    coming = {each for each, there in changes.items() if there}
    return {each for each in former if changes.get(each, True)} | coming


def read_email_patch(given: Mapping[str, Any], created_ids: CreatedIds) -> EmailPatch:
    """Raises ``SetRefused``: ``invalidPatch``, ``invalidProperties``, ``tooManyKeywords``, ``tooLarge``."""
    if len(given) > _MOST_POINTERS:
        raise SetRefused("tooLarge", f"A patch can have at most {_MOST_POINTERS} pointers.")
    patch = EmailPatch()
    repeated: dict[str, Any] = {}
    for pointer, value in given.items():
        if pointer == "keywords":
            patch.keywords = frozenset() if value is None else read_keywords(value)
        elif pointer == "mailboxIds":
            patch.mailboxes = read_mailboxes(value, created_ids)
        elif pointer.startswith("keywords/"):
            key = _member(pointer)
            _put(patch.marks, read_mark(key), _flag(pointer, value), pointer)
        elif pointer.startswith("mailboxIds/"):
            key = _member(pointer)
            _put(patch.moves, read_mailbox(key, created_ids), _flag(pointer, value), pointer)
        else:
            if "/" in pointer and pointer.partition("/")[0] not in _TREES:
                raise SetRefused("invalidPatch", _NOWHERE.format(pointer[:255]), (pointer[:255],))
            repeated[pointer] = value
    if (patch.marks and patch.keywords is not None) or (patch.moves and patch.mailboxes is not None):
        raise SetRefused("invalidPatch", "A pointer of the patch goes on from another one.", sorted(given)[:8])
    if repeated:
        patch.repeated = repeated
    return patch


def _member(pointer: str) -> str:
    """The one step below a map."""
    path = path_of(pointer) if "~" in pointer else tuple(pointer.split("/"))
    if len(path) != 2:
        raise SetRefused("invalidPatch", _NOWHERE.format(pointer[:255]), (pointer[:255],))
    return path[1]


def _flag(pointer: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise refused(pointer, "must be true or null")
    return bool(value)


def _put(changes: dict[Any, bool], key: Any, there: bool, pointer: str) -> None:
    if changes.setdefault(key, there) is not there:
        raise SetRefused("invalidPatch", "Two pointers of the patch mean the same.", (pointer,))
