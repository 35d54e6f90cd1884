"""Accounts as they are written: functions over a transaction, for callers that write other things with them.

Secrets come in hashed already, because hashing is slow and a transaction is not the place for it. The
settings object and the object store's own row of an account are kept in step here. Who may do this is the
caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.catalogue import declarations
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.directory import credentials, hashes, passkey_records, recovery_codes
from stalwart.errors import Invalid, NotFound, OverQuota
from stalwart.schema import Declaration, UtcDateTime
from stalwart.store.store import Transaction


def insert(
    tx: Transaction, members: Mapping[str, Any], now: float, id: int | None = None, *, by_server: bool = True
) -> registry.Entry:
    """A new account of wire ``members`` (with `@type`); passwords in it are hashes. Raises as `registry.create`.

    ``by_server`` False: the members come from a client.
    """
    number = free_id(tx) if id is None else id
    entry = registry.create(tx, Account, members, now=now, id=number, by_server=by_server)
    tx.accounts.create(entry.id, address_of(tx, entry.value), entry.value.tag.lower())
    return entry


def free_id(tx: Transaction) -> int:
    """The next account id; those that restored accounts have taken are passed over."""
    while True:
        number = tx.registry.next_id(Account.type_name, Account.first_id)
        if tx.accounts.get(number) is None:
            return number


def moved(tx: Transaction, account_id: int, former: Any, account: Any) -> None:
    """Tell the object store if ``account`` has another address than ``former`` had. Raises Conflict."""
    if (former.name, former.domain_id) != (account.name, account.domain_id):
        tx.accounts.rename(account_id, address_of(tx, account))


def domain_renamed(tx: Transaction, domain_id: int, name: str) -> list[int]:
    """Give the accounts of a domain, which is called ``name`` now, their new addresses; who they are."""
    ids = tx.registry.search(Account.type_name, index.term(Account, "domainId", "=", encode_id(domain_id)))
    for row in tx.registry.many(Account.type_name, ids).values():
        tx.accounts.rename(row.id, f"{row.data['name']}@{name}")
    return ids


def delete(tx: Transaction, account_id: int, now: float) -> None:
    """Remove an account with all its data. Raises NotFound; Linked if others refer to it."""
    remove(tx, account_id)
    delete_data(tx, account_id, now)


def remove(tx: Transaction, account_id: int) -> None:
    """Remove an account, its sign-ins and the settings objects that belong to it alone. Raises NotFound; Linked."""
    registry.destroy(tx, Account, account_id)
    tx.sign_ins.delete_of_account(account_id)
    passkey_records.forget_all(tx, account_id)
    recovery_codes.forget_codes(tx, account_id)
    for declaration in declarations().values():
        if declaration.owner is not None and declaration.stored:
            _destroy_owned(tx, declaration, account_id)


def delete_data(tx: Transaction, account_id: int, now: float) -> None:
    """Remove what an account that is gone has left: mail, calendars, files. Raises NotFound."""
    tx.accounts.delete(account_id, int(now))


def address_of(tx: Transaction, account: Any) -> str:
    """The address of an `Account` instance."""
    domain = tx.registry.get(Domain.type_name, account.domain_id)
    if domain is None:
        raise NotFound("The domain of the account does not exist.")
    return f"{account.name}@{domain.data['name']}"


def put_password(
    tx: Transaction,
    account_id: int,
    hashed: str,
    now: float,
    expires_at: int | None = None,
    *,
    spare: int | None = None,
) -> None:
    """Set the password of a user to what ``hashed`` is the hash of; second factor and networks stay.

    It ends all his sign-ins but ``spare``.
    """
    account = user(tx, account_id)
    place = _place(account, "Password")
    if place is None:
        added = {"@type": "Password", "secret": hashed, "expiresAt": date_text(expires_at)}
        entry = _patch(tx, account_id, {f"credentials/{len(account.credentials)}": added}, now)
    else:
        at = f"credentials/{place}"
        entry = _patch(tx, account_id, {f"{at}/secret": hashed, f"{at}/expiresAt": date_text(expires_at)}, now)
    password_changed(tx, account_id, account, entry.value, spare)


def put_second_factor(
    tx: Transaction, account_id: int, uri: str | None, now: float, *, spare: int | None = None
) -> None:
    """Set or, with None, remove the second factor of the account's password.

    Removing it ends all sign-ins but ``spare``, and makes the recovery codes void.
    """
    account = user(tx, account_id)
    place = _place(account, "Password")
    if place is None:
        raise Invalid("An account without a password cannot have a second factor.", ("otpAuth",))
    entry = _patch(tx, account_id, {f"credentials/{place}/otpAuth": uri}, now)
    password_changed(tx, account_id, account, entry.value, spare)


def password_changed(tx: Transaction, account_id: int, former: Any, account: Any, spare: int | None) -> None:
    """What follows from another password, or from a second factor that is gone, once ``account`` is written.

    Renewing a hash is neither, and does not come here.
    """
    before, after = _password(former), _password(account)
    factor_gone = before is not None and before.otp_auth is not None and (after is None or after.otp_auth is None)
    if factor_gone:
        recovery_codes.forget_codes(tx, account_id)
    if factor_gone or getattr(before, "secret", None) != getattr(after, "secret", None):
        tx.sign_ins.delete_of_account(account_id, spare=spare)


def add_generated(
    tx: Transaction,
    account_id: int,
    kind: str,
    description: str,
    now: float,
    *,
    expires_at: int | None = None,
    allowed_ips: Iterable[str] = (),
    permissions: Mapping[str, Any] | None = None,
) -> tuple[int, str]:
    """A new credential of ``kind`` `AppPassword` or `ApiKey`: its id and its secret, which is not kept.

    ``permissions`` is a CredentialPermissions object in wire form. Raises OverQuota, NotFound, Invalid.
    """
    account = user(tx, account_id)
    _check_number(tx, account, kind)
    credential_id = max((one.credential_id for one in account.credentials), default=-1) + 1
    if kind == "AppPassword":
        secret = credentials.make_app_password(credential_id)
    else:
        secret = credentials.make_api_key(account_id, credential_id)
    added = {
        "@type": kind,
        "description": description,
        "secret": hashes.sha256_of(secret),
        "expiresAt": date_text(expires_at),
        "allowedIps": dict.fromkeys(allowed_ips, True),
        "permissions": dict(permissions or {"@type": "Inherit"}),
    }
    entry = _patch(tx, account_id, {f"credentials/{len(account.credentials)}": added}, now)
    assert entry.value.credentials[-1].credential_id == credential_id
    return credential_id, secret


def remove_credential(tx: Transaction, account_id: int, credential_id: int, now: float) -> None:
    """Take one credential away; NotFound if there is none with this id."""
    for place, credential in enumerate(user(tx, account_id).credentials):
        if credential.credential_id == credential_id:
            _patch(tx, account_id, {f"credentials/{place}": None}, now)
            return
    raise NotFound


def renew_hash(tx: Transaction, account_id: int, former: str, hashed: str, now: float) -> bool:
    """Replace the hash of a password that is still ``former``; False if it was changed meanwhile."""
    account = user(tx, account_id)
    place = _place(account, "Password")
    if place is None or account.credentials[place].secret != former:
        return False
    _patch(tx, account_id, {f"credentials/{place}/secret": hashed}, now)
    return True


def user(tx: Transaction, account_id: int) -> Any:
    """The `User` with this id; NotFound for groups and unknown ids."""
    entry = registry.get(tx, Account, account_id)
    if entry is None or entry.value.tag != "User":
        raise NotFound
    return entry.value


def _destroy_owned(tx: Transaction, declaration: Declaration, account_id: int) -> None:
    assert declaration.owner is not None
    owned = index.term(declaration, declaration.owner, "=", encode_id(account_id))
    for id in tx.registry.search(declaration.type_name, owned):
        registry.destroy(tx, declaration, id)


def _patch(tx: Transaction, account_id: int, patch: Mapping[str, Any], now: float) -> registry.Entry:
    return registry.update(tx, Account, account_id, patch, now=now, by_server=True)


def _place(account: Any, kind: str) -> int | None:
    return next((place for place, one in enumerate(account.credentials) if one.tag == kind), None)


def _password(account: Any) -> Any:
    place = _place(account, "Password")
    return None if place is None else account.credentials[place]


def _check_number(tx: Transaction, account: Any, kind: str) -> None:
    entry = registry.get(tx, Authentication)
    rules = entry.value if entry is not None else Authentication()
    general = rules.max_app_passwords if kind == "AppPassword" else rules.max_api_keys
    limit = account.quotas.get(f"max{kind}s", general)
    if limit is not None and sum(one.tag == kind for one in account.credentials) >= limit:
        raise OverQuota(f"An account can have at most {limit} credentials of this kind.")


def date_text(moment: int | None) -> str | None:
    """Seconds since the epoch as a wire date, None as None."""
    return None if moment is None else UtcDateTime().write(moment, False)
