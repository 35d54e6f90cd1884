"""Configurations as plans."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings import snapshot
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import Problem
from tests.cli.settings.small_schema import CommandCase

OBJECTS: dict[str, dict[str, dict[str, Any]]] = {
    "Domain": {"b": {"name": "a.test", "createdAt": "2026-01-01T00:00:00Z", "aliases": {}}},
    "Account": {
        "c": {"@type": "User", "name": "x", "domainId": "b", "memberGroupIds": {"e": True}},
        "d": {
            "@type": "User",
            "name": "y",
            "domainId": "b",
            "credentials": {"0": {"@type": "Password", "secret": "****"}},
        },
        "e": {"@type": "Group", "name": "g", "domainId": "b"},
    },
    "Role": {"b": {"description": "one", "roleIds": {"c": True}}, "c": {"description": "two", "roleIds": {}}},
    "Http": {"singleton": {"enableHsts": True, "defaultDomainId": "b"}},
}


def answer(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    type, function = name.removeprefix("x:").split("/")
    if function == "query":
        return {"ids": list(OBJECTS[type])}
    return {"list": [{**OBJECTS[type][id], "id": id} for id in arguments["ids"]]}


class SnapshotTests(CommandCase):
    """What is written."""

    def snapshot(self, *types: str, **given: Any) -> list[dict[str, Any]]:
        flags = {"output": None, "include_secrets": False, "allow_unresolved": "", "quiet": False}
        self.assertEqual(
            snapshot.work(Namespace(types=list(types), **{**flags, **given}), self.server(answer), Output()), 0
        )
        return self.lines()

    def test_ids_become_names_and_server_values_go(self) -> None:
        domain, http = self.snapshot("Http", "Domain")
        self.assertEqual(domain["value"], {"domain-b": {"name": "a.test", "aliases": {}}})
        self.assertEqual((domain["@type"], domain["matchOn"]), ("upsert", ["name"]))
        self.assertEqual(http["value"], {"enableHsts": True, "defaultDomainId": "#domain-b"})
        self.assertEqual((http["@type"], http["id"]), ("update", "singleton"))

    def test_what_is_referred_to_comes_first(self) -> None:
        lines = self.snapshot("Account", "Domain", "Role")
        self.assertEqual([line["object"] for line in lines], ["Domain", "Account", "Role"])
        self.assertEqual(list(lines[1]["value"]), ["account-e", "account-c", "account-d"])
        self.assertEqual(list(lines[2]["value"]), ["role-c", "role-b"])

    def test_secrets_are_left_out_and_told(self) -> None:
        lines = self.snapshot("Account", "Domain")
        self.assertNotIn("credentials", lines[1]["value"]["account-d"])
        self.assertIn("Account d: credentials holds a secret", self.errors.getvalue())

    def test_secrets_can_be_kept_as_masks(self) -> None:
        lines = self.snapshot("Account", "Domain", include_secrets=True)
        self.assertIn("credentials", lines[1]["value"]["account-d"])

    def test_a_missing_target_is_refused_unless_allowed(self) -> None:
        problem = self.assertRaises(Problem, self.snapshot, "Http")
        self.assertIn("--allow-unresolved Domain", str(problem))
        (http,) = self.snapshot("Http", allow_unresolved="Domain")
        self.assertEqual(http["value"]["defaultDomainId"], "b")

    def test_it_can_be_written_to_a_private_file(self) -> None:
        path = self.mktemp()
        self.snapshot("Domain", output=path)
        with open(path, encoding="utf-8") as file:
            self.assertIn('"object":"Domain"', file.read())
