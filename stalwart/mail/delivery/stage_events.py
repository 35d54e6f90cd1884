"""The stages of a delivery as telemetry events: which event a stage is, and what of it becomes keys.

A row of the table names the event, or how it follows from the stage where the reason decides. The keys are the fields
that the event declares: members of the stage by the same name, what the row makes of others, and where it happened -
the domain, and the exchange and the address that are being tried. Stages that only say that something begins have no
event, but for the first; the outcome of the whole belongs to whoever runs it. What peers say is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from stalwart.mail.delivery import stages
from stalwart.mail.delivery.dane import UNSIGNED_MX, UNUSABLE
from stalwart.mail.delivery.exchanges import NULL_MX
from stalwart.mail.delivery.session import NO_TLS, UNEXPECTED, Emit
from stalwart.mail.delivery.stages import Stage
from stalwart.net.dns_answers import VALIDATION_FAILED
from stalwart.telemetry import Telemetry, events
from stalwart.telemetry.events import Event
from stalwart.telemetry.sending_events import DELIVERY_IMPLICIT_TLS_ERROR

LONGEST = 512
"""Characters of a text that are told."""

Keys = dict[str, Any]


def _nothing(_stage: Any) -> Keys:
    return {}


@frozen
class Row:
    """The event of a stage; ``keys`` makes those that are no members of it by the same name."""

    event: Event | Callable[[Any], Event]
    keys: Callable[[Any], Keys] = _nothing


class StageEvents:
    """Tells of every stage of a delivery to ``domain`` before it is handed on to ``emit``.

    Called with the stages in their order, like ``emit`` itself. ``implicit_tls``: TLS comes first, without STARTTLS.
    """

    def __init__(self, telemetry: Telemetry, domain: str, emit: Emit, *, implicit_tls: bool = False) -> None:
        self._implicit_tls = implicit_tls
        self._telemetry = telemetry
        self._emit = emit
        self._place: Keys = {"domain": domain}

    def __call__(self, stage: Stage) -> None:
        """Tell of ``stage`` and hand it on."""
        if isinstance(stage, stages.DeliveryAttemptStart):
            self._place = {"domain": self._place["domain"], "hostname": stage.hostname}
        elif isinstance(stage, stages.ConnectionStart):
            self._place["remoteIp"] = stage.remote_ip
        elif isinstance(stage, stages.SmtpTranscript):
            self._tell_dialogue(stage)
        elif (row := TABLE.get(type(stage))) is not None:
            self._tell(row, stage)
        self._emit(stage)

    def _tell(self, row: Row, stage: Stage) -> None:
        event = row.event if isinstance(row.event, Event) else row.event(stage)
        if self._implicit_tls and isinstance(stage, stages.StartTlsError):
            event = DELIVERY_IMPLICIT_TLS_ERROR
        if not self._telemetry.wants(event):
            self._telemetry.count(event)
            return
        known = {**self._place, **row.keys(stage)}
        keys = {name: known[name] if name in known else getattr(stage, name, None) for name in event.fields}
        self._telemetry.emit(event, **{name: _cut(value) for name, value in keys.items() if value not in (None, "")})

    def _tell_dialogue(self, stage: stages.SmtpTranscript) -> None:
        for line in stage.lines:
            event = events.DELIVERY_RAW_OUTPUT if line.dir == ">" else events.DELIVERY_RAW_INPUT
            keys = {**self._place, "contents": _cut(line.text)} if self._telemetry.wants(event) else {}
            self._telemetry.emit(event, **keys)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return value[: LONGEST - 1] + "…"
    return value


def _mx_error(stage: stages.MxLookupError) -> Event:
    return events.DELIVERY_NULL_MX if stage.reason == NULL_MX else events.DELIVERY_MX_LOOKUP_FAILED


def _policy_error(stage: stages.MtaStsFetchError) -> Event:
    return events.MTA_STS_INVALID_POLICY if stage.http_status == 200 else events.MTA_STS_POLICY_FETCH_ERROR


def _tlsa_absence(stage: stages.TlsaNotFound) -> Event:
    return events.DANE_TLSA_RECORD_NOT_SIGNED if stage.reason == UNSIGNED_MX else events.DANE_TLSA_RECORD_NOT_FOUND


def _tlsa_error(stage: stages.TlsaLookupError) -> Event:
    if stage.reason == UNUSABLE:
        return events.DANE_TLSA_RECORD_INVALID
    return events.DANE_BOGUS_DNSSEC_RECORD if stage.reason == VALIDATION_FAILED else events.DANE_TLSA_RECORD_FETCH_ERROR


def _tls_error(stage: stages.StartTlsError) -> Event:
    return events.DELIVERY_START_TLS_UNAVAILABLE if stage.reason == NO_TLS else events.DELIVERY_START_TLS_ERROR


def _rcpt_error(stage: stages.RcptToError) -> Event:
    return events.DELIVERY_RCPT_TO_REJECTED if UNEXPECTED in stage.reason else events.DELIVERY_RCPT_TO_FAILED


def _exchanges(stage: stages.MxLookupSuccess) -> Keys:
    found = (f"{group.preference} {name}" for group in stage.mxs for name in group.exchanges)
    return {"details": ", ".join(found) or "none: the domain itself"}


def _policy(stage: stages.MtaStsFetchSuccess) -> Keys:
    policy = stage.policy
    hosts = (each["equals"] if "equals" in each else f"*.{each['startsWith']}" for each in policy["mx"])
    return {"id": policy["id"], "mode": policy["mode"], "details": ", ".join(hosts)}


def _reporting(stage: stages.TlsRptLookupSuccess) -> Keys:
    return {"details": ", ".join(each.get("email") or each.get("url", "") for each in stage.rua)}


def _tlsa(stage: stages.TlsaLookupSuccess) -> Keys:
    found = (
        f"{3 if entry['is_end_entity'] else 2} {1 if entry['is_spki'] else 0} {entry['matching']}"
        for entry in stage.record["entries"]
    )
    return {"details": ", ".join(found)}


def _tls(stage: stages.StartTlsSuccess | stages.StartTlsError) -> Keys:
    trust = stage.webpki or {}
    words = (stage.cipher, stage.group, trust.get("reason"))
    return {"version": stage.protocol, "details": ", ".join(word for word in words if word) or None}


TABLE: Mapping[type[Stage], Row] = {
    stages.MxLookupStart: Row(events.DELIVERY_DOMAIN_START),
    stages.MxLookupSuccess: Row(events.DELIVERY_MX_LOOKUP, _exchanges),
    stages.MxLookupError: Row(_mx_error),
    stages.MtaStsFetchSuccess: Row(events.MTA_STS_POLICY_FETCH, _policy),
    stages.MtaStsFetchError: Row(_policy_error, lambda stage: {"code": stage.http_status}),
    stages.MtaStsNotFound: Row(events.MTA_STS_POLICY_NOT_FOUND),
    stages.TlsRptLookupSuccess: Row(events.TLS_RPT_RECORD_FETCH, _reporting),
    stages.TlsRptLookupError: Row(events.TLS_RPT_RECORD_FETCH_ERROR),
    stages.TlsRptNotFound: Row(events.TLS_RPT_RECORD_NOT_FOUND),
    stages.MtaStsVerifySuccess: Row(events.MTA_STS_AUTHORIZED),
    stages.MtaStsVerifyError: Row(events.MTA_STS_NOT_AUTHORIZED),
    stages.TlsaLookupSuccess: Row(events.DANE_TLSA_RECORD_FETCH, _tlsa),
    stages.TlsaNotFound: Row(_tlsa_absence),
    stages.TlsaLookupError: Row(_tlsa_error),
    stages.IpLookupSuccess: Row(events.DELIVERY_IP_LOOKUP, lambda stage: {"details": ", ".join(stage.remote_ips)}),
    stages.IpLookupError: Row(events.DELIVERY_IP_LOOKUP_FAILED),
    stages.ConnectionSuccess: Row(events.DELIVERY_CONNECT),
    stages.ConnectionError: Row(events.DELIVERY_CONNECT_ERROR),
    stages.ReadGreetingSuccess: Row(events.DELIVERY_GREETING, lambda stage: {"details": stage.banner}),
    stages.ReadGreetingError: Row(events.DELIVERY_GREETING_FAILED),
    stages.EhloSuccess: Row(events.DELIVERY_EHLO, lambda stage: {"details": ", ".join(stage.capabilities or ())}),
    stages.EhloError: Row(events.DELIVERY_EHLO_REJECTED),
    stages.StartTlsSuccess: Row(events.DELIVERY_START_TLS, _tls),
    stages.StartTlsError: Row(_tls_error, _tls),
    stages.DaneVerifySuccess: Row(events.DANE_AUTHENTICATION_SUCCESS),
    stages.DaneVerifyError: Row(events.DANE_AUTHENTICATION_FAILURE),
    stages.MailFromSuccess: Row(events.DELIVERY_MAIL_FROM),
    stages.MailFromError: Row(events.DELIVERY_MAIL_FROM_REJECTED),
    stages.RcptToSuccess: Row(events.DELIVERY_RCPT_TO),
    stages.RcptToError: Row(_rcpt_error),
    stages.AddressDone: Row(events.DELIVERY_ADDRESS_DONE, lambda stage: {"result": stage.verdict}),
    stages.Finding: Row(
        events.DELIVERY_FINDING,
        lambda stage: {"type": stage.topic, "result": stage.level, "details": stage.text},
    ),
}
