"""The daemon's diagnosis of every domain of the test network, against the table of ``expected``.

All targets are tested side by side once; each row is a test of its own. The token, the command line and the settings
of the outside world are the real ones.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.daemon import LOGIN, Daemon
from tests.interop.domains import NOT_VALIDATING, RESOLVER
from tests.interop.expected import ADDITIONS, HEALTHY, TABLE, Expected
from tests.interop.internet import ROOT
from tests.interop.shared import network, skip_reason


@cache
def daemon() -> Daemon:
    """The daemon that all tests here share; it runs as many diagnoses as are asked for."""
    running = Daemon(network(), maxPerAccount=1000)
    atexit.register(running.close)
    return running


@cache
def streams() -> dict[Expected, Future[list[dict[str, Any]]]]:
    """The stages of every row, as they come in."""
    pool = ThreadPoolExecutor(24)
    serving = daemon()
    return {row: pool.submit(serving.stages, row.target, row.query) for row in TABLE}


class DeliveryTests(SynchronousTestCase):
    """``GET /api/live/delivery/{target}``."""

    def setUp(self) -> None:
        reason = skip_reason()
        if reason:
            raise SkipTest(reason)

    def test_stages_carry_their_documented_members(self) -> None:
        by_type = {stage["type"]: stage for stage in daemon().stages("postmaster@good.test")}
        self.assertEqual(by_type["mxLookupStart"], {"type": "mxLookupStart", "domain": "good.test"})
        mxs = [{"exchanges": ["mx.good.test."], "preference": 10}]
        self.assertEqual(by_type["mxLookupSuccess"]["mxs"], mxs)
        policy = by_type["mtaStsFetchSuccess"]["policy"]
        self.assertEqual(policy["id"], "20260101T000000")
        self.assertEqual((policy["mode"], policy["max_age"]), ("enforce", 604800))
        self.assertEqual(policy["mx"], [{"equals": "mx.good.test"}])
        (entry,) = by_type["tlsaLookupSuccess"]["record"]["entries"]
        self.assertEqual((entry["is_end_entity"], entry["is_spki"], entry["matching"]), (True, True, "Sha256"))
        self.assertEqual(len(entry["data"]), 32)
        self.assertEqual(by_type["tlsaLookupSuccess"]["dnssec"], "ad-bit")
        self.assertEqual(by_type["ipLookupSuccess"]["remoteIps"], ["127.0.3.1"])
        self.assertEqual(by_type["startTlsSuccess"]["protocol"], "TLSv1.3")
        self.assertEqual(by_type["startTlsSuccess"]["webpki"], {"ok": True})
        greeted = next(s for s in daemon().stages("good.test") if s["type"] == "ehloSuccess")
        self.assertIn("STARTTLS", greeted["capabilities"])

    def test_summary_names_every_tried_host(self) -> None:
        summary = daemon().stages("postmaster@multi.test")[-2]
        hosts = [(host["hostname"], host["verdict"]) for host in summary["hosts"]]
        self.assertEqual(hosts, [("mx.refused.test", "fail"), ("mx.good.test", "ok")])

    def test_scope_all_tests_every_host_and_address(self) -> None:
        started = [stage["type"] for stage in daemon().stages("same.test", "scope=all")]
        self.assertEqual(started.count("deliveryAttemptStart"), 2)
        self.assertEqual(started.count("connectionStart"), 3)

    def test_ip_6_asks_for_no_ipv4(self) -> None:
        addresses = [s["remoteIp"] for s in daemon().stages("dual.test", "ip=6") if s["type"] == "connectionStart"]
        self.assertEqual(addresses, ["fd00:25::5"])

    def test_stream_has_the_documented_headers(self) -> None:
        stream = daemon().open_stream("nullmx.test")
        self.addCleanup(stream.close)
        self.assertEqual((stream.status, stream.headers["content-type"]), (200, "text/event-stream"))
        self.assertEqual(stream.headers["cache-control"], "no-store")
        self.assertEqual([stage["type"] for stage in stream][-1], "completed")

    def test_live_token_opens_the_stream_and_no_other_path(self) -> None:
        status, headers, body = daemon().get("/api/token/delivery")
        self.assertEqual((status, headers["content-type"]), (200, "text/plain"))
        token = body.decode("ascii")
        status, _, body = daemon().get(f"/api/live/delivery/good.test?token={token}", {})
        self.assertEqual((status, body.count(b"event: event\n")), (200, body.count(b"data: ")))
        self.assertEqual(daemon().get(f"/api/account?token={token}", {})[0], 401)

    def test_daemon_log_has_no_traceback(self) -> None:
        for future in streams().values():
            future.result()
        self.assertNotIn("Traceback", daemon().log.read_text(errors="replace"))


def _row(expected: Expected) -> Callable[[DeliveryTests], None]:
    def test(self: DeliveryTests) -> None:
        stages = streams()[expected].result()
        self.assertEqual(tuple(s["type"] for s in stages if s["type"] not in ADDITIONS), expected.stages, stages)
        summary = stages[-2]
        outcome = (summary["type"], summary["verdict"], summary["resultType"])
        self.assertEqual(outcome, ("summary", expected.verdict, expected.result_type), stages)

    return test


BAD_REQUESTS = {  # name: path below the stream, status
    "empty_target": ("", 400),
    "target_of_spaces": ("%20%20", 400),
    "target_of_300_characters": ("a" * 300, 400),
    "invalid_idn": ("xn--%C3%BC.test", 400),
    "ip_literal": ("%5B127.0.0.1%5D", 400),
    "ip_address": ("127.0.0.1", 400),
    "mailbox_without_domain": ("user%40", 400),
    "timeout_of_letters": ("good.test?timeout=abc", 400),
    "timeout_0": ("good.test?timeout=0", 400),
    "timeout_minus_1": ("good.test?timeout=-1", 400),
    "timeout_1e9": ("nullmx.test?timeout=1000000000", 200),
    "forged_token": ("good.test?token=forged", 401),
}


def _bad(path: str, status: int) -> Callable[[DeliveryTests], None]:
    def test(self: DeliveryTests) -> None:
        headers = {} if status == 401 else None
        answer = daemon().get(f"/api/live/delivery/{path}", headers)
        self.assertEqual(answer[0], status, answer)
        if status != 200:
            self.assertEqual(answer[1]["content-type"], "application/problem+json")

    return test


class CommandLineTests(SynchronousTestCase):
    """``stalwart-cli diagnose``."""

    def setUp(self) -> None:
        reason = skip_reason()
        if reason:
            raise SkipTest(reason)

    def run_cli(self, *arguments: str) -> tuple[int, str, str]:
        environment = {
            **os.environ,
            "SSL_CERT_FILE": str(network().authorities),
            "PYTHONPATH": str(ROOT),
        }
        for name in ("STALWART_URL", "STALWART_USER", "STALWART_PASSWORD", "STALWART_TOKEN"):
            environment.pop(name, None)
        done = network().run(sys.executable, "-m", "stalwart.cli", *arguments, env=environment)
        return done.returncode, done.stdout, done.stderr

    def from_daemon(self, target: str, *more: str) -> tuple[int, str, str]:
        login = ["--url", daemon().url, "--user", LOGIN[0], "--password", LOGIN[1]]
        return self.run_cli(*login, "diagnose", target, *more)

    def test_last_json_line_is_completed(self) -> None:
        code, output, _ = self.from_daemon("postmaster@good.test", "--json")
        self.assertEqual((code, output.splitlines()[-1]), (0, '{"type":"completed"}'))

    def test_plain_output_has_no_escape_sequences(self) -> None:
        code, output, _ = self.from_daemon("good.test")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", output)
        self.assertIn("mx.good.test", output)

    def test_wrong_password_is_exit_code_2(self) -> None:
        login = ["--url", daemon().url, "--user", LOGIN[0], "--password", "wrong"]
        self.assertEqual(self.run_cli(*login, "diagnose", "good.test")[0], 2)

    def test_dead_daemon_is_exit_code_2(self) -> None:
        login = ["--url", "http://127.0.0.1:9", "--user", "a", "--password", "b"]
        self.assertEqual(self.run_cli(*login, "diagnose", "good.test")[0], 2)

    def test_in_process_run_validates_dnssec_itself_with_an_anchor(self) -> None:
        anchor = network().anchor.read_text().strip()
        options = ["--allow-private", "--resolver", NOT_VALIDATING, "--trust-anchor", anchor, "--json"]
        code, output, errors = self.run_cli("diagnose", "postmaster@danepinned.test", *options)
        self.assertEqual(code, 0, output + errors)
        self.assertIn('"dnssec":"validated-local"', output)
        self.assertIn('{"type":"daneVerifySuccess"}', output)

    def test_in_process_run_finds_a_bogus_zone_itself(self) -> None:
        anchor = network().anchor.read_text().strip()
        options = ["--allow-private", "--resolver", NOT_VALIDATING, "--trust-anchor", anchor, "--json"]
        code, output, errors = self.run_cli("diagnose", "bogus", *options)
        self.assertEqual(code, 1, output + errors)
        self.assertIn('"resultType":"dnssec-invalid"', output)

    def test_private_address_is_refused_unless_allowed(self) -> None:
        code, output, _ = self.run_cli("diagnose", "good.test", "--json")
        self.assertEqual(code, 1)
        self.assertIn('"connectionError"', output)

    def test_silent_resolver_is_exit_code_2(self) -> None:
        self.assertEqual(self.run_cli("diagnose", "good.test", "--resolver", "10.66.0.2", "--timeout", "8")[0], 2)


EXIT_CODES = {  # target: exit code, with and without a daemon
    "postmaster@good.test": 0,
    "postmaster@danepinned.test": 0,
    "postmaster@selfsigned.test": 1,
    "nobody@good.test": 1,
    "nullmx.test": 1,
    "127.0.0.1": 2,
}


def _exit_code_of_daemon(target: str, code: int) -> Callable[[CommandLineTests], None]:
    def test(self: CommandLineTests) -> None:
        result = self.from_daemon(target)
        self.assertEqual(result[0], code, result)

    return test


def _exit_code_in_process(target: str, code: int) -> Callable[[CommandLineTests], None]:
    def test(self: CommandLineTests) -> None:
        result = self.run_cli("diagnose", target, "--allow-private", "--resolver", RESOLVER)
        self.assertEqual(result[0], code, result)

    return test


def _named(text: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in text)


for _expected in TABLE:
    setattr(DeliveryTests, f"test_stages_of_{_named(_expected.target)}", _row(_expected))
for _name, (_path, _status) in BAD_REQUESTS.items():
    setattr(DeliveryTests, f"test_{_name}_is_answered_with_{_status}", _bad(_path, _status))
for _target, _code in EXIT_CODES.items():
    setattr(CommandLineTests, f"test_exit_code_with_daemon_of_{_named(_target)}", _exit_code_of_daemon(_target, _code))
    setattr(CommandLineTests, f"test_exit_code_in_process_of_{_named(_target)}", _exit_code_in_process(_target, _code))

assert len({_named(one.target) for one in TABLE}) == len(TABLE)
assert len(HEALTHY) == 30
