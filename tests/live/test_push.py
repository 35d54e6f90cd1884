"""Push from a real daemon: streams and sockets, several workers, revoked access, kill -9, clients that do not read."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from functools import cache
from itertools import count
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.codec.icalendar.values import time_text
from tests.groupware.scheduling.events import octets
from tests.live.crew import Crew
from tests.live.daemon import LOOPBACK, PATIENCE, Daemon, new_folder
from tests.live.lmtp_client import MailClient
from tests.live.people import Administrator
from tests.live.push_clients import Events, MailUser, Refused, Socket

_NUMBERS = count(1)
ENABLE = {"@type": "WebSocketPushEnable", "dataTypes": None}
ECHO = {"@type": "Request", "id": "1", "using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "0"]]}


def rss_kib(pid: int) -> int:
    """Resident memory of a process."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Running:
    """A daemon with LMTP."""

    def __init__(self) -> None:
        self.folder = new_folder()
        self.daemon = Daemon.with_data(self.folder / "data", *LOOPBACK, "--lmtp", "tcp:0:interface=127.0.0.1")
        self.administrator = Administrator(self.daemon)

    def close(self) -> None:
        """End it."""
        self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def running() -> Running:
    """The one that most tests share: it ends with the process, as trial has no class fixtures."""
    made = Running()
    atexit.register(made.close)
    return made


class PushCase(SynchronousTestCase):
    """alice and her mail, at the daemon that most share; her default folders are there."""

    name = "alice"

    def setUp(self) -> None:
        self.begin()
        self.login = self.administrator.new_user(self.name)
        self.alice = MailUser(self.daemon, *self.login)
        self.alice.mailbox("First")

    def begin(self) -> None:
        found = running()
        self.daemon, self.administrator = found.daemon, found.administrator
        self.name = f"alice{next(_NUMBERS)}"

    def events(self, query: str = "types=*&closeafter=no&ping=0", **headers: str) -> Events:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        found = Events(self.daemon.port, {**self.alice.headers, **named}, query)
        self.addCleanup(found.close)
        return found

    def socket(self, headers: dict[str, str] | None = None, **given: Any) -> Socket:
        found = Socket(self.daemon.port, self.alice.headers if headers is None else headers, **given)
        self.addCleanup(found.close)
        return found

    def account_id(self) -> str:
        """As the administrator knows it."""
        return str(self.administrator.call("x:Account/query", {"filter": {"name": self.name}})["ids"][0])

    def assert_clean(self, *secrets: str) -> None:
        said = self.daemon.log + self.daemon.errors
        self.assertNotIn("Traceback", said)
        for secret in secrets:
            self.assertNotIn(secret, said)


class AloneCase(PushCase):
    """A daemon for one test."""

    options: tuple[str, ...] = LOOPBACK

    def begin(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.start()
        self.administrator = Administrator(self.daemon)

    def start(self) -> None:
        self.daemon = self.made(*self.options)
        self.addCleanup(self.daemon.close)

    def made(self, *options: str) -> Daemon:
        return Daemon.with_data(self.folder / "data", *options)


class StreamTests(PushCase):
    def test_curl(self) -> None:
        if shutil.which("curl") is None:
            raise SkipTest("curl is not installed")
        url = f"{self.daemon.url}/jmap/eventsource/?types=Mailbox&closeafter=state&ping=30"
        curl = subprocess.Popen(
            ["curl", "-sSN", "--max-time", "20", "-u", ":".join(self.login), url], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(curl.kill)
        assert curl.stdout is not None
        name, id, data, end = [curl.stdout.readline() for _ in range(4)]
        self.assertEqual((name, data, end), ("event: ping\n", 'data: {"interval":30}\n', "\n"))
        self.assertTrue(id.startswith(f"id: 1;{self.alice.account}."), id)
        state = self.alice.mailbox("One")
        rest = curl.stdout.read()
        self.assertEqual(curl.wait(PATIENCE), 0)
        (data,) = [line.removeprefix("data: ") for line in rest.splitlines() if line.startswith("data: ")]
        self.assertEqual(json.loads(data)["changed"], {self.alice.account: {"Mailbox": state}})


class EndTests(AloneCase):
    """Daemons that end, what they have written, what they need."""

    def test_who_comes_again_after_kill_9_hears_what_he_missed(self) -> None:
        stream = self.events()
        state = self.alice.mailbox("One")
        last = stream.until(self.alice.account, "Mailbox", state)["id"]
        state = self.alice.mailbox("Two")
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.start()
        found = self.events(Last_Event_ID=last).next()
        assert found is not None
        self.assertEqual(found["data"]["changed"], {self.alice.account: {"Mailbox": state}})
        again = self.events("types=*&closeafter=no&ping=30", Last_Event_ID=found["id"]).next()
        assert again is not None
        self.assertEqual(again["event"], "ping")

    def test_the_daemon_ends_streams_and_sockets_in_order(self) -> None:
        stream, ws = self.events(), self.socket()
        self.daemon.terminate()
        self.assertIsNone(stream.next())
        self.assertTrue(stream.is_over)
        self.assertIsNone(ws.next())
        self.assertEqual(ws.closed, 1001)
        self.assert_clean()

    def test_tickets_are_good_once_and_in_no_log(self) -> None:
        self.administrator.create("Tracer", {"@type": "Stdout", "level": "trace"})
        ticket, other = self.alice.ticket(), self.alice.ticket()
        stream = Events(self.daemon.port, {}, f"ping=30&ticket={ticket}")
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, 200)
        again = Events(self.daemon.port, {}, f"ping=30&ticket={ticket}")
        self.addCleanup(again.close)
        self.assertEqual(again.status, 401)
        self.assertEqual(self.socket({}, target=f"/jmap/ws?ticket={other}").ask(ECHO)["@type"], "Response")
        with self.assertRaises(Refused):
            self.socket({}, target=f"/jmap/ws?ticket={other}")
        self.daemon.terminate()
        self.assertIn("/jmap/eventsource/", self.daemon.log)
        self.assert_clean(ticket, other)

    def test_clients_that_do_not_read_cost_little_and_miss_nothing(self) -> None:
        self.administrator.change("Jmap", {"eventSourceThrottle": 1, "websocketThrottle": 1})
        streams = [self.events() for _ in range(100)]
        sockets = [self.socket() for _ in range(20)]
        for each in sockets:
            each.send(ENABLE)
        state = self.alice.mailbox("Warm")
        before = rss_kib(self.daemon.process.pid)
        for number in range(150):
            state = self.alice.mailbox(f"Box {number}")
        grown = rss_kib(self.daemon.process.pid) - before
        self.assertLess(grown, 8 * 1024, "KiB")
        for stream in streams[:5]:
            stream.until(self.alice.account, "Mailbox", state)
        for each in sockets[:5]:
            while (found := each.next())["changed"][self.alice.account].get("Mailbox") != state:
                self.assertEqual(found["@type"], "StateChange")
        self.assert_clean()


class AccessTests(PushCase):
    """Streams end when their credential does, with nobody waiting for a change."""

    def assert_ends(self, stream: Events, ws: Socket) -> None:
        began = time.monotonic()
        self.assertIsNone(stream.next())
        self.assertTrue(stream.is_over)
        self.assertIsNone(ws.next())
        self.assertEqual(ws.closed, 1008)
        self.assertLess(time.monotonic() - began, 5)
        self.assert_clean()

    def opened(self, headers: dict[str, str]) -> tuple[Events, Socket]:
        stream = Events(self.daemon.port, headers)
        self.addCleanup(stream.close)
        ws = self.socket(headers)
        ws.send(ENABLE)
        self.assertEqual(ws.ask(ECHO)["@type"], "Response")
        return stream, ws

    def test_an_api_key_that_is_revoked(self) -> None:
        owner = Administrator(self.daemon, *self.login)
        made = owner.create("ApiKey", {"description": "test"})
        stream, ws = self.opened({"Authorization": f"Bearer {made['secret']}"})
        owner.call("x:ApiKey/set", {"destroy": [made["id"]]})
        self.assert_ends(stream, ws)

    def test_another_password(self) -> None:
        stream, ws = self.opened(self.alice.headers)
        members = {"credentials": {"0": {"@type": "Password", "secret": "another-horse-battery-8"}}}
        self.administrator.change("Account", members, self.account_id())
        self.assert_ends(stream, ws)

    def test_an_account_that_is_destroyed(self) -> None:
        stream, ws = self.opened(self.alice.headers)
        answer = self.administrator.call("x:Account/set", {"destroy": [self.account_id()]})
        self.assertEqual(len(answer["destroyed"] or ()), 1, answer)
        self.assert_ends(stream, ws)

    def test_a_group_that_was_left(self) -> None:
        domain = self.administrator.call("x:Domain/query", {"filter": {"name": "example.org"}})["ids"][0]
        group = self.administrator.create("Account", {"@type": "Group", "name": f"of{self.name}", "domainId": domain})[
            "id"
        ]
        alice = self.account_id()
        self.administrator.change("Account", {"memberGroupIds": {group: True}}, alice)
        stream = self.events()
        state = self.alice.mailbox("Of all", group)
        stream.until(group, "Mailbox", state)
        self.administrator.change("Account", {"memberGroupIds": {}}, alice)
        bob = MailUser(self.daemon, *self.administrator.new_user(f"bob{self.name}", memberGroupIds={group: True}))
        bob.mailbox("Secret", group)
        state = self.alice.mailbox("Own")
        found = stream.next()
        assert found is not None
        self.assertEqual(found["data"]["changed"], {self.alice.account: {"Mailbox": state}})
        self.assert_clean()


class HostileTests(PushCase):
    """Sockets of a real daemon, and octets that nobody should send."""

    def raw(self) -> socket.socket:
        ws = self.socket()
        return ws.socket

    def closed_with(self, octets: bytes) -> int:
        """The code in the close frame that comes, after which the connection ends."""
        raw = self.raw()
        raw.sendall(octets)
        data = b""
        while more := raw.recv(65536):
            data += more
        self.assertEqual(data[0] & 0x0F, 8, data[:20])
        return int.from_bytes(data[2:4], "big")

    def test_each_mistake_has_its_code(self) -> None:
        long = 10_000_001
        cases = {
            b"\x81\x05hello": 1002,  # no mask
            b"\x81\x81\0\0\0\0\xff": 1007,
            b"\x82\x81\0\0\0\0x": 1003,
            b"\x83\x80\0\0\0\0": 1002,
            b"GET / HTTP/1.1\r\n\r\n": 1002,
            b"\x81\xff" + long.to_bytes(8, "big") + bytes(4) + b"x" * long: 1009,
            b"\x01\x80\0\0\0\0" + b"\x01\x80\0\0\0\0": 1002,
        }
        for sent, code in cases.items():
            self.assertEqual(self.closed_with(sent), code, sent[:20])
        self.assertEqual(self.socket().ask(ECHO)["@type"], "Response")
        self.assert_clean()

    def test_a_million_tiny_fragments_take_no_memory(self) -> None:
        raw = self.raw()
        before = rss_kib(self.daemon.process.pid)
        raw.sendall(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 100_000)
        raw.sendall(b"\x00\x81\0\0\0\0x" * 100_000)
        self.assertEqual(self.socket().ask(ECHO)["@type"], "Response")
        self.assertLess(rss_kib(self.daemon.process.pid) - before, 8 * 1024, "KiB")

    def test_pings_from_one_who_does_not_read_end_it(self) -> None:
        ws = self.socket()
        ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ws.socket.settimeout(PATIENCE)
        before = rss_kib(self.daemon.process.pid)
        pings = b"\x89\xfd\0\0\0\0" + b"x" * 125
        with self.assertRaises(OSError):
            for _ in range(6000):  # more than is read and thrown away after the end
                ws.socket.sendall(pings * 100)
        self.assertLess(rss_kib(self.daemon.process.pid) - before, 8 * 1024, "KiB")
        self.assert_clean()

    def test_requests_from_one_who_does_not_read_are_not_carried_out(self) -> None:
        ws = self.socket()
        ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ws.socket.settimeout(3)
        request = {**ECHO, "methodCalls": [["Core/echo", {"a": "x" * 200_000}, "0"]]}
        before = rss_kib(self.daemon.process.pid)
        with self.assertRaises(TimeoutError):
            for _ in range(300):
                ws.send(request)
        self.assertLess(rss_kib(self.daemon.process.pid) - before, 24 * 1024, "KiB")
        self.assertEqual(self.socket().ask(ECHO)["@type"], "Response")


class WorkerTests(AloneCase):
    """Several processes: whoever changes something, streams at the others hear of it."""

    options = ("--workers", "3", *LOOPBACK)

    def made(self, *options: str) -> Daemon:
        crew = Crew.with_data(self.folder / "data", *options)
        self.pids = crew.wait_for_workers(3)
        return crew

    def test_each_hears_what_any_changes(self) -> None:
        crew = self.daemon
        assert isinstance(crew, Crew)
        streams = []
        for pid in self.pids:
            with crew.only(pid):
                streams.append(self.events())
        late: list[float] = []
        for number in range(6):  # whichever worker takes them
            state = self.alice.mailbox(f"Box {number}")
            began = time.monotonic()
            for stream in streams:
                stream.until(self.alice.account, "Mailbox", state)
            late.append(time.monotonic() - began)
            time.sleep(1.0)
        self.assertLess(sorted(late)[3], 0.5, late)
        self.assert_clean()

    def test_alarms_are_heard_at_each(self) -> None:
        crew = self.daemon
        assert isinstance(crew, Crew)
        streams = []
        for pid in self.pids:
            with crew.only(pid):
                streams.append(self.events("types=CalendarAlert&closeafter=no&ping=0"))
        calendar = f"/dav/cal/{self.login[0].replace('@', '%40')}/default"
        alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT1M\nUID:ring\nEND:VALARM"
        start = f"DTSTART:{time_text(int(time.time()) + 63, is_utc=True)}"
        leader = crew.client(self.pids[0])  # who looks for alarms looks soon after a write of his own
        self.addCleanup(leader.close)
        leader.request("PROPFIND", f"{calendar}/", None, self.alice.headers)
        status, _, text = leader.request("PUT", f"{calendar}/x.ics", octets(alarm, start=start), self.alice.headers)
        self.assertEqual(status, 201, text)
        for stream in streams:
            told = stream.next()
            assert told is not None
            self.assertEqual(
                (told["event"], told["data"]["uid"], told["data"]["alertId"]), ("calendarAlert", "lunch-1", "ring")
            )
        for stream in streams:
            self.assertIsNone(stream.next(0.2))  # once is enough
        self.assert_clean()

    def test_a_ticket_of_one_is_good_at_another_once(self) -> None:
        crew = self.daemon
        assert isinstance(crew, Crew)
        tickets = [self.alice.ticket() for _ in range(3)]
        for ticket, pid in zip(tickets, self.pids, strict=True):
            with crew.only(pid):
                self.assertEqual(self.socket({}, target=f"/jmap/ws?ticket={ticket}").ask(ECHO)["@type"], "Response")
        for ticket in tickets:
            with self.assertRaises(Refused):
                self.socket({}, target=f"/jmap/ws?ticket={ticket}")

    def test_a_password_that_another_has_changed_ends_streams(self) -> None:
        crew = self.daemon
        assert isinstance(crew, Crew)
        streams = []
        for pid in self.pids:
            with crew.only(pid):
                streams.append(self.events())
        members = {"credentials": {"0": {"@type": "Password", "secret": "another-horse-battery-8"}}}
        self.administrator.change("Account", members, self.account_id())
        for stream in streams:
            self.assertIsNone(stream.next(10))
            self.assertTrue(stream.is_over)

    def test_a_worker_that_dies_takes_only_its_streams(self) -> None:
        crew = self.daemon
        assert isinstance(crew, Crew)
        with crew.only(self.pids[1]):
            lost = self.events()
        with crew.only(self.pids[2]):
            kept = self.events()
        os.kill(self.pids[1], signal.SIGKILL)
        self.assertIsNone(lost.next())
        state = self.alice.mailbox("After")
        kept.until(self.alice.account, "Mailbox", state)


class TlsTests(PushCase):
    """Behind TLS, where HTTP/2 is spoken too."""

    def setUp(self) -> None:
        super().setUp()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        bind = {f"127.0.0.1:{self.port}": True}
        self.administrator.create(
            "NetworkListener", {"name": f"tls{self.port}", "bind": bind, "protocol": "http", "tlsImplicit": True}
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def test_a_socket(self) -> None:
        ws = Socket(self.port, self.alice.headers, tls=self.context)
        self.addCleanup(ws.close)
        ws.send(ENABLE)
        self.assertEqual(ws.ask(ECHO)["@type"], "Response")
        state = self.alice.mailbox("One")
        self.assertEqual(ws.next()["changed"], {self.alice.account: {"Mailbox": state}})
        request = {**ECHO, "methodCalls": [["Core/echo", {"a": "ü" * 1_000_000}, "0"]]}
        self.assertEqual(len(ws.ask(request)["methodResponses"][0][1]["a"]), 1_000_000)
        ws.socket.sendall(b"\x81\x05hello")
        self.assertIsNone(ws.next())
        self.assertEqual(ws.closed, 1002)
        self.assert_clean()

    def test_over_http_2_there_are_event_streams_and_no_sockets(self) -> None:
        if shutil.which("curl") is None:
            raise SkipTest("curl is not installed")
        base = f"https://127.0.0.1:{self.port}/jmap"
        curl = ["curl", "-sSk", "--http2", "--max-time", "10", "-u", ":".join(self.login)]
        found = subprocess.run([*curl, "-w", " %{http_version} %{http_code}", f"{base}/ws"], capture_output=True)
        self.assertTrue(found.stdout.decode().endswith(" 2 400"), found)
        self.assertIn(b"HTTP/1.1", found.stdout)
        stream = subprocess.Popen(
            [*curl, "-N", f"{base}/eventsource/?closeafter=state&ping=30"], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(stream.kill)
        assert stream.stdout is not None
        self.assertEqual(stream.stdout.readline(), "event: ping\n")
        self.alice.mailbox("One")
        self.assertIn("StateChange", stream.stdout.read())
        self.assertEqual(stream.wait(PATIENCE), 0)
        self.assert_clean()


class DeliveryTests(PushCase):
    """``EmailDelivery`` is for mail that arrives, not for what a client puts there (RFC 8621 1.5)."""

    def test_who_waits_for_new_mail_hears_of_nothing_else(self) -> None:
        port = int(self.daemon.wait_for(re.compile(r"listening lmtp 127\.0\.0\.1:(\d+)"))[1])
        every, only = self.events(), self.events("types=EmailDelivery&ping=0")
        client = MailClient(port)
        self.addCleanup(client.close)
        (said,) = client.deliver("bob@sender.test", [self.login[0]], b"From: bob@sender.test\r\n\r\nHello\r\n")
        self.assertEqual(said[0], 250)
        for stream, types in ((every, {"EmailDelivery", "Email", "Mailbox", "Thread"}), (only, {"EmailDelivery"})):
            found = stream.next()
            assert found is not None
            self.assertLessEqual(types, found["data"]["changed"][self.alice.account].keys())
        (email,) = self.alice.call("Email/query", {"accountId": self.alice.account})["ids"]
        patch = {"accountId": self.alice.account, "update": {email: {"keywords/$seen": True}}}
        state = self.alice.call("Email/set", patch)["newState"]
        changed = every.until(self.alice.account, "Email", state)["data"]["changed"][self.alice.account]
        self.assertNotIn("EmailDelivery", changed)
        self.assertIsNone(only.next(1.5))
        self.assertFalse(only.is_over)
