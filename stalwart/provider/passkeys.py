"""Passkeys: signing in with them, as the only proof or beside a password, and enrolling them (WebAuthn 3).

A challenge is good once and for five minutes, whichever process it was made in; of a sign-in the store has a digest of
its ticket. Who signs in without a name is whoever the passkey belongs to, and then the authenticator must have verified
its user. What else an account must fulfil (auth-api 2.4) is asked of the directory. Failures count as failed logins.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from stalwart.directory import passkey_records
from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.directory.failures import LoginFailed
from stalwart.directory.passkey_records import Details, Passkey
from stalwart.errors import Forbidden, Invalid, NotFound
from stalwart.provider.relying_party import TIME_LIMIT, Proof, RelyingParty, Unproved, in_base64url, of_base64url
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_PASSKEY_COPIED

_KIND = "passkey-challenge"
_LONGEST = 1400
"""Letters of the id of a credential: 1023 bytes in base64url (WebAuthn 3 5.8.3), and of a ticket."""


class Passkeys:
    """The passkeys of everybody. ``base_url`` is empty where the server does not know its own address; then the
    ``origin`` of the request has to be given.
    """

    def __init__(self, store: Store, directory: Directory, clock: Any, telemetry: Telemetry, base_url: str) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._telemetry = telemetry
        self._base_url = base_url

    async def begin_sign_in(self, account_id: int | None = None, *, origin: str = "") -> tuple[str, dict[str, Any]]:
        """A ticket, and the PublicKeyCredentialRequestOptionsJSON for the browser.

        ``account_id`` is an account whose password has just been proved: its passkey is the second factor then.
        Raises Unavailable where there can be no passkeys.
        """
        party = RelyingParty.at(self._base_url or origin)
        ticket, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
        kept = {"challenge": in_base64url(challenge), "url": self._base_url or origin, "account": account_id}

        def begin(tx: Transaction) -> list[Passkey]:
            self._keep(tx, _digest(ticket), kept)
            return passkey_records.of_account(tx, account_id) if account_id is not None else []

        allowed = await self._store.write(begin)
        return ticket, party.request_options(challenge, allowed, alone=account_id is None)

    async def finish_sign_in(self, ticket: str, response: Mapping[str, Any], client_ip: str) -> Access:
        """The access of whose passkey has answered; ``response`` is an AuthenticationResponseJSON.

        Raises Unauthenticated, Forbidden (the account may not sign in, or not from here), TooMany (the address is
        banned).
        """
        try:
            passkey, proof = await self._proved(ticket, response)
            access = await self._directory.account_access(passkey.account_id, client_ip)
            if not access.may("authenticate"):
                raise Forbidden()
            await self._count(passkey, proof, client_ip)
        except Unproved as problem:
            raise await self._directory.count_failure(f"passkey: {problem}", client_ip) from None
        except LoginFailed as failure:
            raise await self._directory.count_failure(
                failure.reason, client_ip, failure.login, failure.answer
            ) from None
        return access

    async def has_any(self, account_id: int) -> bool:
        """Whether an account has passkeys."""
        return bool(await self._store.read(lambda tx: passkey_records.of_account(tx, account_id)))

    def begin_enrolment(
        self,
        tx: Transaction,
        account_id: int,
        login: str,
        name: str | None,
        wanted: Mapping[str, Any],
        *,
        origin: str = "",
    ) -> tuple[int, dict[str, Any]]:
        """The number of a passkey that is to be, and the PublicKeyCredentialCreationOptionsJSON for the browser.

        ``wanted`` are its ``description`` and whether it is ``required``. Raises OverQuota, Unavailable.
        """
        party = RelyingParty.at(self._base_url or origin)
        passkey_records.check_number(tx, account_id)
        known = passkey_records.of_account(tx, account_id)
        handle = known[0].details.user_handle if known else secrets.token_urlsafe(32)
        details = Details(id=passkey_records.fresh_id(), user_handle=handle, **wanted)
        challenge = secrets.token_bytes(32)
        kept = {
            "challenge": in_base64url(challenge),
            "url": self._base_url or origin,
            "details": msgspec.to_builtins(details),
        }
        self._keep(tx, _enrolment(account_id, details.id), kept)
        return details.id, party.creation_options(challenge, handle, login, name, known)

    async def finish_enrolment(self, account_id: int, id: int, response: Mapping[str, Any]) -> tuple[str, Details]:
        """The credential that a RegistrationResponseJSON has brought, for ``passkey_records.insert``.

        Raises NotFound if nobody waits for it (any more), Invalid; after either a new enrolment has to be begun.
        """
        kept = await self._store.write(lambda tx: tx.tokens.take(_enrolment(account_id, id), _KIND, self._now()))
        if kept is None:
            raise NotFound("The enrolment of this passkey was not begun, or took too long. Begin a new one.")
        try:
            found = RelyingParty.at(kept["url"]).enrolled(of_base64url(kept["challenge"]), response)
        except Unproved as problem:
            raise Invalid(f"The passkey was not accepted: {problem}. Begin a new enrolment.", ("response",)) from None
        details = msgspec.structs.replace(
            msgspec.convert(kept["details"], Details),
            public_key=found.public_key,
            sign_count=found.sign_count,
            transports=found.transports,
            aaguid=found.aaguid,
            backed_up=found.backed_up,
        )
        return found.credential, details

    async def _proved(self, ticket: str, response: Mapping[str, Any]) -> tuple[Passkey, Proof]:
        """Whose passkey has answered the challenge of ``ticket``, which is used up. Raises Unproved."""
        credential = response.get("id")
        known = isinstance(credential, str) and len(credential) <= _LONGEST and credential.isascii()

        def take(tx: Transaction) -> tuple[dict[str, Any] | None, Passkey | None]:
            kept = tx.tokens.take(_digest(ticket[:_LONGEST]), _KIND, self._now())
            return kept, passkey_records.find(tx, str(credential)) if known else None

        kept, passkey = await self._store.write(take)
        if kept is None or passkey is None:
            raise Unproved("unknown or used ticket" if kept is None else "unknown credential")
        if kept["account"] not in (None, passkey.account_id):
            raise Unproved("the passkey of another account")
        party = RelyingParty.at(kept["url"])
        challenge = of_base64url(kept["challenge"])
        return passkey, party.proved(challenge, response, passkey, alone=kept["account"] is None)

    async def _count(self, passkey: Passkey, proof: Proof, client_ip: str) -> None:
        """Note the use. Raises Unproved if the counter has not moved on: there is a copy (WebAuthn 3 6.1.1)."""
        now = self._now()

        def count(tx: Transaction) -> str | None:
            present = passkey_records.find(tx, passkey.credential)
            if present is None:
                return "removed meanwhile"
            last = present.details.sign_count
            if (proof.sign_count or last) and proof.sign_count <= last:
                return "copied"
            passkey_records.change(tx, present, sign_count=proof.sign_count, backed_up=proof.backed_up, used_at=now)
            return None

        problem = await self._store.write(count)
        if problem == "copied":
            self._telemetry.emit(AUTH_PASSKEY_COPIED, accountId=passkey.account_id, remoteIp=client_ip)
        if problem is not None:
            raise Unproved(problem)

    def _keep(self, tx: Transaction, id: str, kept: Mapping[str, Any]) -> None:
        tx.tokens.put(id, _KIND, kept, expires_at=self._now() + TIME_LIMIT)

    def _now(self) -> int:
        return int(self._clock.seconds())


def _digest(ticket: str) -> str:
    return sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()


def _enrolment(account_id: int, id: int) -> str:
    return f"{account_id}:{id}"
