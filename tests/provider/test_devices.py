"""Tests ``stalwart.provider.devices``."""

from __future__ import annotations

from stalwart.provider.devices import PendingDevice, read_user_code
from stalwart.provider.grants import Client
from tests.directory.world import IP
from tests.provider.world import APP, OTHER, ProviderWorld


class DeviceCodesTests(ProviderWorld):
    def setUp(self) -> None:
        super().setUp()
        self.device = self.settle(self.devices.begin(APP, ("openid",), "n"))

    def poll(self, error: str, client: Client = APP) -> None:
        self.refused(error, self.devices.poll(self.device.device_code, client, IP))

    def approve(self, code: str | None = None) -> bool:
        return self.settle(self.devices.approve(code or self.device.user_code, self.signed_in()))

    def test_the_codes_have_their_forms(self) -> None:
        self.assertRegex(self.device.user_code, "^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$")
        self.assertRegex(self.device.device_code, "^[A-Za-z0-9]{40}$")
        self.assertEqual((self.device.expires_in, self.device.interval), (1800, 5))

    def test_a_person_sees_what_is_asked(self) -> None:
        for typed in (self.device.user_code, self.device.user_code.lower().replace("-", " ")):
            self.assertEqual(
                self.settle(self.devices.find(typed)),
                PendingDevice(self.device.user_code, "app", "An App", ("openid",)),
            )
        for other in ("AAAA-AAAA", "", "AAAA-AAA0", "A" * 1000):
            self.assertIsNone(self.settle(self.devices.find(other)))

    def test_it_waits_until_somebody_approves(self) -> None:
        self.poll("authorization_pending")
        self.assertTrue(self.approve())
        tokens = self.settle(self.devices.poll(self.device.device_code, APP, IP))
        self.assertEqual(self.bearer(tokens.access_token).account_id, self.alice)
        self.assertIsNotNone(tokens.id_token)
        self.poll("expired_token")

    def test_who_asks_too_often_shall_slow_down(self) -> None:
        self.poll("authorization_pending")
        self.clock.advance(4.5)
        self.poll("slow_down")
        self.clock.advance(5)
        self.poll("authorization_pending")

    def test_an_early_poll_gets_an_approved_code(self) -> None:
        self.poll("authorization_pending")
        self.approve()
        self.assertTrue(self.settle(self.devices.poll(self.device.device_code, APP, IP)).access_token)

    def test_a_refusal_is_told_once(self) -> None:
        self.assertTrue(self.settle(self.devices.deny(self.device.user_code)))
        self.poll("access_denied")
        self.poll("expired_token")

    def test_a_code_is_approved_once(self) -> None:
        self.assertTrue(self.approve())
        self.assertFalse(self.approve())
        self.assertIsNone(self.settle(self.devices.find(self.device.user_code)))

    def test_another_client_gets_nothing(self) -> None:
        self.approve()
        self.poll("invalid_grant", OTHER)
        self.assertTrue(self.settle(self.devices.poll(self.device.device_code, APP, IP)).access_token)

    def test_the_codes_end(self) -> None:
        self.clock.advance(1800)
        self.poll("expired_token")
        self.assertFalse(self.approve())

    def test_an_approved_code_ends_sooner(self) -> None:
        self.approve()
        self.clock.advance(600)
        self.poll("expired_token")

    def test_nonsense_is_no_device_code(self) -> None:
        for code in ("", "x", "x" * 10_000):
            self.refused("expired_token", self.devices.poll(code, APP, IP))

    def test_user_codes_are_read_as_people_type_them(self) -> None:
        self.assertEqual(read_user_code(" bdwp hqpk "), "BDWPHQPK")
        self.assertIsNone(read_user_code("BDWP-HQP"))
        self.assertIsNone(read_user_code("BDWP-HQP1"))
