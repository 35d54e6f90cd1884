"""``x:Action``: what the server is told to do at once (settings A.11, A.12).

An action is done when it is created, before the transaction of the call; nothing is stored, so none is ever found.
Each needs its own permission besides that of the type.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from attrs import asdict

from stalwart.codec.expression import ARITIES, ExpressionIO
from stalwart.codec.ids import encode_id, snowflake
from stalwart.config.domains.domain import Domain
from stalwart.config.network.listener import NetworkListener
from stalwart.config.operation.action import Action, CheckDns, CheckedDnsRecord, TryExpression
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.errors import MethodError, SetRefused
from stalwart.jmap.registry.filters import Condition
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.scoping import Scope
from stalwart.jmap.registry.waking import Wakeable
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Results
from stalwart.mail.dns_check import check_dns
from stalwart.mail.dns_findings import Finding
from stalwart.mail.domain_records import DomainFacts
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.expression_trial import languages, try_expression
from stalwart.mail.postmasters import Postmasters
from stalwart.mail.recipients import Recipients
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction

Done = Coroutine[Any, Any, None]

MOST_CHECKS = 10
"""DNS checks in one call; each may take half a minute."""

_MISSING: Mapping[str, str] = {
    "ReloadLookupStores": "Lookup stores are",
    "ClassifySpam": "The spam filter is",
    "TroubleshootDmarc": "Checking SPF, DKIM, ARC and DMARC of a message is",
}


class Sessions(Protocol):
    """See ``stalwart.directory.directory.Directory``."""

    def forget_all(self) -> None: ...


class World(Protocol):
    """See ``stalwart.app.outgoing.OutgoingWorld``."""

    def __call__(self) -> Any: ...
    def problems(self) -> tuple[str, ...]: ...
    def reload(self) -> None: ...
    def forget_answers(self) -> None: ...


class Queue(Protocol):
    """See ``stalwart.mail.queue.queue.MailQueue``."""

    async def pause(self, paused: bool) -> None: ...


class Certificates(Protocol):
    """See ``stalwart.app.certificates.CertificateParts``."""

    async def reload(self) -> None: ...
    async def revoke(self, id: int, reason: str, provider_id: int | None) -> None: ...


class Applications(Protocol):
    """See ``stalwart.site.webui.applications.Applications``."""

    async def update(self, *, anew: bool = False) -> list[str]: ...


class Authorities(Protocol):
    """See ``stalwart.tls.authorities.Authorities``."""

    async def change_key(self, id: int) -> None: ...


@handles("Action")
class ActionHandler(Handler):
    """Actions by their variants."""

    def __init__(
        self,
        declaration: Declaration,
        *,
        settings: Settings,
        directory: Sessions,
        outgoing: World,
        certificates: Certificates,
        authorities: Authorities,
        tasks: Wakeable,
        store: Store,
        domain_zones: DomainZones,
        recipients: Recipients,
        mail_queue: Queue,
        applications: Applications,
        expression_io: ExpressionIO,
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._zones = domain_zones
        self._postmasters = Postmasters(settings, recipients)
        self._queue = mail_queue
        self._applications = applications
        self._io = expression_io
        self._certificates = certificates
        self._authorities = authorities
        self._tasks = tasks
        self._directory = directory
        self._outgoing = outgoing
        self._actions: Mapping[str, Callable[[Any], Done]] = {
            "ReloadSettings": self._reload_settings,
            "ReloadTlsCertificates": self._reload_certificates,
            "ReloadBlockedIps": self._reload_blocked,
            "InvalidateCaches": self._invalidate_caches,
            "InvalidateNegativeCaches": self._invalidate_denials,
            "RevokeCertificate": self._revoke,
            "ChangeAcmeAccountKey": self._change_account_key,
            "PauseMtaQueue": self._pause,
            "ResumeMtaQueue": self._resume,
            "UpdateApps": self._update_applications,
        }

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """Refused."""
        raise MethodError("invalidArguments", "Actions are not stored, so they cannot be searched for.")

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Do what can be done, in the order of the creations."""
        for change in changes:
            if change.kind == "create" and change.refused is None:
                try:
                    change.prepared = await self._carry_out(asking, change.data)
                except StalwartError as problem:
                    change.refused = problem

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """An id for what has been done, and what came of it."""
        return snowflake(int(asking.now * 1000), tx.registry.next_id("snowflake")), change.prepared or {}

    async def _carry_out(self, asking: Asking, data: dict[str, Any]) -> dict[str, Any]:
        """The members of the result."""
        variant = data.get("@type")
        if isinstance(variant, str) and variant in Action.variants:
            if not asking.access.may(f"action{variant}"):
                raise SetRefused("forbidden", f"You are not authorized to perform the action {variant}.")
            if variant in _MISSING:
                raise SetRefused("forbidden", f"{_MISSING[variant]} not part of this server yet.")
        action: Any = self.declaration.from_wire(data)
        if action.tag == CheckDns.type_name:
            return await self._check_dns(asking, action)
        if action.tag == TryExpression.type_name:
            return await self._try_expression(action)
        await self._actions[action.tag](action)
        return {}

    async def _reload_settings(self, _action: Any) -> None:
        await self.settings.reload()

    async def _reload_blocked(self, _action: Any) -> None:
        await self.settings.reload(("BlockedIp", "AllowedIp"))

    async def _reload_certificates(self, _action: Any) -> None:
        """The server's own certificates, and the trusted authorities of outgoing connections."""
        await self._certificates.reload()
        self._outgoing.reload()
        if problems := self._outgoing.problems():
            raise SetRefused("validationFailed", "; ".join(problems))

    async def _invalidate_caches(self, _action: Any) -> None:
        self._directory.forget_all()
        self._outgoing.reload()

    async def _invalidate_denials(self, _action: Any) -> None:
        """Denials of the name service are kept among its answers, so those go too."""
        self._outgoing.forget_answers()

    async def _revoke(self, action: Any) -> None:
        """A certificate that the server cares for is followed by another."""
        await self._certificates.revoke(action.certificate_id, action.reason, action.acme_provider_id)
        self._tasks.wake()

    async def _pause(self, _action: Any) -> None:
        await self._queue.pause(True)

    async def _resume(self, _action: Any) -> None:
        await self._queue.pause(False)

    async def _update_applications(self, _action: Any) -> None:
        """What cannot be fetched goes on as it was, and is named."""
        if problems := await self._applications.update(anew=True):
            raise SetRefused("validationFailed", "; ".join(problems))

    async def _change_account_key(self, action: Any) -> None:
        await self._authorities.change_key(action.acme_provider_id)

    async def _check_dns(self, asking: Asking, action: Any) -> dict[str, Any]:
        asking.memo[CheckDns] = asking.memo.get(CheckDns, 0) + 1
        if asking.memo[CheckDns] > MOST_CHECKS:
            raise SetRefused("rateLimit", f"At most {MOST_CHECKS} domains are checked in one call.")
        facts = await self._store.read(lambda tx: self._facts(tx, asking, action.domain_id))
        outside = self._outgoing()
        listening = {listener.protocol for _, listener in self.settings.all(NetworkListener)}
        is_lacking = bool(await self._postmasters.lacking((action.domain_id,)))
        unreachable = encode_id(action.domain_id) if is_lacking else None
        found = await check_dns(facts, outside.resolver, outside.reactor, listening, unreachable)
        return {"records": {str(place): _record(each) for place, each in enumerate(found)}}

    async def _try_expression(self, action: Any) -> dict[str, Any]:
        language = languages().get((action.group, action.property))
        if language is None:
            raise SetRefused("invalidProperties", "There is no such expression.", properties=["group", "property"])
        trial = await try_expression(language, action.expression.to_wire(), action.variables, self._io)
        known = {
            "knownVariables": language.variables,
            "knownConstants": language.constants,
            "knownFunctions": (f"{name}/{arity}" for name, arity in ARITIES.items()),
        }
        return asdict(trial) | {name: dict.fromkeys(sorted(words), True) for name, words in known.items()}

    def _facts(self, tx: Transaction, asking: Asking, id: int) -> DomainFacts:
        """What is known of a domain. Raises NotFound, also for one that the client may not see."""
        row = tx.registry.get(Domain.type_name, id)
        if row is None or not Scope.of(Domain, tx, asking).shows(row.data):
            raise NotFound("There is no such domain.")
        return self._zones.facts(tx, id, Domain.from_stored(row.data))


def _record(finding: Finding) -> dict[str, Any]:
    """An x:CheckedDnsRecord on the wire."""
    members = {"type": finding.type, "name": finding.name, "expected": finding.expected, "state": finding.state}
    found = dict.fromkeys(finding.found, True)
    return CheckedDnsRecord.from_wire({**members, "found": found, "advice": finding.advice}).to_wire()
