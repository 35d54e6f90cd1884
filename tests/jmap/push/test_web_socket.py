"""``GET /jmap/ws``: requests, responses, errors and pushes on a WebSocket (RFC 8887)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.network.http import Http
from stalwart.directory import hashes
from stalwart.jmap.push.streams import MOST
from stalwart.jmap.push.web_socket import LOOK_AFTER, MOST_WAITING
from stalwart.store.object_types import EMAIL
from stalwart.web.exchange import Exchange
from tests.jmap.push.push_desk import CORE, Call, Method, PushDesk, basic
from tests.web.client import Response
from tests.web.socket_client import BytesMessage, Ping, SocketClient, frame

ECHO = {"@type": "Request", "id": "R1", "using": [CORE], "methodCalls": [["Core/echo", {"a": 1}, "0"]]}
ENABLE: dict[str, Any] = {"@type": "WebSocketPushEnable", "dataTypes": None}
DISABLE = {"@type": "WebSocketPushDisable"}


class SocketDesk(PushDesk):
    """With a method that waits."""

    def setUp(self) -> None:
        self.waits: list[Deferred[Any]] = []
        super().setUp()

    def methods(self) -> list[Method]:
        async def wait(call: Call) -> dict[str, Any]:
            self.waits.append(Deferred())
            await self.waits[-1]
            return {"login": call.request.access.login}

        def fail(call: Call) -> dict[str, Any]:
            raise RuntimeError("out of order")

        return [Method.of("Test/wait", wait, capability=CORE), Method.of("Test/fail", fail, capability=CORE)]

    def waiting(self, id: str = "R") -> dict[str, Any]:
        return {"@type": "Request", "id": id, "using": [CORE], "methodCalls": [["Test/wait", {}, "0"]]}


class HandshakeTests(SocketDesk):
    """Who gets a socket (RFC 8887 3)."""

    def refused(self, **given: Any) -> Response:
        answer = self.socket(**given).answer
        self.assertNotEqual(answer.status, 101)
        self.assertEqual(self.places._taken, {})
        return answer

    def test_the_subprotocol_is_jmap(self) -> None:
        answer = self.socket().answer
        self.assertEqual((answer.status, answer.headers["sec-websocket-protocol"]), (101, "jmap"))
        self.assertEqual(self.socket(protocol="soap, jmap").answer.headers["sec-websocket-protocol"], "jmap")

    def test_without_one_it_is_named_nowhere(self) -> None:
        client = self.socket(protocol=None)
        self.assertNotIn("sec-websocket-protocol", client.answer.headers)
        self.assertEqual(client.ask(ECHO)["@type"], "Response")

    def test_another_one_is_refused(self) -> None:
        self.assertEqual(self.refused(protocol="soap").status, 400)

    def test_nothing_is_compressed(self) -> None:
        extensions = {"Sec-WebSocket-Extensions": "permessage-deflate"}
        self.assertNotIn("sec-websocket-extensions", self.socket(headers=basic() | extensions).answer.headers)

    def test_credentials_are_asked_for(self) -> None:
        self.assertEqual(self.refused(headers={}).status, 401)

    def test_a_ticket_is_good_once(self) -> None:
        path = f"/jmap/ws?ticket={self.ticket()}"
        self.assertEqual(self.socket(path, {}).ask(ECHO)["requestId"], "R1")
        self.assertEqual(self.socket(path, {}).answer.status, 401)

    def test_a_ticket_that_is_none(self) -> None:
        for ticket in ("x", "A" * 43, "%00"):
            self.assertEqual(self.refused(path=f"/jmap/ws?ticket={ticket}", headers={}).status, 401)

    def test_pages_of_others_cannot_use_a_password_that_the_browser_knows(self) -> None:
        foreign = {"Origin": "https://evil.example"}
        self.assertEqual(self.refused(headers=basic() | foreign).status, 403)
        own = {"Origin": "https://mail.example.test"}
        self.assertEqual(self.socket(headers=basic() | own).answer.status, 101)
        self.assertEqual(self.socket(f"/jmap/ws?ticket={self.ticket()}", foreign).answer.status, 101)

    def opened(self, origin: str, host: str = "mail.example.test") -> bool:
        """Whether a page of ``origin`` may use a password at ``host``."""
        answer = self.socket(headers=basic() | {"Origin": origin, "Host": host}).answer
        self.assertIn(answer.status, (101, 403))
        return answer.status == 101

    def test_programs_that_name_the_origin_of_the_server(self) -> None:
        self.assertTrue(self.opened("https://mail.example.test", "10.0.0.1:8080"))  # what is published
        self.assertTrue(self.opened("HTTPS://Mail.example.test:443", "x"))
        self.assertTrue(self.opened("http://10.0.0.1:8080", "10.0.0.1:8080"))  # what was asked
        self.assertTrue(self.opened("http://10.0.0.1", "10.0.0.1:80"))
        self.assertTrue(self.opened("http://[2001:db8::1]:8080", "[2001:DB8::1]:8080"))
        self.assertTrue(self.opened("https://other.example.test", "other.example.test"))  # TLS ended ahead

    def test_origins_beside_it(self) -> None:
        self.assertFalse(self.opened("http://mail.example.test"))
        self.assertFalse(self.opened("https://mail.example.test:8443"))
        self.assertFalse(self.opened("https://evil.mail.example.test"))
        self.assertFalse(self.opened("http://10.0.0.1:8081", "10.0.0.1:8080"))
        for origin in (
            "null",
            "file://",
            "http://[",
            "https://:443",
            "https://mail.example.test:x",
            "mail.example.test",
        ):
            self.assertFalse(self.opened(origin), origin)

    def test_over_tls_a_page_of_http_is_another_one(self) -> None:
        self.assertTrue(self.opened("http://other.example.test", "other.example.test"))
        self.patch(Exchange, "is_tls", True)
        self.assertFalse(self.opened("http://other.example.test", "other.example.test"))
        self.assertTrue(self.opened("https://other.example.test", "other.example.test"))

    def test_there_is_a_limit(self) -> None:
        for _ in range(MOST):
            self.places.take("push-streams", self.alice, None)
        answer = self.socket().answer
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "30"))

    def test_a_plain_request_is_told_what_this_is(self) -> None:
        response = self.get("/jmap/ws")
        self.assertEqual(response.status, 400)
        self.assertIn("WebSocket", response.json()["detail"])


class RequestTests(SocketDesk):
    """RFC 8887 4.3.1 to 4.3.4."""

    def test_a_response_names_its_request(self) -> None:
        answer = self.socket().ask(ECHO)
        self.assertEqual(list(answer), ["@type", "requestId", "methodResponses", "sessionState"])
        self.assertEqual((answer["@type"], answer["requestId"]), ("Response", "R1"))
        self.assertEqual(answer["methodResponses"], ECHO["methodCalls"])

    def test_a_request_without_id(self) -> None:
        self.assertNotIn("requestId", self.socket().ask({**ECHO, "id": None}))
        self.assertNotIn("requestId", self.socket().ask({k: v for k, v in ECHO.items() if k != "id"}))

    def test_it_waits_until_others_know_what_was_changed(self) -> None:
        knowing: Deferred[None] = Deferred()
        client = self.socket()
        changes: Any = SimpleNamespace(look=lambda: None, agreed=lambda: knowing)
        self.server.site.pipeline._changes = changes
        client.send(ECHO)
        self.assertEqual(client.objects(), [])
        knowing.callback(None)
        self.assertEqual([each["@type"] for each in client.objects()], ["Response"])

    def test_created_ids_come_back(self) -> None:
        self.assertEqual(self.socket().ask({**ECHO, "createdIds": {"a": "b"}})["createdIds"], {"a": "b"})

    def test_state_is_that_of_the_session(self) -> None:
        session = self.get("/jmap/session").json()
        self.assertEqual(self.socket().ask(ECHO)["sessionState"], session["state"])

    def test_they_are_carried_out_in_their_order(self) -> None:
        client = self.socket()
        for id in ("A", "B"):
            client.send(self.waiting(id))
        self.assertEqual((len(self.waits), client.texts()), (1, []))
        self.waits[0].callback(None)
        self.assertEqual([each["requestId"] for each in client.objects()], ["A"])
        self.waits[1].callback(None)
        self.assertEqual([each["requestId"] for each in client.objects()], ["B"])

    def test_no_more_is_read_while_some_wait(self) -> None:
        client = self.socket()
        for number in range(MOST_WAITING + 3):
            client.send(self.waiting(str(number)))
        self.assertEqual(client.connected.wire.producerState, "paused")
        for number in range(MOST_WAITING + 3):
            self.waits[number].callback(None)
        answers = [each["requestId"] for each in client.objects()]
        self.assertEqual(answers, [str(number) for number in range(MOST_WAITING + 3)])
        self.assertEqual(client.connected.wire.producerState, "producing")

    def test_large_ones_wait_alone(self) -> None:
        client = self.socket()
        client.send(self.waiting())
        client.send({**ECHO, "methodCalls": [["Core/echo", {"a": "x" * 100_000}, "0"]]})
        self.assertEqual(client.connected.wire.producerState, "paused")
        self.waits[0].callback(None)
        self.assertEqual((len(client.texts()), client.connected.wire.producerState), (2, "producing"))

    def test_what_waits_takes_room_until_it_is_answered(self) -> None:
        self.set_jmap(maxRequestSize=1000)
        clients = [self.socket() for _ in range(5)]
        large = {**ECHO, "methodCalls": [["Core/echo", {"a": "x" * 750}, "0"]]}
        for client in clients[:4]:
            client.send(self.waiting())
            client.send(large)
        clients[4].send(large)
        self.assertEqual(clients[4].closed(), 1013)
        for each in self.waits:
            each.callback(None)
        self.assertEqual([len(client.texts()) for client in clients[:4]], [2] * 4)
        self.assertEqual(self.streams._held, {})
        self.assertEqual(self.socket().ask(large)["@type"], "Response")

    def test_a_message_without_end_takes_room_too(self) -> None:
        self.set_jmap(maxRequestSize=1000)
        clients = [self.socket() for _ in range(5)]
        for client in clients:
            client.raw(frame(1, b"x" * 900, final=False))
        self.assertEqual([client.closed() for client in clients], [None] * 4 + [1013])
        for client in clients:
            client.connected.lose()
        self.assertEqual(self.streams._held, {})

    def test_a_client_that_leaves_gives_its_room_back(self) -> None:
        client = self.socket()
        for _ in range(3):
            client.send(self.waiting())
        self.assertNotEqual(self.streams._held, {})
        client.connected.lose()
        self.assertEqual(self.streams._held, {})

    def test_a_client_that_leaves_ends_what_is_running(self) -> None:
        client = self.socket()
        client.send(self.waiting())
        client.send(self.waiting())
        client.connected.lose()
        self.assertEqual(self.places._taken, {})
        self.waits[0].callback(None)  # what has begun goes on to its end
        self.assertEqual(len(self.waits), 1)

    def test_the_next_one_waits_until_the_response_was_taken(self) -> None:
        client = self.socket()
        client.connected.channel.pauseProducing()
        client.send(ECHO)
        client.send({**ECHO, "id": "R2"})
        self.assertEqual(len(client.texts()), 1)
        client.connected.channel.resumeProducing()
        self.assertEqual([each["requestId"] for each in client.objects()], ["R2"])


class RefusalTests(SocketDesk):
    """RequestError."""

    def refused(self, message: Any, **jmap: Any) -> dict[str, Any]:
        if jmap:
            self.set_jmap(**jmap)
        client = self.socket()
        answer = client.ask(message)
        self.assertEqual(answer["@type"], "RequestError")
        self.assertEqual(client.ask(ECHO)["requestId"] if not jmap else "R1", "R1", "the socket goes on")
        return dict(answer)

    def kind(self, message: Any) -> str:
        return str(self.refused(message)["type"]).removeprefix("urn:ietf:params:jmap:error:")

    def test_what_is_not_json(self) -> None:
        for text in ("{", "", "x", '{"@type":"Request"', "[" * 5000):
            self.assertEqual(self.kind(text), "notJSON", text[:20])

    def test_what_is_no_request(self) -> None:
        for value in ([], 1, None, "x", {}, {"@type": "Nothing"}, {"@type": None}, {"@type": "Response"}):
            self.assertEqual(self.kind(json.dumps(value)), "notRequest")
        self.assertEqual(self.kind({"@type": "Request", "id": "R1"}), "notRequest")

    def test_the_id_is_given_back_where_it_could_be_read(self) -> None:
        self.assertEqual(self.refused({"@type": "Request", "id": "R7"})["requestId"], "R7")
        self.assertEqual(self.refused({"id": "R8"})["requestId"], "R8")
        self.assertIsNone(self.refused("{")["requestId"])

    def test_an_id_that_is_no_string(self) -> None:
        for id in (1, [], {"a": 1}, True):
            answer = self.refused({**ECHO, "id": id})
            self.assertEqual((answer["type"][-10:], answer["requestId"]), ("notRequest", None))

    def test_an_unknown_capability(self) -> None:
        answer = self.refused({**ECHO, "using": ["urn:x"]})
        self.assertEqual((answer["type"][-17:], answer["status"]), ("unknownCapability", 400))
        self.assertEqual(answer["requestId"], "R1")

    def test_too_many_calls(self) -> None:
        answer = self.refused({**ECHO, "methodCalls": ECHO["methodCalls"] * 17})  # type: ignore[operator]
        self.assertEqual((answer["type"][-5:], answer["limit"]), ("limit", "maxCallsInRequest"))

    def test_a_message_that_is_too_large_ends_it(self) -> None:
        self.set_jmap(maxRequestSize=1000)
        client = self.socket()
        client.send("x" * 1001)
        self.assertEqual(client.closed(), 1009)

    def test_requests_at_the_same_time_are_counted(self) -> None:
        self.set_jmap(maxConcurrentRequests=2)
        first, second, third = self.socket(), self.socket(), self.socket()
        first.send(self.waiting())
        second.send(self.waiting())
        answer = third.ask(ECHO)
        self.assertEqual((answer["type"][-5:], answer["limit"]), ("limit", "maxConcurrentRequests"))
        self.waits[0].callback(None)
        self.assertEqual(third.ask(ECHO)["@type"], "Response")
        second.connected.lose()
        self.assertEqual([third.ask(ECHO)["@type"] for _ in range(3)], ["Response"] * 3)

    def test_requests_are_counted_like_others(self) -> None:
        client = self.socket()
        self.settle(self.settings.change(Http, {"rateLimitAuthenticated": {"count": 3, "period": 60_000}}))
        answers = [client.ask(ECHO) for _ in range(4)]
        self.assertEqual([each["@type"] for each in answers][-1], "RequestError")
        self.assertEqual(answers[-1]["status"], 429)

    def test_a_fault_of_a_method_is_its_own(self) -> None:
        request = {**ECHO, "methodCalls": [["Test/fail", {}, "0"]]}
        answer = self.socket().ask(request)
        self.assertEqual(answer["methodResponses"][0][1]["type"], "serverFail")
        self.assertNotIn("out of order", json.dumps(answer))

    def test_binary_messages_end_it(self) -> None:
        client = self.socket()
        client.event(BytesMessage(data=json.dumps(ECHO).encode()))
        self.assertEqual(client.closed(), 1003)


class PushTests(SocketDesk):
    """RFC 8887 4.3.5."""

    def enabled(self, **members: Any) -> SocketClient:
        client = self.socket()
        client.send({**ENABLE, **members})
        self.assertEqual(client.texts(), [])
        return client

    def test_nothing_is_pushed_unasked(self) -> None:
        client = self.socket()
        self.touch(self.alice)
        self.assertEqual(client.texts(), [])

    def test_a_change(self) -> None:
        client = self.enabled()
        self.touch(self.alice)
        expected = {
            "@type": "StateChange",
            "changed": {encode_id(self.alice): {"Mailbox": "s1"}},
            "pushState": f"1;{encode_id(self.alice)}.1",
        }
        self.assertEqual(client.objects(), [expected])

    def test_types(self) -> None:
        client = self.enabled(dataTypes=["Email", "Whatever"])
        self.touch(self.alice)
        self.assertEqual(client.texts(), [])
        self.touch(self.alice, EMAIL)
        self.assertEqual(len(client.texts()), 1)
        for every in ([], None):
            client.send({**ENABLE, "dataTypes": every})
            self.clock.advance(2)
            self.touch(self.alice)
            self.assertEqual(len(client.texts()), 1)

    def test_enable_takes_the_place_of_the_one_before(self) -> None:
        client = self.enabled()
        client.send({**ENABLE, "dataTypes": ["Email"]})
        self.touch(self.alice)
        self.assertEqual(client.texts(), [])

    def test_disable(self) -> None:
        client = self.enabled()
        client.send(DISABLE)
        client.send(DISABLE)
        self.touch(self.alice)
        self.assertEqual((client.texts(), self.feed._groups), ([], {}))

    def test_an_old_push_state_brings_what_was_missed(self) -> None:
        client = self.enabled()
        self.touch(self.alice)
        (change,) = client.objects()
        client.connected.lose()
        self.touch(self.alice, EMAIL)
        again = self.socket()
        missed = again.ask({**ENABLE, "pushState": change["pushState"]})
        self.assertEqual(missed["changed"], {encode_id(self.alice): {"Email": "s2"}})
        third = self.socket()
        third.send({**ENABLE, "pushState": missed["pushState"]})
        self.assertEqual(third.texts(), [])

    def test_a_push_state_from_the_future(self) -> None:
        self.touch(self.alice)
        missed = self.socket().ask({**ENABLE, "pushState": f"1;{encode_id(self.alice)}.99999999999"})
        self.assertEqual(missed["changed"], {encode_id(self.alice): {"Mailbox": "s1"}})
        self.assertEqual(missed["pushState"], f"1;{encode_id(self.alice)}.1")

    def test_wrong_members(self) -> None:
        for members in ({"dataTypes": "Email"}, {"dataTypes": [1]}, {"dataTypes": {}}, {"pushState": 1}):
            answer = self.socket().ask({**ENABLE, **members, "id": "R3"})
            self.assertEqual((answer["@type"], answer["requestId"]), ("RequestError", "R3"))
        self.assertEqual(self.feed._groups, {})

    def test_at_most_one_in_each_second(self) -> None:
        client = self.enabled()
        for _ in range(5):
            self.touch(self.alice)
        self.assertEqual(len(client.texts()), 1)
        self.clock.advance(1.1)
        self.assertEqual([each["changed"] for each in client.objects()], [{encode_id(self.alice): {"Mailbox": "s5"}}])

    def test_a_client_that_does_not_read_gets_one_later(self) -> None:
        client = self.enabled()
        client.connected.channel.pauseProducing()
        for _ in range(20):
            self.touch(self.alice)
            self.clock.advance(1.1)
        self.assertEqual(client.connected.wire.value(), b"")
        client.connected.channel.resumeProducing()
        (change,) = client.objects()
        self.assertEqual(change["changed"], {encode_id(self.alice): {"Mailbox": "s20"}})

    def test_nothing_is_left_of_a_client_that_left(self) -> None:
        client = self.enabled()
        client.connected.lose()
        self.assertEqual((self.feed._groups, self.places._taken), ({}, {}))


class AccessTests(SocketDesk):
    """Whoever may not be here any more is closed."""

    def change_password(self) -> None:
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))

    def test_a_new_password_ends_it_at_the_next_request(self) -> None:
        client = self.socket()
        self.change_password()
        client.send(self.waiting())
        self.assertEqual((client.closed(), self.waits), (1008, []))

    def test_and_at_the_next_change(self) -> None:
        client = self.socket()
        client.send(ENABLE)
        self.change_password()
        self.touch(self.alice)
        self.assertEqual(client.closed(), 1008)

    def test_rights_follow_the_account(self) -> None:
        client = self.socket()
        self.join(is_member=False)
        self.assertEqual(client.ask(ECHO)["sessionState"], self.get("/jmap/session").json()["state"])

    def test_a_lost_group_is_no_more_told_of(self) -> None:
        client = self.socket()
        client.send(ENABLE)
        self.join(is_member=False)
        self.touch(self.staff)
        self.touch(self.alice)
        self.clock.advance(2)
        found: dict[str, Any] = {}
        for each in client.objects():
            found |= each["changed"]
        self.assertEqual(found, {encode_id(self.alice): {"Mailbox": "s1"}})

    def test_a_sign_in_that_ended_ends_it_within_a_minute(self) -> None:
        row = self.successResultOf(
            self.store.write(lambda tx: tx.sign_ins.insert(self.alice, "app", {}, now=0, expires_at=2_000_000_000))
        )
        access = evolve(self.access, session_id=row.id)
        value, _ = self.settle(self.directory.ticket(access))
        client = self.socket(f"/jmap/ws?ticket={value}", {})
        self.successResultOf(self.store.write(lambda tx: tx.sign_ins.delete(row.id)))
        for _ in range(int(LOOK_AFTER) - 5):
            self.clock.advance(1)
        self.assertEqual(client.ask(ECHO)["@type"], "Response")
        self.after(10)
        client.send(ECHO)
        self.assertEqual(client.closed(), 1008)


class SilenceTests(SocketDesk):
    """Settings of x:Jmap."""

    def test_heartbeat_and_time_out(self) -> None:
        self.set_jmap(websocketHeartbeat=10_000, websocketTimeout=30_000)
        client = self.socket()
        self.after(11)
        (ping,) = client.events()
        self.assertIsInstance(ping, Ping)
        client.raw(frame(10, b""))
        self.after(11)
        self.assertEqual(len(client.events()), 1)
        self.after(21)
        self.assertEqual(client.closed(), 1001)
