"""The singleton VacationResponse (RFC 8621 8): what is answered while somebody is away. It leaves scripts alone.

An account that has set nothing has the defaults; the object is made with the first change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from stalwart.codec.ids import encode_id
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.errors import SetRefused, set_error
from stalwart.jmap.methods import method
from stalwart.jmap.sieve.capability import VACATION
from stalwart.jmap.standard.arguments import GetArguments, SetArguments
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.getting import answered_names
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.proposals import proposed, read_changes, read_patch
from stalwart.jmap.standard.scalars import Boolean, Nullable, String
from stalwart.jmap.standard.setting import require_permissions
from stalwart.jmap.standard.states import State, require_state
from stalwart.mail.sieve.scripts import VACATION_ID
from stalwart.store import Store
from stalwart.store.object_types import VACATION as NUMBER
from stalwart.store.store import Transaction
from stalwart.web.clock import Clock

SINGLETON: Final = "singleton"
LONGEST_SUBJECT: Final = 512
LONGEST_BODY: Final = 64 << 10

_BODY = Property(Nullable(String(most=LONGEST_BODY)), None)
RESPONSE = Declaration(
    name="VacationResponse",
    capability=VACATION,
    properties={
        "isEnabled": Property(Boolean(), False),
        "fromDate": Property(Nullable(UTCDate()), None),
        "toDate": Property(Nullable(UTCDate()), None),
        "subject": Property(Nullable(String(most=LONGEST_SUBJECT)), None),
        "textBody": _BODY,
        "htmlBody": _BODY,
    },
)


@method("VacationResponse/get", capability=VACATION, needs=RESPONSE.permission("Get"))
async def get_response(call: Call, *, store: Store) -> dict[str, Any]:
    """The response, if it is asked for."""
    account_id = account_argument(call)
    arguments = GetArguments.read(call)
    names = answered_names(RESPONSE, arguments.properties, call.request.using)

    def look(tx: Transaction) -> tuple[str, dict[str, Any]]:
        require_account(tx, account_id)
        return _state(tx, account_id), _stored(tx, account_id)

    state, properties = await store.read(look)
    ids = (SINGLETON,) if arguments.ids is None else tuple(dict.fromkeys(arguments.ids))
    shown = {"id": SINGLETON, **{name: properties[name] for name in names}}
    return {
        "accountId": encode_id(account_id),
        "state": state,
        "list": [shown] if SINGLETON in ids else [],
        "notFound": [id for id in ids if id != SINGLETON],
    }


@method("VacationResponse/set", capability=VACATION)
async def set_response(call: Call, *, store: Store, clock: Clock) -> dict[str, Any]:
    """Change it; it can be neither created nor destroyed (RFC 8621 8.2)."""
    account_id = account_argument(call)
    arguments = SetArguments.read(call)
    require_permissions(call.request.access, arguments, RESPONSE.permission)
    now = int(clock.seconds())

    def work(tx: Transaction) -> SetOutcome:
        return _Setting(tx, account_id, call, arguments, now).run()

    outcome: SetOutcome = await (store.write(work) if arguments.update else store.read(work))
    return outcome.wire()


@define
class _Setting:
    tx: Transaction
    account_id: int
    call: Call
    arguments: SetArguments
    now: int
    outcome: SetOutcome = field(init=False)

    def run(self) -> SetOutcome:
        """Carry all of it out."""
        require_account(self.tx, self.account_id)
        self.outcome = SetOutcome(self.account_id)
        self.outcome.old_state = _state(self.tx, self.account_id)
        require_state(self.arguments.if_in_state, self.outcome.old_state)
        refused = SetRefused("singleton", "There is one vacation response, which is only ever updated.").wire()
        self.outcome.not_created.update(dict.fromkeys(self.arguments.create, refused))
        self.outcome.not_destroyed.update(dict.fromkeys(self.arguments.destroy, refused))
        for id, patch in self.arguments.update.items():
            try:
                if id != SINGLETON:
                    raise NotFound
                self.outcome.updated[id] = self.updated(patch)
            except StalwartError as problem:
                self.outcome.not_updated[id] = set_error(problem)
        self.outcome.new_state = _state(self.tx, self.account_id)
        return self.outcome

    def updated(self, patch: Mapping[str, Any]) -> dict[str, Any] | None:
        """Store a patch; what the client must learn of it."""
        changes = read_patch(patch, RESPONSE.properties, self.call.request)
        old = {"id": SINGLETON, **_stored(self.tx, self.account_id)}
        wanted = proposed(old, changes, RESPONSE.properties)
        new = read_changes(old, wanted, RESPONSE.properties)
        if differing(new, old):
            data = {name: new[name] for name in RESPONSE.properties}
            former = self.tx.objects.by_uid(self.account_id, NUMBER, VACATION_ID)
            if former is None:
                self.tx.objects.insert(self.account_id, NUMBER, now=self.now, uid=VACATION_ID, data=data)
            else:
                self.tx.objects.update(self.account_id, former.id, now=self.now, data=data)
        return differing(new, wanted) or None


def _stored(tx: Transaction, account_id: int) -> dict[str, Any]:
    found = tx.objects.by_uid(account_id, NUMBER, VACATION_ID)
    data = found.data if found is not None and found.data is not None else {}
    return {
        name: data[name] if name in data else property.fresh_default() for name, property in RESPONSE.properties.items()
    }


def _state(tx: Transaction, account_id: int) -> str:
    return str(State(tx.objects.state(account_id, NUMBER)))
