"""Getting certificates for domains: txacme's ``AcmeIssuingService``, taught what version 0.9.3 does not know.

Kept of it are its life, its hourly check, its way of issuing a name once however many ask, and its interfaces for
responders and certificate stores. Another are: several names to a certificate, an account for each domain, and orders
that survive the process (``ordering``). What is due is decided in ``renewals``, whose tasks call ``issue_cert``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pem
from twisted.internet.defer import Deferred

from stalwart.tls.ordering import Ordering
from stalwart.tls.plan import Plan
from stalwart.tls.txacme_parts import AcmeIssuingService

CHECK_INTERVAL = timedelta(hours=1)

PlanFor = Callable[[str], Awaitable[tuple[Any, Plan]]]
"""The client and the plan for a domain's name, as things stand now."""


class IssuingService(AcmeIssuingService):
    """Issues certificates by the names of domains.

    ``plan_for`` says what to order and who speaks with the authority, ``responders_for(plan)`` who answers its
    challenges, ``check`` is done at the start and every hour.
    """

    def __init__(
        self,
        cert_store: Any,
        clock: Any,
        ordering: Ordering,
        plan_for: PlanFor,
        responders_for: Callable[[Plan], Awaitable[list[Any]]],
        check: Callable[[], Coroutine[Deferred[Any], Any, None]],
    ) -> None:
        super().__init__(cert_store, self._no_common_client, clock, [], check_interval=CHECK_INTERVAL)
        self._ordering = ordering
        self._plan_for = plan_for
        self._responders_for = responders_for
        self._check = check
        self._under_way: dict[str, Deferred[Any]] = {}
        self._waiters: Counter[str] = Counter()

    def issue_cert(self, server_name: str) -> Deferred[None]:
        """See ``AcmeIssuingService``. Whoever cancels waits no longer; the last one takes the issuance with him."""

        def left(_waiting: Deferred[None]) -> None:
            self._waiters[server_name] -= 1
            if not self._waiters[server_name] and server_name in self._under_way:
                self._under_way[server_name].cancel()

        def ended(result: Any) -> None:
            if not waiting.called:  # who has cancelled has been told
                waiting.callback(result)

        waiting: Deferred[None] = Deferred(left)
        self._waiters[server_name] += 1
        super().issue_cert(server_name).addBoth(ended)
        return waiting

    def cancel(self) -> None:
        """Give up what is under way."""
        for each in tuple(self._under_way.values()):
            each.cancel()

    def _no_common_client(self) -> Any:
        raise RuntimeError("each domain has a client of its own")

    def _check_certs(self) -> Deferred[None]:
        """Called by the timer of the service."""
        return Deferred.fromCoroutine(self._checked())

    async def _checked(self) -> None:
        await self._check()
        self.ready = True
        waiting: list[Deferred[None]] = self._waiting
        self._waiting: list[Deferred[None]] = []
        for each in waiting:
            each.callback(None)

    def _with_client(self, f: Any, server_name: str) -> Deferred[Any]:
        """Called by ``issue_cert``: ``f`` is ``_issue_cert``."""
        planning: Deferred[Any] = Deferred.fromCoroutine(_awaited(self._plan_for(server_name)))
        self._under_way[server_name] = planning

        def ended(result: Any) -> Any:
            del self._under_way[server_name], self._waiters[server_name]
            return result

        return planning.addCallback(f, server_name).addBoth(ended)

    def _issue_cert(self, planned: tuple[Any, Plan], server_name: str) -> Deferred[None]:
        """Called by ``_with_client``."""
        return Deferred.fromCoroutine(self._issue(*planned, server_name))

    async def _issue(self, client: Any, plan: Plan, server_name: str) -> None:
        responders = await self._responders_for(plan)
        obtained = await self._ordering.obtain(client, plan, responders)
        await self.cert_store.store(server_name, pem.parse(f"{obtained.key.strip()}\n{obtained.chain.strip()}\n"))


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
