"""Whatever clients write, no call of sending ends in a fault of the server."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.jmap.submission.sending_case import SendingCase, message

NAMES = (
    *("identityId", "emailId", "envelope", "undoStatus", "sendAt", "mailFrom", "rcptTo", "email", "parameters"),
    *("HOLDFOR", "NOTIFY", "forEmailId", "disposition", "finalRecipient", "textBody", "extensionFields", "error"),
    *("name", "replyTo", "bcc", "textSignature", "keywords/$seen", "type", "actionMode", "sendingMode", "X-A"),
)
LEAVES = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-5, 1 << 70),
    some.sampled_from(("", "EMAIL", "MINE", "#s", "alice@example.test", "bob@example.test", "canceled", "displayed")),
    some.sampled_from(("a@b.test\r\nRCPT TO:<c@d.test>", "manual-action", "mdn-sent-manually", "\ud800", "é@ü.test")),
    some.text(max_size=8),
)
VALUES = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(NAMES), inner, max_size=4),
    max_leaves=10,
)
ARGUMENTS = some.dictionaries(
    some.sampled_from(
        (
            *("create", "update", "destroy", "send", "identityId", "onSuccessUpdateEmail", "onSuccessDestroyEmail"),
            *("ifInState", "ids", "filter", "sort", "sinceState", "sinceQueryState", "properties", "blobIds"),
        )
    ),
    VALUES | some.dictionaries(some.sampled_from(("s", "#s", "MINE", "EMAIL")), VALUES, max_size=2),
    max_size=4,
)
METHODS = (
    *("Identity/get", "Identity/set", "Identity/changes", "MDN/send", "MDN/parse"),
    *(f"EmailSubmission/{name}" for name in ("get", "set", "changes", "query", "queryChanges")),
)


class AnyArgumentsTests(SendingCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = self.identity()
        asking = message("To: bob@example.test", "Disposition-Notification-To: bob@example.test")
        self.mail = self.email(asking)

    def filled(self, value: Any) -> Any:
        """With the ids of this test."""
        if isinstance(value, str):
            return {"EMAIL": self.mail, "MINE": self.mine}.get(value, value)
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if isinstance(value, dict):
            return {self.filled(name): self.filled(each) for name, each in value.items()}
        return value

    @settings(max_examples=150)
    @given(some.sampled_from(METHODS), ARGUMENTS)
    def test_no_fault(self, name: str, arguments: dict[str, Any]) -> None:
        for _, answer, _ in self.calls((name, self.filled(arguments))):
            self.assertNotEqual(answer.get("type"), "serverFail", (name, arguments))
            for part in ("notCreated", "notUpdated", "notDestroyed", "notSent"):
                for problem in (answer.get(part) or {}).values():
                    self.assertNotIn(problem["type"], ("serverFail", "serverUnavailable"), (name, arguments))

    @settings(max_examples=100)
    @given(VALUES, VALUES)
    def test_no_fault_in_what_is_created(self, envelope: Any, further: Any) -> None:
        given = {"identityId": self.mine, "emailId": self.mail, "envelope": envelope}
        mdn = {"forEmailId": self.mail, "disposition": envelope, "textBody": further, "finalRecipient": further}
        answers = self.calls(
            ("EmailSubmission/set", self.filled({"create": {"s": given, "t": further}})),
            ("MDN/send", self.filled({"identityId": self.mine, "send": {"k": mdn}})),
            ("Identity/set", self.filled({"create": {"i": further, "j": {"email": further, "bcc": envelope}}})),
        )
        for _, answer, _ in answers:
            self.assertNotEqual(answer.get("type"), "serverFail", (envelope, further))
            for part in ("notCreated", "notSent"):
                for problem in (answer.get(part) or {}).values():
                    self.assertNotEqual(problem["type"], "serverFail", (envelope, further))
