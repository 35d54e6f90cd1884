"""The data type Quota (RFC 9425 4): get, changes, query, queryChanges; they are set as ``quotas`` of x:Account."""

from __future__ import annotations

from stalwart.jmap.mail.capability import QUOTA as CAPABILITY
from stalwart.jmap.mail.quota_source import QuotaSource, with_state
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.property import computed
from stalwart.jmap.standard.scalars import Nullable, String, UnsignedInt
from stalwart.jmap.standard.sorting import Sort

SCOPES = frozenset(("account", "domain", "global"))
RESOURCE_TYPES = frozenset(("count", "octets"))


QUOTA = DataType(
    Declaration(
        name="Quota",
        capability=CAPABILITY,
        properties={
            "resourceType": computed(String(choices=RESOURCE_TYPES)),
            "used": computed(UnsignedInt()),
            "hardLimit": computed(UnsignedInt()),
            "scope": computed(String(choices=SCOPES)),
            "name": computed(String()),
            "types": computed(ListOf(String())),
            "warnLimit": computed(Nullable(UnsignedInt())),
            "softLimit": computed(Nullable(UnsignedInt())),
            "description": computed(Nullable(String())),
        },
        conditions={
            "name": Condition(String(), lambda quota, text: text.casefold() in quota["name"].casefold(), ("name",)),
            "scope": Condition(String(choices=SCOPES), lambda quota, scope: quota["scope"] == scope, ("scope",)),
            "resourceType": Condition(
                String(choices=RESOURCE_TYPES), lambda quota, type: quota["resourceType"] == type, ("resourceType",)
            ),
            "type": Condition(String(), lambda quota, type: type in quota["types"], ("types",)),
        },
        sorts={"name": Sort.by("name"), "used": Sort.by("used")},
        counts=("used",),
    ),
    source=QuotaSource(),
    supports=("get", "changes", "query", "queryChanges"),
    services=("quotas",),
    before=with_state,
)
