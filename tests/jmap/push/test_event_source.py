"""``GET /jmap/eventsource/`` (RFC 8620 7.3)."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.directory import hashes
from stalwart.errors import Invalid
from stalwart.jmap.push.event_source import DEFAULT, LONGEST, UNASKED, Wishes, read_wishes
from stalwart.jmap.push.streams import MOST
from stalwart.store.object_types import EMAIL, MAILBOX
from tests.jmap.push.push_desk import PushDesk, basic, frames
from tests.web.client import request_bytes


class WishTests(SynchronousTestCase):
    """The query."""

    def refused(self, **query: str) -> str:
        return str(self.assertRaises(Invalid, read_wishes, query).properties)

    def test_nothing_is_everything(self) -> None:
        self.assertEqual(read_wishes({}), Wishes(None, False, DEFAULT))

    def test_names_of_types(self) -> None:
        self.assertEqual(read_wishes({"types": "Email,Mailbox"}).types, {EMAIL, MAILBOX})
        self.assertEqual(read_wishes({"types": "Principal"}).types, set())
        self.assertIsNone(read_wishes({"types": "*"}).types)
        self.assertIsNone(read_wishes({"types": "Email,*"}).types)

    def test_names_that_are_none(self) -> None:
        for types in ("", "email", "Email,", "Nothing", "Email Mailbox", "x" * 100_000):
            self.assertIn("types", self.refused(types=types))

    def test_closeafter(self) -> None:
        self.assertTrue(read_wishes({"closeafter": "state"}).once)
        self.assertFalse(read_wishes({"closeafter": "no"}).once)
        for value in ("", "yes", "State", "1"):
            self.assertIn("closeafter", self.refused(closeafter=value))

    def test_ping_is_a_number_of_seconds_within_bounds(self) -> None:
        for given, ping in (("0", 0), ("1", 30), ("30", 30), ("60", 60), ("99999", LONGEST), ("000", 0)):
            self.assertEqual(read_wishes({"ping": given}).ping, ping)
        for given in ("", "-1", "1.5", "x", "٣", "1" * 16):
            self.assertIn("ping", self.refused(ping=given))


class StreamTests(PushDesk):
    """What comes."""

    def test_the_first_frame_is_a_ping_at_once(self) -> None:
        for query, interval in (("?ping=30", 30), ("", 300)):
            (frame,) = frames(self.stream(query))
            self.assertEqual(frame, {"event": "ping", "id": "1;", "data": f'{{"interval":{interval}}}'})

    def test_it_is_not_cached(self) -> None:
        head = self.stream().received().partition(b"\r\n\r\n")[0]
        self.assertIn(b"Content-Type: text/event-stream\r\nCache-Control: no-store", head)

    def test_pings_follow_silence(self) -> None:
        stream = self.stream("?ping=30")
        frames(stream)
        self.after(20)
        self.touch(self.alice)
        self.assertEqual([each["event"] for each in frames(stream)], ["state"])
        self.after(28)
        self.assertEqual(frames(stream), [])
        self.after(4)
        self.assertEqual(frames(stream), [{"event": "ping", "data": '{"interval":30}'}])
        self.after(31)
        self.assertEqual(len(frames(stream)), 1)

    def test_without_pings_there_are_comments_now_and_then(self) -> None:
        stream = self.stream("?ping=0")
        self.assertEqual(frames(stream), [])
        self.after(int(UNASKED) + 2)
        self.assertEqual(stream.received(), b"4\r\n: \n\n\r\n")

    def test_a_change(self) -> None:
        stream = self.stream("?types=*&closeafter=no&ping=60")
        frames(stream)
        self.touch(self.alice)
        (frame,) = frames(stream)
        changed = {encode_id(self.alice): {"Mailbox": "s1"}}
        self.assertEqual(json.loads(frame["data"]), {"@type": "StateChange", "changed": changed})
        self.assertEqual((frame["event"], frame["id"]), ("state", f"1;{encode_id(self.alice)}.1"))

    def test_groups_are_told_of_too(self) -> None:
        stream = self.stream("?ping=0")
        self.touch(self.staff, EMAIL)
        (frame,) = frames(stream)
        self.assertEqual(json.loads(frame["data"])["changed"], {encode_id(self.staff): {"Email": "s1"}})

    def test_types_are_kept_to(self) -> None:
        stream = self.stream("?types=Email&ping=0")
        self.touch(self.alice)
        self.assertEqual(frames(stream), [])
        self.touch(self.alice, EMAIL)
        self.assertEqual(len(frames(stream)), 1)

    def test_it_ends_after_the_first_state_event_if_that_is_wished(self) -> None:
        stream = self.stream("?closeafter=state&ping=30")
        self.after(40)
        self.assertNotIn({"end": ""}, frames(stream))
        self.touch(self.alice)
        self.assertEqual([*frames(stream)][1:], [{"end": ""}])
        self.touch(self.alice)
        self.after(2)
        self.assertEqual(frames(stream), [])
        self.assertEqual(self.feed._groups, {})

    def test_the_throttle_is_a_setting(self) -> None:
        self.set_jmap(eventSourceThrottle=5000)
        stream = self.stream("?ping=0")
        self.touch(self.alice)
        self.touch(self.alice)
        self.after(4)
        self.assertEqual(len(frames(stream)), 1)
        self.after(2)
        (frame,) = frames(stream)
        self.assertIn('"s2"', frame["data"])

    def test_both_spellings_of_the_path(self) -> None:
        for path in ("/jmap/eventsource", "/jmap/eventsource/"):
            connected = self.server.connect()
            connected.send(request_bytes("GET", path, basic()))
            self.assertEqual(len(frames(connected)), 1)

    def test_wrong_arguments_are_a_problem(self) -> None:
        for query in ("?types=Nothing", "?closeafter=x", "?ping=x"):
            response = self.get(f"/jmap/eventsource/{query}")
            self.assertEqual((response.status, response.headers["content-type"]), (400, "application/problem+json"))
        self.assertEqual(self.feed._groups, {})

    def test_head_opens_nothing(self) -> None:
        self.assertEqual(self.server.request("HEAD", "/jmap/eventsource/", basic()).status, 200)
        self.assertEqual((self.feed._groups, self.places._taken), ({}, {}))

    def test_credentials_are_asked_for(self) -> None:
        self.assertEqual(self.get("/jmap/eventsource/", {}).status, 401)


class ComingAgainTests(PushDesk):
    """``Last-Event-ID``."""

    def test_from_the_future(self) -> None:
        self.touch(self.alice)
        (frame,) = frames(self.stream("?ping=30", Last_Event_ID=f"1;{encode_id(self.alice)}.99999999999"))
        self.assertEqual(json.loads(frame["data"])["changed"], {encode_id(self.alice): {"Mailbox": "s1"}})
        self.assertEqual(frame["id"], f"1;{encode_id(self.alice)}.1")

    def test_what_was_missed_comes_first(self) -> None:
        stream = self.stream("?ping=30")
        self.touch(self.alice)
        last = frames(stream)[-1]["id"]
        stream.lose()
        self.touch(self.alice, EMAIL)
        self.touch(self.staff)
        (frame,) = frames(self.stream("?ping=30", Last_Event_ID=last))
        changed = {encode_id(self.alice): {"Email": "s2"}, encode_id(self.staff): {"Mailbox": "s1"}}
        self.assertEqual(json.loads(frame["data"])["changed"], changed)

    def test_pages_cannot_send_the_field(self) -> None:
        self.touch(self.alice)
        known = f"1;{encode_id(self.alice)}.1"
        ticket = self.ticket()
        self.touch(self.alice, EMAIL)
        connected = self.server.connect()
        connected.send(request_bytes("GET", f"/jmap/eventsource/?lastEventId={known}&ticket={ticket}"))
        (frame,) = frames(connected)
        self.assertEqual(json.loads(frame["data"])["changed"], {encode_id(self.alice): {"Email": "s2"}})

    def test_who_missed_nothing_gets_a_ping(self) -> None:
        self.touch(self.alice)
        stream = self.stream("?ping=30", Last_Event_ID=f"1;{encode_id(self.alice)}.1")
        self.assertEqual([each["event"] for each in frames(stream)], ["ping"])

    def test_what_happened_after_a_break_before_the_first_event_is_told(self) -> None:
        self.touch(self.alice)
        with_pings, without = self.stream("?ping=30"), self.stream("?ping=0")
        last = frames(with_pings)[0]["id"]
        self.assertIn(f"\r\nid: {last}\n\n\r\n".encode(), without.received())
        self.touch(self.staff, EMAIL)
        (frame,) = frames(self.stream("?ping=30", Last_Event_ID=last))
        self.assertEqual(json.loads(frame["data"])["changed"], {encode_id(self.staff): {"Email": "s1"}})

    def test_the_first_id_leaves_out_what_waits_to_be_told(self) -> None:
        self.set_jmap(eventSourceThrottle=5000)
        first = self.stream("?ping=30")
        self.touch(self.alice)
        self.touch(self.alice, EMAIL)
        self.assertEqual([each["event"] for each in frames(first)], ["ping", "state"])
        second = self.stream("?ping=30")
        last = frames(second)[0]["id"]
        second.lose()
        (frame,) = frames(self.stream("?ping=30", Last_Event_ID=last))
        self.assertEqual(json.loads(frame["data"])["changed"], {encode_id(self.alice): {"Email": "s2"}})

    def test_anything_else_tells_everything(self) -> None:
        self.touch(self.alice)
        for id in ("x", "1;", "1;!.1", "2;b.1", "1;b.99999999999999999999", "1;b.1,,", "1;" + "b.1," * 40_000):
            stream = self.stream("?ping=30", Last_Event_ID=id[:7000])
            self.assertEqual([each["event"] for each in frames(stream)], ["state"], id[:40])

    def test_it_is_enough_for_closeafter(self) -> None:
        self.touch(self.alice)
        found = frames(self.stream("?closeafter=state", Last_Event_ID="x"))
        self.assertEqual([each.get("event", "end") for each in found], ["state", "end"])


class AccessTests(PushDesk):
    """Who may listen, and for how long."""

    def test_a_new_password_ends_the_stream_in_order(self) -> None:
        stream = self.stream("?ping=0")
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("another")))
        self.touch(self.alice)
        self.assertEqual(frames(stream), [{"end": ""}])
        self.assertEqual(self.places._taken, {})

    def test_a_lost_group_is_no_more_told_of(self) -> None:
        stream = self.stream("?ping=0")
        self.join(is_member=False)
        self.touch(self.staff)
        self.assertEqual(frames(stream), [])

    def test_idle_streams_take_no_place_of_requests(self) -> None:
        self.set_jmap(maxConcurrentRequests=1)
        streams = [self.stream() for _ in range(5)]
        self.assertEqual({len(frames(each)) for each in streams}, {1})
        self.assertEqual(self.get("/jmap/session").status, 200)

    def test_there_is_a_limit(self) -> None:
        for _ in range(MOST):
            self.places.take("push-streams", self.alice, None)
        response = self.get("/jmap/eventsource/")
        self.assertEqual((response.status, response.headers["retry-after"]), (429, "30"))
        self.places.free("push-streams", self.alice)
        self.assertEqual(len(frames(self.stream())), 1)

    def test_a_client_that_leaves_frees_its_place(self) -> None:
        stream = self.stream()
        self.assertEqual(self.places.taken("push-streams", self.alice), 1)
        stream.lose()
        self.assertEqual((self.places._taken, self.feed._groups), ({}, {}))

    def test_a_ticket_takes_the_place_of_credentials_once(self) -> None:
        ticket = self.ticket()
        connected = self.server.connect()
        connected.send(request_bytes("GET", f"/jmap/eventsource/?ping=30&ticket={ticket}"))
        self.assertEqual(len(frames(connected)), 1)
        self.touch(self.alice)
        self.assertEqual(len(frames(connected)), 1)
        self.assertEqual(self.get(f"/jmap/eventsource/?ticket={ticket}", {}).status, 401)

    def test_the_ticket_is_in_no_event(self) -> None:
        ticket = self.ticket()
        connected = self.server.connect()
        connected.send(request_bytes("GET", f"/jmap/eventsource/?ticket={ticket}"))
        self.get(f"/jmap/eventsource/?ticket={ticket}", {})
        self.assertNotIn(ticket, repr(self.events))
        self.assertNotIn(ticket, repr(self.server.events))


class SlowTests(PushDesk):
    """Clients that do not read."""

    def test_what_happens_meanwhile_is_one_event(self) -> None:
        stream = self.stream("?ping=0")
        frames(stream)
        stream.channel.pauseProducing()
        for _ in range(30):
            self.touch(self.alice)
            self.touch(self.staff)
            self.after(2)
        self.assertEqual(stream.received(), b"")
        stream.channel.resumeProducing()
        (frame,) = frames(stream)
        changed = {encode_id(self.alice): {"Mailbox": "s30"}, encode_id(self.staff): {"Mailbox": "s30"}}
        self.assertEqual(json.loads(frame["data"])["changed"], changed)
