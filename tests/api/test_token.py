"""Live tokens over HTTP: which kinds there are, for whom, and in which form they come."""

from __future__ import annotations

from stalwart.api import token
from stalwart.directory.access import Access
from tests.directory.world import World
from tests.web.client import BASIC_ALICE, Response, serve
from tests.web.fakes import FakeDirectory


class TokenTests(World):
    """auth-api 11, design 8."""

    def setUp(self) -> None:
        super().setUp()
        self.user("alice", permissions={"@type": "Merge", "enabledPermissions": {"liveDeliveryTest": True}})
        self.access = self.sign_in()
        self.directory_of_web = FakeDirectory()
        self.directory_of_web.alice = self.access
        self.server = serve([token.token], {"directory": self.directory}, directory=self.directory_of_web)

    def get(self, kind: str, access: Access | None = None) -> Response:
        self.directory_of_web.alice = access or self.access
        return self.server.request("GET", f"/api/token/{kind}", BASIC_ALICE)

    def test_token_is_plain_text_that_nobody_keeps(self) -> None:
        answer = self.get("delivery")
        headers = (answer.headers["content-type"], answer.headers["cache-control"])
        self.assertEqual((answer.status, headers), (200, ("text/plain", "no-store")))
        self.assertRegex(answer.body, rb"\A[\x21-\x7e]{20,}\Z")

    def test_token_stands_for_the_account_with_one_permission(self) -> None:
        text = self.get("delivery").body.decode()
        access = self.settle(self.directory.redeem_live_token(text, "delivery"))
        self.assertEqual((access.account_id, access.permissions), (self.access.account_id, {"liveDeliveryTest"}))

    def test_two_tokens_differ(self) -> None:
        self.assertNotEqual(self.get("delivery").body, self.get("delivery").body)

    def test_kinds_that_are_not_built_do_not_exist(self) -> None:
        for kind in ("nonsense", "Delivery"):
            self.assertEqual(self.get(kind).status, 404, kind)

    def test_each_kind_wants_its_own_permission(self) -> None:
        self.user("carol", permissions={"@type": "Merge", "enabledPermissions": {"liveTracing": True}})
        carol = self.sign_in("carol@example.test")
        found = [self.get(kind, carol).status for kind in ("tracing", "metrics", "delivery")]
        self.assertEqual(found, [200, 403, 403])

    def test_without_the_permission_403(self) -> None:
        self.user("bob")
        self.assertEqual(self.get("delivery", self.sign_in("bob@example.test")).status, 403)

    def test_without_credentials_401(self) -> None:
        self.assertEqual(self.server.request("GET", "/api/token/delivery").status, 401)
