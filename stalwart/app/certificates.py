"""Builds what ``stalwart.tls`` is made of: certificates that are served, and those that are ordered.

Ordering needs txacme, which is imported when the first domain with automatic certificates is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import deferLater

from stalwart.app.company import Company
from stalwart.app.foundations import Foundations
from stalwart.config.domains.domain import AutomaticRecords, Domain
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.dns_server import DnsServer
from stalwart.mail.delivery.addresses import is_public
from stalwart.net.acme import AcmeClient, acme_http
from stalwart.telemetry.events import STORE_ERROR
from stalwart.tls.authorities import Authorities
from stalwart.tls.challenge_answers import HttpAnswers, TlsAnswers
from stalwart.tls.expiry import ExpiryWatch
from stalwart.tls.keeping import CertificateKeeper
from stalwart.tls.plan import Plan
from stalwart.tls.renewals import Parts, Renewals, is_automatic
from stalwart.tls.selection import Certificates


@define
class CertificateParts:
    """What was built. Call ``load`` before anybody is served, ``lead`` in the process that orders, and ``close``.

    As a service, ``certificates``, it is what others ask for: ``changed``, ``reload``, ``expiries``.
    """

    served: Certificates
    keeper: CertificateKeeper
    http_answers: HttpAnswers
    tls_answers: TlsAnswers
    authorities: Authorities
    renewals: Renewals
    _below: Foundations
    _settling: float
    _service: Any = None
    _leads: bool = False
    _expiry: ExpiryWatch = field(init=False)
    _unwatch: Callable[[], None] = field(init=False)

    async def load(self) -> None:
        """Read all certificates, and follow the settings."""
        await self.keeper.load()
        self._expiry = ExpiryWatch(self._below.reactor, self._below.telemetry, lambda: self.served.pairs)
        self._unwatch = self._below.settings.watch(self._settings_changed)
        self._settings_changed()

    def lead(self) -> None:
        """Order certificates from now on."""
        self._leads = True
        self._expiry.start()
        self._settings_changed()

    async def close(self) -> None:
        """Order no more, and close what is open."""
        self._unwatch()
        self._expiry.stop()
        self.keeper.close()
        if self._service is not None:
            self._service.cancel()
            if self._service.running:
                await maybeDeferred(self._service.stopService)
        await self.authorities.close()

    async def changed(self, ids: Any) -> None:
        """See ``CertificateKeeper``."""
        await self.keeper.changed(ids)

    async def reload(self) -> None:
        """See ``CertificateKeeper``."""
        await self.keeper.reload()

    async def revoke(self, id: int, reason: str, provider_id: int | None) -> None:
        """See ``Revocations``."""
        from stalwart.tls.revocation import Revocations

        below = self._below
        revocations = Revocations(below.store, below.hashing, below.vault, self.authorities, below.reactor)
        await revocations.revoke(id, reason, provider_id)

    def expiries(self) -> Mapping[str, float]:
        """See ``CertificateKeeper``."""
        return self.keeper.expiries()

    def hear_certificate(self, id: int | None) -> None:
        """See ``Company``."""
        self.keeper.hear(id)

    def hear_challenge(self, domain_id: int) -> None:
        """See ``Company``."""
        self.tls_answers.hear(domain_id)

    def issue(self, name: str) -> Deferred[None]:
        """Get the certificate of a domain, by its name."""
        issuing: Deferred[None] = self._issuing_service().issue_cert(name)
        return issuing

    def _settings_changed(self) -> None:
        settings = self._below.settings
        providers = [provider for _, provider in settings.all(AcmeProvider)]
        self.tls_answers.is_on = not providers or any(each.challenge_type == "TlsAlpn01" for each in providers)
        wanted = self._leads and any(is_automatic(domain) for _, domain in settings.all(Domain))
        if wanted and not self._issuing_service().running:
            self._issuing_service().startService()

    def _issuing_service(self) -> Any:
        if self._service is None:
            from stalwart.tls.certificate_store import CertificateStore
            from stalwart.tls.issuing import IssuingService
            from stalwart.tls.order_journal import OrderJournal
            from stalwart.tls.ordering import Ordering

            below = self._below
            journal = OrderJournal(below.store, below.vault)
            self._service = IssuingService(
                CertificateStore(below.store, below.vault, self.renewals.save),
                below.reactor,
                Ordering(journal, below.hashing, below.reactor, below.telemetry),
                self.renewals.plan,
                self._responders_for,
                self._check,
            )
        return self._service

    async def _check(self) -> None:
        try:
            await self.renewals.ensure_tasks()
        except Exception as problem:
            self._below.telemetry.emit(STORE_ERROR, reason=f"certificates were not looked after: {problem}")

    async def _responders_for(self, plan: Plan) -> list[Any]:
        """Who answers challenges for a plan."""
        from stalwart.tls.responders import Dns01Responder, Http01Responder, TlsAlpn01Responder

        below = self._below

        async def settle() -> None:
            if self._settling:
                await deferLater(below.reactor, self._settling, lambda: None)

        found: list[Any] = [
            Http01Responder(self.http_answers),
            TlsAlpn01Responder(plan.domain_id, self.tls_answers, below.hashing, below.reactor, settle),
        ]
        management: Any = plan.domain.dns_management
        if isinstance(management, AutomaticRecords):
            from stalwart.tls.dns_proofs import DnsProofs

            server = dict(below.settings.all(DnsServer))[management.dns_server_id]
            outside = below.outgoing()
            proofs = DnsProofs(server, management.origin, below.vault, outside, below.hashing)
            found.append(Dns01Responder(proofs))
        return found


def certificate_parts(below: Foundations, company: Company) -> CertificateParts:
    """Build everything; nothing is read yet."""
    store, settings, vault = below.store, below.settings, below.vault
    clock, telemetry, hashing = below.reactor, below.telemetry, below.hashing
    served = Certificates(clock, telemetry, lambda: (_own_name(settings, below.hostname),))
    keeper = CertificateKeeper(
        store, settings, hashing, vault, served, telemetry, clock, announce=company.changed_certificate
    )

    def make_client(
        directory: str, key: str, *, account_uri: str | None, allow: Callable[[str], bool] | None = None
    ) -> AcmeClient:
        http = acme_http(clock, below.outgoing.trust_store, allow=allow)
        return AcmeClient(http, clock, directory, key, account_uri=account_uri)

    confined = partial(make_client, allow=is_public)
    authorities = Authorities(store, settings, vault, clock, make_client, confined)
    parts = Parts(
        store, settings, vault, hashing, authorities, keeper, telemetry, clock, lambda: below.outgoing().resolver
    )
    renewals = Renewals(parts)
    made = CertificateParts(
        served,
        keeper,
        HttpAnswers(store, clock),
        TlsAnswers(store, clock, telemetry, company.changed_challenges),
        authorities,
        renewals,
        below,
        company.settling,
    )
    renewals.issue = made.issue
    return made


def _own_name(settings: Settings, hostname: str) -> str:
    return settings.of(SystemSettings).default_hostname or hostname
