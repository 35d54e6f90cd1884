"""What travels in forms: whole, unread, unchanged, and not for ever."""

from __future__ import annotations

from stalwart.oauth.pages.carried import REQUEST_LIFETIME, STEP_LIFETIME, Carrier
from stalwart.provider.grants import AuthorizationRequest, Client
from tests.provider.world import ProviderWorld

IP = "192.0.2.1"


class CarrierTests(ProviderWorld):
    """Both fields."""

    def setUp(self) -> None:
        super().setUp()
        self.carrier = Carrier(self.sealer, self.clock.seconds)
        client = Client("c\u202e\0", "registered", "Größe", frozenset({"https://app.example/cb"}), secret="$hash$")
        self.request = AuthorizationRequest(
            client,
            "https://app.example/cb",
            ("openid", "email"),
            state="s" * 2000,
            nonce="n",
            challenge="c",
            challenge_method="S256",
            resources=("https://mail.example.test",),
            prompt=frozenset({"login"}),
            max_age=0,
            response_mode="form_post",
        )

    def sealed(self) -> str:
        text = self.carrier.seal_request(self.request, "de")
        assert text is not None
        return text

    def step(self) -> str:
        text = self.carrier.seal_step("alice", "secret", IP, "this")
        assert text is not None
        return text

    def test_request_comes_back_as_it_was(self) -> None:
        carried = self.carrier.open_request(self.sealed())
        assert carried is not None
        self.assertEqual(carried.language, "de")
        self.assertEqual((carried.request.client.id, carried.request.client.name), ("c\u202e\0", "Größe"))
        for name in ("redirect_uri", "scope", "state", "nonce", "challenge", "challenge_method", "resources"):
            self.assertEqual(getattr(carried.request, name), getattr(self.request, name), name)
        self.assertEqual(carried.request.response_mode, "form_post")

    def test_secret_of_the_application_does_not_travel(self) -> None:
        carried = self.carrier.open_request(self.sealed())
        assert carried is not None
        self.assertIsNone(carried.request.client.secret)

    def test_request_is_void_after_half_an_hour(self) -> None:
        text = self.sealed()
        self.clock.advance(REQUEST_LIFETIME - 1)
        self.assertIsNotNone(self.carrier.open_request(text))
        self.clock.advance(1)
        self.assertIsNone(self.carrier.open_request(text))

    def test_changed_field_is_void(self) -> None:
        text = self.sealed()
        for place in (0, len(text) // 2, len(text) - 1):
            changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
            self.assertIsNone(self.carrier.open_request(changed), place)
        self.assertIsNone(self.carrier.open_request(text + "A"))
        self.assertIsNone(self.carrier.open_request(""))

    def test_request_that_could_not_come_back_is_not_sealed(self) -> None:
        self.request = AuthorizationRequest(Client("c", "unregistered"), "https://a.example/", state="s" * 20_000)
        self.assertIsNone(self.carrier.seal_request(self.request, "en"))

    def test_step_comes_back_to_the_same_address_for_the_same_purpose(self) -> None:
        step = self.carrier.open_step(self.step(), IP, "this")
        assert step is not None
        self.assertEqual((step.login, step.secret), ("alice", "secret"))

    def test_step_is_good_nowhere_else(self) -> None:
        text = self.step()
        self.assertIsNone(self.carrier.open_step(text, "192.0.2.2", "this"))
        self.assertIsNone(self.carrier.open_step(text, IP, "that"))
        self.assertIsNone(self.carrier.open_request(text))
        self.assertIsNone(self.carrier.open_step(self.sealed(), IP, "this"))

    def test_step_is_void_after_five_minutes(self) -> None:
        text = self.step()
        self.clock.advance(STEP_LIFETIME)
        self.assertIsNone(self.carrier.open_step(text, IP, "this"))

    def test_field_does_not_show_the_password(self) -> None:
        self.assertNotIn("secret", self.step())
