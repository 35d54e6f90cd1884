"""The MTA-STS policy of a domain as the settings have it (RFC 8461 3.2, spec discovery 4).

The file is served by the discovery face, its id stands in DNS; both follow from the same octets.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.mta_sts import write_policy
from stalwart.config.domains.domain import MtaStsPolicy
from stalwart.config.network.system import SystemSettings


def policy_file(domain: Any, server: MtaStsPolicy, system: SystemSettings) -> bytes | None:
    """The policy of ``domain``, an x:Domain or None for one that is not known; ``server`` counts where it has none.

    None: there is none, or no host that it could name. One of mode ``none``, which takes back what senders still keep,
    needs no host (RFC 8461 8.3).
    """
    own = domain.mta_sts if domain is not None else None
    policy: MtaStsPolicy = own if own is not None else server
    hosts = policy.mx_hosts or {each.hostname or system.default_hostname for each in system.mail_exchangers}
    if policy.mode == "disable":
        return None
    body = write_policy(policy.mode, policy.max_age // 1000, hosts)
    return body if policy.mode == "none" or b"\nmx: " in body else None
