"""x:Role, and the blocks that say which roles and permissions an account or credential has (settings C.1,
C.5).
"""

from __future__ import annotations

from stalwart.config.permissions import PERMISSIONS, kebab_spellings
from stalwart.schema import REQUIRED, Enum, Enumeration, Object, ObjectId, Set, String, Union, Variant, prop

PERMISSION = Enumeration(
    "Permission", PERMISSIONS, "Something that an account may do.", other_spellings=kebab_spellings
)

_PERMISSIONS = Set(Enum(PERMISSION))
_ROLES = Set(ObjectId("Role"))


class Role(Object, ids="sequential", label="description", tenant=True):
    """Permissions under a name, to be given to accounts."""

    description: str = prop(String(), REQUIRED, "Name of the role.", index="words")
    role_ids: frozenset[int] = prop(_ROLES, {}, "Roles whose permissions this one includes.")
    enabled_permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions granted.")
    disabled_permissions: frozenset[str] = prop(
        _PERMISSIONS, {}, "Permissions always removed, even if another role grants them."
    )
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")


class User(Variant):
    """The default roles of people."""


class Admin(Variant):
    """The default roles of administrators."""


class Default(Variant):
    """The default roles of its kind."""


class Custom(Variant):
    """Roles listed here."""

    role_ids: frozenset[int] = prop(_ROLES, {}, "Roles.")


UserRoles = Union("UserRoles", User, Admin, Custom, doc="Roles of a person.")
Roles = Union("Roles", Default, Custom, doc="Roles of a group or tenant.")


class Inherit(Variant):
    """As the roles, or the account, say."""


class Merge(Variant):
    """What the roles say with these changes."""

    enabled_permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions added.")
    disabled_permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions removed.")


class Replace(Variant):
    """These and nothing else."""

    enabled_permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions granted.")
    disabled_permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions removed.")


Permissions = Union("Permissions", Inherit, Merge, Replace, doc="Adjustment on top of roles.")


class Disable(Variant):
    """The account's permissions without these."""

    permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions removed.")


class Only(Variant, name="Replace"):
    """Of these, the ones that the account has."""

    permissions: frozenset[str] = prop(_PERMISSIONS, {}, "Permissions kept.")


CredentialPermissions = Union(
    "CredentialPermissions", Inherit, Disable, Only, doc="What a credential may do of what its account may."
)
