"""``certificates`` and ``renew`` against a server that holds domains, certificates and tasks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stalwart.cli.settings import certificates
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem
from tests.cli.settings.small_schema import CommandCase

NOW = datetime.now(UTC).replace(microsecond=0)


def moment(days: float) -> str:
    """So many days from now; a little more, so that whole days are left."""
    return (NOW + timedelta(days=days, minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")


def certificate(id: str, name: str, days: float, **members: Any) -> dict[str, Any]:
    """A certificate that ends in some days."""
    end = {"issuer": "CN=Authority", "notValidAfter": moment(days)}
    return {"id": id, "subjectAlternativeNames": {name: True}, **end, **members}


def failing(status: str = "Retry") -> dict[str, Any]:
    """A task whose last attempt failed."""
    return {"id": "t", "@type": "AcmeRenewal", "domainId": "b", "status": {"@type": status, "failureReason": "no DNS"}}


class CertificatesCase(CommandCase):
    """``held`` is what the server has, by type."""

    def setUp(self) -> None:
        super().setUp()
        self.held: dict[str, list[dict[str, Any]]] = {
            "Domain": [self.domain("b", "example.test"), self.domain("c", "other.test", "Manual")],
            "Certificate": [],
            "Task": [],
        }
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def domain(self, id: str, name: str, management: str = "Automatic") -> dict[str, Any]:
        return {"id": id, "name": name, "certificateManagement": {"@type": management}}

    def answer(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A small x: server; its filters compare members."""
        self.asked.append((name, arguments))
        type, _, method = name.removeprefix("x:").partition("/")
        if method == "query":
            wanted = (arguments.get("filter") or {}).items()
            return {
                "ids": [one["id"] for one in self.held[type] if all(one.get(key) == value for key, value in wanted)]
            }
        if method == "get":
            return {"list": [one for one in self.held[type] if one["id"] in arguments["ids"]], "notFound": []}
        return self.made(arguments)

    def made(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"created": {"new": {"id": "t"}}}


class ShowTests(CertificatesCase):
    """certificates"""

    def show(self) -> tuple[int, dict[str, str]]:
        """The exit code, and the state of each by domain or names."""
        output = Output(as_json=True)
        code = certificates.show(Namespace(), self.server(self.answer), output)
        shown = [each for each in self.lines() if isinstance(each, dict)]
        return code, {each["domain"] or each["names"]: each["state"] for each in shown}

    def test_time_that_is_left(self) -> None:
        self.held["Certificate"] = [
            certificate("g", "mail.test", 1),
            certificate("f", "a.example.test", 50, managedDomainId="b", renewAt=moment(20)),
        ]
        self.assertEqual(self.show(), (0, {"mail.test": "1 day left", "example.test": "50 days left"}))

    def test_the_next_to_end_comes_first(self) -> None:
        self.held["Certificate"] = [certificate("g", "late.test", 9), certificate("f", "soon.test", 3)]
        self.assertEqual(list(self.show()[1])[:2], ["soon.test", "late.test"])

    def test_domain_that_waits_for_its_first_one(self) -> None:
        self.assertEqual(self.show(), (0, {"example.test": "no certificate yet, being ordered"}))

    def test_reason_why_there_is_none(self) -> None:
        for status in ("Retry", "Failed"):
            self.held["Task"] = [failing(status)]
            self.output.truncate(0)
            self.output.seek(0)
            self.assertEqual(self.show(), (REFUSED, {"example.test": "no certificate yet: no DNS"}))

    def test_renewal_that_fails(self) -> None:
        self.held["Task"] = [failing()]
        self.held["Certificate"] = [certificate("f", "a", 9, managedDomainId="b", renewAt=moment(-1))]
        self.assertEqual(self.show(), (REFUSED, {"example.test": "fails: no DNS"}))

    def test_renewal_by_force_says_nothing_of_the_schedule(self) -> None:
        self.held["Task"] = [failing() | {"force": True}]
        self.held["Certificate"] = [certificate("f", "a", 9, managedDomainId="b", renewAt=moment(6))]
        self.assertEqual(self.show(), (0, {"example.test": "9 days left"}))

    def test_expired_one_is_a_problem(self) -> None:
        self.held["Domain"] = []
        self.held["Certificate"] = [certificate("f", "mail.test", -1)]
        self.assertEqual(self.show(), (REFUSED, {"mail.test": "expired"}))

    def test_replaced_one_does_not_count_as_that_of_its_domain(self) -> None:
        self.held["Certificate"] = [certificate("f", "a", 9, managedDomainId="b", renewAt=None)]
        server = self.server(self.answer)
        found = [each["state"] for each in certificates.lines(server, datetime.now(UTC))]
        self.assertEqual(found, ["replaced, 9 days left", "no certificate yet, being ordered"])

    def test_revoked_one(self) -> None:
        self.held["Domain"] = []
        self.held["Certificate"] = [certificate("f", "mail.test", 9, revokedAt=moment(-1))]
        self.assertEqual(self.show()[1], {"mail.test": "revoked"})

    def test_one_without_an_end(self) -> None:
        self.held["Domain"] = []
        self.held["Certificate"] = [certificate("f", "mail.test", 9) | {"notValidAfter": None}]
        self.assertEqual(self.show()[1], {"mail.test": "has not been read"})

    def test_a_table_for_people(self) -> None:
        self.held["Certificate"] = [certificate("g", "mail.test", 3)]
        certificates.show(Namespace(), self.server(self.answer), self.person())
        text = self.output.getvalue()
        self.assertIn("mail.test", text)
        self.assertIn("2 certificates", text)


class RenewTests(CertificatesCase):
    """renew"""

    def setUp(self) -> None:
        super().setUp()
        self.slept: list[float] = []
        self.time = 0.0
        self.patch(certificates, "time", self)

    def monotonic(self) -> float:
        """See ``time``."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """See ``time``; a task that waits is done in the third look."""
        self.time += seconds
        self.slept.append(seconds)
        if len(self.slept) == 2:
            self.held["Task"] = []

    def renew(self, domain: str = "example.test", wait: bool = False) -> int:
        return certificates.renew(Namespace(domain=domain, wait=wait), self.server(self.answer), self.person())

    def test_task_that_renews_by_force_is_made(self) -> None:
        self.assertEqual(self.renew(" Example.TEST. "), 0)
        name, arguments = self.asked[-1]
        task = arguments["create"]["new"]
        self.assertEqual(
            (name, task["@type"], task["domainId"], task["force"]), ("x:Task/set", "AcmeRenewal", "b", True)
        )
        self.assertLessEqual(datetime.fromisoformat(task["status"]["due"]), datetime.now(UTC))
        self.assertIn("Task t renews", self.output.getvalue())

    def test_it_can_be_waited_for(self) -> None:
        self.held["Task"] = [{"id": "t", "@type": "AcmeRenewal", "status": {"@type": "Pending"}}]
        self.assertEqual(self.renew(wait=True), 0)
        self.assertEqual(len(self.slept), 2)
        self.assertIn("is renewed", self.output.getvalue())

    def test_failure_is_told(self) -> None:
        self.held["Task"] = [failing()]
        problem = self.assertRaises(Problem, self.renew, wait=True)
        self.assertEqual((problem.code, "no DNS" in str(problem)), (REFUSED, True))

    def test_nobody_waits_for_ever(self) -> None:
        self.held["Task"] = [{"id": "t", "@type": "AcmeRenewal", "status": {"@type": "Pending"}}]
        self.slept = [0.0] * 5
        problem = self.assertRaises(Problem, self.renew, wait=True)
        self.assertIn("not there yet", str(problem))

    def test_unknown_domain(self) -> None:
        self.assertIn("no domain absent.test", str(self.assertRaises(Problem, self.renew, "absent.test")))

    def test_domain_that_is_kept_by_hand(self) -> None:
        self.assertIn("kept by hand", str(self.assertRaises(Problem, self.renew, "other.test")))

    def test_refusal(self) -> None:
        self.patch(self, "made", lambda _: {"notCreated": {"new": {"type": "forbidden", "description": "Not you."}}})
        self.assertEqual(str(self.assertRaises(Problem, self.renew)), "Not you.")
