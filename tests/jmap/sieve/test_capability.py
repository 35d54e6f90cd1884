"""What the session says (RFC 9661 1.2)."""

from __future__ import annotations

from typing import Any

from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.directory.access import Access
from stalwart.jmap.capabilities import Audience
from stalwart.jmap.sieve.capability import sieve, vacation_response
from tests.jmap.sieve.case import SieveCase


class CapabilityTests(SieveCase):
    """The limits are those of the settings."""

    def limits(self) -> Any:
        access = Access(self.alice, "alice@example.test", None, self.permissions)
        assert sieve.account is not None and sieve.session is not None
        audience = Audience(self.settings, "", access, self.alice)
        self.assertTrue(sieve.is_for(access) and vacation_response.is_for(access))
        self.assertEqual(list(sieve.session(audience) or {}), ["implementation"])
        return sieve.account(audience)

    def test_limits(self) -> None:
        limits = self.limits()
        self.assertEqual(limits["maxSizeScript"], 102_400)
        self.assertEqual(limits["maxNumberRedirects"], 5)
        self.assertIn("vacation-seconds", limits["sieveExtensions"])
        self.assertEqual(limits["sieveExtensions"], sorted(limits["sieveExtensions"]))
        self.set(SieveUserInterpreter, maxScripts=None, disableCapabilities={"vacation-seconds": True})
        limits = self.limits()
        self.assertIsNone(limits["maxNumberScripts"])
        self.assertNotIn("vacation-seconds", limits["sieveExtensions"])
