"""Web hooks: who is told of what, and with which credentials, from the moment the settings say so."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from stalwart.app.observing.web_hooks import WebHooks
from stalwart.codec.web_hook_body import signature_of
from stalwart.config.monitoring.webhook import WebHook
from stalwart.config.settings import Settings
from stalwart.net.json_fetch import JsonAnswer
from stalwart.net.tls import TrustStore
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_FAILED, AUTH_SUCCESS, AUTH_TOKEN_EXPIRED, TELEMETRY_WEBHOOK_ERROR

NOW = 1_795_253_400.0
URL = "https://hook.example.test/a"
SECRET = "a-secret-of-the-hook"


class WebHooksTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.logged: list[Any] = []
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=self.logged.append))
        self.settings = Settings(self.store, self.telemetry, self.clock)
        self.successResultOf(self.store.start())
        self.sent: list[tuple[str, Headers, bytes]] = []
        self.made: list[Any] = []
        self.status = 200
        self.hooks = WebHooks(self.settings, self.telemetry, self.clock, TrustStore(), poster=self.poster)
        self.patch(self.hooks, "_in_thread", maybeDeferred)
        self.hooks.start()

    def poster(self, declared: Any) -> Any:
        self.made.append(declared)
        return self

    async def tell(self, url: str, headers: Headers, content: bytes) -> JsonAnswer:
        """Be the network."""
        self.sent.append((url, headers, content))
        return JsonAnswer(self.status, None)

    def create(self, **members: Any) -> int:
        data = {"url": URL, **members}
        return self.successResultOf(Deferred.fromCoroutine(self.settings.create(WebHook, data)))

    def change(self, id: int, **patch: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(WebHook, patch, id)))

    def emitted(self) -> list[list[str]]:
        """What each request tells, of three events."""
        before = len(self.sent)
        for event in (AUTH_TOKEN_EXPIRED, AUTH_FAILED, AUTH_SUCCESS):
            self.telemetry.emit(event, login="alice")
        self.clock.pump([0.0, 1.0, 1.0])
        return [[event["type"] for event in json.loads(content)["events"]] for _, _, content in self.sent[before:]]

    def headers(self) -> Headers:
        """Those of a request."""
        self.emitted()
        return self.sent[-1][1]

    def one(self, name: str) -> str | None:
        """A header that is there once."""
        found = self.headers().getRawHeaders(name)
        self.assertIn(len(found or ()), (0, 1))
        return found[0] if found else None

    def test_each_hook_has_its_level_and_events(self) -> None:
        self.assertEqual(self.emitted(), [])
        self.create(level="debug", events={"auth.success": True})
        self.create(events={"auth.success": True}, eventsPolicy="include")
        self.assertEqual(self.emitted(), [["auth.token-expired", "auth.failed"], ["auth.success"]])

    def test_disabled_or_removed_hook_is_told_nothing_more(self) -> None:
        ids = [self.create(), self.create()]
        self.telemetry.emit(AUTH_FAILED)
        self.change(ids[0], enable=False)
        self.successResultOf(Deferred.fromCoroutine(self.settings.destroy(WebHook, ids[1])))
        self.assertEqual((self.emitted(), self.clock.getDelayedCalls()), ([], []))
        self.change(ids[0], enable=True)
        self.assertEqual(self.emitted(), [["auth.failed", "auth.success"]])

    def test_what_waits_goes_where_the_settings_say_by_then(self) -> None:
        id = self.create()
        self.telemetry.emit(AUTH_FAILED)
        self.change(id, url="https://other.example.test/")
        self.clock.pump([0.0])
        self.assertEqual([url for url, _, _ in self.sent], ["https://other.example.test/"])

    def test_settings_of_others_change_nothing(self) -> None:
        id = self.create()
        self.create(url="https://other.example.test/")
        self.change(id, throttle=2000)
        self.assertEqual([declared.url for declared in self.made], [URL, "https://other.example.test/", URL])

    def test_signature_is_of_the_body(self) -> None:
        self.create(signatureKey={"@type": "Value", "secret": SECRET})
        signature = self.one("X-Signature")
        self.assertEqual(signature, signature_of(SECRET.encode(), self.sent[-1][2]))

    def test_without_a_key_there_is_no_signature(self) -> None:
        self.create()
        self.assertEqual([self.one(name) for name in ("X-Signature", "Authorization")], [None, None])
        self.assertEqual(self.one("Content-Type"), "application/json")

    def test_another_throttle_counts_at_once(self) -> None:
        id = self.create(throttle=3_600_000, discardAfter=7_200_000)
        self.emitted()
        self.telemetry.emit(AUTH_FAILED)
        self.clock.pump([1.0] * 5)
        self.assertEqual(len(self.sent), 1)
        self.change(id, throttle=1000)
        self.clock.pump([1.0] * 5)
        self.assertEqual(len(self.sent), 2)

    def test_hook_that_is_the_server_itself_is_told_ten_times_a_second_at_most(self) -> None:
        self.create(throttle=1)
        for _ in range(50):
            self.telemetry.emit(AUTH_FAILED)
            self.clock.advance(0.02)
        self.assertLessEqual(len(self.sent), 11)

    def test_credentials(self) -> None:
        secret, login = {"@type": "Value", "secret": SECRET}, "jo\u00e9"
        id = self.create(httpAuth={"@type": "Basic", "username": login, "secret": secret})
        self.assertEqual(self.one("Authorization"), f"Basic {b64encode(f'{login}:{SECRET}'.encode()).decode()}")
        self.change(id, httpAuth={"@type": "Bearer", "bearerToken": secret})
        self.assertEqual(self.one("Authorization"), f"Bearer {SECRET}")

    def test_headers_of_the_administrator_replace_none_that_the_request_needs(self) -> None:
        self.create(httpHeaders={"X-Tenant": "7", "user-agent": "x", "Content-Length": "1", "content-type": "a/b"})
        headers = dict(self.headers().getAllRawHeaders())
        self.assertEqual(headers, {b"X-Tenant": [b"7"], b"User-Agent": [b"x"], b"Content-Type": [b"application/json"]})

    def test_secret_in_a_file_is_read_each_time(self) -> None:
        path = self.mktemp()
        key = {"@type": "File", "filePath": os.path.abspath(path)}
        self.create(signatureKey=key, discardAfter=10_000)
        self.emitted()
        self.assertEqual(self.sent, [])
        entry = self.logged[-1]
        self.assertIn("signatureKey cannot be used: the file cannot be read", entry["line"])
        for secret in ("one", "two"):
            with open(path, "w") as file:
                file.write(f"{secret}\n")
            self.clock.pump([1.0] * 10)
            self.emitted()
            _, headers, content = self.sent[-1]
            self.assertEqual(headers.getRawHeaders("X-Signature"), [signature_of(secret.encode(), content)])

    def test_empty_secret_is_no_secret(self) -> None:
        self.patch(os, "environ", {})
        self.create(httpAuth={"@type": "Bearer", "bearerToken": {"@type": "EnvironmentVariable", "variableName": "X"}})
        self.assertEqual(self.emitted(), [])
        self.assertIn("httpAuth cannot be used", self.logged[-1]["line"])

    def test_secrets_are_in_no_log(self) -> None:
        secret = {"@type": "Value", "secret": SECRET}
        self.create(httpAuth={"@type": "Bearer", "bearerToken": secret}, signatureKey=secret)
        self.status = 500
        self.emitted()
        self.assertEqual(self.telemetry.counters[TELEMETRY_WEBHOOK_ERROR.id], 1)
        self.assertNotIn(SECRET, str(self.logged))

    def test_hooks_learn_of_the_failures_of_others(self) -> None:
        self.create(events={TELEMETRY_WEBHOOK_ERROR.id: True}, eventsPolicy="include")
        failing = self.create(url="https://other.example.test/", discardAfter=500)
        self.change(failing, events={"auth.failed": True}, eventsPolicy="include")
        self.status = 500
        self.emitted()
        types = [
            [event["type"] for event in json.loads(content)["events"]] for url, _, content in self.sent if url == URL
        ]
        self.assertEqual(types[0], [TELEMETRY_WEBHOOK_ERROR.id])

    def test_end_sends_what_waits(self) -> None:
        self.create()
        self.create(url="https://other.example.test/")
        self.telemetry.emit(AUTH_FAILED)
        self.successResultOf(Deferred.fromCoroutine(self.hooks.close()))
        self.assertEqual(len(self.sent), 2)
        self.create()
        self.telemetry.emit(AUTH_FAILED)
        self.assertEqual((len(self.sent), self.clock.getDelayedCalls()), (2, []))

    def test_real_sender_obeys_the_settings(self) -> None:
        hooks = WebHooks(self.settings, self.telemetry, self.clock, TrustStore())
        self.create(timeout=2500, allowInvalidCerts=True)
        (declared,) = (each for _, each in self.settings.all(WebHook))
        fetcher: Any = hooks._fetcher(declared)
        self.assertEqual((fetcher._requests._timeout, fetcher._requests._verifies), (2.5, False))
