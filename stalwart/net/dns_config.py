"""From the settings to a resolver: x:DnsResolver says whom to ask, x:Diagnosis whom to believe.

Reads ``resolv.conf(5)`` for the system's servers: ``nameserver`` lines, ``timeout``, ``attempts`` and ``rotate`` stay
with the settings of the daemon. The settings are taken by their attributes, so that any object of that shape does.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from stalwart.codec.dns_records import IANA_ANCHORS
from stalwart.net.dns import NameServer, Resolver, StubResolver
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.dns_transport import PORT, TLS_PORT
from stalwart.net.dnssec import ValidatingResolver
