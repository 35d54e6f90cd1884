"""Creation references in settings objects."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.network.http import Http
from stalwart.jmap.registry.references import referred, resolve
from tests.jmap.desk import call


class ReferenceTests(SynchronousTestCase):
    def test_ids_are_put_in_wherever_ids_belong(self) -> None:
        created = call({}, created_ids={"d": "b", "g": "c", "p": "e"}).request
        members = {
            "name": "#d",
            "domainId": "#d",
            "memberGroupIds": {"#g": True},
            "memberGroupIds/#g": True,
            "aliases": {"0": {"domainId": "#d"}},
            "encryptionAtRest": {"@type": "Aes256", "publicKey": "#p"},
        }
        self.assertEqual(
            resolve(Account, members, created),
            {
                "name": "#d",
                "domainId": "b",
                "memberGroupIds": {"c": True},
                "memberGroupIds/c": True,
                "aliases": {"0": {"domainId": "b"}},
                "encryptionAtRest": {"@type": "Aes256", "publicKey": "e"},
            },
        )

    def test_unknown_reference_stays(self) -> None:
        created = call({}, created_ids={"d": "b"}).request
        self.assertEqual(resolve(Account, {"domainId": "#x"}, created), {"domainId": "#x"})

    def test_type_without_references_is_left_alone(self) -> None:
        created = call({}, created_ids={"d": "b"}).request
        members = {"responseHeaders": {"#d": "#d"}}
        self.assertIs(resolve(Http, members, created), members)

    def test_references_are_found_for_the_order_of_creation(self) -> None:
        members = {"name": "#x", "domainId": "#d", "memberGroupIds": {"#g": True}}
        self.assertEqual(sorted(referred(Account, members)), ["d", "g"])
        self.assertEqual(list(referred(Domain, {"description": "#x"})), [])
