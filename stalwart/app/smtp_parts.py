"""Builds what takes mail by SMTP and LMTP: the reception of all roles, and who signs people in.

It is built, and imported, with the first connection: a server that nobody brings mail to does without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from stalwart.app.foundations import Foundations
from stalwart.mail.authentication.checking import Checking
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.expressions import ExpressionWorld
from stalwart.mail.inbound_rates import InboundRates
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.repetitions import Repetitions
from stalwart.mail.recipients import Recipients
from stalwart.web.bans import Bans

if TYPE_CHECKING:
    from stalwart.smtp.authentication import Authenticator
    from stalwart.smtp.reception import Reception


@frozen
class Entrance:
    """What the servers of mail ask."""

    reception: Reception
    authenticator: Authenticator | None = None


@frozen
class SmtpParts:
    """What an entrance is built of."""

    below: Foundations
    io: ExpressionWorld
    recipients: Recipients
    messages: Messages
    delivering: Delivering
    quotas: Quotas
    queue: MailQueue
    signing: Signing
    checking: Checking
    own_addresses: OwnAddresses
    repetitions: Repetitions

    def entrance(self, look: Callable[[], Any], bans: Callable[[], Bans]) -> Entrance:
        """The entrance. ``look`` takes over the changes of other processes, ``bans`` knows who is kept out."""
        from stalwart.smtp.inbound import Inbound, Surroundings
        from stalwart.smtp.inbound_rules import SessionRules
        from stalwart.smtp.offers import Offering
        from stalwart.smtp.sasl import MECHANISMS, DirectoryAuthenticator
        from stalwart.smtp.sending_rights import SendingRights
        from stalwart.smtp.throttles import InboundThrottles

        below = self.below
        store, settings, telemetry, clock = below.store, below.settings, below.telemetry, below.reactor
        rules = SessionRules(settings, self.io, telemetry)
        rates = InboundRates(store, settings, telemetry, clock, lambda ip: bans().allowed(ip))
        rights = SendingRights(store, self.own_addresses, below.directory.standing, telemetry, clock)
        reception = Inbound(
            Surroundings(
                store=store,
                settings=settings,
                rules=rules,
                offering=Offering(settings, rules, tuple(MECHANISMS), clock),
                recipients=self.recipients,
                messages=self.messages,
                delivering=self.delivering,
                quotas=self.quotas,
                queue=self.queue,
                repetitions=self.repetitions,
                signing=self.signing,
                checking=self.checking,
                rights=rights,
                throttles=InboundThrottles(rates, rules),
                telemetry=telemetry,
                clock=clock,
                default_domain=lambda: str(self.io.system("domain")),
                look=look,
            )
        )
        authenticator = DirectoryAuthenticator(below.directory, rights.is_own, lambda ip: bans().blocked(ip), look)
        return Entrance(reception, authenticator)
