"""The body of a web hook and its signature."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_hook_body import body_of, event_object, signature_of

WHEN = "2026-11-21T00:03:45Z"


class BodyTests(SynchronousTestCase):
    def test_body(self) -> None:
        event = event_object(7, WHEN, "auth.failed", {"remoteIp": "192.0.2.7", "total": 2})
        told = f'{{"id":"7","createdAt":"{WHEN}","type":"auth.failed","data":{{"remoteIp":"192.0.2.7","total":2}}}}'
        self.assertEqual(body_of([event]), f'{{"events":[{told}]}}'.encode())
        self.assertEqual(json.loads(body_of([event, event])), {"events": [json.loads(told)] * 2})

    @given(
        st.dictionaries(st.sampled_from("abc"), st.text() | st.lists(st.text()) | st.integers(0, 2**63) | st.booleans())
    )
    def test_any_data_is_json(self, data: dict[str, Any]) -> None:
        (event,) = json.loads(body_of([event_object(1, WHEN, "a.b", data)]))["events"]
        self.assertEqual(event["data"], data)

    def test_half_a_surrogate_pair_is_replaced(self) -> None:
        event = event_object(1, WHEN, "a.b", {"login": "x\udc80", "property": ["\udc80"], "total": 1})
        self.assertEqual(json.loads(event)["data"], {"login": "x?", "property": ["?"], "total": 1})

    def test_signature(self) -> None:
        digest = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        self.assertEqual(b64decode(signature_of(b"Jefe", b"what do ya want for nothing?")), digest)
