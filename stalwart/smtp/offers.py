"""What a client is offered once it has said who it is: extensions (x:MtaExtensions) and mechanisms of AUTH
(x:MtaStageAuth).

Where nobody sends without signing in, extensions are announced as to somebody who has: few clients say EHLO again
afterwards. What they may then use is found anew. A mechanism that shows a secret is offered over TLS only, or to a
client on this host if the rule says so; extensions without settings are those of the role.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.smtp.received import timestamp
from stalwart.config.mail.extensions import MtaExtensions
from stalwart.config.mail.session_stages import MtaStageAuth
from stalwart.config.settings import Settings
from stalwart.smtp.envelope import Offers, Peer
from stalwart.smtp.inbound_rules import SessionRules, Variable, is_loopback, variables_of

SOMEBODY = "somebody"
"""Who has signed in, as rules see it, where it will be known only later."""
_BUILT = ("PIPELINING", "CHUNKING", "DSN")


class Offering:
    """Finds the offers for clients. ``mechanisms`` are those built, in upper case; ``clock`` tells the time."""

    def __init__(self, settings: Settings, rules: SessionRules, mechanisms: tuple[str, ...], clock: Any) -> None:
        self._settings = settings
        self._rules = rules
        self._mechanisms = mechanisms
        self._clock = clock

    async def named(self, peer: Peer) -> None:
        """Give ``peer`` what the settings say now that its name, or its login, is known."""
        if peer.role.is_lmtp:
            peer.offers = Offers(peer.role.announces)
            return
        auth, rules, variable = self._settings.of(MtaStageAuth), self._rules, variables_of(peer)
        demands = await rules.flag(auth.require, variable, peer.role.demands_login, "require")
        failures = await rules.number(auth.max_failures, variable, 3, "maxFailures")
        delay = await rules.seconds(auth.wait_on_fail, variable, "waitOnFail")
        peer.role = evolve(peer.role, demands_login=demands)
        peer.limits = evolve(peer.limits, failed_logins=max(failures, 0), login_delay=delay)
        peer.offers = await self._offers(peer, auth, demands, variable)

    async def _offers(self, peer: Peer, auth: MtaStageAuth, demands: bool, variable: Variable) -> Offers:
        extensions, rules = self._settings.of(MtaExtensions), self._rules
        wanted = await rules.words(auth.sasl_mechanisms, variable, "saslMechanisms")
        safe = peer.is_tls or is_loopback(peer.remote_ip)
        mechanisms = tuple(each.upper() for each in wanted if safe and each.upper() in self._mechanisms)
        vrfy = await rules.flag(extensions.vrfy, variable, False, "vrfy")
        expn = await rules.flag(extensions.expn, variable, False, "expn")
        if demands and peer.login is None:
            variable = _as_somebody(variable)
        offered = [word for word in peer.role.announces if word not in _BUILT]
        for keyword, rule, name in (
            ("PIPELINING", extensions.pipelining, "pipelining"),
            ("CHUNKING", extensions.chunking, "chunking"),
            ("DSN", extensions.dsn, "dsn"),
        ):
            if await rules.flag(rule, variable, False, name):
                offered.append(keyword)
        if peer.is_tls and await rules.flag(extensions.require_tls, variable, False, "requireTls"):
            offered.append("REQUIRETLS")  # RFC 8689 2
        policy = await rules.word(extensions.mt_priority, variable, "", "mtPriority")
        if policy:
            offered.append(f"MT-PRIORITY {policy.upper()}")
        hold = int(await rules.seconds(extensions.future_release, variable, "futureRelease"))
        if hold > 0:
            offered.append(f"FUTURERELEASE {hold} {timestamp(self._clock.seconds() + hold)}")
        return Offers(tuple(offered), mechanisms, hold, vrfy, expn)


def _as_somebody(variable: Variable) -> Variable:
    return lambda name: SOMEBODY if name == "authenticated_as" else variable(name)
