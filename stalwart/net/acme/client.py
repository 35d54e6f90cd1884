"""A client of certificate authorities (RFC 8555; RFC 9773 renewal information; profiles of orders).

One client speaks for one account. Requests are signed with a nonce that was got before; a nonce that the authority does
not want any more is replaced, and the request repeated. While something is awaited, an authority that fails now and
then is asked again; else its errors are raised as they come, with the time after which it wants to be asked again.
"""

from __future__ import annotations

import random as chance
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from twisted.internet.task import deferLater

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.net.acme.account_key import AccountKey, base64url
from stalwart.net.acme.certificates import certificate_id, issuers, normal_chain
from stalwart.net.acme.head_fields import absolute, first, http_date, links, nonce_in, retry_after
from stalwart.net.acme.problems import AcmeProblem, AcmeUnreachable, host_of, refusal
from stalwart.net.acme.resources import (
    Authorization,
    Challenge,
    Directory,
    ExternalAccount,
    Order,
    RenewalInfo,
    Unusable,
    authorization_of,
    directory_of,
    order_of,
    renewal_info_of,
)
from stalwart.net.acme.transport import Answer, Transport

NONCE_ATTEMPTS = 10
PATIENCE = 600.0
"""Seconds for which an authority may make up its mind about a name, or about an order."""

MOST_OFF = 3600.0
"""Seconds by which the clock of this machine may differ from the authority's."""

_DIRECTORY_LIFETIME = 6 * 3600.0
_MOST_NONCES = 20
_MOST_ALTERNATES = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_PEM = "application/pem-certificate-chain"
_UNDECIDED = ("pending", "processing")


class AcmeClient:
    """Speaks with the authority whose directory is at ``directory_url``, for the account of ``key_pem``.

    ``account_uri`` is where the account is, None before ``register``. All methods raise AcmeProblem, of the kind
    ``accountDoesNotExist`` if the authority has forgotten the account.
    """

    def __init__(
        self,
        http: Transport,
        clock: Any,
        directory_url: str,
        key_pem: str,
        *,
        account_uri: str | None = None,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._http = http
        self._clock = clock
        self._directory_url = directory_url
        self._key = AccountKey(key_pem)
        self._random = random
        self._nonces: list[str] = []
        self._directory: tuple[float, Directory] | None = None
        self._offset = 0.0
        self.account_uri = account_uri

    async def close(self) -> None:
        """Drop all connections."""
        await self._http.close()

    # Accounts (RFC 8555 7.1.1, 7.3)

    async def directory(self) -> Directory:
        """What the authority offers; asked for again every few hours."""
        now = self._clock.seconds()
        if self._directory is None or self._directory[0] < now:
            document = await self._get(self._directory_url)
            try:
                found = directory_of(document)
            except Unusable as problem:
                raise AcmeUnreachable(f"What {self._directory_url} answers {problem}.") from None
            self._directory = (now + _DIRECTORY_LIFETIME, found)
        return self._directory[1]

    async def register(
        self, contact: Iterable[str], external: ExternalAccount | None = None, *, existing_only: bool = False
    ) -> str:
        """The URL of the account, which is made unless there is one of this key; terms of service are agreed to."""
        url = await self._resource("newAccount")
        payload: dict[str, Any] = {"onlyReturnExisting": True}
        if not existing_only:
            payload = {"termsOfServiceAgreed": True, "contact": _contact(contact)}
        if external is not None:
            payload["externalAccountBinding"] = self._key.bound_to(external, url)
        answer = await self._post(url, payload, by=self._key)
        self.account_uri = _location(url, answer)
        return self.account_uri

    async def update_contact(self, contact: Iterable[str]) -> None:
        """RFC 8555 7.3.2."""
        await self._post(self._account(), {"contact": _contact(contact)})

    async def deactivate(self) -> None:
        """RFC 8555 7.3.6: for good."""
        await self._post(self._account(), {"status": "deactivated"})

    async def change_key(self, new_key_pem: str) -> None:
        """Have the account signed for with another key from now on (RFC 8555 7.3.5).

        A request that had to be repeated is refused if the first one was heard; so who is refused asks which key holds.
        """
        url = await self._resource("keyChange")
        new = AccountKey(new_key_pem)
        try:
            await self._post(url, new.succeeding(self._key, self._account(), url))
        except AcmeProblem as problem:
            if problem.is_temporary or not await self._is_of(new):
                raise
        self._key = new

    def key_authorization(self, token: str) -> str:
        """RFC 8555 8.1."""
        return f"{token}.{self._key.thumbprint}"

    # Orders (RFC 8555 7.4, 7.5)

    async def new_order(
        self, names: Sequence[str], *, profile: str | None = None, replaces: str | None = None
    ) -> Order:
        """Ask for a certificate; ``replaces`` is the ``certificate_id`` of a former one (RFC 9773 5)."""
        url = await self._resource("newOrder")
        if abs(self._offset) > MOST_OFF:
            self._directory = None  # somebody may have set the clock since: look again
            url = await self._resource("newOrder")
        if abs(self._offset) > MOST_OFF:
            raise AcmeProblem(
                "local",
                f"The clock of this machine is {abs(self._offset) / 3600:.1f} hours "
                f"{'behind' if self._offset > 0 else 'ahead of'} that of {host_of(url)}; set it right.",
            )
        payload: dict[str, Any] = {"identifiers": [{"type": "dns", "value": name} for name in names]}
        payload |= {name: value for name, value in (("profile", profile), ("replaces", replaces)) if value is not None}
        answer = await self._post(url, payload)
        return self._order(_location(url, answer), answer)

    async def order(self, url: str) -> Order:
        """An order as it is now."""
        return self._order(url, await self._post(url, None))

    async def authorization(self, url: str) -> Authorization:
        """Whether a name is proved, and how it can be."""
        answer = await self._post(url, None)
        try:
            return authorization_of(url, self._object(url, answer), self._again(answer))
        except Unusable as problem:
            raise AcmeUnreachable(f"What {host_of(url)} answers {problem}.") from None

    async def answer(self, challenge: Challenge) -> None:
        """Have a challenge looked at (RFC 8555 7.5.1); whoever answers it has to be ready."""
        if challenge.status == "pending":
            await self._post(challenge.url, {})

    async def settled_authorization(self, url: str) -> Authorization:
        """The authorization when it is valid; raises what the authority found wrong with the proof."""
        found = await self._settled(url, lambda: self.authorization(url), None)
        if found.status != "valid":
            text = f"The authorization of {found.name} is {found.status}."
            raise found.error or AcmeProblem("unauthorized", text)
        return found

    async def finalize(self, order: Order, csr: bytes) -> Order:
        """Send the request for the certificate of an order that is ready; ``csr`` in DER."""
        try:
            return self._order(order.url, await self._post(order.finalize, {"csr": base64url(csr)}))
        except AcmeProblem as problem:
            if problem.kind != "orderNotReady":
                raise
            known = await self.order(order.url)
            if known.status not in ("processing", "valid"):
                raise
            return known  # it was here before, and its answer was lost

    async def decided_order(self, url: str) -> Order:
        """The order when the authority has seen that all its names are proved, or that one is not."""
        found: Order = await self._settled(url, lambda: self.order(url), None)
        return found

    async def settled_order(self, order: Order) -> Order:
        """The order when its certificate is there; raises what the authority found wrong."""
        found = await self._settled(order.url, lambda: self.order(order.url), order)
        if found.status != "valid" or found.certificate is None:
            raise found.error or AcmeProblem("orderNotReady", f"The order is {found.status} and has no certificate.")
        return found

    async def certificate(self, order: Order, preferred: str | None = None) -> tuple[str, bool]:
        """The chain in PEM, and whether it leads to ``preferred``, the common name of a root (RFC 8555 7.4.2)."""
        url = order.certificate or ""
        answer = await self._post(url, None, accept=_PEM)
        usual = _chain(url, answer)
        if preferred is None or preferred in issuers(usual):
            return usual, True
        for other in links(url, answer.heads).get("alternate", ())[:_MOST_ALTERNATES]:
            try:
                chain = _chain(other, await self._post(other, None, accept=_PEM))
            except AcmeProblem:
                continue  # the usual chain is better than none
            if preferred in issuers(chain):
                return chain, True
        return usual, False

    # Afterwards (RFC 8555 7.6, RFC 9773)

    async def revoke(self, der: bytes, reason: int | None = None, *, key_pem: str | None = None) -> None:
        """Have a certificate revoked, unless it is already; ``reason`` as in RFC 5280 5.3.1.

        ``key_pem`` is the certificate's own key; without it, the certificate has to be of this account.
        """
        url = await self._resource("revokeCert")
        payload: dict[str, Any] = {"certificate": base64url(der)}
        if reason is not None:
            payload["reason"] = reason
        try:
            await self._post(url, payload, by=None if key_pem is None else AccountKey(key_pem))
        except AcmeProblem as problem:
            if problem.kind != "alreadyRevoked":
                raise

    async def renewal_info(self, der: bytes) -> RenewalInfo | None:
        """When the authority wants a certificate to be renewed; None if it does not say."""
        directory = await self.directory()
        if not directory.has_renewal_info:
            return None
        try:
            url = f"{directory.resources['renewalInfo'].rstrip('/')}/{certificate_id(der)}"
        except AcmeProblem:
            return None  # it has no name that could be asked for
        try:
            answer = await self._send("GET", url, None, None)
            return renewal_info_of(self._object(url, answer), self._again(answer))
        except Unusable as problem:
            raise AcmeUnreachable(f"What {host_of(url)} answers {problem}.") from None
        except AcmeProblem as problem:
            if problem.status == 404:
                return None
            raise

    # Requests (RFC 8555 6)

    async def _settled(self, url: str, ask: Callable[[], Awaitable[Any]], known: Any) -> Any:
        """Ask until the status is decided; failures that may pass are taken as silence."""
        ends = self._clock.seconds() + PATIENCE
        pause = _FIRST_PAUSE
        problem: AcmeProblem | None = None
        while True:
            if known is None:
                try:
                    known, problem = await ask(), None
                except AcmeProblem as found:
                    if not found.is_temporary:
                        raise
                    problem = found
            if known is not None and known.status not in _UNDECIDED:
                return known
            again = problem.retry_after if problem is not None else known.retry_after
            left = ends - self._clock.seconds()
            if left <= 0 or (again or 0) > PATIENCE:
                raise problem or AcmeUnreachable(f"{host_of(url)} has not decided yet.", retry_after=again)
            wait = max(again, 1.0) if again is not None else pause * (0.75 + self._random() / 2)
            await deferLater(self._clock, min(wait, left), lambda: None)
            pause = min(pause * 2, _LONGEST_PAUSE)
            known = None

    async def _post(
        self,
        url: str,
        payload: Mapping[str, Any] | None,
        *,
        by: AccountKey | None = None,
        accept: str | None = None,
    ) -> Answer:
        """A signed request; ``payload`` None: to read (6.3). ``by``: a key that stands for itself."""
        content = b"" if payload is None else msgspec.json.encode(payload)
        key = by or self._key
        signer: dict[str, Any] = {"kid": self._account()} if by is None else {"jwk": by.jwk}
        attempts = NONCE_ATTEMPTS
        while True:
            protected = {**signer, "nonce": await self._nonce(), "url": url}
            body = msgspec.json.encode(key.sign(content, protected))
            try:
                return await self._send("POST", url, body, accept)
            except AcmeProblem as problem:
                attempts -= 1
                if problem.kind != "badNonce" or not attempts:
                    raise

    async def _nonce(self) -> str:
        if not self._nonces:
            url = await self._resource("newNonce")
            await self._send("HEAD", url, None, None)
            if not self._nonces:
                raise AcmeUnreachable(f"{host_of(url)} gives no nonce.")
        return self._nonces.pop()

    async def _get(self, url: str) -> dict[str, Any]:
        return self._object(url, await self._send("GET", url, None, None))

    async def _send(self, method: str, url: str, body: bytes | None, accept: str | None) -> Answer:
        heads = {"Accept": accept or "application/json", "User-Agent": "Stalwart"}
        if body is not None:
            heads["Content-Type"] = "application/jose+json"
        answer = await self._http.request(method, url, heads, body)
        self._look_at(answer)
        if 200 <= answer.status < 300:
            return answer
        if answer.status == 404:
            self._directory = None
        raise refusal(url, answer.status, answer.heads, _decoded(answer.body), self._clock.seconds())

    def _look_at(self, answer: Answer) -> None:
        """Keep the nonce, and what the authority's clock says (RFC 9110 6.6.1)."""
        nonce = nonce_in(answer.heads)
        if nonce is not None:
            self._nonces.append(nonce)
            del self._nonces[:-_MOST_NONCES]
        moment = http_date(first(answer.heads, "date"))
        if moment is not None:
            self._offset = moment - self._clock.seconds()

    async def _is_of(self, key: AccountKey) -> bool:
        """Whether the account is signed for with ``key`` (RFC 8555 7.3.1). Raises AcmeProblem if it cannot be asked."""
        url = await self._resource("newAccount")
        try:
            answer = await self._post(url, {"onlyReturnExisting": True}, by=key)
        except AcmeProblem as problem:
            if problem.is_temporary:
                raise
            return False
        return absolute(url, first(answer.heads, "location") or "") == self.account_uri

    async def _resource(self, name: str) -> str:
        found = (await self.directory()).resources.get(name)
        if found is None:
            raise AcmeProblem("unsupported", f"{host_of(self._directory_url)} does not offer {name}.")
        return found

    def _account(self) -> str:
        if self.account_uri is None:
            raise AcmeProblem("accountDoesNotExist", "There is no account yet.")
        return self.account_uri

    def _order(self, url: str, answer: Answer) -> Order:
        try:
            return order_of(url, self._object(url, answer), self._again(answer))
        except Unusable as problem:
            raise AcmeUnreachable(f"What {host_of(url)} answers {problem}.") from None

    def _again(self, answer: Answer) -> float | None:
        return retry_after(answer.heads, self._clock.seconds())

    def _object(self, url: str, answer: Answer) -> dict[str, Any]:
        document = _decoded(answer.body)
        if document is None:
            raise AcmeUnreachable(f"{host_of(url)} does not answer in JSON; is this the address of an ACME directory?")
        return document


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _contact(addresses: Iterable[str]) -> list[str]:
    return [each if ":" in each else f"mailto:{each}" for each in addresses]


def _location(url: str, answer: Answer) -> str:
    found = absolute(url, first(answer.heads, "location") or "") if first(answer.heads, "location") else None
    if found is None:
        raise AcmeUnreachable(f"{host_of(url)} does not say where the object is that it made.")
    return found


def _chain(url: str, answer: Answer) -> str:
    try:
        return normal_chain(answer.body.decode("ascii", "replace"))
    except UnreadablePem as problem:
        text = f"The certificate from {host_of(url)} cannot be read: {problem}."
        raise AcmeProblem("unusableCertificate", text) from None
