"""The type numbers of objects of accounts. They are in databases: a number never changes and is never used again."""

from __future__ import annotations

from typing import Final

MAILBOX: Final = 1
EMAIL: Final = 2
THREAD: Final = 3
EMAIL_DELIVERY: Final = 4
"""No objects, only a state: the number of the last change when mail came by SMTP or LMTP (RFC 8621 1.5)."""

QUOTA: Final = 5
"""One object for an account whose quotas somebody has asked for: its limits as they were told (RFC 9425). Its state
goes on with what is used.
"""
IDENTITY: Final = 6
EMAIL_SUBMISSION: Final = 7
MESSAGE_ID: Final = "messageId"
ENV_ID: Final = "envId"
"""The members that say what reports about it call it: the Message-ID of what was sent, and ENVID (RFC 3461 4.4)."""
QUEUE_ID: Final = "queueId"
"""The member of a submission that says which letter it is, as long as that is in the queue. Clients do not see it."""

SIEVE_SCRIPT: Final = 8
VACATION: Final = 9
"""One object for an account that has set one (RFC 8621 8)."""

IDENTITY_ADDRESSES: Final = 10
"""One object for an account: the addresses that identities were made for. Clients do not see it."""

CALENDAR: Final = 11
CALENDAR_EVENT: Final = 12
ADDRESS_BOOK: Final = 13
CONTACT_CARD: Final = 14
FILE_NODE: Final = 15
"""Folders and files are of one type (draft-ietf-jmap-filenode)."""

CALENDAR_EVENT_NOTIFICATION: Final = 16
"""Messages in scheduling inboxes, which are what JMAP clients are told of as well (RFC 6638 2.2)."""

SHARE_NOTIFICATION: Final = 17
"""What changed in what an account may do with things of others (RFC 9670 3)."""

PARTICIPANT_IDENTITY: Final = 18
PARTICIPANT_ADDRESSES: Final = 19
"""One object for an account: the addresses that participant identities were made for. Clients do not see it."""

SHARES: Final = 20
"""No objects, only a state: the number of the change with which other accounts showed more or less than before."""
