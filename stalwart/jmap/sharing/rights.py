"""The rights that JMAP knows for each data type, and the rights of the store that they are made of (spec/jmap.md 14).

A right is shown where all that it is made of is there. What other protocols know more finely stays as it is, as long as
a client does not change the right that it is part of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.jmap.standard.containers import Member, Struct
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.scalars import Boolean, Id, PropertyType, Unfit

MY_RIGHTS: Final = "myRights"
SHARE_WITH: Final = "shareWith"
_MOST: Final = 1000


@frozen
class Vocabulary:
    """The rights of one data type: what each is made of, and which others come with it."""

    rights: Mapping[str, Rights]
    implied: Mapping[str, frozenset[str]] = {}

    def shown(self, held: Rights) -> dict[str, bool]:
        """The rights as clients see them."""
        found = {name: held & made_of == made_of for name, made_of in self.rights.items()}
        return found | dict.fromkeys(self._with(found), True)

    def _with(self, given: Mapping[str, bool]) -> frozenset[str]:
        """What comes with the rights that are given."""
        return frozenset().union(*(others for name, others in self.implied.items() if given.get(name)))

    def changed(self, held: Rights, wanted: Mapping[str, bool]) -> Rights:
        """What ``held`` becomes if it is to be shown as ``wanted``; absent rights are not wanted."""
        shown = self.shown(held)
        kept = Rights.NONE
        implied = self._with(wanted)  # which is not kept: it goes with what it comes with, whoever takes that away
        for name, made_of in self.rights.items():
            if wanted.get(name, False) and name not in implied:
                kept |= made_of
        for name, made_of in self.rights.items():
            if shown[name] and not wanted.get(name, False) and name not in implied:
                held &= ~made_of
        return held | kept if any(wanted.values()) else Rights.NONE

    def properties(self, capability: str | None = None) -> dict[str, Property]:
        """``myRights`` and ``shareWith``; the latter is shown if ``using`` names the ``capability``."""
        mine = Struct({name: Member(Boolean()) for name in self.rights})
        shared = Property(ShareWith(self), default=None, capability=capability, copied=False, sparse=True)
        return {MY_RIGHTS: computed(mine), SHARE_WITH: shared}


MAILBOX: Final = Vocabulary(
    {
        "mayReadItems": Rights.READ | Rights.READ_ITEMS,
        "mayAddItems": Rights.ADD_ITEMS,
        "mayRemoveItems": Rights.REMOVE_ITEMS,
        "maySetSeen": Rights.SET_SEEN,
        "maySetKeywords": Rights.MODIFY_ITEMS,
        "mayCreateChild": Rights.CREATE_CHILD,
        "mayRename": Rights.MODIFY,
        "mayDelete": Rights.DELETE,
        "maySubmit": Rights.SUBMIT,
        "mayShare": Rights.SHARE,
    }
)
CALENDAR: Final = Vocabulary(
    {
        "mayReadFreeBusy": Rights.SCHEDULING_READ_FREE_BUSY,
        "mayReadItems": Rights.READ | Rights.READ_ITEMS,
        "mayWriteAll": Rights.MODIFY | Rights.ADD_ITEMS | Rights.MODIFY_ITEMS | Rights.REMOVE_ITEMS,
        "mayWriteOwn": Rights.MODIFY_ITEMS_OWN,
        "mayUpdatePrivate": Rights.MODIFY_PRIVATE,
        "mayRSVP": Rights.RSVP,
        "mayShare": Rights.SHARE,
        "mayDelete": Rights.DELETE | Rights.REMOVE_ITEMS,
    },
    # draft-ietf-jmap-calendars 4: who may write everything may do all of this
    {"mayWriteAll": frozenset({"mayWriteOwn", "mayUpdatePrivate", "mayRSVP"})},
)
ADDRESS_BOOK: Final = Vocabulary(
    {
        "mayRead": Rights.READ | Rights.READ_ITEMS,
        "mayWrite": Rights.MODIFY | Rights.ADD_ITEMS | Rights.MODIFY_ITEMS | Rights.REMOVE_ITEMS,
        "mayShare": Rights.SHARE,
        "mayDelete": Rights.DELETE | Rights.REMOVE_ITEMS,
    }
)
FILE_NODE: Final = Vocabulary(
    {
        "mayRead": Rights.READ | Rights.READ_ITEMS,
        "mayAddChildren": Rights.ADD_ITEMS,
        "mayRename": Rights.RENAME,
        "mayDelete": Rights.DELETE | Rights.REMOVE_ITEMS,
        "mayModifyContent": Rights.MODIFY | Rights.MODIFY_ITEMS,
        "mayShare": Rights.SHARE,
    }
)


@frozen
class ShareWith(PropertyType):
    """Rights by the id of a principal; whoever has none is left out, and nobody is null (RFC 9670 4)."""

    vocabulary: Vocabulary

    @property
    def holds_ids(self) -> bool:
        return True

    def read(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unfit("must be an object")
        if len(value) > _MOST:
            raise Unfit(f"must have at most {_MOST} entries")
        given = {self._id(id): self._rights(id, rights) for id, rights in value.items()}
        return {id: rights for id, rights in given.items() if any(rights.values())} or None

    def _id(self, id: str) -> str:
        try:
            return str(Id().read(id))
        except Unfit as problem:
            raise problem.below(id) from None

    def _rights(self, id: str, value: Any) -> dict[str, bool]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unfit("must be an object", (id,))
        for name, each in value.items():
            if name not in self.vocabulary.rights:
                raise Unfit("is not known", (id, name))
            if not (each is None or isinstance(each, bool)):
                raise Unfit("must be true or false", (id, name))
        return {name: bool(value.get(name)) for name in self.vocabulary.rights}
