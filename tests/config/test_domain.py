"""x:Domain: what can be kept by hand and what by the server (settings C.6)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.domain import Domain
from stalwart.schema import ValidationFailed


class DomainTests(SynchronousTestCase):
    def problems(self, **data: Any) -> list[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, Domain.from_wire, {"name": "a.test", **data})
        return [(found.path, found.description or found.fault) for found in error.violations]

    def template(self, text: str) -> dict[str, Any]:
        return {"dkimManagement": {"@type": "Automatic", "selectorTemplate": text}}

    def test_only_the_keys_are_automatic_by_default(self) -> None:
        made = Domain.from_wire({"name": "a.test"})
        tags = (made.dkim_management.tag, made.certificate_management.tag, made.dns_management.tag)
        self.assertEqual(tags, ("Automatic", "Manual", "Manual"))

    def test_automatic_records_are_all_but_tlsa(self) -> None:
        made = Domain.from_wire({"name": "a.test", "dnsManagement": {"@type": "Automatic", "dnsServerId": "b"}})
        self.assertEqual(len(made.dns_management.publish_records), 11)
        self.assertNotIn("tlsa", made.dns_management.publish_records)

    def test_automatic_records_are_one_at_least(self) -> None:
        found = self.problems(dnsManagement={"@type": "Automatic", "dnsServerId": "b", "publishRecords": {}})
        self.assertEqual(found, [("dnsManagement/publishRecords", "MinLength")])

    def test_selector_template_may_use_a_date(self) -> None:
        made = Domain.from_wire({"name": "a.test", **self.template("s-{date-%Y}")})
        self.assertEqual(made.dkim_management.selector_template, "s-{date-%Y}")

    def test_selector_template_with_an_unknown_placeholder_is_refused(self) -> None:
        self.assertEqual(
            self.problems(**self.template("s-{moon}")),
            [("dkimManagement/selectorTemplate", "Invalid selector template")],
        )

    def test_selector_template_must_make_a_label(self) -> None:
        self.assertEqual(
            self.problems(**self.template("s {version}")),
            [("dkimManagement/selectorTemplate", "Invalid selector template")],
        )

    def test_sub_addressing_rule_is_compiled(self) -> None:
        rule = {"match": {"0": {"if": "rcpt == 'a'", "then": "'b'"}}, "else": "rcpt"}
        made = Domain.from_wire({"name": "a.test", "subAddressing": {"@type": "Custom", "customRule": rule}})
        compiled = made.sub_addressing.custom_rule.compiled
        self.assertEqual([compiled.evaluate({"rcpt": name}.get) for name in ("a", "c")], ["b", "c"])

    def test_policy_of_its_own_starts_from_defaults(self) -> None:
        made = Domain.from_wire({"name": "a.test", "mtaSts": {"mode": "enforce"}})
        self.assertEqual((made.mta_sts.mode, made.mta_sts.max_age), ("enforce", 604_800_000))

    def test_reference_s_answer_to_a_bad_name(self) -> None:
        self.assertEqual(self.problems(name="not a domain"), [("name", "Invalid domain name")])

    def test_name_must_be_given(self) -> None:
        error = self.assertRaises(ValidationFailed, Domain.from_wire, {})
        self.assertEqual(error.violations[0].entry(), {"type": "Required", "property": "name"})
