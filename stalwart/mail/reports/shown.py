"""Reports as x:TlsExternalReport and x:DmarcExternalReport show them, and as they are kept until then.

A report is brought into its wire form once, where it is read; what is kept is that, compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from stalwart.codec.dmarc_report import AggregateReport, DkimResult, Record, SpfResult
from stalwart.codec.tls_report import PolicyResult, TlsReport

_LEVEL: Final = 6


def tls_report_shown(report: TlsReport) -> dict[str, Any]:
    """The member ``report`` of a TLS report."""
    return {
        "organizationName": report.organization_name,
        "dateRange": {"startDatetime": _moment(report.begin), "endDatetime": _moment(report.end)},
        "contactInfo": report.contact_info,
        "reportId": report.report_id,
        "policies": _list([_policy(each) for each in report.policies]),
    }


def dmarc_report_shown(report: AggregateReport) -> dict[str, Any]:
    """The member ``report`` of a DMARC report."""
    policy = report.policy
    return {
        "version": report.version,
        "reportMetadata": {
            "orgName": report.org_name,
            "email": report.email,
            "extraContactInfo": report.extra_contact_info,
            "reportId": report.report_id,
            "dateRange": {"begin": _moment(report.begin), "end": _moment(report.end)},
            "error": _set(report.errors),
        },
        "policyPublished": {
            "domain": policy.domain,
            "adkim": policy.adkim,
            "aspf": policy.aspf,
            "p": policy.p,
            "sp": policy.sp,
            "np": policy.np,
            "pct": policy.pct,
            "fo": policy.fo,
            "testing": policy.testing,
            "discoveryMethod": policy.discovery_method,
        },
        "record": _list([_record(each) for each in report.records]),
        "totalRecords": report.total_records,
    }


def packed(shown: dict[str, Any]) -> bytes:
    """What is kept of a report."""
    return zlib.compress(msgspec.json.encode(shown), _LEVEL)


def unpacked(body: bytes) -> dict[str, Any]:
    """What ``packed`` has written."""
    found: dict[str, Any] = msgspec.json.decode(zlib.decompress(body))
    return found


def _policy(result: PolicyResult) -> dict[str, Any]:
    return {
        "policy": {
            "policyType": result.type,
            "policyString": _set(result.strings),
            "policyDomain": result.domain,
            "mxHost": _set(result.mx_hosts),
        },
        "summary": {
            "totalSuccessfulSessionCount": result.successful,
            "totalFailureSessionCount": result.failed,
        },
        "failureDetails": _list(
            [
                {
                    "resultType": each.result_type,
                    "sendingMtaIp": each.sending_mta_ip,
                    "receivingMxHostname": each.receiving_mx_hostname,
                    "receivingMxHelo": each.receiving_mx_helo,
                    "receivingIp": each.receiving_ip,
                    "failedSessionCount": each.failed_session_count,
                    "additionalInformation": each.additional_information,
                    "failureReasonCode": each.failure_reason_code,
                }
                for each in result.details
            ]
        ),
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "row": {
            "sourceIp": record.source_ip,
            "count": record.count,
            "policyEvaluated": {
                "disposition": record.disposition,
                "dkim": record.dkim,
                "spf": record.spf,
                "reason": _list([{"type": each.type, "comment": each.comment} for each in record.reasons]),
            },
        },
        "identifiers": {
            "headerFrom": record.header_from,
            "envelopeFrom": record.envelope_from,
            "envelopeTo": record.envelope_to,
        },
        "authResults": {
            "dkim": _list([_dkim(each) for each in record.dkim_results]),
            "spf": _list([_spf(each) for each in record.spf_results]),
        },
    }


def _dkim(found: DkimResult) -> dict[str, Any]:
    return {
        "domain": found.domain,
        "selector": found.selector,
        "result": found.result,
        "humanResult": found.human_result,
    }


def _spf(found: SpfResult) -> dict[str, Any]:
    return {"domain": found.domain, "scope": found.scope, "result": found.result, "humanResult": found.human_result}


def _list(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A list as settings objects have it (settings A.5)."""
    return {str(place): item for place, item in enumerate(items)}


def _set(texts: Iterable[str]) -> dict[str, bool]:
    return {text: True for text in texts if text}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
