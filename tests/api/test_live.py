"""The live diagnosis over HTTP: its frames, its parameters, who may come in and how many."""

from __future__ import annotations

from typing import Any

from stalwart.api.live import frame
from stalwart.mail.delivery.stages import Completed, MxLookupStart
from tests.api.diagnosing import SILENT, DiagnosingCase, stages_of
from tests.web.client import BASIC_ALICE, Response, parse_responses
from tests.web.fakes import FakeDirectory


class FrameTests(DiagnosingCase):
    """delivery-diagnostics 2."""

    def test_frame_is_an_event_called_event_with_a_list_of_one(self) -> None:
        self.assertEqual(frame(Completed()), b'event: event\ndata: [{"type":"completed"}]\n\n')

    def test_text_with_line_ends_stays_in_one_data_line(self) -> None:
        self.assertEqual(frame(MxLookupStart("a\r\nb\n\nc")).count(b"\n"), 3)

    def test_head_of_the_stream(self) -> None:
        headers = self.answer("good.test").headers
        found = (headers["content-type"], headers["cache-control"], "content-length" in headers)
        self.assertEqual(found, ("text/event-stream", "no-store", False))

    def test_healthy_domain_runs_to_completed_and_the_stream_ends(self) -> None:
        answer = self.answer("good.test")
        kinds = [stage["type"] for stage in stages_of(answer)]
        self.assertEqual((kinds[0], kinds[-2:]), ("mxLookupStart", ["summary", "completed"]))
        self.assertTrue(answer.body.endswith(b"\r\n0\r\n\r\n"))

    def test_first_frames_are_sent_while_the_run_goes_on(self) -> None:
        kinds = [stage["type"] for stage in self.stages("silent.test")]
        self.assertEqual((kinds[0], kinds[-1]), ("mxLookupStart", "readGreetingStart"))

    def test_mailbox_is_asked_for(self) -> None:
        kinds = [stage["type"] for stage in self.stages("a%40good.test")]
        self.assertIn("rcptToSuccess", kinds)

    def test_domain_is_decoded_and_shown_as_it_was_written(self) -> None:
        self.assertEqual(self.stages("m%C3%BCnchen.test")[0]["domain"], "münchen.test")

    def test_silent_stream_gets_a_comment_every_15_seconds(self) -> None:
        connected = self.open("silent.test?timeout=40")
        connected.received()
        self.server.clock.pump([1] * 15)
        self.assertIn(b": keep-alive\n\n", connected.received())

    def test_end_of_the_lifetime_is_time_out_summary_completed(self) -> None:
        connected = self.open("silent.test?timeout=3")
        before = parse_responses(connected.received())[0]
        self.server.clock.pump([1] * 3)
        tail = Response(200, [], connected.received())
        self.assertEqual(stages_of(before)[-1]["type"], "readGreetingStart")
        (error, *_, summary, completed) = stages_of(tail)
        self.assertEqual((error["type"], error["reason"]), ("readGreetingError", "time-out"))
        self.assertEqual((summary["verdict"], completed["type"]), ("fail", "completed"))

    def test_client_that_leaves_cancels_what_is_pending(self) -> None:
        connected = self.open("silent.test")
        connected.lose()
        (opened,) = self.opened
        self.assertEqual((opened.cancelled, opened.aborted), (True, True))
        self.assertEqual(self.server.clock.getDelayedCalls(), [])


class TargetTests(DiagnosingCase):
    """What cannot be a target is 400 before anything of the stream."""

    def refused(self, path: str) -> str:
        answer = self.answer(path)
        self.assertEqual((answer.status, answer.headers["content-type"]), (400, "application/problem+json"))
        self.assertEqual(self.server.event_ids().count("delivery.diagnosis-start"), 0)
        return str(answer.json()["detail"])

    def test_only_spaces(self) -> None:
        self.assertIn("empty", self.refused("%20%20"))

    def test_spaces_inside(self) -> None:
        self.refused("a%20b.test")

    def test_300_characters(self) -> None:
        self.assertIn("longer", self.refused("a" * 300))

    def test_address_literal(self) -> None:
        self.assertIn("IP addresses", self.refused("192.0.2.1"))

    def test_invalid_international_name(self) -> None:
        self.refused("xn--a.test%E2%80%AE")

    def test_bytes_that_are_not_utf_8(self) -> None:
        self.refused("%FF.test")

    def test_empty(self) -> None:
        self.assertIn("empty", self.refused(""))

    def test_further_segments_are_ignored(self) -> None:
        self.assertEqual(self.stages("good.test/x/y")[0]["domain"], "good.test")

    def test_no_segment_at_all_is_not_found(self) -> None:
        self.assertEqual(self.server.request("GET", "/api/live/delivery", BASIC_ALICE).status, 404)


class QueryTests(DiagnosingCase):
    """Parameters."""

    def status(self, query: str) -> int:
        return self.answer(f"good.test?{query}").status

    def lifetime(self, query: str) -> int:
        """How long a silent server is waited for."""
        connected = self.open(f"silent.test?{query}")
        connected.received()
        for seconds in range(1, 700):
            self.server.clock.advance(1)
            if b"completed" in connected.received():
                return seconds
        raise AssertionError("it does not end")

    def test_default_lifetime_is_30_seconds(self) -> None:
        self.assertEqual(self.lifetime("scope=first"), 30)

    def test_empty_timeout_counts_as_absent(self) -> None:
        self.assertEqual(self.lifetime("timeout="), 30)

    def test_given_lifetime_counts(self) -> None:
        self.assertEqual(self.lifetime("timeout=2"), 2)

    def test_last_of_several_counts(self) -> None:
        self.assertEqual(self.lifetime("timeout=9&timeout=2"), 2)

    def test_a_billion_seconds_are_cut_to_ten_minutes(self) -> None:
        self.change(operationTimeout=10_000_000)
        self.assertEqual(self.lifetime("timeout=1000000000"), 600)

    def test_refusal_names_the_parameter(self) -> None:
        self.assertIn("timeout", self.answer("good.test?timeout=abc").json()["detail"])

    def test_unknown_parameters_are_ignored(self) -> None:
        self.assertEqual(self.status("foo=bar&port=99999"), 200)

    def test_family_is_asked_for(self) -> None:
        stages = self.stages("good.test?ip=6")
        self.assertIn("ipLookupError", [stage["type"] for stage in stages])

    def test_all_hosts_are_tested(self) -> None:
        self.assertEqual(self.status("scope=all"), 200)

    def test_port_is_ignored_outside_test_mode(self) -> None:
        self.stages("good.test?port=2525")
        self.assertEqual(self.ports, [25])

    def test_port_counts_in_test_mode(self) -> None:
        self.change(testMode=True, port=26)
        self.stages("good.test?port=2525")
        self.stages("good.test")
        self.assertEqual(self.ports, [2525, 26])

    def test_port_is_checked_in_test_mode(self) -> None:
        self.change(testMode=True)
        refused = [self.status(f"port={port}") for port in ("0", "65536", "-1", "smtp")]
        self.assertEqual((refused, self.ports), ([400] * 4, []))


def _refused(query: str) -> Any:
    def test(self: QueryTests) -> None:
        answer = self.answer(f"good.test?{query}")
        self.assertEqual((answer.status, answer.headers["content-type"]), (400, "application/problem+json"))
        self.assertEqual(self.ports, [])

    return test


REFUSED = {
    "word_for_timeout": "timeout=abc",
    "zero_timeout": "timeout=0",
    "negative_timeout": "timeout=-1",
    "fraction_for_timeout": "timeout=1.5",
    "underscore_in_timeout": "timeout=1_0",
    "space_in_timeout": "timeout=%205",
    "plus_in_timeout": "timeout=%2B5",
    "other_digits_for_timeout": "timeout=%D9%A3",
    "thousand_digits_for_timeout": "timeout=" + "9" * 1000,
    "unknown_scope": "scope=some",
    "scope_in_capitals": "scope=ALL",
    "family_5": "ip=5",
    "family_0": "ip=0",
    "word_for_family": "ip=v4",
}
for _name, _query in REFUSED.items():
    setattr(QueryTests, f"test_{_name}_is_refused", _refused(_query))


class AdmissionTests(DiagnosingCase):
    """Who, and how many."""

    def test_without_credentials_401(self) -> None:
        self.assertEqual(self.answer("good.test", {}).status, 401)

    def test_without_the_permission_403(self) -> None:
        self.server.directory.alice = FakeDirectory(("authenticate",)).alice
        self.assertEqual(self.answer("good.test").status, 403)

    def test_live_token_opens_it(self) -> None:
        self.assertEqual(self.answer("good.test?token=live", {}).status, 200)

    def test_forged_token_decides_even_beside_a_good_password(self) -> None:
        self.assertEqual(self.answer("good.test?token=forged").status, 401)

    def test_empty_token_counts_as_absent(self) -> None:
        self.assertEqual(self.answer("good.test?token=").status, 200)

    def test_other_method_is_405(self) -> None:
        answer = self.server.request("POST", "/api/live/delivery/good.test", BASIC_ALICE)
        self.assertEqual((answer.status, "GET" in answer.headers["allow"]), (405, True))

    def test_head_starts_no_diagnosis(self) -> None:
        answer = self.server.request("HEAD", "/api/live/delivery/good.test", BASIC_ALICE)
        self.assertEqual((answer.status, self.ports), (200, []))

    def test_fifth_at_once_is_429_with_retry_after(self) -> None:
        statuses = [self.answer("silent.test").status for _ in range(4)]
        refused = self.answer("silent.test")
        self.assertEqual((statuses, refused.status), ([200] * 4, 429))
        self.assertEqual(refused.headers["content-type"], "application/problem+json")
        self.assertGreater(int(refused.headers["retry-after"]), 0)

    def test_place_is_free_as_soon_as_the_client_leaves(self) -> None:
        first, *_ = [self.open("silent.test") for _ in range(4)]
        first.lose()
        self.assertEqual([self.answer("silent.test").status for _ in range(2)], [200, 429])

    def test_place_is_free_as_soon_as_the_stream_ends(self) -> None:
        for _ in range(4):
            self.open("silent.test?timeout=5")
        self.server.clock.pump([1] * 5)
        self.assertEqual(self.answer("silent.test").status, 200)

    def test_runs_that_end_at_once_hold_no_place(self) -> None:
        self.assertEqual({self.answer("good.test").status for _ in range(10)}, {200})

    def test_token_and_password_of_one_account_share_its_places(self) -> None:
        for _ in range(4):
            self.open("silent.test?token=live", {})
        self.assertEqual(self.answer("silent.test").status, 429)

    def test_limit_is_a_setting_that_holds_for_the_next_run(self) -> None:
        self.change(maxPerAccount=1)
        self.assertEqual([self.answer("silent.test").status for _ in range(2)], [200, 429])

    def test_start_and_end_are_told_without_the_mailbox(self) -> None:
        self.answer("someone%40good.test")
        told = {event.id: keys for event, keys in self.server.events if event.id.startswith("delivery.diagnosis-")}
        start, end = told["delivery.diagnosis-start"], told["delivery.diagnosis-end"]
        self.assertEqual(start, {"domain": "good.test", "accountId": 7, "spanId": end["spanId"]})
        self.assertEqual((end["domain"], end["result"]), ("good.test", "ok"))
        self.assertNotIn("someone", str(told))

    def test_private_address_is_not_connected_to_unless_allowed(self) -> None:
        self.change(allowPrivateTargets=False)
        stages = self.stages("silent.test")
        self.assertEqual((self.ports, SILENT in str(stages)), ([], True))
