"""What an ``x:Directory`` of the kind Ldap comes to: read once, refused in a sentence where it cannot work."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.codec.ldap_filters import BadFilter, Filter, has_place, is_attribute, parse_filter
from stalwart.config.identity.directory import Ldap
from stalwart.errors import Invalid
from stalwart.net.ldap import LdapServer
from stalwart.schema import Nothing

_ATTRIBUTES = (
    ("attr_class", "attrClass"),
    ("attr_description", "attrDescription"),
    ("attr_email", "attrEmail"),
    ("attr_email_alias", "attrEmailAlias"),
    ("attr_member_of", "attrMemberOf"),
    ("attr_secret", "attrSecret"),
    ("attr_secret_changed", "attrSecretChanged"),
)


@frozen
class LdapPlan:
    """Where the server is, the filters as trees, and the attributes that are asked for."""

    server: LdapServer
    login: Filter
    mailbox: Filter
    member_of: Filter | None
    attributes: tuple[str, ...]


def ldap_plan(settings: Ldap) -> LdapPlan:
    """The plan for ``settings``. Raises Invalid, naming the property."""
    try:
        server = LdapServer.of(settings.url, settings.use_tls)
    except ValueError as problem:
        raise Invalid(f"The address of the LDAP server cannot be used: {problem}.", ("url",)) from None
    if settings.bind_dn is not None and isinstance(settings.bind_secret, Nothing):
        text = "A name to sign in with (bindDn) needs a password; servers take it for an anonymous sign-in otherwise."
        raise Invalid(text, ("bindSecret",))
    _check_attributes(settings)
    member_of = settings.filter_member_of
    return LdapPlan(
        server,
        _filter(settings.filter_login, "filterLogin", "address"),
        _filter(settings.filter_mailbox, "filterMailbox", "address"),
        None if member_of is None else _filter(member_of, "filterMemberOf", "DN of the person"),
        wanted_attributes(settings),
    )


def wanted_attributes(settings: Ldap) -> tuple[str, ...]:
    """What is read of a person; the hash of the password only where it is compared here."""
    names = {name for attribute, _ in _ATTRIBUTES for name in getattr(settings, attribute)}
    if settings.bind_authentication:
        names -= settings.attr_secret - settings.attr_secret_changed
    return tuple(sorted(names))


def _filter(text: str, property: str, what: str) -> Filter:
    try:
        found = parse_filter(text)
    except BadFilter as problem:
        raise Invalid(f"The filter cannot be read: {problem}.", (property,)) from None
    if not has_place(found):
        raise Invalid(f"The filter has no ? where the {what} is to stand.", (property,))
    return found


def _check_attributes(settings: Ldap) -> None:
    for attribute, property in _ATTRIBUTES:
        names: Sequence[str] = sorted(getattr(settings, attribute))
        wrong = next((name for name in names if not is_attribute(name)), None)
        if wrong is not None:
            raise Invalid(f"{wrong[:80]!r} is not the name of an attribute.", (property,))
    if not settings.attr_email:
        raise Invalid("Without an attribute for the address nobody can be recognised.", ("attrEmail",))
    if not settings.bind_authentication and not settings.attr_secret:
        raise Invalid("Passwords cannot be compared without an attribute that holds their hash.", ("attrSecret",))
