"""One order at a certificate authority, from its beginning, or from where a former process left it (RFC 8555 7.4).

Whatever is irreversible is written down first (``order_journal``): the key before the order, the order before its names
are proved. So a process may be killed anywhere, and the next one fetches the certificate of the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from attrs import evolve
from twisted.internet.defer import DeferredSemaphore, maybeDeferred

from stalwart.directory.hashing import Hashing
from stalwart.net.acme import (
    AcmeClient,
    AcmeProblem,
    Authorization,
    Challenge,
    Order,
    certificate_id,
    check_chain,
    csr_for,
    new_key_pem,
)
from stalwart.net.side_by_side import side_by_side
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    ACME_AUTH_ERROR,
    ACME_AUTH_START,
    ACME_AUTH_VALID,
    ACME_ORDER_COMPLETED,
    ACME_ORDER_INVALID,
    ACME_ORDER_READY,
    ACME_ORDER_START,
    ACME_PROCESS_CERT,
)
from stalwart.tls.names import listed_names
from stalwart.tls.order_journal import Entry, OrderJournal, same_names
from stalwart.tls.plan import Obtained, Plan
from stalwart.tls.txacme_parts import challenge_of, response_of

PROVED_AT_ONCE = 10
CHALLENGE_OF = {"TlsAlpn01": "tls-alpn-01", "Http01": "http-01", "Dns01": "dns-01"}
"""Kinds of challenges in RFC 8555's words, by those of x:AcmeProvider."""

_ISSUED = ("processing", "valid")
_NOT_REPLACED = ("alreadyReplaced", "malformed", "unauthorized")
"""Refusals that may be about the former certificate alone: it was replaced, has other names, is of another account."""


class Ordering:
    """Carries orders out."""

    def __init__(self, journal: OrderJournal, hashing: Hashing, clock: Any, telemetry: Telemetry) -> None:
        self._journal = journal
        self._hashing = hashing
        self._clock = clock
        self._telemetry = telemetry

    async def obtain(self, client: AcmeClient, plan: Plan, responders: Sequence[Any]) -> Obtained:
        """The certificate. Raises AcmeProblem; an order that cannot succeed any more is forgotten then."""
        try:
            entry, order = await self._resumed(client, plan) or await self._begun(client, plan)
            plan = evolve(plan, names=entry.names)
            order = await self._proved(client, plan, order, responders)
            if order.status == "ready":
                self._tell(ACME_ORDER_READY, plan, url=order.url)
                csr = await self._hashing.run(partial(csr_for, plan.names, entry.key))
                order = await client.finalize(order, csr)
            order = await client.settled_order(order)
            chain, is_preferred = await client.certificate(order, plan.provider.preferred_chain)
            now = self._clock.seconds()
            found = await self._hashing.run(partial(check_chain, chain, plan.names, entry.key, now))
            if plan.domain.member_tenant_id is not None and set(found.names).difference(plan.names):
                raise AcmeProblem("unusableCertificate", "The certificate that was issued is for other names, too.")
        except AcmeProblem as problem:
            if not problem.is_temporary and problem.kind != "dns":
                await self._journal.forget(plan.domain_id)
                self._tell(ACME_ORDER_INVALID, plan, reason=problem.detail)
            raise
        if not is_preferred:
            self._tell(ACME_PROCESS_CERT, plan, reason="the authority has no chain with the preferred root")
        self._tell(ACME_ORDER_COMPLETED, plan, url=order.url)
        return Obtained(chain, entry.key)

    async def _resumed(self, client: AcmeClient, plan: Plan) -> tuple[Entry, Order] | None:
        """The order that a former process has begun, if it can still be finished."""
        entry = await self._journal.entry(plan.domain_id, self._clock.seconds())
        if entry is None or entry.provider_id != plan.provider_id:
            return None
        is_same = same_names(entry.names, plan.names)
        if entry.url is None:
            return await self._ordered(client, plan, entry) if is_same else None
        try:
            order = await client.order(entry.url)
        except AcmeProblem as problem:
            if problem.is_temporary:
                raise
            return None  # the authority has forgotten it
        if not is_same and (order.status not in _ISSUED or listed_names(plan.domain)):
            return None  # what is issued is taken all the same, if nobody has asked for other names
        is_other = order.profile is not None and order.profile != plan.provider.profile
        return None if is_other or order.status == "invalid" else (entry, order)

    async def _begun(self, client: AcmeClient, plan: Plan) -> tuple[Entry, Order]:
        reused = plan.former_key if plan.provider.reuse_key else None
        key = reused if reused is not None else await self._hashing.run(new_key_pem)
        return await self._ordered(client, plan, Entry(plan.provider_id, plan.names, key, int(self._clock.seconds())))

    async def _ordered(self, client: AcmeClient, plan: Plan, entry: Entry) -> tuple[Entry, Order]:
        await self._journal.write(plan.domain_id, entry)
        directory = await client.directory()
        replaces = None
        if plan.former is not None and directory.has_renewal_info:
            replaces = _name_of(plan.former)
        self._tell(ACME_ORDER_START, plan, url=plan.provider.directory)
        try:
            order = await client.new_order(plan.names, profile=plan.provider.profile, replaces=replaces)
        except AcmeProblem as problem:
            if replaces is None or problem.kind not in _NOT_REPLACED:
                raise
            order = await client.new_order(plan.names, profile=plan.provider.profile)
        entry = evolve(entry, url=order.url)
        await self._journal.write(plan.domain_id, entry)
        return entry, order

    async def _proved(self, client: AcmeClient, plan: Plan, order: Order, responders: Sequence[Any]) -> Order:
        if order.status != "pending":
            return order
        places = DeferredSemaphore(PROVED_AT_ONCE)

        async def prove(url: str) -> AcmeProblem | None:
            await places.acquire()
            try:
                await self._prove(client, plan, await client.authorization(url), responders)
            except AcmeProblem as problem:
                return problem  # proofs of other names that are under way would count as failed ones
            finally:
                places.release()
            return None

        for problem in await side_by_side(*(prove(url) for url in order.authorizations)):
            if problem is not None:
                raise problem
        return await client.decided_order(order.url)

    async def _prove(
        self, client: AcmeClient, plan: Plan, authorization: Authorization, responders: Sequence[Any]
    ) -> None:
        """Prove one name, unless that is done already."""
        if authorization.status == "valid":
            return
        name = authorization.name
        offered, responder = _choice(plan, authorization, responders)
        try:
            challenge = challenge_of(offered.type, offered.token)
        except ValueError as problem:
            raise AcmeProblem("malformed", str(problem)) from problem
        response = response_of(challenge, client.key_authorization(offered.token))
        self._tell(ACME_AUTH_START, plan, hostname=name, type=offered.type)
        try:
            await maybeDeferred(responder.start_responding, name, challenge, response)
            await client.answer(offered)
            await client.settled_authorization(authorization.url)
        except AcmeProblem as problem:
            self._tell(ACME_AUTH_ERROR, plan, hostname=name, reason=problem.detail)
            if name not in problem.detail:
                problem.detail = f"{name}: {problem.detail}"
            raise
        finally:
            await maybeDeferred(responder.stop_responding, name, challenge, response)
        self._tell(ACME_AUTH_VALID, plan, hostname=name)

    def _tell(self, event: Any, plan: Plan, **keys: Any) -> None:
        self._telemetry.emit(event, domain=plan.domain.name, **keys)


def _name_of(certificate: bytes) -> str | None:
    """How an authority calls a certificate; None for one that has no such name (RFC 9773 4.1)."""
    try:
        return certificate_id(certificate)
    except AcmeProblem:
        return None


def _choice(plan: Plan, authorization: Authorization, responders: Sequence[Any]) -> tuple[Challenge, Any]:
    """The challenge of the kind that the account is set to, and who answers it. Raises AcmeProblem."""
    wanted = CHALLENGE_OF.get(plan.provider.challenge_type)
    responder = next((each for each in responders if each.challenge_type == wanted), None)
    offered = next((each for each in authorization.challenges if each.type == wanted), None)
    if responder is None:
        raise AcmeProblem("malformed", f"Challenges of the type {plan.provider.challenge_type} cannot be answered.")
    if offered is None:
        kinds = ", ".join(sorted(each.type for each in authorization.challenges)) or "nothing"
        raise AcmeProblem(
            "malformed",
            f"The authority offers {kinds} for {authorization.name}, but the account is set to {wanted}; choose "
            "another challengeType.",
        )
    return offered, responder
