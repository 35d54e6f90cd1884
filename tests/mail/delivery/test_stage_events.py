"""Stages as events: which one, with what, where it happened, and what it costs when nobody listens."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery import stages
from stalwart.mail.delivery.dane import NO_RECORDS, UNSIGNED_MX, UNUSABLE
from stalwart.mail.delivery.exchanges import NULL_MX
from stalwart.mail.delivery.session import NO_TLS, UNEXPECTED
from stalwart.mail.delivery.stage_events import LONGEST, TABLE, StageEvents
from stalwart.mail.delivery.stages import Stage
from stalwart.net.dns_answers import NO_SUCH_NAME, SERVER_FAILURE, VALIDATION_FAILED
from stalwart.telemetry import Telemetry, events
from stalwart.telemetry.events import Event, Level, declared_events
from stalwart.telemetry.fields import FIELDS

REFUSED = f"Permanent {UNEXPECTED} Code: 550, Enhanced code: 5.1.1, Message: no such user"
POLICY = {"id": "7a", "mode": "enforce", "mx": [{"equals": "mx.a.test"}, {"startsWith": "b.test"}], "max_age": 1}
TLSA = {"entries": [{"is_end_entity": True, "is_spki": True, "matching": "Sha256", "data": [1]}]}
PLACE = (stages.DeliveryAttemptStart("mx.a.test"), stages.ConnectionStart("192.0.2.1"))

ROWS: tuple[tuple[Stage, str, dict[str, Any]], ...] = (
    (stages.MxLookupStart("a.test"), "delivery.domain-delivery-start", {}),
    (
        stages.MxLookupSuccess([stages.Exchanges(["x.", "y."], 10), stages.Exchanges(["z."], 20)], 3),
        "delivery.mx-lookup",
        {"details": "10 x., 10 y., 20 z.", "elapsed": 3},
    ),
    (stages.MxLookupSuccess([], 3), "delivery.mx-lookup", {"details": "none: the domain itself", "elapsed": 3}),
    (stages.MxLookupError(NO_SUCH_NAME, 4), "delivery.mx-lookup-failed", {"reason": NO_SUCH_NAME, "elapsed": 4}),
    (stages.MxLookupError(NULL_MX, 4), "delivery.null-mx", {"reason": NULL_MX, "elapsed": 4}),
    (
        stages.MtaStsFetchSuccess(POLICY, 5),
        "mta-sts.policy-fetch",
        {"id": "7a", "mode": "enforce", "details": "mx.a.test, *.b.test", "elapsed": 5},
    ),
    (
        stages.MtaStsFetchError("status", 5, 404),
        "mta-sts.policy-fetch-error",
        {"reason": "status", "code": 404, "elapsed": 5},
    ),
    (stages.MtaStsFetchError("late", 5), "mta-sts.policy-fetch-error", {"reason": "late", "elapsed": 5}),
    (stages.MtaStsFetchError("bad", 5, 200), "mta-sts.invalid-policy", {"reason": "bad", "code": 200, "elapsed": 5}),
    (stages.MtaStsNotFound(6), "mta-sts.policy-not-found", {"elapsed": 6}),
    (
        stages.TlsRptLookupSuccess(
            [{"type": "mail", "email": "r@a.test"}, {"type": "http", "url": "https://a.test/r"}], 7
        ),
        "tls-rpt.record-fetch",
        {"details": "r@a.test, https://a.test/r", "elapsed": 7},
    ),
    (stages.TlsRptLookupError("bad", 7), "tls-rpt.record-fetch-error", {"reason": "bad", "elapsed": 7}),
    (stages.TlsRptNotFound(7), "tls-rpt.record-not-found", {"elapsed": 7}),
    (stages.MtaStsVerifySuccess(), "mta-sts.authorized", {}),
    (stages.MtaStsVerifyError("not listed"), "mta-sts.not-authorized", {"reason": "not listed"}),
    (stages.TlsaLookupSuccess(TLSA, 8), "dane.tlsa-record-fetch", {"details": "3 1 Sha256", "elapsed": 8}),
    (stages.TlsaNotFound(8, NO_RECORDS), "dane.tlsa-record-not-found", {"reason": NO_RECORDS, "elapsed": 8}),
    (stages.TlsaNotFound(8, UNSIGNED_MX), "dane.tlsa-record-not-dnssec-signed", {"reason": UNSIGNED_MX, "elapsed": 8}),
    (stages.TlsaLookupError(8, UNUSABLE), "dane.tlsa-record-invalid", {"reason": UNUSABLE, "elapsed": 8}),
    (
        stages.TlsaLookupError(8, VALIDATION_FAILED),
        "dane.bogus-dnssec-record",
        {"reason": VALIDATION_FAILED, "elapsed": 8},
    ),
    (
        stages.TlsaLookupError(8, SERVER_FAILURE),
        "dane.tlsa-record-fetch-error",
        {"reason": SERVER_FAILURE, "elapsed": 8},
    ),
    (
        stages.IpLookupSuccess(["192.0.2.1", "::1"], 9),
        "delivery.ip-lookup",
        {"details": "192.0.2.1, ::1", "elapsed": 9},
    ),
    (stages.IpLookupError("none", 9), "delivery.ip-lookup-failed", {"reason": "none", "elapsed": 9}),
    (stages.ConnectionSuccess(1), "delivery.connect", {"elapsed": 1}),
    (stages.ConnectionError(1, "refused"), "delivery.connect-error", {"reason": "refused", "elapsed": 1}),
    (stages.ReadGreetingSuccess(1, "mx ESMTP"), "delivery.greeting", {"details": "mx ESMTP", "elapsed": 1}),
    (stages.ReadGreetingError(1, "554"), "delivery.greeting-failed", {"reason": "554", "elapsed": 1}),
    (stages.EhloSuccess(1, ["SIZE 1", "STARTTLS"]), "delivery.ehlo", {"details": "SIZE 1, STARTTLS", "elapsed": 1}),
    (stages.EhloSuccess(1, []), "delivery.ehlo", {"elapsed": 1}),
    (stages.EhloError(1, "no"), "delivery.ehlo-rejected", {"reason": "no", "elapsed": 1}),
    (
        stages.StartTlsSuccess(1, "TLSv1.3", "AES", "x25519", [], {"ok": False, "reason": "self-signed"}),
        "delivery.start-tls",
        {"version": "TLSv1.3", "details": "AES, x25519, self-signed", "elapsed": 1},
    ),
    (stages.StartTlsError(0, NO_TLS), "delivery.start-tls-unavailable", {"reason": NO_TLS, "elapsed": 0}),
    (stages.StartTlsError(1, "alert"), "delivery.start-tls-error", {"reason": "alert", "elapsed": 1}),
    (stages.DaneVerifySuccess(), "dane.authentication-success", {}),
    (stages.DaneVerifyError("another key"), "dane.authentication-failure", {"reason": "another key"}),
    (stages.MailFromSuccess(1), "delivery.mail-from", {"elapsed": 1}),
    (stages.MailFromError(REFUSED, 1), "delivery.mail-from-rejected", {"reason": REFUSED, "elapsed": 1}),
    (stages.RcptToSuccess(1), "delivery.rcpt-to", {"elapsed": 1}),
    (stages.RcptToError(REFUSED, 1), "delivery.rcpt-to-rejected", {"reason": REFUSED, "elapsed": 1}),
    (stages.RcptToError("time-out", 1), "delivery.rcpt-to-failed", {"reason": "time-out", "elapsed": 1}),
    (stages.AddressDone("mx.a.test", "192.0.2.1", "ok"), "delivery.address-done", {"result": "ok"}),
    (stages.Finding("spf", "warn", "None."), "delivery.finding", {"type": "spf", "result": "warn", "details": "None."}),
)

SILENT = """
    mtaStsFetchStart tlsRptLookupStart tlsaLookupStart ipLookupStart readGreetingStart ehloStart startTlsStart
    mailFromStart rcptToStart quitStart quitCompleted summary completed
    """
ELSEWHERE = ["deliveryAttemptStart", "connectionStart", "smtpTranscript"]

# telemetry 4.1, and the three that are ours
DEBUG = """
    delivery.mx-lookup delivery.ip-lookup delivery.ehlo delivery.mail-from delivery.rcpt-to
    delivery.greeting delivery.address-done delivery.finding
    """
TRACE = ["delivery.raw-input", "delivery.raw-output"]


class EventsCase(SynchronousTestCase):
    """A telemetry that is listened to from ``least`` upwards, and a delivery to ``a.test``."""

    least = Level.TRACE

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.handed_on: list[Stage] = []
        self.telemetry.observe(self.note, self.least)
        self.telling = StageEvents(self.telemetry, "a.test", self.handed_on.append)

    def note(self, event: Event, values: dict[str, Any]) -> None:
        self.told.append((event.id, values))

    def tell(self, *found: Stage) -> None:
        for stage in found:
            self.telling(stage)


class TableTests(EventsCase):
    """Each stage and what is told of it."""

    def test_each_stage(self) -> None:
        for stage, id, keys in ROWS:
            self.told.clear()
            self.tell(*PLACE, stage)
            ((found, values),) = self.told
            place = {"domain": "a.test", "hostname": "mx.a.test", "remoteIp": "192.0.2.1"}
            self.assertEqual((found, {k: v for k, v in values.items() if k not in place}), (id, keys))
            self.assertEqual(values, {**values, **{k: v for k, v in place.items() if k in values}})
            self.assertEqual(self.handed_on[-1], stage)

    def test_no_stage_is_forgotten(self) -> None:
        kinds = {name for name, kind in stages.stage_types().items() if kind not in TABLE}
        self.assertEqual(kinds, {*SILENT.split(), *ELSEWHERE})
        self.assertEqual(set(TABLE), {type(stage) for stage, *_ in ROWS})

    def test_silent_stages_are_handed_on(self) -> None:
        found = [stages.EhloStart(), stages.QuitCompleted(1), stages.Summary("ok", None, []), stages.Completed()]
        self.tell(*found)
        self.assertEqual((self.handed_on, self.told), (found, []))

    def test_events_tell_what_they_declare(self) -> None:
        declared = {event.id: set(event.fields) for event in declared_events()}
        for stage, *_ in ROWS:
            self.tell(*PLACE, stage)
        for id, values in self.told:
            self.assertLessEqual(set(values), declared[id], id)
            self.assertLessEqual(set(values), set(FIELDS), id)

    def test_levels(self) -> None:
        levels = {event.id: event.level for event in declared_events()}
        for id in {*(row[1] for row in ROWS), *TRACE}:
            expected = Level.DEBUG if id in DEBUG.split() else Level.TRACE if id in TRACE else Level.INFO
            self.assertEqual(levels[id], expected, id)


class PlaceTests(EventsCase):
    """Where it happened."""

    def place(self) -> tuple[Any, ...]:
        values = self.told[-1][1]
        return tuple(values.get(name) for name in ("domain", "hostname", "remoteIp"))

    def test_before_the_first_host_there_is_the_domain_only(self) -> None:
        self.tell(stages.MxLookupStart("a.test"))
        self.assertEqual(self.place(), ("a.test", None, None))

    def test_the_next_host_has_no_address_yet(self) -> None:
        self.tell(*PLACE, stages.ConnectionSuccess(1))
        self.assertEqual(self.place(), ("a.test", "mx.a.test", "192.0.2.1"))
        self.tell(stages.DeliveryAttemptStart("mx2.a.test"), stages.IpLookupError("none", 1))
        self.assertEqual(self.place(), ("a.test", "mx2.a.test", None))

    def test_each_address_of_a_host(self) -> None:
        self.tell(*PLACE, stages.ConnectionStart("::1"), stages.ConnectionError(1, "refused"))
        self.assertEqual(self.place(), ("a.test", "mx.a.test", "::1"))


class TextTests(EventsCase):
    """What peers say."""

    def test_long_texts_are_cut(self) -> None:
        long = "x" * 5000
        self.tell(
            stages.ConnectionError(1, long),
            stages.ReadGreetingSuccess(1, long),
            stages.SmtpTranscript([stages.TranscriptLine("<", long)]),
        )
        told = [values[name] for (_, values), name in zip(self.told, ("reason", "details", "contents"), strict=True)]
        self.assertEqual([(len(text), text[-1]) for text in told], [(LONGEST, "…")] * 3)

    def test_text_that_fits_is_left_alone(self) -> None:
        self.tell(stages.ConnectionError(1, "x" * LONGEST))
        self.assertEqual(self.told[0][1]["reason"], "x" * LONGEST)

    def test_dialogue_line_by_line(self) -> None:
        lines = [stages.TranscriptLine("<", "220 mx"), stages.TranscriptLine(">", "EHLO us")]
        self.tell(*PLACE, stages.SmtpTranscript(lines))
        place = {"domain": "a.test", "hostname": "mx.a.test", "remoteIp": "192.0.2.1"}
        expected = [
            ("delivery.raw-input", {**place, "contents": "220 mx"}),
            ("delivery.raw-output", {**place, "contents": "EHLO us"}),
        ]
        self.assertEqual(self.told, expected)


class UnheardTests(EventsCase):
    """Nobody listens at that level."""

    least = Level.INFO

    def test_it_counts_all_the_same(self) -> None:
        self.tell(stages.EhloSuccess(1, ["SIZE"]), stages.SmtpTranscript([stages.TranscriptLine("<", "220 mx")]))
        self.assertEqual(self.told, [])
        counted = (self.telemetry.counters["delivery.ehlo"], self.telemetry.counters["delivery.raw-input"])
        self.assertEqual(counted, (1, 1))

    def test_no_keys_are_made(self) -> None:
        self.tell(stages.EhloSuccess(1, 5))  # type: ignore[arg-type]  # it would fail if it were looked at
        self.assertEqual(self.telemetry.counters["delivery.ehlo"], 1)

    def test_level_of_an_event_may_be_another(self) -> None:
        self.telemetry.change_levels({"delivery.ehlo": Level.INFO, "delivery.connect": None})
        self.tell(stages.EhloSuccess(1, ["SIZE"]), stages.ConnectionSuccess(1))
        self.assertEqual([id for id, _ in self.told], [events.DELIVERY_EHLO.id])
