"""What the session says about scripts (RFC 9661 1.2) and vacation responses (RFC 8621 1.3.3)."""

from __future__ import annotations

from typing import Any, Final

from stalwart import __version__
from stalwart.codec.sieve.grammar import EXTENSIONS
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.jmap.capabilities import Audience, Capability

SIEVE: Final = "urn:ietf:params:jmap:sieve"
VACATION: Final = "urn:ietf:params:jmap:vacationresponse"


def _implementation(audience: Audience) -> dict[str, Any]:
    return {"implementation": f"Stalwart {__version__}"}


def _limits(audience: Audience) -> dict[str, Any]:
    """All members of RFC 9661 1.2.1; no script can notify anybody, and there are no lists outside of scripts."""
    limits = audience.settings.of(SieveUserInterpreter)
    return {
        "maxSizeScriptName": limits.max_script_name_length,
        "maxSizeScript": limits.max_script_size,
        "maxNumberScripts": limits.max_scripts,
        "maxNumberRedirects": limits.max_redirects,
        "sieveExtensions": sorted(EXTENSIONS - limits.disable_capabilities),
        "notificationMethods": None,
        "externalLists": None,
    }


sieve = Capability(SIEVE, session=_implementation, account=_limits, permission="jmapSieveScriptGet")
vacation_response = Capability(VACATION, permission="jmapVacationResponseGet")
