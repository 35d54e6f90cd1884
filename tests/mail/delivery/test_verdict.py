"""What outcomes mean."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.verdict import GRAVITY, AddressOutcome, HostOutcome, gravest, summarise


def _address(verdict: str, *problems: str) -> AddressOutcome:
    return AddressOutcome(
        "192.0.2.1", accepted=verdict != "fail", authenticated=verdict == "ok", problems=list(problems)
    )


def _host(*addresses: AddressOutcome, refused: bool = False, problems: tuple[str, ...] = ()) -> HostOutcome:
    return HostOutcome("mx.example", list(addresses), refused, list(problems))


class AddressTests(SynchronousTestCase):
    """One address."""

    def test_a_refused_dialogue_fails(self) -> None:
        self.assertEqual(AddressOutcome("192.0.2.1", accepted=False, authenticated=True).verdict, "fail")

    def test_a_policy_that_forbids_fails_whatever_was_accepted(self) -> None:
        outcome = AddressOutcome("192.0.2.1", accepted=True, authenticated=True, refused_by_policy=True)
        self.assertEqual(outcome.verdict, "fail")

    def test_without_authenticated_tls_it_is_a_warning(self) -> None:
        self.assertEqual(_address("warn").verdict, "warn")

    def test_with_it_all_is_well(self) -> None:
        self.assertEqual(_address("ok").verdict, "ok")


class SummaryTests(SynchronousTestCase):
    """All hosts."""

    def test_no_host_at_all_fails(self) -> None:
        summary = summarise([])
        self.assertEqual((summary.verdict, summary.result_type, summary.hosts), ("fail", None, []))

    def test_the_first_host_that_takes_mail_decides(self) -> None:
        hosts = [_host(_address("fail")), _host(_address("warn")), _host(_address("ok"))]
        self.assertEqual(summarise(hosts).verdict, "warn")

    def test_the_first_address_that_takes_mail_decides(self) -> None:
        self.assertEqual(_host(_address("fail"), _address("ok")).verdict, "ok")

    def test_a_host_outside_the_policy_fails(self) -> None:
        self.assertEqual(summarise([_host(_address("ok"), refused=True)]).verdict, "fail")

    def test_the_gravest_finding_of_any_host_is_named(self) -> None:
        hosts = [
            _host(_address("fail", "certificate-expired")),
            _host(_address("warn", "starttls-not-supported")),
        ]
        self.assertEqual(summarise(hosts, ["sts-policy-fetch-error"]).result_type, "starttls-not-supported")

    def test_a_policy_finding_alone_is_named_and_does_not_change_the_verdict(self) -> None:
        summary = summarise([_host(_address("ok"))], ["sts-policy-fetch-error"])
        self.assertEqual((summary.verdict, summary.result_type), ("ok", "sts-policy-fetch-error"))

    def test_the_names_are_those_of_rfc_8460(self) -> None:
        self.assertEqual(len(set(GRAVITY)), 11)
        self.assertEqual(gravest(GRAVITY), GRAVITY[0])

    def test_nothing_found_is_none(self) -> None:
        self.assertIsNone(gravest([]))
