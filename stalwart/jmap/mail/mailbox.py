"""The data type Mailbox (RFC 8621 2): get, changes, query, queryChanges, set."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from stalwart.jmap.mail.capability import MAIL, MAIL_SHARE
from stalwart.jmap.mail.default_folders import with_folders
from stalwart.jmap.mail.mailbox_rights import MAY_SHARE, NAMES, rights
from stalwart.jmap.mail.mailbox_rules import MailboxRules
from stalwart.jmap.mail.mailbox_source import MailboxSource
from stalwart.jmap.sharing.rights import MAILBOX as SHARING
from stalwart.jmap.sharing.rights import SHARE_WITH
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import Member, Struct
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.rules import Repeated
from stalwart.jmap.standard.scalars import Boolean, Id, Int, Nullable, String, UnsignedInt
from stalwart.jmap.standard.sorting import Sort
from stalwart.mail.messages.folders import name_key
from stalwart.store.object_types import MAILBOX as NUMBER

COUNTS = ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")

_LONGEST_NAME = 65536  # x:Email.maxMailboxNameLength is less
_LARGEST_ORDER = (1 << 31) - 1  # RFC 8621 2
_RIGHTS = Struct({name: Member(Boolean()) for name in (*NAMES, MAY_SHARE)})


def _has_name(mailbox: Mapping[str, Any], text: str) -> bool:
    return name_key(text) in name_key(mailbox["name"])


def _seen_by(asking: Asking) -> Hashable:
    access = asking.access
    return access.account_id, rights(access.permissions), MAIL_SHARE in asking.request.using


MAILBOX = DataType(
    Declaration(
        name="Mailbox",
        capability=MAIL,
        properties={
            "name": Property(String(most=_LONGEST_NAME)),
            "parentId": Property(Nullable(Id()), default=None),
            "role": Property(Nullable(String(most=255)), default=None),
            "sortOrder": Property(Int(least=0, most=_LARGEST_ORDER), default=0),
            **{name: computed(UnsignedInt()) for name in COUNTS},
            "myRights": computed(_RIGHTS),
            "isSubscribed": Property(Boolean(), default=True),
            SHARE_WITH: SHARING.properties(MAIL_SHARE)[SHARE_WITH],
        },
        conditions={
            "parentId": Condition(Nullable(Id()), lambda mailbox, id: mailbox["parentId"] == id, ("parentId",)),
            "name": Condition(String(most=_LONGEST_NAME), _has_name, ("name",)),
            "role": Condition(Nullable(String()), lambda mailbox, role: mailbox["role"] == role, ("role",)),
            "hasAnyRole": Condition(
                Boolean(), lambda mailbox, wanted: (mailbox["role"] is not None) is wanted, ("role",)
            ),
            "isSubscribed": Condition(
                Boolean(), lambda mailbox, wanted: mailbox["isSubscribed"] is wanted, ("isSubscribed",)
            ),
        },
        sorts={name: Sort.by(name) for name in ("sortOrder", "name", "parentId")},
        counts=COUNTS,
        shared=NUMBER,
    ),
    source=MailboxSource(),
    rules=MailboxRules(),
    services=("settings", "folders", "quotas", "granting"),
    before=with_folders,
    repeated=Repeated(NUMBER, _seen_by),
)
