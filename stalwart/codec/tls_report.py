"""TLS reports: what a sender met when it delivered to a domain, as JSON (RFC 8460 4.4).

Reading is lenient where senders are: one text in place of a list, numbers as text, members that are missing or unknown.
What is read is bounded, and so is what is kept of each text. Whether a report is true nobody can tell from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from attrs import frozen

LONGEST = 500
"""Characters of a text that are kept."""
MOST_POLICIES = 500
MOST_DETAILS = 5000
"""Details that are kept of a report, all of its policies together."""
_MOST_TEXTS = 50
_LARGEST = (1 << 53) - 1
_LAST = 253402300799  # the year 9999


class MalformedReport(Exception):
    """It is no report; the message is half a sentence."""


@frozen
class FailureDetail:
    """Sessions that failed for one reason (RFC 8460 4.4: ``failure-details``)."""

    result_type: str
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    failed_session_count: int = 0
    additional_information: str = ""
    failure_reason_code: str = ""


@frozen
class PolicyResult:
    """What happened under one policy. ``type`` is ``tlsa``, ``sts`` or ``no-policy-found``."""

    type: str
    domain: str
    strings: tuple[str, ...] = ()
    mx_hosts: tuple[str, ...] = ()
    successful: int = 0
    failed: int = 0
    details: tuple[FailureDetail, ...] = ()


@frozen
class TlsReport:
    """A report about the time from ``begin`` to ``end``, in seconds since 1970."""

    organization_name: str
    begin: int
    end: int
    contact_info: str
    report_id: str
    policies: tuple[PolicyResult, ...]

    @property
    def failed(self) -> int:
        """Sessions that failed, under all policies."""
        return sum(each.failed for each in self.policies)


_DETAIL = {
    "result-type": "result_type",
    "sending-mta-ip": "sending_mta_ip",
    "receiving-mx-hostname": "receiving_mx_hostname",
    "receiving-mx-helo": "receiving_mx_helo",
    "receiving-ip": "receiving_ip",
    "failed-session-count": "failed_session_count",
    "additional-information": "additional_information",
    "failure-reason-code": "failure_reason_code",
}


def read_report(data: bytes) -> TlsReport:
    """The report in ``data``, which the caller has bounded.

    :raises MalformedReport: it is no JSON, or says nothing about any domain.
    """
    try:
        found = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise MalformedReport("it is not JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("policies"), list):
        raise MalformedReport("it has no policies")
    room = [MOST_DETAILS]
    policies = tuple(_policy(each, room) for each in found["policies"][:MOST_POLICIES] if isinstance(each, dict))
    if not any(each.domain for each in policies):
        raise MalformedReport("it is about no domain")
    time = _object(found.get("date-range"))
    begin, end = _moment(time.get("start-datetime")), _moment(time.get("end-datetime"))
    return TlsReport(
        _text(found.get("organization-name")),
        begin,
        max(begin, end),
        _text(found.get("contact-info")),
        _text(found.get("report-id")),
        policies,
    )


def write_report(report: TlsReport) -> bytes:
    """``report`` as compact JSON; members that say nothing are left out."""
    value = {
        "organization-name": report.organization_name,
        "date-range": {"start-datetime": _written(report.begin), "end-datetime": _written(report.end)},
        "contact-info": report.contact_info,
        "report-id": report.report_id,
        "policies": [_policy_members(each) for each in report.policies],
    }
    return msgspec.json.encode(value)


def _policy_members(policy: PolicyResult) -> dict[str, Any]:
    described: dict[str, Any] = {"policy-type": policy.type}
    if policy.strings:
        described["policy-string"] = list(policy.strings)
    described["policy-domain"] = policy.domain
    if policy.mx_hosts:
        described["mx-host"] = list(policy.mx_hosts)
    members: dict[str, Any] = {
        "policy": described,
        "summary": {
            "total-successful-session-count": policy.successful,
            "total-failure-session-count": policy.failed,
        },
    }
    if policy.details:
        members["failure-details"] = [
            {name: value for name, ours in _DETAIL.items() if (value := getattr(each, ours))} for each in policy.details
        ]
    return members


def _policy(given: Mapping[str, Any], room: list[int]) -> PolicyResult:
    policy, summary = _object(given.get("policy")), _object(given.get("summary"))
    details = tuple(_details(given.get("failure-details"), room))
    room[0] -= len(details)
    return PolicyResult(
        _text(policy.get("policy-type")).lower(),
        _text(policy.get("policy-domain")).lower().rstrip("."),
        _texts(policy.get("policy-string")),
        _texts(policy.get("mx-host")),
        _count(summary.get("total-successful-session-count")),
        _count(summary.get("total-failure-session-count")),
        details,
    )


def _details(given: object, room: list[int]) -> Iterator[FailureDetail]:
    for each in given[: room[0]] if isinstance(given, list) else ():
        if isinstance(each, dict):
            members: dict[str, Any] = {ours: _text(each.get(name)) for name, ours in _DETAIL.items()}
            members["failed_session_count"] = _count(each.get("failed-session-count"))
            yield FailureDetail(**members)


def _object(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _text(given: object) -> str:
    return given[:LONGEST].strip() if isinstance(given, str) else ""


def _texts(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        given = [given]
    return tuple(_text(each) for each in given[:_MOST_TEXTS]) if isinstance(given, list) else ()


def _count(given: object) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given[:20])
    if isinstance(given, float) and given == given:
        given = int(min(max(given, 0.0), float(_LARGEST)))
    return min(max(given, 0), _LARGEST) if isinstance(given, int) and not isinstance(given, bool) else 0


def _moment(given: object) -> int:
    """A date of RFC 3339; 0 for anything else."""
    try:
        found = datetime.fromisoformat(_text(given).upper())
    except ValueError:
        return 0
    at = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    try:
        return min(max(int(at.timestamp()), 0), _LAST)
    except (OverflowError, ValueError):
        return 0


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
