"""Envelopes of submissions and their parameters."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as some

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.submission.capability import LONGEST_HOLD
from stalwart.jmap.submission.envelope import MOST_RECIPIENTS, Envelope, made_envelope, read_envelope

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z


def wire(parameters: Any = None, *recipients: Any, sender: str = "a@b.test") -> dict[str, Any]:
    rcpt_to = [each if isinstance(each, dict) else {"email": each} for each in recipients or ("c@d.test",)]
    return {"mailFrom": {"email": sender, "parameters": parameters}, "rcptTo": rcpt_to}


def sent(**parameters: Any) -> Envelope:
    return read_envelope(wire(parameters), NOW)


class EnvelopeTests(TestCase):
    def refused(self, given: Any) -> SetRefused:
        with self.assertRaises(SetRefused) as caught:
            read_envelope(given, NOW)
        return caught.exception

    def test_plain(self) -> None:
        found = read_envelope(wire(None, "c@D.test", "e@f.test", "c@d.test"), NOW)
        self.assertEqual(found.sender.text, "a@b.test")
        self.assertEqual([path.text for path, _ in found.recipients], ["c@d.test", "e@f.test"])
        self.assertEqual(found.emails, ("c@D.test", "e@f.test"))
        self.assertEqual((found.hold_until, found.expires_at), (None, None))
        self.assertEqual(found.wire["mailFrom"], {"email": "a@b.test", "parameters": None})
        self.assertEqual(found.wire["rcptTo"][0], {"email": "c@D.test", "parameters": None})

    def test_null_sender(self) -> None:
        self.assertTrue(read_envelope(wire(sender=""), NOW).sender.is_null)

    def test_made(self) -> None:
        self.assertEqual(made_envelope("a@b.test", ["c@d.test"]).wire, wire_of("a@b.test", "c@d.test"))

    def test_hold(self) -> None:
        for parameters, until in (
            ({"HOLDFOR": "60"}, NOW + 60),
            ({"holdFor": "60"}, NOW + 60),
            ({"HOLDFOR": 60}, NOW + 60),
            ({"HOLDFOR": "0"}, None),
            ({"HOLDFOR": str(LONGEST_HOLD)}, NOW + LONGEST_HOLD),
            ({"HOLDUNTIL": "2027-01-15T08:01:00Z"}, NOW + 60),
            ({"holduntil": "2027-01-15T09:01:00+01:00"}, NOW + 60),
            ({"HOLDUNTIL": str(NOW + 60)}, NOW + 60),
            ({"HOLDUNTIL": "2020-01-15T08:01:00Z"}, None),
        ):
            self.assertEqual(sent(**parameters).hold_until, until, parameters)

    def test_hold_that_cannot_be(self) -> None:
        for parameters in (
            {"HOLDFOR": str(LONGEST_HOLD + 1)},
            {"HOLDFOR": "-1"},
            {"HOLDFOR": None},
            {"HOLDFOR": "soon"},
            {"HOLDFOR": "9" * 30},
            {"HOLDUNTIL": "2029-01-15T08:01:00Z"},
            {"HOLDUNTIL": "2027-01-15"},
            {"HOLDUNTIL": "2027-02-31T08:01:00Z"},
            {"HOLDUNTIL": None},
            {"HOLDFOR": "1", "HOLDUNTIL": "2027-01-15T08:01:00Z"},
            {"HOLDFOR": "1", "holdfor": "1"},
        ):
            problem = self.refused(wire(parameters))
            self.assertEqual((problem.type, problem.properties), ("invalidProperties", ("envelope/mailFrom",)))

    def test_other_parameters(self) -> None:
        found = sent(RET="hdrs", ENVID="a b+c=d", size="12", **{"MT-Priority": "-3", "REQUIRETLS": None})
        said = found.parameters
        self.assertEqual((said.ret, said.envid, said.size), ("HDRS", "a b+c=d", 12))
        self.assertEqual((said.mt_priority, said.requiretls), (-3, True))
        self.assertEqual(found.wire["mailFrom"]["parameters"]["ENVID"], "a b+c=d")
        self.assertEqual(found.wire["mailFrom"]["parameters"]["MT-Priority"], "-3")

    def test_deliver_by(self) -> None:
        self.assertEqual(sent(BY="120;R").expires_at, NOW + 120)
        self.assertEqual(sent(BY="120;r", HOLDFOR="60").expires_at, NOW + 180)
        for value in ("120", "120;N", "0;R", "-5;R", None, "x;R"):
            self.assertEqual(self.refused(wire({"BY": value})).type, "invalidProperties", value)

    def test_parameters_of_recipients(self) -> None:
        parameters = {"notify": "success,Failure", "ORCPT": "rfc822;x+y z@q.test"}
        found = read_envelope(wire(None, {"email": "c@d.test", "parameters": parameters}), NOW)
        said = found.recipients[0][1]
        self.assertEqual(said.notify, {"SUCCESS", "FAILURE"})
        self.assertEqual(said.orcpt, ("rfc822", "x+y z@q.test"))

    def test_parameters_that_cannot_be(self) -> None:
        for parameters in (
            {"AUTH": "<>"},
            {"X": "y"},
            {"RET": "FULL SIZE=1"},
            {"RET": "ALL"},
            {"RET\r\nX": None},
            {"": "x"},
            {"ENVID": "a\r\nb"},
            {"MT-PRIORITY": "99"},
            {"SIZE": str(1 << 53)},
            {"SIZE": "9" * 19},
            {"RET": {}},
            [],
            "x",
        ):
            self.assertEqual(self.refused(wire(parameters)).type, "invalidProperties", parameters)
        for parameters in ({"NOTIFY": "NEVER,DELAY"}, {"RET": "FULL"}, {"ORCPT": "x"}):
            problem = self.refused(wire(None, {"email": "c@d.test", "parameters": parameters}))
            self.assertEqual(problem.properties, ("envelope/rcptTo",), parameters)

    def test_recipients_that_cannot_be(self) -> None:
        problem = self.refused(wire(None, "c@d.test", "nobody", "x y@z.test"))
        self.assertEqual(problem.type, "invalidRecipients")
        self.assertEqual(problem.members, {"invalidRecipients": ["nobody", "x y@z.test"]})
        for rcpt_to in ([], None):
            self.assertEqual(self.refused(wire() | {"rcptTo": rcpt_to}).type, "noRecipients")
        problem = self.refused(wire() | {"rcptTo": [{"email": "c@d.test"}] * (MOST_RECIPIENTS + 1)})
        self.assertEqual((problem.type, problem.members), ("tooManyRecipients", {"maxRecipients": MOST_RECIPIENTS}))

    def test_shapes_that_cannot_be(self) -> None:
        for shape in ([], "x", {}, {"mailFrom": "a@b.test", "rcptTo": []}, wire() | {"further": 1}, wire(sender="x")):
            self.assertEqual(self.refused(shape).type, "invalidProperties", shape)
        for recipient in ("c@d.test", {"address": "c@d.test"}, {"email": 1}, None):
            self.assertEqual(self.refused(wire() | {"rcptTo": [recipient]}).type, "invalidProperties", recipient)

    _values = some.recursive(
        some.none() | some.integers() | some.text(max_size=20),
        lambda inner: (
            some.lists(inner, max_size=3)
            | some.dictionaries(
                some.sampled_from(("mailFrom", "rcptTo", "email", "parameters", "HOLDFOR", "BY", "RET")),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )

    @given(_values)
    def test_anything(self, value: Any) -> None:
        for shape in (
            value,
            {"mailFrom": {"email": "a@b.test", "parameters": value}, "rcptTo": [{"email": "c@d.test"}]},
        ):
            try:
                read_envelope(shape, NOW)
            except SetRefused as problem:
                self.assertIn("type", problem.wire())


def wire_of(sender: str, recipient: str) -> dict[str, Any]:
    plain = {"parameters": None}
    return {"mailFrom": {"email": sender, **plain}, "rcptTo": [{"email": recipient, **plain}]}
