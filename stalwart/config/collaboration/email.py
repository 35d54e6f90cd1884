"""x:Email: limits of mailboxes and messages, and the folders that every account begins with (settings C.9)."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Enum,
    Enumeration,
    Map,
    Nested,
    Set,
    Singleton,
    Size,
    String,
    Unsigned,
    Value,
    prop,
)

COMPRESSION = Enumeration("CompressionAlgo", ("lz4", "none"), "How stored data is compressed.")
SPECIAL_USE = Enumeration(
    "SpecialUse",
    (
        *("inbox", "trash", "junk", "drafts", "archive", "sent"),
        *("shared", "important", "memos", "scheduled", "snoozed"),
    ),
    "Purposes of folders (RFC 6154, RFC 8621 2).",
)

_POSITIVE = Unsigned(min=1)
_LIMIT = Unsigned(min=1, nullable=True)


class EmailFolder(Value):
    """A folder for one purpose."""

    name: str = prop(String(), REQUIRED, "Name of the folder.")
    create: bool = prop(Boolean(), True, "Make it in every account.")
    subscribe: bool = prop(Boolean(), True, "Subscribe the account to it.")
    aliases: frozenset[str] = prop(Set(String()), {}, "Other names that lead to it.")


class Email(Singleton):
    """Mailboxes and messages."""

    max_message_size: int = prop(Size(min=1), 75_000_000, "Bytes of one message.")
    max_attachment_size: int = prop(Size(min=1), 50_000_000, "Bytes of the attachments of one message.")
    max_messages: int | None = prop(_LIMIT, None, "Messages of one account; null is no limit.")
    max_mailboxes: int | None = prop(_LIMIT, 250, "Folders of one account; null is no limit.")
    max_mailbox_depth: int = prop(_POSITIVE, 10, "Levels of folders.")
    max_mailbox_name_length: int = prop(_POSITIVE, 255, "Bytes of the name of a folder; less than 100 is 100.")
    max_submissions: int | None = prop(_LIMIT, 500, "Records of sent messages of one account; null is no limit.")
    max_identities: int | None = prop(_LIMIT, 20, "Sender identities of one account; null is no limit.")
    max_masked_addresses: int | None = prop(_LIMIT, 5, "Masked addresses of one account; null is no limit.")
    max_public_keys: int | None = prop(_LIMIT, 5, "Public keys of one account; null is no limit.")
    default_folders: Mapping[str, EmailFolder] = prop(
        Map(Enum(SPECIAL_USE), Nested(EmailFolder)),
        {},
        "Folders that every account begins with, by purpose; none here means the usual ones.",
    )
    compression_algorithm: str = prop(Enum(COMPRESSION), "lz4", "How messages are compressed.", enforced=False)
    encrypt_at_rest: bool = prop(Boolean(), True, "Let accounts have their mail stored encrypted.", enforced=False)
    encrypt_on_append: bool = prop(
        Boolean(), False, "Encrypt messages that clients put into folders too.", enforced=False
    )
