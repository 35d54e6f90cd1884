"""Push in Chromium: EventSource and WebSocket of a page, opened with tickets (RFC 8620 7.3, RFC 8887)."""

from __future__ import annotations

import shutil
import signal

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.browser import Browser, missing
from tests.live.daemon import Daemon, new_folder
from tests.live.people import Administrator
from tests.live.push_clients import MailUser

TICKET = """
const credentials = arguments[0];
window.ticket = () => fetch("/jmap/ws/ticket", {method: "POST", headers: {Authorization: credentials}})
  .then(answer => answer.json()).then(made => made.value);
"""
STREAM = """
window.seen = {ping: [], state: [], errors: 0};
return ticket().then(value => {
  window.source = new EventSource(`/jmap/eventsource/?types=*&closeafter=no&ping=30&ticket=${value}`);
  for (const name of ["ping", "state"])
    source.addEventListener(name, event => seen[name].push({id: event.lastEventId, data: JSON.parse(event.data)}));
  source.onerror = () => seen.errors++;
  return value.length;
});
"""
SOCKET = """
window.heard = []; window.ended = null;
return ticket().then(value => new Promise(resolve => {
  window.socket = new WebSocket(`ws://${location.host}/jmap/ws?ticket=${value}`, "jmap");
  socket.onmessage = event => heard.push(JSON.parse(event.data));
  socket.onclose = event => { window.ended = [event.code, event.wasClean]; };
  socket.onopen = () => resolve([socket.protocol, socket.extensions]);
  socket.onerror = () => resolve("error");
}));
"""


class PushPageTests(SynchronousTestCase):
    """One window at a daemon; what changes is changed by another client."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, True)
        self.daemon = Daemon.with_data(self.data)
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)
        self.alice = MailUser(self.daemon, *self.administrator.new_user("alice"))
        self.alice.mailbox("First")
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.open(f"{self.daemon.url}/robots.txt")
        self.browser.run(TICKET, self.alice.headers["Authorization"])

    def test_an_event_source(self) -> None:
        self.assertEqual(self.browser.run(STREAM), 43)
        self.browser.wait("seen.ping.length > 0")
        self.assertEqual(self.browser.run("return seen.ping[0].data"), {"interval": 30})
        state = self.alice.mailbox("One")
        self.browser.wait("seen.state.length > 0")
        told = self.browser.run("return seen.state[0]")
        self.assertEqual(told["data"]["changed"], {self.alice.account: {"Mailbox": state}})
        self.assertTrue(told["id"])
        self.assertEqual(self.browser.run("return seen.errors"), 0)

    def test_a_ticket_opens_nothing_twice(self) -> None:
        self.browser.run(STREAM)
        self.browser.wait("seen.ping.length > 0")
        self.browser.run("window.again = new EventSource(source.url); again.onerror = () => { window.refused = 1; };")
        self.browser.wait("window.refused === 1 && again.readyState === EventSource.CLOSED")

    def test_requests_and_pushes_on_a_web_socket(self) -> None:
        self.assertEqual(self.browser.run(SOCKET), ["jmap", ""])
        self.browser.run("""
            socket.send(JSON.stringify({"@type": "Request", id: "R1", using: ["urn:ietf:params:jmap:core"],
              methodCalls: [["Core/echo", {text: "grüße 日本"}, "0"]]}));
            socket.send(JSON.stringify({"@type": "WebSocketPushEnable", dataTypes: ["Mailbox"]}));
        """)
        self.browser.wait("heard.length > 0")
        answer = self.browser.run("return heard[0]")
        self.assertEqual((answer["@type"], answer["requestId"]), ("Response", "R1"))
        self.assertEqual(answer["methodResponses"], [["Core/echo", {"text": "grüße 日本"}, "0"]])
        state = self.alice.mailbox("One")
        self.browser.wait("heard.length > 1")
        told = self.browser.run("return heard[1]")
        self.assertEqual(told["changed"], {self.alice.account: {"Mailbox": state}})
        self.browser.run("socket.close(1000)")
        self.browser.wait("ended !== null")
        self.assertEqual(self.browser.run("return ended"), [1000, True])

    def test_large_messages_both_ways(self) -> None:
        self.browser.run(SOCKET)
        self.browser.run("""
            const text = "ä€😀".repeat(200_000);
            socket.send(JSON.stringify({"@type": "Request", id: "R1", using: ["urn:ietf:params:jmap:core"],
              methodCalls: [["Core/echo", {text}, "0"]]}));
        """)
        self.browser.wait("heard.length > 0")
        same = 'return heard[0].methodResponses[0][1].text === "ä€😀".repeat(200_000)'
        self.assertTrue(self.browser.run(same))
        self.browser.run('socket.send("x".repeat(10_000_001))')
        self.browser.wait("ended !== null")
        self.assertEqual(self.browser.run("return ended[0]"), 1009)

    def test_the_end_of_the_daemon_is_a_clean_close(self) -> None:
        self.browser.run(SOCKET)
        self.daemon.signal(signal.SIGTERM)
        self.browser.wait("ended !== null")
        self.assertEqual(self.browser.run("return ended"), [1001, True])
        self.daemon.wait()
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)
