"""The wire form of the stages: the documented 44 with their members in order, and ours beside them."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery import stages
from stalwart.mail.delivery.stages import encode, stage_types

DOCUMENTED = """
mxLookupStart domain
mxLookupSuccess mxs elapsed
mxLookupError reason elapsed
mtaStsFetchStart
mtaStsFetchSuccess policy elapsed
mtaStsFetchError reason elapsed
mtaStsNotFound elapsed
tlsRptLookupStart
tlsRptLookupSuccess rua elapsed
tlsRptLookupError reason elapsed
tlsRptNotFound elapsed
deliveryAttemptStart hostname
mtaStsVerifySuccess
mtaStsVerifyError reason
tlsaLookupStart
tlsaLookupSuccess record elapsed
tlsaNotFound elapsed reason
tlsaLookupError elapsed reason
ipLookupStart
ipLookupSuccess remoteIps elapsed
ipLookupError reason elapsed
connectionStart remoteIp
connectionSuccess elapsed
connectionError elapsed reason
readGreetingStart
readGreetingSuccess elapsed
readGreetingError elapsed reason
ehloStart
ehloSuccess elapsed
ehloError elapsed reason
startTlsStart
startTlsSuccess elapsed
startTlsError elapsed reason
daneVerifySuccess
daneVerifyError reason
mailFromStart
mailFromSuccess elapsed
mailFromError reason elapsed
rcptToStart
rcptToSuccess elapsed
rcptToError reason elapsed
quitStart
quitCompleted elapsed
completed
"""

SAMPLES = {
    "domain": "example.com",
    "mxs": [stages.Exchanges(["mx1.example.com."], 10)],
    "elapsed": 0,
    "reason": "because",
    "policy": {"id": "1"},
    "rua": [{"type": "mail", "email": "a@example.com"}],
    "hostname": "mx1.example.com",
    "record": {"entries": []},
    "remote_ips": ["192.0.2.1"],
    "remote_ip": "192.0.2.1",
}
_ATTRIBUTES = {"remoteIps": "remote_ips", "remoteIp": "remote_ip"}


class DocumentedStageTests(SynchronousTestCase):
    """delivery-diagnostics 3: names, members and their order."""

    def test_there_are_44(self) -> None:
        self.assertEqual(len(DOCUMENTED.split("\n")) - 2, 44)


def _case(name: str, members: list[str]) -> None:
    def test(self: DocumentedStageTests) -> None:
        kind = stage_types()[name]
        values = {_ATTRIBUTES.get(one, one): SAMPLES[_ATTRIBUTES.get(one, one)] for one in members}
        self.assertEqual(list(json.loads(encode(kind(**values)))), ["type", *members])

    setattr(DocumentedStageTests, f"test_{name}", test)


for _row in DOCUMENTED.strip().split("\n"):
    _name, *_members = _row.split()
    _case(_name, _members)


class EncodingTests(SynchronousTestCase):
    """Compact JSON, byte for byte."""

    def test_the_documented_example(self) -> None:
        stage = stages.MxLookupSuccess([stages.Exchanges(["mx1.example.com."], 10)], 14)
        expected = b'{"type":"mxLookupSuccess","mxs":[{"exchanges":["mx1.example.com."],"preference":10}],"elapsed":14}'
        self.assertEqual(encode(stage), expected)

    def test_zero_milliseconds_are_written(self) -> None:
        self.assertEqual(encode(stages.EhloSuccess(0)), b'{"type":"ehloSuccess","elapsed":0}')

    def test_an_addition_follows_the_documented_members(self) -> None:
        shown = encode(stages.ReadGreetingSuccess(3, banner="mx ready"))
        self.assertEqual(shown, b'{"type":"readGreetingSuccess","elapsed":3,"banner":"mx ready"}')

    def test_a_summary_without_findings_says_null(self) -> None:
        shown = json.loads(encode(stages.Summary("ok", None, [stages.HostSummary("mx", ["192.0.2.1"], "ok", None)])))
        host = {"hostname": "mx", "addresses": ["192.0.2.1"], "verdict": "ok", "resultType": None}
        self.assertEqual(shown, {"type": "summary", "verdict": "ok", "resultType": None, "hosts": [host]})
