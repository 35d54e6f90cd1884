"""The stages of a diagnosis as lines for a person: what is being tried, how long it took, what came of it.

On a terminal a step is shown the moment it starts and completed in place; piped output gets one plain line per finished
step. Stages arrive as the JSON objects of the stream, so the same view serves a daemon and a run in this process.
Text that comes from other servers is stripped of control characters before it reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

from stalwart.mail.delivery.stages import stage_types

Stage = dict[str, Any]

GREEN, YELLOW, RED, DIM, BOLD, RESET = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"

STEPS = {  # stem of the stage types -> (depth, what is being done)
    "mxLookup": (0, "Mail exchanges"),
    "mtaStsFetch": (0, "MTA-STS policy"),
    "tlsRptLookup": (0, "TLS reporting"),
    "tlsaLookup": (1, "TLSA records"),
    "ipLookup": (1, "Addresses"),
    "connection": (1, "Connect"),
    "readGreeting": (2, "Greeting"),
    "ehlo": (2, "EHLO"),
    "startTls": (2, "STARTTLS"),
    "mailFrom": (2, "MAIL FROM:<>"),
    "rcptTo": (2, "RCPT TO"),
    "quit": (2, "QUIT"),
}
_ENDINGS = {
    "NotFound": ("none", DIM),
    "Success": ("ok", GREEN),
    "Completed": ("ok", GREEN),
    "Error": ("failed", RED),
}
_NOT_FOUND_STEMS = {"mtaSts": "mtaStsFetch", "tlsRpt": "tlsRptLookup", "tlsa": "tlsaLookup"}
_VERDICT_COLOURS = {"ok": GREEN, "info": DIM, "warn": YELLOW, "fail": RED}
_LABEL_WIDTH = 34


class StageTree:
    """Writes stages to ``out``; ``colour`` for escape codes, ``live`` for lines that are completed in place."""

    def __init__(self, out: TextIO, colour: bool, live: bool) -> None:
        self._out = out
        self._colour = colour
        self._live = live
        self._open = ""

    def show(self, stage: Stage) -> None:
        """Write what ``stage`` adds."""
        kind = str(stage.get("type", ""))
        special = getattr(self, f"_show_{kind}", None)
        if special is not None:
            special(stage)
        elif kind in stage_types():
            self._step(kind, stage)

    def _step(self, kind: str, stage: Stage) -> None:
        stem, ending = _split(kind)
        if stem not in STEPS:
            return
        depth, label = STEPS[stem]
        if ending == "Start":
            shown = f"{label} {stage['remoteIp']}" if kind == "connectionStart" else label
            self._open = clean(f"{'  ' * depth}{shown}")
            if self._live:
                self._out.write(f"{self._open} ...")
                self._out.flush()
            return
        word, colour = _ENDINGS[ending]
        detail = _detail(kind, stage)
        line = f"{self._open:<{_LABEL_WIDTH}} {int(stage.get('elapsed', 0)):>6} ms  {self._painted(word, colour)}"
        self._line(f"{line}{'  ' + detail if detail else ''}")

    def _show_deliveryAttemptStart(self, stage: Stage) -> None:
        self._line(self._painted(f"{clean(stage['hostname'])}", BOLD))

    def _show_mtaStsVerifySuccess(self, _stage: Stage) -> None:
        self._line(f"  MTA-STS: {self._painted('listed', GREEN)} in the policy")

    def _show_mtaStsVerifyError(self, stage: Stage) -> None:
        self._line(f"  MTA-STS: {self._painted('failed', RED)}  {clean(stage['reason'])}")

    def _show_daneVerifySuccess(self, _stage: Stage) -> None:
        self._line(f"    DANE: {self._painted('verified', GREEN)}")

    def _show_daneVerifyError(self, stage: Stage) -> None:
        self._line(f"    DANE: {self._painted('failed', RED)}  {clean(stage['reason'])}")

    def _show_addressDone(self, stage: Stage) -> None:
        self._line(f"    = {clean(stage['remoteIp'])}: {self._verdict(stage['verdict'])}")

    def _show_smtpTranscript(self, stage: Stage) -> None:
        for line in stage["lines"]:
            self._line(self._painted(f"      {clean(line['dir'])} {clean(line['text'])}", DIM))

    def _show_finding(self, stage: Stage) -> None:
        level = clean(stage["level"])
        shown = self._painted(f"{level:<4}", _VERDICT_COLOURS.get(level, DIM))
        self._line(f"{shown} {clean(stage['topic'])}: {clean(stage['text'])}")

    def _show_summary(self, stage: Stage) -> None:
        gravest = stage.get("resultType")
        self._line(f"Verdict: {self._verdict(stage['verdict'])}{f'  ({clean(gravest)})' if gravest else ''}")

    def _show_completed(self, _stage: Stage) -> None:
        self._out.flush()

    def _verdict(self, verdict: Any) -> str:
        return self._painted(clean(verdict), _VERDICT_COLOURS.get(str(verdict), BOLD))

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{RESET}" if self._colour else text

    def _line(self, text: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        self._out.write(f"{clear}{text}\n")
        self._out.flush()


def _split(kind: str) -> tuple[str, str]:
    for ending in ("Start", *_ENDINGS):
        if kind.endswith(ending):
            stem = kind.removesuffix(ending)
            return _NOT_FOUND_STEMS.get(stem, stem), ending
    return kind, ""


def _detail(kind: str, stage: Stage) -> str:
    if "reason" in stage:
        return clean(stage["reason"])
    make = _DETAILS.get(kind)
    return clean(make(stage)) if make is not None else ""


def _exchanges(stage: Stage) -> str:
    groups = [f"{group['preference']} {' '.join(group['exchanges'])}" for group in stage["mxs"]]
    return ", ".join(groups) or "no MX records: the domain itself is the exchange"


def _policy(stage: Stage) -> str:
    patterns = [p["equals"] if "equals" in p else "*." + p["startsWith"] for p in stage["policy"]["mx"]]
    return f"{stage['policy']['mode']}: {' '.join(patterns)}"


def _report_addresses(stage: Stage) -> str:
    return " ".join(rua.get("email") or rua.get("url", "") for rua in stage["rua"])


def _tls(stage: Stage) -> str:
    webpki = stage.get("webpki") or {}
    judged = "" if not webpki else ", certificate trusted" if webpki.get("ok") else f", {webpki.get('reason')}"
    return f"{stage.get('protocol') or ''} {stage.get('cipher') or ''}{judged}"


_DETAILS: dict[str, Callable[[Stage], str]] = {
    "mxLookupSuccess": _exchanges,
    "mtaStsFetchSuccess": _policy,
    "tlsRptLookupSuccess": _report_addresses,
    "tlsaLookupSuccess": lambda stage: f"{len(stage['record']['entries'])} usable, {stage.get('dnssec') or 'secure'}",
    "ipLookupSuccess": lambda stage: " ".join(stage["remoteIps"]),
    "readGreetingSuccess": lambda stage: stage.get("banner") or "",
    "ehloSuccess": lambda stage: ", ".join(stage.get("capabilities") or ()),
    "startTlsSuccess": _tls,
}


def clean(text: Any) -> str:
    """``text`` without what would act on the terminal, at most 500 characters."""
    return "".join(char if char.isprintable() else "?" for char in str(text))[:500]
