"""``stalwart-cli diagnose``: what is refused, which way is taken, what is printed, and the exit code."""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseFailed

from stalwart.cli import diagnose as module
from stalwart.cli.diagnose import NoAnswer, run
from stalwart.cli.main import parser
from stalwart.codec.event_stream import ReceivedEvent
from stalwart.errors import Invalid
from stalwart.net import event_source
from stalwart.net.event_source import StreamRefused, StreamSilent

SUMMARY = {"type": "summary", "verdict": "ok", "resultType": None, "hosts": []}
COMPLETED = {"type": "completed"}
LATE = {"type": "mxLookupError", "reason": "DNS resolution error: request timed out", "elapsed": 5000}


class DiagnoseCase(SynchronousTestCase):
    """Runs the command with stages, or a failure, in place of the network."""

    terminal = False

    def setUp(self) -> None:
        self.output, self.errors = Output(self.terminal), io.StringIO()
        self.patch(sys, "stdout", self.output)
        self.patch(sys, "stderr", self.errors)
        self.patch(os, "environ", {})
        self.stages: list[dict[str, Any]] = [SUMMARY, COMPLETED]
        self.failure: BaseException | None = None
        self.ran = 0
        self.patch(module, "_with_reactor", self._with_reactor)

    def _with_reactor(self, options: argparse.Namespace, show: Any) -> None:
        self.ran += 1
        for stage in self.stages:
            show(stage)
        if self.failure is not None:
            raise self.failure

    def run_it(self, *arguments: str) -> int:
        return run(parser().parse_args(["diagnose", *arguments]))

    def complaint(self) -> str:
        return self.errors.getvalue().removeprefix("stalwart-cli: ").rstrip("\n")


class Output(io.StringIO):
    """Standard output that is a terminal or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


class UsageTests(DiagnoseCase):
    """Refused before anything is tried."""

    def refused(self, *arguments: str) -> str:
        self.assertEqual((self.run_it(*arguments), self.ran), (2, 0))
        return self.complaint()

    def test_no_target(self) -> None:
        self.assertEqual(self.refused(), "give a domain or an e-mail address, or --demo")

    def test_no_target_with_a_daemon(self) -> None:
        self.assertIn("give a domain", self.refused("--url", "http://d"))

    def test_timeout_of_nothing(self) -> None:
        self.assertIn("between 1 and 600", self.refused("x", "--timeout", "0"))

    def test_timeout_of_an_hour(self) -> None:
        self.assertIn("between 1 and 600", self.refused("x", "--timeout", "3600"))

    def test_port_zero(self) -> None:
        self.assertEqual(self.refused("x", "--port", "0"), "--port must be between 1 and 65535")

    def test_port_too_large(self) -> None:
        self.assertIn("--port", self.refused("x", "--port", "65536"))

    def test_option_for_this_process_with_a_daemon_is_named(self) -> None:
        self.assertIn("--allow-private is for a run without --url", self.refused("x", "--url", "u", "--allow-private"))

    def test_demo_with_a_daemon_of_the_environment(self) -> None:
        os.environ["STALWART_URL"] = "http://d"
        self.assertIn("--demo is for a run without --url and STALWART_URL", self.refused("--demo"))

    def test_demo_needs_no_target(self) -> None:
        self.assertEqual(self.run_it("--demo"), 0)


class ExitCodeTests(DiagnoseCase):
    """design 8."""

    def verdict(self, verdict: str) -> int:
        self.stages = [SUMMARY | {"verdict": verdict}, COMPLETED]
        return self.run_it("x")

    def test_ok_is_0(self) -> None:
        self.assertEqual((self.verdict("ok"), self.errors.getvalue()), (0, ""))

    def test_warn_and_fail_are_1(self) -> None:
        self.assertEqual((self.verdict("warn"), self.verdict("fail")), (1, 1))

    def test_no_summary_is_2(self) -> None:
        self.stages = []
        self.assertEqual((self.run_it("x"), "before its summary" in self.complaint()), (2, True))

    def test_silent_resolver_is_2(self) -> None:
        self.stages = [LATE, SUMMARY | {"verdict": "fail"}, COMPLETED]
        self.assertEqual((self.run_it("x"), "name server gives no answer" in self.complaint()), (2, True))

    def test_resolver_that_refuses_connections_is_2(self) -> None:
        reason = "DNS resolution error: the name server cannot be asked: Connection refused"
        self.stages = [LATE | {"reason": reason}, SUMMARY | {"verdict": "fail"}, COMPLETED]
        self.assertEqual(self.run_it("x"), 2)

    def test_name_that_does_not_exist_is_1(self) -> None:
        reason = "DNS record not found: Non-Existent Domain"
        self.stages = [LATE | {"reason": reason}, SUMMARY | {"verdict": "fail"}, COMPLETED]
        self.assertEqual(self.run_it("x"), 1)

    def test_daemon_without_an_answer_is_2(self) -> None:
        self.failure = NoAnswer("no answer from http://d: refused")
        self.assertEqual((self.run_it("x"), self.complaint()), (2, "no answer from http://d: refused"))

    def test_target_that_is_none_is_2(self) -> None:
        self.stages, self.failure = [], Invalid("IP addresses cannot be tested.")
        self.assertEqual((self.run_it("192.0.2.1"), self.complaint()), (2, "IP addresses cannot be tested."))

    def test_resolver_that_is_none_is_2(self) -> None:
        self.stages, self.failure = [], ValueError("'x' is not a name server")
        self.assertEqual(self.run_it("x", "--resolver", "x"), 2)

    def test_interruption_is_2_without_a_traceback(self) -> None:
        self.stages, self.failure = [], KeyboardInterrupt()
        self.assertEqual((self.run_it("x"), self.complaint()), (2, "interrupted"))

    def test_complaint_cannot_act_on_the_terminal(self) -> None:
        self.failure = NoAnswer("the daemon answered 400: \x1b[2J\x9b1m")
        self.run_it("x")
        self.assertEqual(self.complaint(), "the daemon answered 400: ?[2J?1m")


class JsonTests(DiagnoseCase):
    """--json: a line for each stage."""

    def lines(self) -> list[str]:
        self.run_it("x", "--json")
        return self.output.getvalue().splitlines()

    def test_stages_as_they_are_and_completed_is_the_last(self) -> None:
        self.assertEqual([json.loads(line) for line in self.lines()], [SUMMARY, COMPLETED])

    def test_lines_are_compact(self) -> None:
        self.assertEqual(self.lines()[-1], '{"type":"completed"}')

    def test_transcript_is_there_without_asking(self) -> None:
        self.stages = [{"type": "smtpTranscript", "lines": []}, *self.stages]
        self.assertIn("smtpTranscript", self.lines()[0])

    def test_readable_text_stays_readable(self) -> None:
        self.stages = [{"type": "mxLookupStart", "domain": "münchen.test"}, *self.stages]
        self.assertIn("münchen.test", self.lines()[0])

    def test_text_that_would_act_on_a_terminal_is_escaped_and_means_the_same(self) -> None:
        stage = {"type": "x", "banner": "\x9b2J\u202e\x7f\U000e0001ü"}
        self.stages = [stage, *self.stages]
        line = self.lines()[0]
        self.assertTrue(line.isprintable(), ascii(line))
        self.assertEqual(json.loads(line), stage)


class TextTests(DiagnoseCase):
    """For people, in a pipe."""

    def test_transcript_only_when_asked_for(self) -> None:
        self.stages = [{"type": "smtpTranscript", "lines": [{"dir": ">", "text": "EHLO me"}]}, *self.stages]
        self.run_it("x")
        without = self.output.getvalue()
        self.run_it("x", "--transcript")
        self.assertEqual(("EHLO me" in without, "EHLO me" in self.output.getvalue()), (False, True))

    def test_pipe_gets_no_colour(self) -> None:
        self.run_it("x")
        self.assertEqual(self.output.getvalue(), "Verdict: ok\n")


class TerminalTests(DiagnoseCase):
    """For people, on a terminal."""

    terminal = True

    def test_colour(self) -> None:
        self.run_it("x")
        self.assertIn("\x1b[32mok", self.output.getvalue())

    def test_no_colour_when_asked_for(self) -> None:
        self.run_it("x", "--no-color")
        self.assertNotIn("\x1b[32m", self.output.getvalue())

    def test_no_colour_when_the_environment_says_so(self) -> None:
        os.environ["NO_COLOR"] = "1"
        self.run_it("x")
        self.assertNotIn("\x1b[32m", self.output.getvalue())


class DaemonTests(SynchronousTestCase):
    """With --url the daemon runs it."""

    def setUp(self) -> None:
        self.patch(os, "environ", {})
        self.patch(event_source, "read_events", self._read_events)
        self.data: list[str] = []
        self.failure: BaseException | None = None
        self.asked: dict[str, Any] = {}
        self.shown: list[Any] = []
        self.show: Any = self.shown.append

    async def _read_events(self, reactor: Any, url: str, headers: Any, on_event: Any, insecure: bool = False) -> None:
        self.asked = {"url": url, "headers": headers, "insecure": insecure}
        for data in self.data:
            on_event(ReceivedEvent("event", data))
        if self.failure is not None:
            raise self.failure

    def start(self, *arguments: str) -> Deferred[None]:
        options = parser().parse_args(
            ["--url", "http://d:1/", "--user", "a", "--password", "p", "diagnose", *arguments]
        )
        return Deferred.fromCoroutine(module._from_daemon(None, options, self.show))

    def complaint(self, failure: BaseException) -> str:
        self.failure = failure
        return str(self.failureResultOf(self.start("x"), NoAnswer).value)

    def test_target_is_one_segment_of_the_path(self) -> None:
        self.successResultOf(self.start("a/b?c@münchen.test"))
        expected = "http://d:1/api/live/delivery/a%2Fb%3Fc%40m%C3%BCnchen.test?timeout=30"
        self.assertEqual(self.asked["url"], expected)

    def test_wishes_are_the_query(self) -> None:
        self.successResultOf(self.start("x", "--all", "--ip", "6", "--timeout", "5", "--insecure"))
        self.assertTrue(self.asked["url"].endswith("?timeout=5&scope=all&ip=6"))
        self.assertTrue(self.asked["insecure"])

    def test_stages_are_shown_as_they_come(self) -> None:
        self.data = ['[{"type":"completed"}]', '[{"type":"a"},{"type":"b"}]']
        self.successResultOf(self.start("x"))
        self.assertEqual(self.shown, [{"type": "completed"}, {"type": "a"}, {"type": "b"}])

    def test_password_goes_as_basic(self) -> None:
        self.successResultOf(self.start("x"))
        expected = "Basic " + base64.b64encode(b"a:p").decode()
        self.assertEqual(self.asked["headers"], {"Authorization": expected})

    def test_key_goes_as_bearer(self) -> None:
        options = parser().parse_args(["--url", "u", "--api-key", "k", "diagnose", "x"])
        self.successResultOf(Deferred.fromCoroutine(module._from_daemon(None, options, self.show)))
        self.assertEqual(self.asked["headers"], {"Authorization": "Bearer k"})

    def test_no_login_says_what_to_give_and_asks_nobody(self) -> None:
        options = parser().parse_args(["--url", "u", "diagnose", "x"])
        failed = self.failureResultOf(Deferred.fromCoroutine(module._from_daemon(None, options, self.show)), NoAnswer)
        self.assertEqual(str(failed.value), "the daemon wants a login: give --user and --password, or --api-key")
        self.assertEqual(self.asked, {})

    def test_refusal_is_told_with_its_detail(self) -> None:
        refused = StreamRefused(401, '{"status": 401, "detail": "Invalid or missing credentials."}')
        self.assertEqual(self.complaint(refused), "the daemon answered 401: Invalid or missing credentials.")

    def test_refusal_of_something_else_is_told_with_its_text(self) -> None:
        self.assertEqual(self.complaint(StreamRefused(502, " Bad gateway\n")), "the daemon answered 502: Bad gateway")

    def test_refusals_of_odd_json_are_told(self) -> None:
        for text in ("[1]", '"x"', "[" * 50_000):
            self.assertTrue(self.complaint(StreamRefused(500, text)).startswith("the daemon answered 500: "))

    def test_refused_connection_is_told_with_the_address(self) -> None:
        complaint = self.complaint(ConnectionRefusedError("Connection refused"))
        self.assertTrue(complaint.startswith("no answer from http://d:1/: "), complaint)

    def test_reasons_of_a_broken_answer_are_told(self) -> None:
        self.assertIn("cut off", self.complaint(ResponseFailed([Failure(OSError("cut off"))])))

    def test_silence_is_told(self) -> None:
        self.assertIn("nothing came", self.complaint(StreamSilent("nothing came for 60 seconds")))

    def test_data_that_is_no_json_is_told(self) -> None:
        self.data = ["{"]
        self.failureResultOf(self.start("x"), NoAnswer)

    def test_end_of_our_own_output_is_not_blamed_on_the_daemon(self) -> None:
        def gone(_stage: Any) -> None:
            raise BrokenPipeError

        self.data, self.show = ["[{}]"], gone
        self.failureResultOf(self.start("x"), BrokenPipeError)
