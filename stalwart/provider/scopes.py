"""Scopes: their names, what each of them opens, and what people are told about it (auth-api 4.2, 13.1).

A token without any scope opens all that its account may do, one with scopes only what they say. The scopes of
OpenID Connect open nothing but the account's own name and address.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.config.permissions import PERMISSIONS

MAIL = "urn:ietf:params:oauth:scope:mail"
CONTACTS = "urn:ietf:params:oauth:scope:contacts"
CALENDARS = "urn:ietf:params:oauth:scope:calendars"

STATELESS = ("openid", "offline_access", MAIL, CONTACTS, CALENDARS)
"""Scopes by their bit in the id of a stateless client; ``profile``, ``email`` and ``groups`` follow."""

SCOPES = (*STATELESS, "profile", "email", "groups")
"""Every scope there is."""

_OF_EVERYBODY = frozenset(
    {
        "authenticate",
        "authenticateWithAlias",
        "jmapCoreEcho",
        "sysAccountSettingsGet",
    }
)
_OF_PROTOCOLS = frozenset(
    {
        *("jmapBlobGet", "jmapBlobCopy", "jmapBlobLookup", "jmapBlobUpload"),
        *(f"jmapQuota{verb}" for verb in ("Get", "Changes", "Query", "QueryChanges")),
        *(f"jmapPushSubscription{verb}" for verb in ("Get", "Create", "Update", "Destroy")),
        *(f"jmapPrincipal{verb}" for verb in ("Get", "Changes", "Query", "QueryChanges", "GetAvailability")),
        *(f"jmapShareNotification{verb}" for verb in ("Get", "Changes", "Query", "QueryChanges", "Destroy")),
        "davSyncCollection",
        "davExpandProperty",
    }
)
_BEGINNINGS = {
    MAIL: (
        *("jmapEmail", "jmapMailbox", "jmapThread", "jmapSearchSnippet", "jmapIdentity", "jmapVacation", "jmapSieve"),
        *("imap", "pop3", "sieve", "emailSend", "emailReceive"),
    ),
    CONTACTS: ("jmapAddressBook", "jmapContactCard", "davCard", "davPrincipal"),
    CALENDARS: ("jmapCalendar", "jmapParticipantIdentity", "davCal", "davPrincipal", "calendar"),
}
_OPENED = {
    scope: _OF_PROTOCOLS | frozenset(name for name in PERMISSIONS if name.startswith(beginnings))
    for scope, beginnings in _BEGINNINGS.items()
}


def known_scopes(asked: str | None, registered: frozenset[str] | None = None) -> tuple[str, ...]:
    """The names in ``asked`` (RFC 6749 3.3) that exist and, with ``registered``, belong to the client; each once."""
    wanted = dict.fromkeys((asked or "").split())
    return tuple(name for name in wanted if name in SCOPES and (registered is None or name in registered))


def scoped(permissions: frozenset[str], scope: Iterable[str]) -> frozenset[str]:
    """What a token of ``scope`` leaves of its account's ``permissions``."""
    names = frozenset(scope)
    if not names:
        return permissions
    opened = _OF_EVERYBODY.union(*(_OPENED[name] for name in names if name in _OPENED))
    return permissions & opened
