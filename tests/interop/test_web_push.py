"""Web Push from a real daemon over TLS: verification, what is decrypted with http_ece, VAPID, retries, the end."""

from __future__ import annotations

import shutil
import time
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.push_service import PATIENCE, PushService, published_decryption
from tests.live.daemon import Daemon, basic, new_folder
from tests.live.people import Administrator

MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


class Subscriber(Administrator):
    """A user with mail."""

    using = MAIL

    def subscribe(self, url: str, device: str = "phone", **members: Any) -> dict[str, Any]:
        """What the server says of a new subscription."""
        given = {"deviceClientId": device, "url": url, **members}
        answer = self.call("PushSubscription/set", {"create": {"s": given}})
        assert answer["created"], answer
        made: dict[str, Any] = answer["created"]["s"]
        return made

    def verify(self, pushed: dict[str, Any]) -> None:
        """Give back what was pushed."""
        patch = {pushed["pushSubscriptionId"]: {"verificationCode": pushed["verificationCode"]}}
        answer = self.call("PushSubscription/set", {"update": patch})
        assert answer["updated"], answer

    def change(self, account: str, name: str) -> str:  # type: ignore[override]
        """Make a mailbox; the state after that."""
        answer = self.call("Mailbox/set", {"accountId": account, "create": {"m": {"name": name}}})
        assert answer["created"], answer
        state: str = answer["newState"]
        return state


class WebPushTests(SynchronousTestCase):
    def setUp(self) -> None:
        if published_decryption() is None:
            raise SkipTest("http_ece is not installed: tests/interop/clients/prepare")
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.service = PushService(self.folder)
        self.addCleanup(self.service.close)
        self.start()
        administrator = Administrator(self.daemon)
        members = {"pushToPrivateNetworks": True, "pushAttemptWait": 300, "pushVerifyTimeout": 300}
        administrator.change("Jmap", {**members, "pushThrottle": 500, "webPushContact": "admin@example.org"})
        self.login = administrator.new_user("alice")
        self.user = Subscriber(self.daemon, *self.login)
        session = self.daemon.json("/jmap/session", basic(*self.login))
        self.key = session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"]
        self.account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

    def start(self, *options: str) -> None:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        self.daemon = Daemon.with_data(data, *options, SSL_CERT_FILE=str(self.service.authorities))
        self.addCleanup(self.daemon.close)

    def subscribed(self, path: str, device: str = "phone", **members: Any) -> str:
        """The id of a verified subscription with keys."""
        p256dh, auth = self.service.agent.keys
        keys = {"p256dh": p256dh, "auth": auth}
        made = self.user.subscribe(self.service.origin + path, device, **{"keys": keys, **members})
        self.assertIsNone(made["keys"])
        (pushed,) = self.service.wait(path)
        self.assertEqual((pushed["@type"], pushed["pushSubscriptionId"]), ("PushVerification", made["id"]))
        self.assertEqual(len(pushed["verificationCode"]), 32)
        self.user.verify(pushed)
        id: str = made["id"]
        return id

    def test_a_change_reaches_the_device(self) -> None:
        self.state()  # the default folders are made first; that is a change of its own
        self.subscribed("/a")
        state = self.user.change(self.account, "One")
        change = self.service.wait("/a", 2)[1]
        self.assertEqual(change, {"@type": "StateChange", "changed": {self.account: {"Mailbox": state}}})
        head = self.service.heads[-1]
        self.assertEqual(
            [head[name] for name in ("ttl", "urgency", "content-encoding", "content-type")],
            ["86400", "normal", "aes128gcm", "application/octet-stream"],
        )
        claims = self.service.claims(head, self.key)
        self.assertEqual(claims["sub"], "mailto:admin@example.org")
        self.assertLess(claims["exp"] - time.time(), 86_400)

    def test_nothing_is_pushed_before_the_code_came_back(self) -> None:
        self.user.subscribe(f"{self.service.origin}/a")
        self.service.wait("/a")
        self.user.change(self.account, "One")
        time.sleep(1)
        self.assertEqual(len(self.service.messages["/a"]), 1)

    def test_two_devices_within_a_minute(self) -> None:
        self.subscribed("/a", "phone")
        self.subscribed("/b", "tablet", keys=None, types=["Email"])
        self.user.change(self.account, "One")
        self.service.wait("/a", 2)
        time.sleep(0.3)
        self.assertEqual(len(self.service.messages["/b"]), 1, "a mailbox is no e-mail")

    def test_a_failure_is_tried_again_with_what_came_meanwhile(self) -> None:
        self.subscribed("/a")
        self.service.status["/a"] = 503
        self.user.change(self.account, "One")
        self.service.wait("/a", 2)
        state = self.user.change(self.account, "Two")
        del self.service.status["/a"]
        change = self.service.wait("/a", 3)[2]
        self.assertEqual(change["changed"], {self.account: {"Mailbox": state}})

    def test_one_that_is_gone_is_removed(self) -> None:
        self.subscribed("/a")
        self.service.status["/a"] = 410
        self.user.change(self.account, "One")
        self.service.wait("/a", 2)
        self.until_there_are([])

    def test_it_lasts_over_a_restart_of_several_workers(self) -> None:
        id = self.subscribed("/a")
        self.daemon.close()
        self.start("--workers", "2", "--http", "tcp:0:interface=127.0.0.1")
        self.user = Subscriber(self.daemon, *self.login)
        self.until_there_are([id])
        for number in range(4):  # whichever worker takes them
            self.user.change(self.account, f"Box {number}")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            last = self.service.messages["/a"][-1]
            if last["@type"] == "StateChange" and last["changed"][self.account]["Mailbox"] == self.state():
                return
            time.sleep(0.05)
        self.fail(f"the last state does not come: {self.service.messages}")

    def test_another_password_ends_it(self) -> None:
        id = self.subscribed("/a")
        self.until_there_are([id])
        administrator = Administrator(self.daemon)
        account = administrator.call("x:Account/query", {"filter": {"name": "alice"}})["ids"][0]
        administrator.change(
            "Account", {"credentials": {"0": {"@type": "Password", "secret": "another-horse-battery-8"}}}, account
        )
        self.user = Subscriber(self.daemon, self.login[0], "another-horse-battery-8")
        self.user.change(self.account, "One")
        self.until_there_are([])
        self.assertEqual(len(self.service.messages["/a"]), 1)

    def until_there_are(self, ids: list[str]) -> None:
        until = time.monotonic() + PATIENCE
        while (found := [each["id"] for each in self.listed()]) != ids:
            if time.monotonic() > until:
                self.fail(f"{found} instead of {ids}")
            time.sleep(0.05)

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.user.call("PushSubscription/get", {"ids": None})["list"]
        return found

    def state(self) -> str:
        state: str = self.user.call("Mailbox/get", {"accountId": self.account, "ids": []})["state"]
        return state
