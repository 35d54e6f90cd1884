"""The objects of one ``x:Type/set``: creations, patches, removals, references, errors (settings A.6 to A.8)."""

from __future__ import annotations

from stalwart.jmap.registry.set_work import Outcome
from tests.jmap.registry.world import RegistryWorld


class CreateTests(RegistryWorld):
    def test_created_has_what_the_server_made_only(self) -> None:
        answer = self.ask("x:Domain/set", {"create": {"d": {"name": "new.test"}}})
        self.assertEqual(answer["created"], {"d": {"id": "c"}})

    def test_creation_id_counts_in_later_calls(self) -> None:
        request = self.request()
        self.ask("x:Domain/set", {"create": {"d": {"name": "new.test"}}}, request)
        user = {"@type": "User", "name": "alice", "domainId": "#d"}
        answer = self.ask("x:Account/set", {"create": {"u": user}}, request)
        self.assertEqual(self.get("Account", answer["created"]["u"]["id"])["domainId"], "c")
        self.assertEqual(request.created_ids, {"d": "c", "u": "b"})

    def test_siblings_are_made_in_the_order_that_they_need(self) -> None:
        users = {
            "u": {"@type": "User", "name": "alice", "domainId": "b", "memberGroupIds": {"#g": True}},
            "g": {"@type": "Group", "name": "staff", "domainId": "b"},
        }
        created = self.ask("x:Account/set", {"create": users})["created"]
        groups = self.get("Account", created["u"]["id"])["memberGroupIds"]
        self.assertEqual(groups, {created["g"]["id"]: True})

    def test_circle_of_siblings_is_an_invalid_argument(self) -> None:
        roles = {name: {"description": name, "roleIds": {f"#{other}": True}} for name, other in ("ab", "ba")}
        self.assertEqual(self.error("x:Role/set", {"create": roles})["type"], "invalidArguments")

    def test_reference_to_what_was_refused_is_none(self) -> None:
        roles = {"a": {"description": ""}, "b": {"description": "b", "roleIds": {"#a": True}}}
        answer = self.ask("x:Role/set", {"create": roles})
        self.assertEqual(answer["notCreated"]["b"]["type"], "invalidPatch")
        self.assertEqual(answer["notCreated"]["b"]["properties"], ["roleIds"])

    def test_text_that_looks_like_a_reference_stays(self) -> None:
        domains = {"d": {"name": "new.test", "description": "#e"}, "e": {"name": "other.test"}}
        id = self.ask("x:Domain/set", {"create": domains})["created"]["d"]["id"]
        self.assertEqual(self.get("Domain", id)["description"], "#e")

    def test_one_refused_object_leaves_the_others_alone(self) -> None:
        answer = self.ask("x:Domain/set", {"create": {"a": {"name": "not a domain"}, "b": {"name": "b.test"}}})
        self.assertEqual(list(answer["created"]), ["b"])
        error = {"type": "invalidPatch", "description": "Invalid domain name", "properties": ["name"]}
        self.assertEqual(answer["notCreated"], {"a": error})

    def test_missing_member(self) -> None:
        error = self.not_created("Domain")
        self.assertEqual(error["validationErrors"], [{"type": "Required", "property": "name"}])
        self.assertEqual(error["type"], "validationFailed")

    def test_server_set_member(self) -> None:
        error = self.not_created("Domain", name="second.test", createdAt="2020-01-01T00:00:00Z")
        text = "Cannot modify server set property"
        self.assertEqual(error, {"type": "invalidPatch", "description": text, "properties": ["createdAt"]})

    def test_taken_value_names_its_holder(self) -> None:
        error = self.not_created("Domain", name="Example.TEST")
        holder = {"object": "Domain", "id": "b"}
        self.assertEqual(error, {"type": "primaryKeyViolation", "properties": ["name"], "objectId": holder})

    def test_missing_target_is_named(self) -> None:
        error = self.not_created("Account", **{"@type": "User", "name": "x", "domainId": "zz"})
        self.assertEqual(error["type"], "invalidForeignKey")
        self.assertEqual(error["objectId"], {"object": "Domain", "id": "zz"})

    def test_unreadable_member_comes_before_other_problems(self) -> None:
        error = self.not_created("NetworkListener", name="x", protocol="http", bind={}, nope=1)
        self.assertEqual((error["type"], error["properties"]), ("invalidPatch", ["nope"]))

    def test_bounds_are_told_by_the_leaf(self) -> None:
        error = self.not_created("NetworkListener", name="nobind", protocol="http")
        entry = {"type": "MinLength", "property": "bind", "required": 1}
        self.assertEqual(error, {"type": "validationFailed", "validationErrors": [entry]})

    def test_large_object_is_refused(self) -> None:
        error = self.not_created("Domain", name="big.test", description="x" * 200_000)
        entry = {"type": "MaxLength", "property": "id", "required": 200_000}
        self.assertEqual(error, {"type": "validationFailed", "validationErrors": [entry]})

    def test_mask_is_no_secret(self) -> None:
        error = self.not_created("OAuthClient", clientId="demo", secret="****")
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["secret"]))


class UpdateTests(RegistryWorld):
    def test_update_without_generated_values_is_null(self) -> None:
        answer = self.ask("x:Domain/set", {"update": {"b": {"description": "x"}}})
        self.assertEqual(answer["updated"], {"b": None})

    def test_pointers_go_to_any_depth(self) -> None:
        self.update("Http", "singleton", rateLimitAnonymous__count=7)
        self.update("Http", "singleton", **{"responseHeaders/X-A": "1"})
        found = self.get("Http")
        self.assertEqual(found["rateLimitAnonymous"], {"count": 7, "period": 60000})
        self.assertEqual(found["responseHeaders"], {"X-A": "1"})
        self.update("Http", "singleton", **{"responseHeaders/X-A": None})
        self.assertEqual(self.get("Http")["responseHeaders"], {})

    def test_whole_properties_can_be_replaced(self) -> None:
        self.update("Domain", "b", aliases={"a.test": True})
        self.update("Domain", "b", aliases={"b.test": True})
        self.assertEqual(self.get("Domain", "b")["aliases"], {"b.test": True})

    def test_creation_reference_in_a_pointer(self) -> None:
        request = self.request()
        group = {"@type": "Group", "name": "staff", "domainId": "b"}
        alice = self.account()
        patch = {"memberGroupIds/#g": True}
        answer = self.ask("x:Account/set", {"create": {"g": group}, "update": {alice: patch}}, request)
        self.assertEqual(answer["updated"], {alice: None})
        self.assertEqual(self.get("Account", alice)["memberGroupIds"], {request.created_ids["g"]: True})

    def test_creation_reference_as_key(self) -> None:
        arguments = {"create": {"d": {"name": "new.test"}}, "update": {"#d": {"description": "x"}}, "destroy": ["#d"]}
        answer = self.ask("x:Domain/set", arguments)
        self.assertEqual(answer["notUpdated"], {"#d": answer["notUpdated"]["#d"]})
        self.assertEqual(answer["notUpdated"]["#d"]["type"], "willDestroy")
        self.assertEqual(answer["destroyed"], [answer["created"]["d"]["id"]])

    def test_absent_object(self) -> None:
        for id in ("zz", "!", "#nothing"):
            self.assertEqual(self.not_updated("Domain", id, description="x"), {"type": "notFound"})

    def test_unknown_member(self) -> None:
        error = {"type": "invalidPatch", "description": "Invalid property", "properties": ["nope"]}
        self.assertEqual(self.not_updated("Http", "singleton", nope=1), error)

    def test_id_cannot_be_patched(self) -> None:
        self.assertEqual(self.not_updated("Http", "singleton", id="singleton")["properties"], ["id"])

    def test_wrong_json_type(self) -> None:
        error = self.not_updated("Http", "singleton", enableHsts="yes")
        text = "Invalid value for boolean property (expected true or false)"
        self.assertEqual(error, {"type": "invalidPatch", "description": text, "properties": ["enableHsts"]})

    def test_value_out_of_bounds(self) -> None:
        error = self.not_updated("Http", "singleton", rateLimitAnonymous={"count": 0, "period": 60000})
        entry = {"type": "MinValue", "property": "count", "required": 1}
        self.assertEqual(error, {"type": "validationFailed", "validationErrors": [entry]})

    def test_duration_as_text(self) -> None:
        error = self.not_updated("Http", "singleton", rateLimitAnonymous={"count": 5, "period": "1m"})
        self.assertEqual((error["type"], error["properties"]), ("invalidPatch", ["rateLimitAnonymous/period"]))

    def test_expression_that_does_not_compile(self) -> None:
        rule = {"match": {"0": {"if": "starts_with(nothing, '/x')", "then": "404"}}, "else": "200"}
        error = self.not_updated("Http", "singleton", allowedEndpoints=rule)
        self.assertEqual((error["type"], error["properties"]), ("validationFailed", ["allowedEndpoints"]))
        self.assertEqual(error["validationErrors"][0]["type"], "Invalid")

    def test_immutable_member(self) -> None:
        id = self.create("AllowedIp", address="192.0.2.1")
        error = self.not_updated("AllowedIp", id, address="192.0.2.2")
        self.assertEqual(error["description"], "Cannot modify read-only property")

    def test_mask_leaves_a_secret_as_it_was(self) -> None:
        secret = {"@type": "Value", "secret": "v"}
        self.update("Metrics", "singleton", prometheus={"@type": "Enabled", "authUsername": "u", "authSecret": secret})
        self.update("Metrics", "singleton", prometheus__authSecret__secret="****")
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Metrics")))[0]
        self.assertEqual(row.data["prometheus"]["authSecret"]["secret"], "v")

    def test_other_type_replaces_a_block(self) -> None:
        self.update("Metrics", "singleton", prometheus={"@type": "Disabled"})
        self.assertEqual(self.get("Metrics")["prometheus"], {"@type": "Disabled"})

    def test_what_is_destroyed_is_not_updated_before(self) -> None:
        id = self.create("Domain", name="new.test")
        answer = self.ask("x:Domain/set", {"update": {id: {"description": "x"}}, "destroy": [id, id]})
        self.assertEqual(answer["notUpdated"][id]["type"], "willDestroy")
        self.assertEqual(answer["destroyed"], [id])


class DestroyTests(RegistryWorld):
    def test_linked_object_names_who_refers_to_it(self) -> None:
        alice = self.account()
        error = self.not_destroyed("Domain", "b")
        self.assertEqual((error["type"], error["objectId"]), ("objectIsLinked", {"object": "Domain", "id": "b"}))
        linked = [{"object": "Account", "id": alice}, {"object": "SystemSettings", "id": "singleton"}]
        self.assertEqual(error["linkedObjects"], linked)

    def test_absent_object(self) -> None:
        for id in ("zz", "!", "#nothing"):
            self.assertEqual(self.not_destroyed("Domain", id), {"type": "notFound"})

    def test_removed_object_is_gone(self) -> None:
        id = self.create("Domain", name="new.test")
        self.destroy("Domain", id)
        self.assertEqual(self.ask("x:Domain/get", {"ids": [id]})["notFound"], [id])


class SingletonTests(RegistryWorld):
    def test_create_replaces_it(self) -> None:
        self.update("MtaSts", "singleton", maxAge=1000)
        answer = self.ask("x:MtaSts/set", {"create": {"x": {"mode": "enforce"}}})
        self.assertEqual(answer["created"], {"x": {"id": "singleton"}})
        self.assertEqual(self.get("MtaSts")["maxAge"], 604800000)

    def test_it_cannot_be_destroyed(self) -> None:
        error = {"type": "singleton", "description": "Singletons cannot be created or destroyed."}
        self.assertEqual(self.not_destroyed("MtaSts", "singleton"), error)

    def test_other_key_is_not_found(self) -> None:
        self.assertEqual(self.not_updated("MtaSts", "b", mode="testing"), {"type": "notFound"})
        self.assertEqual(self.not_destroyed("MtaSts", "b"), {"type": "notFound"})


class OutcomeTests(RegistryWorld):
    def test_nothing_is_null(self) -> None:
        self.assertEqual(set(Outcome().wire().values()), {None})
