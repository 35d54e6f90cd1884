"""Rights on shared containers and files, as stored; DAV shows them as privileges, JMAP as members of ``shareWith``.

The bits are on disk: they never change their meaning.
"""

from __future__ import annotations

from enum import IntFlag


class Rights(IntFlag):
    """What somebody may do with a calendar, an address book, a folder or a file of another account."""

    NONE = 0
    READ = 1 << 0  # see the container, read its properties
    READ_ITEMS = 1 << 1
    MODIFY = 1 << 2  # properties of the container; content of a file
    DELETE = 1 << 3
    ADD_ITEMS = 1 << 4
    MODIFY_ITEMS = 1 << 5
    REMOVE_ITEMS = 1 << 6
    SHARE = 1 << 7
    SCHEDULING_READ_FREE_BUSY = 1 << 8
    SCHEDULING_INVITE = 1 << 9
    SCHEDULING_REPLY = 1 << 10
    MODIFY_ITEMS_OWN = 1 << 11  # events whose organizer or owner is the reader (JMAP mayWriteOwn)
    MODIFY_PRIVATE = 1 << 12  # what is kept per user (JMAP mayUpdatePrivate)
    RSVP = 1 << 13  # the own answer to invitations (JMAP mayRSVP)
    CREATE_CHILD = 1 << 14
    SET_SEEN = 1 << 15  # mark messages as read or not (JMAP maySetSeen)
    SUBMIT = 1 << 16  # send mail to the mailbox (JMAP maySubmit)
    RENAME = 1 << 17  # another name or place for a file or folder (JMAP mayRename)

    @classmethod
    def all(cls) -> Rights:
        """Every right: the owner's, and that of members of a group."""
        return cls((1 << 18) - 1)


UNSEEN = Rights.SCHEDULING_READ_FREE_BUSY | Rights.SCHEDULING_INVITE | Rights.SCHEDULING_REPLY
"""Who has no other rights does not see the object: knowing when its owner is busy is not enough."""

TELLING_TIMES = Rights.READ_ITEMS | Rights.SCHEDULING_READ_FREE_BUSY
"""Who has one of them may know when somebody is busy: A:read-free-busy is a part of D:read (RFC 4791 6.1.1, 7.10)."""

CHANGING = Rights.all() & ~(UNSEEN | Rights.READ | Rights.READ_ITEMS | Rights.MODIFY_PRIVATE)
"""Rights to change what others see too."""
