"""Stages on a terminal and in a pipe: what a person sees, and that strangers' text cannot act on the terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.stage_tree import StageTree, clean
from stalwart.mail.delivery.stages import Stage, stage_types

ESCAPES = re.compile(r"\x1b\[(?:[0-9;]*m|K)")
HOSTILE = "\x1b]0;owned\x07\x9b31m\r\n\u202eabc\u2028\x00"


def shown(*stages: dict[str, Any], colour: bool = False, live: bool = False) -> str:
    out = io.StringIO()
    tree = StageTree(out, colour=colour, live=live)
    for stage in stages:
        tree.show(stage)
    return out.getvalue()


def start(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": f"{kind}Start", **members}


def step(kind: str, ending: str = "Success", **members: Any) -> list[dict[str, Any]]:
    return [start(kind), {"type": f"{kind}{ending}", "elapsed": 7, **members}]


class PlainTests(SynchronousTestCase):
    """Piped: a line for each step that has ended."""

    def test_start_alone_is_nothing_yet(self) -> None:
        self.assertEqual(shown(start("ehlo")), "")

    def test_finished_step_has_its_time_and_outcome(self) -> None:
        self.assertEqual(shown(*step("mailFrom")), f"{'    MAIL FROM:<>':<34}      7 ms  ok\n")

    def test_failed_step_has_its_reason(self) -> None:
        self.assertTrue(shown(*step("ehlo", "Error", reason="no")).endswith("failed  no\n"))

    def test_not_found_is_none_whatever_its_stem(self) -> None:
        lines = shown(start("mtaStsFetch"), {"type": "mtaStsNotFound", "elapsed": 1})
        self.assertTrue(lines.startswith("MTA-STS policy ") and lines.endswith("none\n"), lines)

    def test_quit_is_completed(self) -> None:
        self.assertTrue(shown(*step("quit", "Completed")).endswith("ok\n"))

    def test_address_is_named_with_its_connection(self) -> None:
        lines = shown(start("connection", remoteIp="192.0.2.1"), {"type": "connectionSuccess", "elapsed": 0})
        self.assertIn("Connect 192.0.2.1", lines)

    def test_exchanges_by_preference(self) -> None:
        mxs = [{"exchanges": ["a.", "b."], "preference": 10}, {"exchanges": ["c."], "preference": 20}]
        self.assertIn("10 a. b., 20 c.", shown(*step("mxLookup", mxs=mxs)))

    def test_implicit_exchange_is_said(self) -> None:
        self.assertIn("the domain itself is the exchange", shown(*step("mxLookup", mxs=[])))

    def test_policy_with_its_patterns(self) -> None:
        policy = {"id": "1", "mode": "enforce", "mx": [{"equals": "a"}, {"startsWith": "b"}], "max_age": 1}
        self.assertIn("enforce: a *.b", shown(*step("mtaStsFetch", policy=policy)))

    def test_report_addresses(self) -> None:
        rua = [{"type": "mail", "email": "a@x"}, {"type": "http", "url": "https://x"}]
        self.assertIn("a@x https://x", shown(*step("tlsRptLookup", rua=rua)))

    def test_tls_details_and_what_webpki_says(self) -> None:
        tls = {"protocol": "TLSv1.3", "cipher": "C", "webpki": {"ok": False, "reason": "expired"}}
        self.assertIn("TLSv1.3 C, expired", shown(*step("startTls", **tls)))

    def test_usable_tlsa_records_are_counted(self) -> None:
        record = {"entries": [{}, {}], "has_end_entities": True, "has_intermediates": False}
        self.assertIn("2 usable, ad-bit", shown(*step("tlsaLookup", record=record, dnssec="ad-bit")))

    def test_findings_verdicts_and_summary(self) -> None:
        lines = shown(
            {"type": "addressDone", "hostname": "a", "remoteIp": "192.0.2.1", "verdict": "warn"},
            {"type": "finding", "topic": "spf", "level": "info", "text": "none"},
            {"type": "summary", "verdict": "fail", "resultType": "tlsa-invalid", "hosts": []},
            {"type": "completed"},
        )
        self.assertEqual(lines, "    = 192.0.2.1: warn\ninfo spf: none\nVerdict: fail  (tlsa-invalid)\n")

    def test_summary_without_a_finding(self) -> None:
        self.assertEqual(shown({"type": "summary", "verdict": "ok", "resultType": None}), "Verdict: ok\n")

    def test_transcript_is_one_line_each(self) -> None:
        lines = [{"dir": ">", "text": "EHLO me"}, {"dir": "<", "text": "250 you"}]
        self.assertEqual(shown({"type": "smtpTranscript", "lines": lines}), "      > EHLO me\n      < 250 you\n")

    def test_policy_and_dane_verdicts(self) -> None:
        lines = shown(
            {"type": "deliveryAttemptStart", "hostname": "mx"},
            {"type": "mtaStsVerifySuccess"},
            {"type": "mtaStsVerifyError", "reason": "r"},
            {"type": "daneVerifySuccess"},
            {"type": "daneVerifyError", "reason": "s"},
        )
        expected = [
            "mx",
            "  MTA-STS: listed in the policy",
            "  MTA-STS: failed  r",
            "    DANE: verified",
            "    DANE: failed  s",
        ]
        self.assertEqual(lines.splitlines(), expected)

    def test_stage_of_a_newer_daemon_is_passed_over(self) -> None:
        self.assertEqual(shown({"type": "bimiLookupStart"}, {"type": "clean"}, {"type": ""}, {}), "")

    def test_there_is_no_escape_code_without_colour(self) -> None:
        self.assertNotIn("\x1b", shown(*step("ehlo"), {"type": "summary", "verdict": "ok"}))


class TerminalTests(SynchronousTestCase):
    """On a terminal."""

    def test_step_is_shown_as_it_starts_and_completed_in_place(self) -> None:
        before = shown(start("ehlo"), live=True)
        after = shown(*step("ehlo"), live=True)
        self.assertEqual(before, "    EHLO ...")
        self.assertEqual(after, f"{before}\r\x1b[K{'    EHLO':<34}      7 ms  ok\n")

    def test_outcomes_have_their_colours(self) -> None:
        self.assertIn("\x1b[32mok\x1b[0m", shown(*step("ehlo"), colour=True))
        self.assertIn("\x1b[31mfailed\x1b[0m", shown(*step("ehlo", "Error", reason="r"), colour=True))
        self.assertIn("\x1b[33mwarn\x1b[0m", shown({"type": "summary", "verdict": "warn"}, colour=True))

    def test_every_colour_is_switched_off_again(self) -> None:
        stages = [*step("ehlo"), {"type": "deliveryAttemptStart", "hostname": "a"}, {"type": "summary", "verdict": "x"}]
        text = shown(*stages, colour=True)
        self.assertEqual(text.count("\x1b[0m") * 2, text.count("\x1b["))


def _example(kind: type[Stage], text: str) -> dict[str, Any]:
    """A stage of this kind with ``text`` wherever a text may stand."""
    values: dict[str, Any] = {
        "mxs": [{"exchanges": [text], "preference": 1}],
        "policy": {"id": text, "mode": text, "mx": [{"equals": text}, {"startsWith": text}], "max_age": 1},
        "rua": [{"type": "mail", "email": text}, {"type": "http", "url": text}],
        "record": {"entries": [], "has_end_entities": True, "has_intermediates": True},
        "remote_ips": [text],
        "capabilities": [text],
        "webpki": {"ok": False, "reason": text},
        "chain": [{"subject": text}],
        "advice": [text],
        "lines": [{"dir": text, "text": text}],
        "hosts": [{"hostname": text, "addresses": [text], "verdict": text, "resultType": text}],
        "elapsed": 1,
        "cached": True,
        "http_status": 404,
    }
    made = kind(**{name: values.get(name, text) for name in kind.__struct_fields__})
    return dict(msgspec.to_builtins(made))


class HostileTests(SynchronousTestCase):
    """Banners, names and reasons come from strangers."""

    def check(self, output: str) -> None:
        """Nothing but our own codes and line ends is unprintable."""
        for line in ESCAPES.sub("", output).replace("\r", "").split("\n"):
            self.assertTrue(line.isprintable(), ascii(line))

    def test_every_stage_is_shown_harmlessly(self) -> None:
        for kind in stage_types().values():
            stages = [_example(kind, HOSTILE)]
            for colour, live in ((False, False), (True, True)):
                self.check(shown(*stages, colour=colour, live=live))

    def test_control_characters_are_replaced_and_the_rest_stays(self) -> None:
        self.assertEqual(clean("a\x1b[2Jb\x9bc\u202ed é"), "a?[2Jb?c?d é")

    def test_long_text_is_cut(self) -> None:
        self.assertEqual(len(clean("x" * 100_000)), 500)

    def test_carriage_return_cannot_overwrite_a_line(self) -> None:
        banner = shown(*step("readGreeting", banner="220 a\rVerdict: ok"))
        self.assertNotIn("\r", banner)

    @given(st.text(max_size=30), st.sampled_from(sorted(stage_types())))
    def test_any_text(self, text: str, kind: str) -> None:
        self.check(shown(_example(stage_types()[kind], text), colour=True, live=True))
