"""x:Mta..., x:SenderAuth, x:QueuedMessage: expressions over the variables of their stage, required members, wrong
kinds (settings B.1, C.7, C.8).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.domains.domain import SubAddressesCustom
from stalwart.config.mail import variables
from stalwart.config.mail.connection_strategy import MtaConnectionStrategy
from stalwart.config.mail.extensions import MtaExtensions
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.mail.queued_message import QueuedMessage
from stalwart.config.mail.route import MtaRoute
from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.config.mail.sender_auth import SenderAuth
from stalwart.config.mail.session_stages import (
    MtaInboundSession,
    MtaStageAuth,
    MtaStageConnect,
    MtaStageData,
    MtaStageEhlo,
    MtaStageMail,
    MtaStageRcpt,
)
from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.mail.throttle import MtaInboundThrottle, MtaOutboundThrottle
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.config.named import note, unique_name
from stalwart.schema import Expression, Singleton, Union, ValidationFailed

_STAGES: tuple[type[Singleton], ...] = (
    *(MtaInboundSession, MtaStageConnect, MtaStageEhlo, MtaStageAuth, MtaStageMail, MtaStageRcpt, MtaStageData),
    *(SenderAuth, MtaExtensions, MtaOutboundStrategy),
)


def expressions() -> Iterator[tuple[str, Expression, Any]]:
    """Every expression of the mail settings: its place, type and default."""
    for name, declared in declarations().items():
        kinds = declared.variants.values() if isinstance(declared, Union) else (declared,)
        for kind in kinds:
            for made in kind.properties.values():
                if isinstance(made.type, Expression) and kind.__module__.startswith("stalwart.config.mail"):
                    yield f"{name}.{made.name}", made.type, made


class ExpressionTests(SynchronousTestCase):
    def test_every_default_compiles(self) -> None:
        compiled = {place: made.default_value for place, _, made in expressions()}
        without = {place for place, value in compiled.items() if value.compiled is None}
        self.assertEqual(without, {"MtaQueueQuota.match", "MtaExtensions.noSoliciting"}, "those have no rule")
        self.assertEqual(len(compiled), 65)

    def test_no_default_asks_for_a_port(self) -> None:
        self.assertEqual([place for place, _, made in expressions() if "local_port" in str(made.default)], [])

    def test_every_stage_knows_the_role_of_the_listener(self) -> None:
        self.assertEqual([place for place, type, _ in expressions() if "role" not in type.variables], [])

    def test_rule_of_sub_addresses_has_the_variables_of_recipients(self) -> None:
        type: Any = SubAddressesCustom.properties["customRule"].type
        self.assertEqual(type.variables, variables.RCPT_VARIABLES)

    def test_later_stages_know_more(self) -> None:
        self.assertLess(variables.CONNECTION_VARIABLES, variables.EHLO_VARIABLES)
        self.assertLess(variables.CONNECTION_VARIABLES, variables.MAIL_VARIABLES)
        self.assertLess(variables.MAIL_VARIABLES, variables.RCPT_VARIABLES)
        self.assertLess(variables.QUEUE_RCPT_VARIABLES, variables.QUEUE_HOST_VARIABLES)

    def test_rule_is_in_wire_form(self) -> None:
        self.assertEqual(
            variables.rule(("a", "1"), ("b", "2"), otherwise="3"),
            {"match": {"0": {"if": "a", "then": "1"}, "1": {"if": "b", "then": "2"}}, "else": "3"},
        )

    def test_words_shared_by_many_objects(self) -> None:
        name, description = unique_name("Thing"), note()
        self.assertEqual((name.unique, name.update, description.type.nullable), ("Thing.name", "immutable", True))


# What a default comes to: type, property, variables, result.
RESULTS: dict[str, tuple[type[Singleton], str, Mapping[str, Any], object]] = {
    "mx_adds_headers": (MtaStageData, "add_received_header", {"role": "mx"}, 1),
    "submission_adds_none": (MtaStageData, "add_received_header", {"role": "submission"}, 0),
    "lmtp_needs_no_auth": (MtaStageAuth, "require", {"role": "lmtp"}, 0),
    "submission_needs_auth": (MtaStageAuth, "require", {"role": "submission"}, 1),
    "mx_offers_no_auth": (MtaStageAuth, "sasl_mechanisms", {"role": "mx", "is_tls": True}, 0),
    "idle_limit_is_milliseconds": (MtaInboundSession, "timeout", {}, 300_000),
    "mx_refuses_bare_names": (MtaStageEhlo, "reject_non_fqdn", {"role": "mx"}, 1),
    "relaying_needs_a_login": (MtaStageRcpt, "allow_relaying", {"authenticated_as": ""}, 0),
    "login_may_send_by_date": (MtaExtensions, "future_release", {"authenticated_as": "a"}, 604_800_000),
    "tls_failure_is_tried_once_more": (
        MtaOutboundStrategy,
        "tls",
        {"retry_num": 1, "last_error": "tls"},
        "invalid-tls",
    ),
    "first_attempt_wants_valid_tls": (MtaOutboundStrategy, "tls", {"retry_num": 0, "last_error": "tls"}, "default"),
    "no_script_runs": (MtaStageMail, "script", {}, 0),
}


class ResultTests(SynchronousTestCase):
    """One method a default."""

    def test_submission_without_tls_offers_tokens_only(self) -> None:
        found = registry.defaults(MtaStageAuth).sasl_mechanisms.compiled.evaluate(
            {"role": "submission", "is_tls": 0}.get
        )
        self.assertEqual([str(mechanism.name) for mechanism in found], ["oauthbearer", "xoauth2"])

    def test_mx_verifies_spf(self) -> None:
        spf = registry.defaults(SenderAuth).spf_from_verify.compiled
        self.assertEqual([spf.evaluate({"role": role}.get).name for role in ("mx", "lmtp")], ["relaxed", "disable"])


def _result(
    type: type[Singleton], name: str, known: Mapping[str, Any], wanted: object
) -> Callable[[ResultTests], None]:
    def test(self: ResultTests) -> None:
        self.assertEqual(getattr(registry.defaults(type), name).compiled.evaluate(known.get), wanted)

    return test


for _name, _row in RESULTS.items():
    setattr(ResultTests, f"test_{_name}", _result(*_row))


RATE = {"count": 5, "period": 1000}

# What is wrong with a new object: type, members, path, what is said of it.
REFUSED: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "route_of_an_unknown_kind": (MtaRoute, {"@type": "Pigeon", "name": "x"}, "", "Missing or invalid '@type'"),
    "route_without_a_kind": (MtaRoute, {"name": "x"}, "", "Missing or invalid '@type'"),
    "route_without_a_name": (MtaRoute, {"@type": "Mx"}, "name", "Required"),
    "relay_without_an_address": (MtaRoute, {"@type": "Relay", "name": "x"}, "address", "Required"),
    "relay_with_a_port_too_high": (
        MtaRoute,
        {"@type": "Relay", "name": "x", "address": "a.test", "port": 65536},
        "port",
        "MaxValue",
    ),
    "local_route_with_a_port": (MtaRoute, {"@type": "Local", "name": "x", "port": 25}, "port", "Invalid property"),
    "tls_strategy_without_a_name": (MtaTlsStrategy, {}, "name", "Required"),
    "connection_strategy_without_a_name": (MtaConnectionStrategy, {}, "name", "Required"),
    "source_without_an_address": (
        MtaConnectionStrategy,
        {"name": "x", "sourceIps": {"0": {}}},
        "sourceIps/0/sourceIp",
        "Required",
    ),
    "schedule_without_a_queue": (MtaDeliverySchedule, {"name": "x"}, "queueId", "Required"),
    "schedule_without_steps": (
        MtaDeliverySchedule,
        {"name": "x", "queueId": "a", "retry": {"@type": "Custom"}},
        "retry/intervals",
        "MinLength",
    ),
    "queue_name_of_nine_letters": (MtaVirtualQueue, {"name": "abcdefghi"}, "name", "MaxLength"),
    "queue_name_of_ten_bytes": (MtaVirtualQueue, {"name": "ééééé"}, "name", "MaxLength"),
    "quota_by_an_unknown_key": (MtaQueueQuota, {"key": {"mx": True}}, "key", "Invalid key"),
    "inbound_throttle_without_a_rate": (MtaInboundThrottle, {"description": "x"}, "rate", "Required"),
    "outbound_throttle_by_an_unknown_key": (
        MtaOutboundThrottle,
        {"description": "x", "rate": RATE, "key": {"heloDomain": True}},
        "key",
        "Invalid key",
    ),
    "inbound_rule_about_a_retry": (
        MtaInboundThrottle,
        {"description": "x", "rate": RATE, "match": {"else": "retry_num > 1"}},
        "match",
        "retry_num",
    ),
    "greeting_that_knows_the_sender": (MtaStageConnect, {"hostname": {"else": "sender"}}, "hostname", "sender"),
    "mode_that_does_not_exist": (SenderAuth, {"arcVerify": {"else": "sometimes"}}, "arcVerify", "sometimes"),
    "mechanism_that_does_not_exist": (
        MtaStageAuth,
        {"saslMechanisms": {"else": "[plain, ntlm]"}},
        "saslMechanisms",
        "ntlm",
    ),
    "route_rule_about_a_host": (MtaOutboundStrategy, {"route": {"else": "mx"}}, "route", "mx"),
    "message_with_a_size": (QueuedMessage, {"size": 3}, "size", "Cannot modify server set property"),
}


class RefusalTests(SynchronousTestCase):
    """One method a refusal."""

    def test_message_can_be_tried_now(self) -> None:
        queued = QueuedMessage.from_wire({"priority": 1})
        moved = QueuedMessage.patched(queued, {"nextRetry": "2000-01-01T00:00:00Z"})
        self.assertEqual(moved.next_retry, 946_684_800)

    def test_recipient_can_be_cancelled(self) -> None:
        due = "2030-01-01T00:00:00Z"
        recipient = {"retryDue": due, "notifyDue": due, "expires": {"@type": "Attempts", "expiresAttempts": 3}}
        queued = QueuedMessage.from_wire({"recipients": {"a@x.test": recipient, "b@x.test": recipient}})
        left = QueuedMessage.patched(queued, {"recipients/a@x.test": None})
        self.assertEqual(list(left.recipients), ["b@x.test"])
        self.assertEqual(left.recipients["b@x.test"].status.tag, "Scheduled")


def _refused(type: Any, members: dict[str, Any], path: str, said: str) -> Callable[[RefusalTests], None]:
    def test(self: RefusalTests) -> None:
        (found,) = self.assertRaises(ValidationFailed, type.from_wire, members).violations
        self.assertEqual(found.path, path)
        self.assertIn(said, found.sentence())

    return test


for _name, _refusal in REFUSED.items():
    setattr(RefusalTests, f"test_{_name}_is_refused", _refused(*_refusal))
