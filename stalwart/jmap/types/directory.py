"""``x:Directory``: what cannot work is refused when it is written, not found out at a sign-in (settings C.4).

Filters, queries and addresses are read; whether a server answers is not tried. Directories that read files of the
server are for its administrators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ip_networks import LOOPBACK
from stalwart.config import registry
from stalwart.config.identity.directory import Directory, Ldap, Sql
from stalwart.directory.external.sql import check_sql
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction

IN_CLEAR = "Passwords go to {host} in clear: useTls, or an address with ldaps://, keeps them secret."
ANYBODY = "With allowInvalidCerts anybody who can reach the connection to {host} can read its passwords."


@handles("Directory")
class DirectoryHandler(Handler):
    """Judges directories of the kinds Ldap and Sql."""

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Read what the directory will be made of. Raises Invalid, ``SetRefused``."""
        if isinstance(entry.value, Ldap):
            from stalwart.directory.external.ldap_plan import ldap_plan  # with ldaptor, which few servers need

            ldap_plan(entry.value)
        elif isinstance(entry.value, Sql):
            if asking.access.tenant_id is not None:
                raise SetRefused("forbidden", "Databases are for the administrators of the server.", ("store",))
            check_sql(entry.value)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say what is unsafe."""
        notices = await super().committed(asking, done)
        ids = {change.id for change in done if change.kind != "destroy"}
        written = [value for id, value in self.settings.all(Directory) if id in ids and isinstance(value, Ldap)]
        return [*notices, *filter(None, map(unsafe, written))]


def unsafe(directory: Any) -> str | None:
    """What somebody on the way to the server could do; None if nothing."""
    from stalwart.directory.external.ldap_plan import ldap_plan

    server = ldap_plan(directory).server
    if server.host == "localhost" or server.host in LOOPBACK:
        return None
    if server.security == "none":
        return IN_CLEAR.format(host=server.host)
    return ANYBODY.format(host=server.host) if directory.allow_invalid_certs else None
