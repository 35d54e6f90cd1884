"""The data type SieveScript (RFC 9661): get, set with activation, query and validate."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import partial
from secrets import token_hex
from typing import Any, Final

from stalwart.codec.ids import encode_id
from stalwart.config.identity.account import Account
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.holders import BlobHolder, linked_objects
from stalwart.jmap.call import Call
from stalwart.jmap.errors import NOT_AUTHORIZED, MethodError, SetRefused, Untimely
from stalwart.jmap.methods import method
from stalwart.jmap.sieve.capability import SIEVE
from stalwart.jmap.sieve.content import Reading
from stalwart.jmap.sieve.script_source import ScriptSource, content_of, prepared_key, switch
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.rules import Backed, Rules
from stalwart.jmap.standard.scalars import Boolean, Id, Nullable, String
from stalwart.jmap.standard.setting import carry_out
from stalwart.jmap.standard.sorting import Sort
from stalwart.jmap.standard.states import State
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.sieve.scripts import Scripts, active_script
from stalwart.store import Store
from stalwart.store.object_types import SIEVE_SCRIPT as NUMBER
from stalwart.store.store import Transaction
from stalwart.web.clock import Clock

LONGEST_NAME: Final = 512
RESERVED: Final = "vacation"
"""The name of no script: clients take it for the one of the automatic response."""
_QUOTA: Final = "maxSieveScripts"
_CONTROLS: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))


class ScriptRules(Rules):
    """Texts are read and checked before the transaction; names differ, and the active script stays."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        wanted: dict[str, tuple[str, str]] = {}
        for is_new, given in ((True, arguments.create), (False, arguments.update)):
            for key, members in given.items():
                id = members.get("blobId")
                if isinstance(id, str):
                    wanted[prepared_key(key, is_new=is_new)] = key, _id_of(asking, id)
        reading = Reading(asking.services, asking.access, asking.account_id, asking.now)
        found = await reading.contents(dict.fromkeys(id for _, id in wanted.values()))
        asking.prepared.update({key: found[id] for key, (_, id) in wanted.items()})
        return {}

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        changed = change.changed
        if change.id is None:
            _room(tx, asking)
        if change.id is None or "name" in changed:
            change.new["name"] = _name(tx, asking, change)
        if change.id is None or "blobId" in changed:
            content = content_of(asking, change)
            if isinstance(content, SetRefused):
                raise content
            quotas: Quotas = asking.services["quotas"]
            quotas.check(tx, asking.account_id, len(content.octets), 0)
            change.new["blobId"] = content.blob_id

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        active = active_script(tx, asking.account_id)
        if active is not None and active.id == change.id:
            raise SetRefused("sieveIsActive", "The script is active; deactivate it first.")


def _id_of(asking: Asking, text: str) -> str:
    """The blob that is meant; a creation reference may lead nowhere."""
    return asking.request.created_ids.get(text[1:], text) if text.startswith("#") else text


def _room(tx: Transaction, asking: Asking) -> None:
    most = _most_scripts(tx, asking)
    if most is not None and len(tx.objects.list(asking.account_id, NUMBER, limit=most)) >= most:
        raise OverQuota(f"An account can have at most {most} scripts.")


def _most_scripts(tx: Transaction, asking: Asking) -> int | None:
    row = tx.registry.get(Account.type_name, asking.account_id)
    quota: int | None = (row.data.get("quotas") or {}).get(_QUOTA) if row is not None else None
    limits: SieveUserInterpreter = asking.services["settings"].of(SieveUserInterpreter)
    return limits.max_scripts if quota is None else quota


def _name(tx: Transaction, asking: Asking, change: Change) -> str:
    """The name that is given (RFC 9661 2), or one that nobody has."""
    given = change.new["name"]
    if given is None:
        return f"script {token_hex(6)}"
    name = unicodedata.normalize("NFC", given)
    most = asking.services["settings"].of(SieveUserInterpreter).max_script_name_length
    if len(name.encode()) > most:
        raise SetRefused("invalidProperties", f"A name has at most {most} octets.", ("name",))
    if any(unicodedata.category(character) in _CONTROLS for character in name):
        raise SetRefused("invalidProperties", "A name has no control characters.", ("name",))
    if name == RESERVED:
        text = "The name belongs to the automatic response, which is VacationResponse."
        raise SetRefused("invalidProperties", text, ("name",))
    for other in tx.objects.list(asking.account_id, NUMBER):
        if other.id != change.id and (other.data or {}).get("name") == name:
            text = "There is a script of that name."
            raise Untimely("alreadyExists", text, ("name",), existingId=encode_id(other.id))
    return name


SCRIPT = Declaration(
    name="SieveScript",
    capability=SIEVE,
    properties={
        "name": Property(Nullable(String(least=1, most=LONGEST_NAME)), None),
        "blobId": Property(Id()),
        "isActive": Property(Boolean(), False, server_set=True),
    },
    conditions={
        "name": Condition(String(most=LONGEST_NAME), lambda script, text: text in script["name"], ("name",)),
        "isActive": Condition(Boolean(), lambda script, wanted: script["isActive"] is wanted, ("isActive",)),
    },
    sorts={name: Sort.by(name) for name in ("name", "isActive")},
)
_SOURCE = ScriptSource(NUMBER)
_BACKED = Backed(SCRIPT, _SOURCE, ScriptRules())

SIEVE_SCRIPT = DataType(SCRIPT, source=_SOURCE, supports=("get", "query"))
scripts_hold_blobs = BlobHolder("SieveScript", linked_objects(NUMBER), SIEVE)


@method("SieveScript/set", capability=SIEVE)
async def set_scripts(
    call: Call, *, store: Store, clock: Clock, settings: Settings, quotas: Quotas, sieve_scripts: Scripts
) -> dict[str, Any]:
    """Change scripts, then, if all of that was possible, which of them is active (RFC 9661 2.4)."""
    account_id = account_argument(call)
    arguments = SetArguments.read(call)
    reader = ArgumentReader(arguments.rest)
    activate, deactivate = reader.text("onSuccessActivateScript"), reader.flag("onSuccessDeactivateScript")
    if (activate is not None or deactivate) and not call.request.access.may(SCRIPT.permission("Update")):
        raise MethodError("forbidden", NOT_AUTHORIZED)
    services = {
        "store": store,
        "clock": clock,
        "settings": settings,
        "quotas": quotas,
        "sieve_scripts": sieve_scripts,
    }
    asking = Asking.of(SCRIPT, call, account_id, arguments.rest, services)
    outcome = await carry_out(_BACKED, asking, arguments)
    is_clean = not (outcome.not_created or outcome.not_updated or outcome.not_destroyed)
    if is_clean and activate is not None:
        number = number_of(_id_of(asking, activate))
        if number is not None:
            await _switch(store, asking, number, outcome)
    elif is_clean and deactivate:
        await _switch(store, asking, None, outcome)
    return outcome.wire()


async def _switch(store: Store, asking: Asking, id: int | None, outcome: SetOutcome) -> None:
    """Change which script is active, and have the outcome tell it."""

    def work(tx: Transaction) -> tuple[Mapping[int, bool], int]:
        changed = switch(tx, asking.account_id, id, NUMBER, asking.now)
        return changed, _SOURCE.state(tx, asking)

    changed, state = await store.write(work)
    outcome.new_state = str(State(state))
    created = {made["id"]: made for made in outcome.created.values()}
    for number, is_active in changed.items():
        wire = encode_id(number)
        if wire in created:
            created[wire]["isActive"] = is_active
        else:
            outcome.updated[wire] = {**(outcome.updated.get(wire) or {}), "isActive": is_active}


@method("SieveScript/validate", capability=SIEVE, needs="jmapSieveScriptValidate")
async def validate(
    call: Call, *, store: Store, clock: Clock, settings: Settings, sieve_scripts: Scripts
) -> dict[str, Any]:
    """Whether a blob could be a script (RFC 9661 2.6)."""
    account_id = account_argument(call)
    id = call.request.id_of(ArgumentReader(call.arguments).required_text("blobId"))
    await store.read(partial(require_account, account_id=account_id))
    services = {"store": store, "settings": settings, "sieve_scripts": sieve_scripts}
    reading = Reading(services, call.request.access, account_id, int(clock.seconds()))
    found = (await reading.contents((id,)))[id]
    error = found.wire() if isinstance(found, SetRefused) else None
    return {"accountId": encode_id(account_id), "error": error}
