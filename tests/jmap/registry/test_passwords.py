"""New passwords in changes of accounts; hashing them is tested with x:Account."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.registry.handler import Change
from stalwart.jmap.registry.passwords import clear, places, set_expiry
from tests.directory.world import FAST

WHOLE = {"@type": "Password", "secret": "s3cret"}


class PlaceTests(SynchronousTestCase):
    def found(self, kind: Any, data: dict[str, Any]) -> list[str]:
        """The secrets that are found."""
        return [place.secret for place in places([Change(kind, "k", data=data)])]

    def test_everywhere_a_client_may_put_one(self) -> None:
        self.assertEqual(self.found("create", {"credentials": {"0": WHOLE, "1": WHOLE}}), ["s3cret"] * 2)
        for patch in (
            {"credentials": {"0": WHOLE}},
            {"credentials/0": WHOLE},
            {"credentials/0/secret": "s3cret"},
        ):
            self.assertEqual(self.found("update", patch), ["s3cret"])

    def test_not_where_none_can_be(self) -> None:
        for data in (
            {},
            {"credentials": None},
            {"credentials": ["x"]},
            {"credentials": {"0": None, "1": "x", "2": {"@type": "Password", "secret": 1}}},
            {"credentials": {"0": {"@type": "AppPassword", "secret": "x"}}},
            {"credentials": {"0": {"@type": "Password", "secret": "****"}}},
            {"credentials": {"0": {"@type": "Password", "secret": " "}}},
        ):
            self.assertEqual(self.found("create", data), [])
            self.assertEqual(self.found("update", data), [])
        self.assertEqual(self.found("update", {"credentials/0/secret": None, "credentials/0/secret/x": "y"}), [])
        self.assertEqual(self.found("destroy", {"credentials": {"0": WHOLE}}), [])

    def test_hashes_are_not_clear(self) -> None:
        changes = [Change("create", "k", data={"credentials": {"0": WHOLE, "1": {**WHOLE, "secret": FAST}}})]
        self.assertEqual([place.secret for place in clear(places(changes))], ["s3cret"])

    def test_expiry_is_put_beside_unless_there_is_one(self) -> None:
        made = Change("create", "k", data={"credentials": {"0": dict(WHOLE), "1": {**WHOLE, "expiresAt": None}}})
        patched = Change("update", "b", data={"credentials/0/secret": "x"})
        set_expiry(places([made, patched]), 86_400)
        credentials = made.data["credentials"]
        self.assertEqual([each["expiresAt"] for each in credentials.values()], ["1970-01-02T00:00:00Z", None])
        self.assertEqual(patched.data["credentials/0/expiresAt"], "1970-01-02T00:00:00Z")
        set_expiry(places([made]), None)
