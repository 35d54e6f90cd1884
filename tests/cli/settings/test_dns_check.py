"""``dns-check`` against a server that has checked."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings import dns_check
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem
from tests.cli.settings.small_schema import CommandCase

LINE = "a.test. IN MX 10 mail.a.test."


def record(state: str, advice: str | None = None) -> dict[str, Any]:
    """A checked record."""
    found = {"10 mail.a.test.": True} if state == "ok" else {}
    checked = {"type": "MX", "name": "a.test", "expected": "10 mail.a.test.", "found": found}
    return {**checked, "state": state, "advice": advice}


class DnsCheckTests(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.records = [record("ok"), record("missing", f"Add this line to the zone:\n{LINE}")]
        self.refusal: dict[str, Any] | None = None
        self.names = {"a.test": "b", "bücher.test": "c"}
        self.asked: list[Any] = []

    def answer(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A server with two domains."""
        if name == "x:Domain/query":
            found = self.names.get(arguments["filter"]["name"])
            return {"ids": [found] if found else []}
        if name == "x:Domain/get":
            return {"list": [{"id": "b", "dnsZoneFile": f"{LINE}\n{LINE}\n"}], "notFound": []}
        self.asked.append(arguments["create"]["new"])
        if self.refusal:
            return {"notCreated": {"new": self.refusal}}
        return {"created": {"new": {"records": {str(at): each for at, each in enumerate(self.records)}}}}

    def run_for(self, domain: str = "a.test", zone: bool = False, output: Output | None = None) -> int:
        return dns_check.check(Namespace(domain=domain, zone=zone), self.server(self.answer), output or self.person())

    def test_faults_come_with_the_line_to_paste(self) -> None:
        self.assertEqual(self.run_for(), REFUSED)
        self.assertEqual(self.asked, [{"@type": "CheckDns", "domainId": "b"}])
        text = self.output.getvalue()
        self.assertIn(f"MX a.test: missing\nAdd this line to the zone:\n{LINE}\n", text)
        self.assertIn("2 records, 1 not as they should be", text)

    def test_all_is_well(self) -> None:
        self.records = [record("ok")]
        self.assertEqual(self.run_for(), 0)
        self.assertIn("1 records, all ok", self.output.getvalue())

    def test_zone_file(self) -> None:
        self.assertEqual(self.run_for(zone=True), 0)
        self.assertEqual(self.output.getvalue(), f"{LINE}\n{LINE}\n")

    def test_domain_is_found_however_it_is_written(self) -> None:
        for name in ("xn--bcher-kva.test", "BÜCHER.test."):
            self.run_for(name)
        self.assertEqual([each["domainId"] for each in self.asked], ["c", "c"])

    def test_unknown_domain_and_what_is_none(self) -> None:
        for name in ("other.test", "a b", ""):
            self.assertRaises(Problem, self.run_for, name)
        self.assertEqual(self.asked, [])

    def test_refusal_is_told(self) -> None:
        self.refusal = {"type": "forbidden", "description": "You may not."}
        problem = self.assertRaises(Problem, self.run_for)
        self.assertIn("You may not.", str(problem))

    def test_objects_for_programs(self) -> None:
        self.run_for(output=Output(as_json=True))
        self.assertEqual([each["state"] for each in self.lines() if isinstance(each, dict)], ["ok", "missing"])

    def test_nothing_acts_on_the_terminal(self) -> None:
        self.records = [record("extra", "Remove:\n\x1b[2Ja.test")]
        self.run_for()
        self.assertNotIn("\x1b", self.output.getvalue())
