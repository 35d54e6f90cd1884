"""x:Account: users and groups (settings C.5).

``name`` at the domain is the address. Users, groups and mailing lists with all their aliases share one space
of addresses. The object store's own row of an account, password rules and permissions belong to the
directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from stalwart.config.identity.credentials import Credential, CredentialUnion, Password
from stalwart.config.identity.encryption import EncryptionAtRest
from stalwart.config.identity.roles import Permissions, Roles, UserRoles
from stalwart.config.languages import LOCALE, TIME_ZONE
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Enum,
    Enumeration,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    Set,
    Size,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    Violation,
    prop,
)

ADDRESS_SPACE = "address"
_ADDRESS = (ADDRESS_SPACE, ("name", "domain_id"), "email")

STORAGE_QUOTA = Enumeration(
    "StorageQuota",
    (
        "maxDiskQuota",
        "maxEmails",
        "maxMailboxes",
        "maxEmailSubmissions",
        "maxEmailIdentities",
        "maxParticipantIdentities",
        "maxSieveScripts",
        "maxPushSubscriptions",
        "maxCalendars",
        "maxCalendarEvents",
        "maxCalendarEventNotifications",
        "maxAddressBooks",
        "maxContactCards",
        "maxFiles",
        "maxFolders",
        "maxMaskedAddresses",
        "maxAppPasswords",
        "maxApiKeys",
        "maxPublicKeys",
    ),
    "What an account can be limited in.",
)


class EmailAlias(Value, together=_ADDRESS):
    """Another address of the same mailbox."""

    enabled: bool = prop(Boolean(), True, "Accept mail for it.")
    name: str = prop(String("localPart"), REQUIRED, "Part of the address before the `@`.", index="words")
    domain_id: int = prop(ObjectId("Domain"), REQUIRED, "Domain of the address.")
    description: str | None = prop(String(nullable=True), None, "Note.")


class Principal(Variant, together=_ADDRESS):
    """What users and groups share."""

    name: str = prop(String("localPart"), REQUIRED, "Part of the address before the `@`.", index="both")
    domain_id: int = prop(ObjectId("Domain"), REQUIRED, "Home domain; the address is name@domain.", index="exact")
    description: str | None = prop(String(nullable=True), None, "Full name.", index="words")
    aliases: tuple[EmailAlias, ...] = prop(ObjectList(EmailAlias), {}, "Other addresses.", index="words")
    created_at: int = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")
    permissions: Variant = prop(Nested(Permissions), {"@type": "Inherit"}, "Adjustment on top of the roles.")
    quotas: Mapping[str, int] = prop(
        Map(Enum(STORAGE_QUOTA), Unsigned()), {}, "Limits: `maxDiskQuota` in bytes, the others in objects."
    )
    locale: str = prop(Enum(LOCALE), "en_US", "Language of generated texts.")
    time_zone: str | None = prop(Enum(TIME_ZONE, nullable=True), None, "Time zone.")
    used_disk_quota: int | None = prop(Size(), None, "Bytes used.", update="serverSet", stored=False)
    email_address: str | None = prop(String("emailAddress"), None, "The address.", update="serverSet", stored=False)


class User(Principal):
    """A person or a service that signs in."""

    roles: Variant = prop(Nested(UserRoles), {"@type": "User"}, "Roles.")
    credentials: tuple[Credential, ...] = prop(
        ObjectList(CredentialUnion),
        {},
        "At most one password; app passwords and API keys are made by their user.",
    )
    member_group_ids: frozenset[int] = prop(
        Set(ObjectId("Account", variant="Group")), {}, "Groups that the user belongs to.", index="exact"
    )
    encryption_at_rest: Variant = prop(
        Nested(EncryptionAtRest), {"@type": "Disabled"}, "Encrypt stored mail with a public key."
    )

    def check(self) -> Iterator[Violation]:
        """One password at most."""
        if sum(isinstance(credential, Password) for credential in self.credentials) > 1:
            yield Violation("invalidProperties", "credentials", "An account can have one password only.")

    def completed(self, former: Self | None, now: int) -> Self:
        """Credentials that are new get an id that no other of the account has, and their date."""
        known = [credential.credential_id for credential in (*self.credentials, *_credentials(former))]
        unused = max((number for number in known if number is not None), default=-1) + 1
        credentials = []
        for credential in self.credentials:
            if credential.credential_id is None:
                credential = credential.replaced(credential_id=unused)
                unused += 1
            credentials.append(credential.completed(None, now))
        return super().completed(former, now).replaced(credentials=tuple(credentials))


class Group(Principal):
    """A shared mailbox with members; nobody signs in as one."""

    roles: Variant = prop(Nested(Roles), {"@type": "Default"}, "Roles.")


Account = Union(
    "Account",
    User,
    Group,
    doc="A user or a group.",
    ids="sequential",
    snapshot=False,
    fixed="Cannot change the type of an existing account.",
    label="name",
    tenant=True,
)


def _credentials(former: Principal | None) -> tuple[Credential, ...]:
    return former.credentials if isinstance(former, User) else ()
