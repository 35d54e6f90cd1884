"""The directories elsewhere put together: what makes a client of each kind (settings C.4).

Most servers have none: each kind is imported when the first directory of it is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stalwart.config.settings import Settings
from stalwart.directory.external.directories import ExternalDirectories, Maker
from stalwart.directory.external.markers import KEY_BYTES
from stalwart.directory.hashing import Hashing
from stalwart.net.json_fetch import JsonFetcher
from stalwart.net.tls import TrustStore
from stalwart.store import Store
from stalwart.telemetry import Telemetry

_MARKER_KEY = "directory-markers"


async def external_directories(
    store: Store,
    settings: Settings,
    hashing: Hashing,
    reactor: Any,
    trust_store: TrustStore,
    telemetry: Telemetry,
    *,
    data_store: Path | None,
) -> ExternalDirectories:
    """What serves domains whose people are kept elsewhere; ``data_store`` is the file of the store, if it has one."""
    key = await store.write(lambda tx: tx.secrets.get_or_create(_MARKER_KEY, lambda: os.urandom(KEY_BYTES)))
    fetcher = JsonFetcher(reactor, trust_store)

    def ldap(declared: Any) -> Any:
        from stalwart.directory.external.ldap import open_ldap_directory

        return open_ldap_directory(declared, reactor, trust_store, hashing, telemetry, marker_key=key)

    def sql(declared: Any) -> Any:
        from stalwart.directory.external.sql import open_sql_directory

        return open_sql_directory(declared, reactor, data_store, hashing, telemetry, marker_key=key)

    def oidc(declared: Any) -> Any:
        from stalwart.directory.external.oidc import OidcDirectory

        return OidcDirectory(declared, fetcher, reactor, telemetry)

    makers: Mapping[str, Maker] = {"Ldap": ldap, "Sql": sql, "Oidc": oidc}
    return ExternalDirectories(settings, store, makers, reactor, telemetry)
