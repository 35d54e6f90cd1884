"""The core capability and its one method, ``Core/echo`` (RFC 8620 2, 4)."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE, SHARED_TYPES, Audience, Capability
from stalwart.jmap.methods import method
from stalwart.jmap.standard.collation import COLLATIONS

UNLIMITED = 4294967295
"""What a limit that is not set shows (jmap.md 2)."""


def limits(audience: Audience) -> dict[str, Any]:
    """All members of RFC 8620 2."""
    jmap = audience.settings.of(Jmap)
    return {
        "maxSizeUpload": jmap.max_upload_size,
        "maxConcurrentUpload": jmap.max_concurrent_uploads or UNLIMITED,
        "maxSizeRequest": jmap.max_request_size,
        "maxConcurrentRequests": jmap.max_concurrent_requests or UNLIMITED,
        "maxCallsInRequest": jmap.max_method_calls,
        "maxObjectsInGet": jmap.get_max_results,
        "maxObjectsInSet": jmap.set_max_objects,
        "collationAlgorithms": list(COLLATIONS),
    }


core = Capability(CORE, session=limits, of_data=False, shared=SHARED_TYPES)


@method("Core/echo", capability=CORE)
def echo(call: Call) -> dict[str, Any]:
    """The arguments as they are."""
    return call.arguments
