"""Capabilities: known, declared, announced."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.capabilities import CORE, KNOWN, MANAGEMENT, Capability, collected, known, management
from tests.jmap.desk import access

# client-quirks 2: what one published client puts into every `using`
ALWAYS_NAMED = """
    core mail submission vacationresponse contacts calendars websocket sieve blob quota principals principals:owner
    """

declared = Capability("urn:test", permission="jmapTestGet")
another = Capability(CORE)


class KnownTests(SynchronousTestCase):
    """What ``using`` may name."""

    def test_the_dozen_of_clients_that_name_everything(self) -> None:
        self.assertLessEqual({f"urn:ietf:params:jmap:{name}" for name in ALWAYS_NAMED.split()}, KNOWN)

    def test_the_management_objects(self) -> None:
        self.assertIn(MANAGEMENT, KNOWN)

    def test_whatever_a_module_declares(self) -> None:
        self.assertEqual(known([declared]) - KNOWN, {"urn:test"})


class CapabilityTests(SynchronousTestCase):
    """Declarations."""

    def test_those_of_a_package_are_found_core_first(self) -> None:
        self.assertEqual(collected(__name__)[:1], (another,))
        self.assertIn(declared, collected(__name__))

    def test_the_face_announces_each_urn_once(self) -> None:
        urns = [each.urn for each in collected()]
        self.assertEqual(len(urns), len(set(urns)))
        self.assertLessEqual({CORE, MANAGEMENT}, set(urns))

    def test_an_account_has_it_with_the_permission_only(self) -> None:
        self.assertFalse(declared.is_for(access()))
        self.assertTrue(declared.is_for(access(permissions=frozenset(("jmapTestGet",)))))

    def test_the_recovery_administrator_has_what_needs_no_data(self) -> None:
        recovery = access(permissions=frozenset(("jmapTestGet",)), kind="recovery")
        self.assertFalse(declared.is_for(recovery))
        self.assertTrue(management.is_for(recovery))

    def test_one_without_an_account_form_is_for_nobody(self) -> None:
        self.assertFalse(Capability("urn:test", account=None, of_data=False).is_for(access()))
