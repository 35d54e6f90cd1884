"""``x:Type/get`` (settings A.6)."""

from __future__ import annotations

import time

from stalwart.jmap.call import RequestLimits
from stalwart.jmap.standard.asking import number_of
from tests.directory.world import FAST
from tests.jmap.registry.world import RegistryWorld


class GetTests(RegistryWorld):
    limits = RequestLimits(max_objects_in_get=3)

    def test_null_ids_are_all_up_to_the_limit(self) -> None:
        for name in ("a.test", "b.test", "c.test", "d.test"):
            self.create("Domain", name=name)
        answer = self.ask("x:Domain/get", {"ids": None})
        self.assertEqual([each["id"] for each in answer["list"]], ["b", "c", "d"])
        self.assertEqual(answer["notFound"], [])

    def test_more_ids_than_the_limit_are_too_many(self) -> None:
        self.assertEqual(self.error("x:Domain/get", {"ids": ["b", "c", "d", "e"]})["type"], "requestTooLarge")

    def test_there_is_no_state(self) -> None:
        self.assertEqual(list(self.ask("x:Domain/get")), ["accountId", "list", "notFound"])

    def test_singleton_is_always_listed(self) -> None:
        (found,) = self.ask("x:MtaSts/get")["list"]
        self.assertEqual(found, {"maxAge": 604800000, "mode": "testing", "mxHosts": {}, "id": "singleton"})

    def test_other_id_of_a_singleton_is_not_found(self) -> None:
        answer = self.ask("x:MtaSts/get", {"ids": ["b"]})
        self.assertEqual((answer["list"], answer["notFound"]), ([], ["b"]))

    def test_never_written_union_singleton_is_its_first_variant(self) -> None:
        self.assertEqual(self.get("DnsResolver")["@type"], "System")

    def test_ids_that_are_none_are_not_found(self) -> None:
        answer = self.ask("x:Domain/get", {"ids": ["!", "b", "singletonsingleton"]})
        self.assertEqual(answer["notFound"], ["!", "singletonsingleton"])
        answer = self.ask("x:Domain/get", {"ids": ["p333333333333"]})
        self.assertEqual(answer["notFound"], ["p333333333333"])

    def test_repeated_id_is_answered_twice(self) -> None:
        answer = self.ask("x:Domain/get", {"ids": ["b", "zz", "b"], "properties": ["name"]})
        self.assertEqual(answer["list"], [{"name": "example.test", "id": "b"}] * 2)
        self.assertEqual(answer["notFound"], ["zz"])

    def test_unknown_properties_are_ignored(self) -> None:
        self.assertEqual(self.get("Domain", "b", properties=["bogus", "name"]), {"name": "example.test", "id": "b"})

    def test_only_unknown_or_no_properties_are_all(self) -> None:
        whole = self.get("Domain", "b")
        self.assertIn("aliases", whole)
        for properties in ([], ["bogus"]):
            self.assertEqual(self.get("Domain", "b", properties=properties), whole)

    def test_id_alone_can_be_asked_for(self) -> None:
        self.assertEqual(self.get("Domain", "b", properties=["id"]), {"id": "b"})

    def test_members_come_in_the_order_of_the_declaration_then_type_then_computed_then_id(self) -> None:
        names = list(self.get("Account", self.account()))
        self.assertEqual(names[:2], ["name", "domainId"])
        self.assertEqual(names[-4:], ["@type", "usedDiskQuota", "emailAddress", "id"])

    def test_secrets_are_masked(self) -> None:
        self.assertEqual(self.get("Account", self.account())["credentials"]["0"]["secret"], "****")

    def test_creation_reference_is_an_id(self) -> None:
        request = self.request()
        self.ask("x:Domain/set", {"create": {"d": {"name": "new.test"}}}, request)
        self.assertEqual(self.ask("x:Domain/get", {"ids": ["#d"]}, request)["list"][0]["name"], "new.test")

    def test_number_of_what_cannot_be_stored(self) -> None:
        self.assertEqual([number_of(id) for id in ("b", "!", "p333333333333")], [1, None, None])


class ManyTests(RegistryWorld):
    def test_500_accounts_take_less_than_15_ms_of_processor_time(self) -> None:
        create = {
            f"c{number}": {
                "@type": "User",
                "name": f"user{number}",
                "domainId": "b",
                "credentials": {"0": {"@type": "Password", "secret": FAST}},
            }
            for number in range(500)
        }
        created = self.ask("x:Account/set", {"create": create})["created"]
        ids = [each["id"] for each in created.values()]
        spent = []
        for _ in range(4):
            began = time.process_time()
            self.assertEqual(len(self.ask("x:Account/get", {"ids": ids})["list"]), 500)
            spent.append(time.process_time() - began)
        self.assertLess(min(spent), 0.015)
