"""The events of refused senders and recipients that have a name of their own; ``smtp.refused`` tells of all. See
``events``.
"""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

SMTP_SENDER_NOT_OWN = Event(
    "smtp.mail-from-unauthorized",
    Level.INFO,
    "Sender or author is no address of the account",
    "remoteIp accountName from",
)
SMTP_NOT_SIGNED_IN = Event(
    "smtp.mail-from-unauthenticated", Level.DEBUG, "Sender named before anybody has signed in", "remoteIp"
)
SMTP_NO_MAILBOX = Event("smtp.mailbox-does-not-exist", Level.INFO, "Recipient is nobody here", "remoteIp from to")
SMTP_NO_RELAYING = Event("smtp.relay-not-allowed", Level.INFO, "Recipient is of another server", "remoteIp from to")
