"""What an account learns about itself."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api import account
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.directory.permissions import ALL, BOOTSTRAP
from tests.web.client import BASIC_ALICE, serve


class AccountTests(SynchronousTestCase):
    """auth-api 10."""

    def setUp(self) -> None:
        self.server = serve([account.account])

    def body(self, **changes: Any) -> Any:
        self.server.directory.alice = evolve(self.server.directory.alice, **changes)
        answer = self.server.request("GET", "/api/account", BASIC_ALICE)
        self.assertEqual(answer.status, 200)
        return answer.json()

    def test_permissions_are_kebab_case_and_sorted(self) -> None:
        body = self.body(permissions=frozenset(("authenticate", "liveDeliveryTest", "jmapEmailGet")))
        self.assertEqual(body["permissions"], sorted(body["permissions"]))
        self.assertIn("live-delivery-test", body["permissions"])

    def test_members_are_permissions_edition_and_locale(self) -> None:
        body = self.body(locale="de_DE")
        self.assertEqual(
            (list(body), body["edition"], body["locale"]), (["permissions", "edition", "locale"], "oss", "de-DE")
        )

    def test_recovery_administrator_sees_hundreds(self) -> None:
        body = self.body(account_id=RECOVERY_ACCOUNT, permissions=ALL, kind="recovery")
        self.assertGreater(len(body["permissions"]), 500)

    def test_bootstrap_sees_exactly_two(self) -> None:
        body = self.body(account_id=RECOVERY_ACCOUNT, permissions=BOOTSTRAP, kind="recovery")
        self.assertEqual(body["permissions"], ["sys-bootstrap-get", "sys-bootstrap-update"])

    def test_without_credentials_401(self) -> None:
        self.assertEqual(self.server.request("GET", "/api/account").status, 401)

    def test_nothing_of_it_is_kept_by_caches(self) -> None:
        for headers in (BASIC_ALICE, {}, BASIC_ALICE | {"Authorization": "Basic eDp5"}):
            self.assertIn("no-store", self.server.request("GET", "/api/account", headers).headers["cache-control"])

    def test_wrong_method_405(self) -> None:
        self.assertEqual(self.server.request("DELETE", "/api/account", BASIC_ALICE).status, 405)
