"""x:Directory: a directory elsewhere that knows the accounts of a domain (settings C.4).

The server's own directory has no object: it is what a null reference means.
"""

from __future__ import annotations

from stalwart.config.storage.data_store import PostgreSql, Sqlite
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Nested,
    ObjectId,
    SecretKeyOptional,
    Set,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)

_NAMES = Set(String())


def _query(columns: str, table: str, condition: str) -> str:
    """A query for the tables that the reference's manual proposes."""
    return f"SELECT {columns} FROM {table} WHERE {condition}"


def _person_or_group(names: str) -> str:
    """An LDAP filter (RFC 4515 3) for people and groups with one of ``names``."""
    return f"(|(&(objectClass=inetOrgPerson){names})(&(objectClass=groupOfNames){names}))"


class External(Variant):
    """What all directories share."""

    description: str = prop(String(), REQUIRED, "What people call it.")
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")


class Ldap(External):
    """An LDAP server (RFC 4511)."""

    url: str = prop(String("uri"), "ldap://localhost:389", "Address of the server.", label="URL")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    use_tls: bool = prop(Boolean(), False, "Speak TLS to the server.", label="Use TLS")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")
    base_dn: str = prop(String(), REQUIRED, "Where searches begin.", label="Base DN")
    bind_dn: str | None = prop(
        String(nullable=True), None, "Name that the server itself signs in with; null is anonymous.", label="Bind DN"
    )
    bind_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password for that name.")
    bind_authentication: bool = prop(
        Boolean(), True, "Try a password by signing in with it; otherwise its hash is read and compared."
    )
    filter_login: str = prop(
        String(), "(&(objectClass=inetOrgPerson)(mail=?))", "Search for who signs in; `?` is the address."
    )
    filter_mailbox: str = prop(
        String(), _person_or_group("(|(mail=?)(mailAlias=?))"), "Search for a recipient; `?` is the address."
    )
    filter_member_of: str | None = prop(
        String(nullable=True),
        "(&(objectClass=groupOfNames)(member=?))",
        "Search for the groups of a person, whose DN is `?`; null reads them from the person.",
    )
    attr_class: frozenset[str] = prop(_NAMES, {"objectClass": True}, "Attributes with the object class.")
    attr_description: frozenset[str] = prop(_NAMES, {"description": True}, "Attributes with the full name.")
    attr_email: frozenset[str] = prop(_NAMES, {"mail": True}, "Attributes with the address.")
    attr_email_alias: frozenset[str] = prop(_NAMES, {"mailAlias": True}, "Attributes with other addresses.")
    attr_member_of: frozenset[str] = prop(_NAMES, {"memberOf": True}, "Attributes with groups.")
    attr_secret: frozenset[str] = prop(_NAMES, {"userPassword": True}, "Attributes with the hash of the password.")
    attr_secret_changed: frozenset[str] = prop(
        _NAMES, {"pwdChangeTime": True}, "Attributes that change with the password, which ends older sessions."
    )
    group_class: str = prop(String(), "groupOfNames", "Object class of groups.")
    pool_max_connections: int = prop(Unsigned(max=8192), 10, "Connections kept at most.")
    pool_timeout_create: int = prop(Duration(), 30_000, "Limit of opening a connection.")
    pool_timeout_wait: int = prop(Duration(), 30_000, "Limit of waiting for a free one.")
    pool_timeout_recycle: int = prop(Duration(), 30_000, "Limit of preparing a connection for its next use.")


class Default(Variant):
    """The database of the server."""


SqlAuthStore = Union(
    "SqlAuthStore",
    Default,
    PostgreSql,
    Sqlite,
    others="This database is not supported; use Default, PostgreSql or Sqlite.",
    doc="Database with the tables of a directory.",
)


class Sql(External):
    """Tables of a database."""

    store: Variant = prop(Nested(SqlAuthStore), {"@type": "Default"}, "Database with the tables.")
    query_login: str = prop(
        String(),
        _query("name, secret, description, type", "accounts", "name = $1"),
        "Query for who signs in as `$1`.",
    )
    query_recipient: str = prop(
        String(),
        _query("name, secret, description, type", "accounts", "name = $1 AND active = true"),
        "Query for the recipient `$1`.",
    )
    query_member_of: str | None = prop(
        String(nullable=True),
        _query("member_of", "group_members", "name = $1"),
        "Query for the groups of `$1`; null is none.",
    )
    query_email_aliases: str | None = prop(
        String(nullable=True),
        _query("address", "emails", "name = $1"),
        "Query for the other addresses of `$1`; null is none.",
    )
    column_email: str = prop(String(), "name", "Column with the address.")
    column_secret: str = prop(String(), "secret", "Column with the hash of the password.")
    column_class: str | None = prop(String(nullable=True), "type", "Column that tells people from groups.")
    column_description: str | None = prop(String(nullable=True), "description", "Column with the full name.")


class Oidc(External):
    """An OpenID Connect provider, whose tokens are taken here (OpenID Connect Core, RFC 9068)."""

    issuer_url: str = prop(String("uri"), REQUIRED, "The provider, exactly as it calls itself.", label="Issuer URL")
    require_audience: str | None = prop(
        String(nullable=True), "stalwart", "Audience that a token must be meant for; null takes any."
    )
    require_scopes: frozenset[str] = prop(_NAMES, {"openid": True, "email": True}, "Scopes that a token must have.")
    claim_username: str = prop(String(), "preferred_username", "Claim with the login name.")
    username_domain: str | None = prop(
        String("domainName", nullable=True), None, "Domain of login names without one; null takes the claim `email`."
    )
    claim_name: str | None = prop(String(nullable=True), "name", "Claim with the full name; null leaves it empty.")
    claim_groups: str | None = prop(String(nullable=True), None, "Claim with groups; null leaves them alone.")


Directory = Union(
    "Directory",
    Ldap,
    Sql,
    Oidc,
    doc="A directory elsewhere that knows accounts and their passwords.",
    ids="snowflake",
    label="description",
    tenant=True,
)
