"""x:Authentication: password rules and the roles that accounts have by default (settings C.4)."""

from __future__ import annotations

from stalwart.schema import Duration, Enum, Enumeration, ObjectId, Set, Singleton, Unsigned, prop

PASSWORD_HASH_ALGORITHM = Enumeration(
    "PasswordHashAlgorithm", ("argon2id", "bcrypt", "scrypt", "pbkdf2"), "Ways to hash a password."
)

PASSWORD_STRENGTH = Enumeration(
    "PasswordStrength", ("zero", "one", "two", "three", "four"), "Strength of a password as zxcvbn scores it."
)

_ROLES = Set(ObjectId("Role"))


class Authentication(Singleton):
    """Password rules and default roles."""

    directory_id: int | None = prop(
        ObjectId("Directory", nullable=True), None, "External directory; null keeps passwords here."
    )
    password_hash_algorithm: str = prop(
        Enum(PASSWORD_HASH_ALGORITHM), "argon2id", "How passwords are hashed that are set from now on."
    )
    password_min_length: int = prop(Unsigned(min=1, max=100), 8, "Least bytes of a password.")
    password_max_length: int = prop(Unsigned(min=1, max=1000), 128, "Most bytes of a password.")
    password_min_strength: str = prop(Enum(PASSWORD_STRENGTH), "three", "Least strength of a password.")
    password_default_expiry: int | None = prop(
        Duration(nullable=True), None, "Age at which a new password expires; null is never."
    )
    max_app_passwords: int | None = prop(
        Unsigned(min=1, nullable=True), 5, "App passwords of one account; null is no limit."
    )
    max_api_keys: int | None = prop(Unsigned(min=1, nullable=True), 5, "API keys of one account; null is no limit.")
    default_user_role_ids: frozenset[int] = prop(_ROLES, {}, "Roles of people.")
    default_group_role_ids: frozenset[int] = prop(_ROLES, {}, "Roles of groups.")
    default_tenant_role_ids: frozenset[int] = prop(_ROLES, {}, "Roles of tenants.")
    default_admin_role_ids: frozenset[int] = prop(_ROLES, {}, "Roles of administrators.")
