"""Settings of the network over JMAP against a real daemon: in force with the next request, and nobody is locked out."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import ADMIN, PATIENCE, Daemon, basic, new_folder
from tests.live.people import USING, Administrator

CLIENT = "203.0.113.5"  # said by a proxy on loopback
NOBODY: dict[str, str] = {}


class NetworkCase(SynchronousTestCase):
    """A fresh daemon for each test, and its administrator on loopback."""

    def setUp(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        self.daemon = Daemon.with_data(folder)
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)

    def change(self, **members: Any) -> None:
        """Patch x:Http."""
        self.administrator.change("Http", members)

    def forwarded(self, path: str = "/healthz/live", client: str = CLIENT, **headers: str) -> Any:
        """Status, headers and body of what ``client`` gets behind the proxy."""
        return self.daemon.get(path, {"X-Forwarded-For": client, **headers})


class RequestTests(NetworkCase):
    """What the next request gets."""

    def test_access_rule_headers_cors_and_redirect_show_on_the_next_request(self) -> None:
        self.change(useXForwarded=True)
        self.assertEqual(self.forwarded()[0], 200)
        self.change(
            allowedEndpoints={"match": {"0": {"if": f"remote_ip == '{CLIENT}'", "then": "'404'"}}, "else": "200"}
        )
        self.assertEqual([self.forwarded()[0], self.daemon.get("/healthz/live", NOBODY)[0]], [404, 200])
        self.change(redirectRoot="/elsewhere", responseHeaders={"X-Test": "yes"}, usePermissiveCors=True)
        status, headers, _ = self.daemon.get("/", NOBODY)
        self.assertEqual((status, headers["location"], headers["x-test"]), (302, "/elsewhere", "yes"))
        self.assertEqual(headers["access-control-allow-origin"], "*")
        self.change(usePermissiveCors=False, corsAllowedOrigins={"https://app.test": True})
        headers = self.daemon.get("/healthz/live", {"Origin": "https://app.test"})[1]
        self.assertEqual(headers["access-control-allow-origin"], "https://app.test")

    def test_rate_limit_counts_at_once(self) -> None:
        self.change(useXForwarded=True, rateLimitAnonymous={"count": 2, "period": 86_400_000})
        found = [self.forwarded()[0] for _ in range(3)]
        self.change(rateLimitAnonymous=None)
        self.assertEqual((found, self.forwarded()[0]), ([200, 200, 429], 200))

    def test_blocked_address_is_refused_at_once_and_let_in_again_at_once(self) -> None:
        self.change(useXForwarded=True)
        self.assertEqual(self.forwarded()[0], 200)
        id = self.administrator.create("BlockedIp", {"address": "203.0.113.0/24"})["id"]
        self.assertEqual(self.forwarded()[0], 403)
        allowed = self.administrator.create("AllowedIp", {"address": CLIENT})["id"]
        self.assertEqual(self.forwarded()[0], 200)
        self.administrator.call("x:AllowedIp/set", {"destroy": [allowed]})
        self.assertEqual(self.forwarded()[0], 403)
        self.administrator.call("x:BlockedIp/set", {"destroy": [id]})
        self.assertEqual(self.forwarded()[0], 200)

    def test_who_would_lock_himself_out_is_asked_first(self) -> None:
        self.change(useXForwarded=True)
        rule = {"match": {"0": {"if": f"remote_ip == '{CLIENT}'", "then": "'403'"}}, "else": "200"}
        patch = {"update": {"singleton": {"allowedEndpoints": rule}}}
        refused = self.asked("x:Http/set", patch)["notUpdated"]["singleton"]
        self.assertEqual(refused["properties"], ["allowedEndpoints"])
        self.assertIn("POST /jmap/ with 403", refused["description"])
        blocked = self.asked("x:BlockedIp/set", {"create": {"a": {"address": CLIENT}}})
        self.assertEqual(list(blocked["notCreated"]), ["a"])
        self.assertEqual(self.asked("x:Http/set", {**patch, "confirm": True})["updated"], {"singleton": None})
        self.assertEqual(self.forwarded()[0], 403)

    def asked(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the response to the administrator behind the proxy."""
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        return call(client, name, arguments, {"X-Forwarded-For": CLIENT})


class ListenerTests(NetworkCase):
    """Sockets follow the settings while connections go on."""

    def test_listener_is_added_moved_and_removed_while_a_kept_connection_goes_on(self) -> None:
        first, second = free(), free()
        id = self.administrator.create("NetworkListener", listener(first))["id"]
        kept = self.connection(first)
        self.assertEqual(self.alive(kept), 200)
        self.move(id, second)
        self.assertEqual([self.alive(kept), self.alive(self.connection(second))], [200, 200])
        self.assertRaises(ConnectionRefusedError, self.connection(first).connect)
        answer = self.administrator.call("x:NetworkListener/set", {"destroy": [id]})
        self.assertEqual((answer["destroyed"], self.alive(kept)), ([id], 200))
        self.assertRaises(ConnectionRefusedError, self.connection(second).connect)

    def test_limits_and_proxies_of_a_listener_follow_for_new_connections(self) -> None:
        port = free()
        id = self.administrator.create("NetworkListener", listener(port))["id"]
        kept = self.connection(port)
        self.assertEqual(self.alive(kept), 200)
        self.administrator.change("NetworkListener", {"maxConnections": 1}, id)
        self.assertEqual((self.raw(port, b"GET /healthz/live HTTP/1.0\r\n\r\n"), self.alive(kept)), (b"", 200))
        self.administrator.change("NetworkListener", {"maxConnections": 9}, id)
        self.administrator.change("NetworkListener", {"overrideProxyTrustedNetworks": {"127.0.0.1": True}}, id)
        proxied = b"PROXY TCP4 203.0.113.5 127.0.0.1 4711 80\r\nGET /healthz/live HTTP/1.0\r\n\r\n"
        self.assertIn(b" 200 ", self.raw(port, proxied))
        self.assertEqual((self.raw(port, b"GET /healthz/live HTTP/1.0\r\n\r\n"), self.alive(kept)), (b"", 200))

    def test_system_proxies_need_confirmation_and_hold_at_once(self) -> None:
        patch = {"update": {"singleton": {"proxyTrustedNetworks": {"127.0.0.0/8": True}}}}
        kept = self.connection(self.daemon.port)
        refused = call(kept, "x:SystemSettings/set", patch)["notUpdated"]["singleton"]
        self.assertEqual(refused["properties"], ["proxyTrustedNetworks"])
        self.assertEqual(self.daemon.get("/healthz/live", NOBODY)[0], 200)
        answer = call(kept, "x:SystemSettings/set", {**patch, "confirm": True})
        self.assertEqual((answer["updated"], "notices" in answer), ({"singleton": None}, False))
        proxied = b"PROXY TCP4 203.0.113.5 127.0.0.1 4711 80\r\nGET /healthz/live HTTP/1.0\r\n\r\n"
        self.assertIn(b" 200 ", self.raw(self.daemon.port, proxied))
        self.assertEqual(self.raw(self.daemon.port, b"GET /healthz/live HTTP/1.0\r\n\r\n"), b"")
        call(kept, "x:SystemSettings/set", {"update": {"singleton": {"proxyTrustedNetworks": {}}}})
        self.assertEqual(self.daemon.get("/healthz/live", NOBODY)[0], 200)

    def test_address_in_use_is_refused_and_nothing_is_stored(self) -> None:
        before = len(self.stored())
        answer = self.administrator.call("x:NetworkListener/set", {"create": {"a": listener(self.daemon.port)}})
        self.assertIn("Address already in use", answer["notCreated"]["a"]["description"])
        self.assertEqual(len(self.stored()), before)

    def test_listeners_that_are_only_stored_say_so(self) -> None:
        made = {
            "imap": listener(free(), name="imap", protocol="imap"),
            "tls": listener(free(), name="tls", useTls=True, tlsImplicit=True),
        }
        (notice,) = self.administrator.call("x:NetworkListener/set", {"create": made})["notices"]
        self.assertIn("The listener imap is stored, but not bound", notice)

    def test_own_listener_goes_only_when_confirmed_and_the_answer_still_comes(self) -> None:
        port = free()
        id = self.administrator.create("NetworkListener", listener(port))["id"]
        own = self.connection(port)
        refused = call(own, "x:NetworkListener/set", {"destroy": [id]})["notDestroyed"][id]
        self.assertIn("Your own request", refused["description"])
        answer = call(own, "x:NetworkListener/set", {"destroy": [id], "confirm": True})
        self.assertEqual(answer["destroyed"], [id])
        self.assertRaises(ConnectionRefusedError, self.connection(port).connect)

    def connection(self, port: int) -> http.client.HTTPConnection:
        """A client of this port."""
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.addCleanup(client.close)
        return client

    def alive(self, client: http.client.HTTPConnection) -> int:
        """The status of a request; one on a connection that is open uses that very connection."""
        before = client.sock
        client.request("GET", "/healthz/live")
        answer = client.getresponse()
        answer.read()
        self.assertTrue(before is None or client.sock is before)
        return answer.status

    def raw(self, port: int, data: bytes) -> bytes:
        """Everything that the server says to ``data``."""
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            try:
                client.sendall(data)
                return client.makefile("rb").read()
            except ConnectionError:
                return b""

    def move(self, id: str, port: int) -> None:
        """The listener serves there now."""
        self.administrator.change("NetworkListener", {"bind": {f"127.0.0.1:{port}": True}}, id)

    def stored(self) -> list[Any]:
        """All listeners."""
        listed: list[Any] = self.administrator.call("x:NetworkListener/get", {"ids": None})["list"]
        return listed


def free() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def listener(port: int, **members: Any) -> dict[str, Any]:
    """A plain HTTP listener on loopback."""
    plain = {"name": "own", "bind": {f"127.0.0.1:{port}": True}, "protocol": "http", "useTls": False}
    return plain | members


def call(client: http.client.HTTPConnection, name: str, arguments: Any, headers: dict[str, str] = NOBODY) -> Any:
    """The arguments of the response to one JMAP call."""
    body = json.dumps({"using": USING, "methodCalls": [[name, arguments, "0"]]})
    client.request("POST", "/jmap/", body, {**basic(*ADMIN), "Content-Type": "application/json", **headers})
    answer = client.getresponse()
    text = answer.read()
    assert answer.status == 200, (answer.status, text)
    ((answered, found, _),) = json.loads(text)["methodResponses"]
    assert answered == name, (answered, found)
    return found
