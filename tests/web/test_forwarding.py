"""Client addresses behind proxies."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.web.client import Server, serve
from tests.web.fakes import FakeSettings
from tests.web.routes import ALL, Desk

PROXY = "192.0.2.1"


class ForwardingTests(SynchronousTestCase):
    """``useXForwarded`` with and without trusted networks."""

    def server(self, trusted: tuple[str, ...] = (PROXY,), used: bool = True) -> Server:
        http = {"useXForwarded": used, "forwardedTrustedNetworks": dict.fromkeys(trusted, True)}
        return serve(ALL, {"desk": Desk()}, settings=FakeSettings(Http=http))

    def seen(self, server: Server, host: str, **fields: str) -> str:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        ip: str = server.request("GET", "/free", headers, host=host).json()["ip"]
        return ip

    def test_off_means_the_peer(self) -> None:
        self.assertEqual(self.seen(self.server(used=False), PROXY, X_Forwarded_For="203.0.113.5"), PROXY)

    def test_a_stranger_names_nobody(self) -> None:
        self.assertEqual(self.seen(self.server(), "192.0.2.2", X_Forwarded_For="203.0.113.5"), "192.0.2.2")

    def test_the_right_most_untrusted_address_is_the_client(self) -> None:
        found = self.seen(self.server(), PROXY, X_Forwarded_For=f"198.51.100.66, 203.0.113.5, {PROXY}")
        self.assertEqual(found, "203.0.113.5")

    def test_forwarded_is_read_too(self) -> None:
        self.assertEqual(
            self.seen(self.server(), PROXY, Forwarded='for=1.1.1.1, for="[2001:db8::5]:99"'), "2001:db8::5"
        )

    def test_empty_trusts_this_host_only(self) -> None:
        server = self.server(trusted=())
        self.assertEqual(self.seen(server, "127.0.0.1", X_Forwarded_For="203.0.113.5"), "203.0.113.5")
        self.assertEqual(self.seen(server, PROXY, X_Forwarded_For="203.0.113.5"), PROXY)

    def test_fields_that_agree_are_fine(self) -> None:
        found = self.seen(self.server(), PROXY, X_Forwarded_For="203.0.113.5", Forwarded="for=203.0.113.5")
        self.assertEqual(found, "203.0.113.5")

    def test_fields_that_contradict_each_other_are_refused(self) -> None:
        headers = {"X-Forwarded-For": "203.0.113.5", "Forwarded": "for=203.0.113.6"}
        self.assertEqual(self.server().request("GET", "/free", headers, host=PROXY).status, 400)

    def test_a_silent_proxy_is_warned_of_once_a_minute(self) -> None:
        server = self.server()
        for _ in range(3):
            self.assertEqual(self.seen(server, PROXY), PROXY)
        server.clock.advance(60)
        self.seen(server, PROXY)
        self.assertEqual(server.event_ids().count("http.x-forwarded-missing"), 2)
