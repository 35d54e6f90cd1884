"""The inside of Email/set: create, then update, then destroy, in one write transaction (RFC 8620 5.3, RFC 8621 4.6).

Every change is kept or refused by itself; a refused one changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from typing import Any

import msgspec
from attrs import define, field

from stalwart.directory.access import Access
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.email.filing import Made, Outcomes, answers, file_all
from stalwart.jmap.email.patch import EmailPatch
from stalwart.jmap.email.placement import placing
from stalwart.jmap.email.repeated import different
from stalwart.jmap.errors import SetRefused, set_error
from stalwart.jmap.mail.sight import Sight, mail_state
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.dates import utc_date
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.states import State, require_state
from stalwart.mail.messages.arriving import Messages
from stalwart.store.object_types import EMAIL
from stalwart.store.store import Transaction


@define
class Plan:
    """What is to be done: what was made by creation id, what changes by what the client calls it, or why not."""

    account_id: int
    access: Access
    arguments: SetArguments
    created_ids: Mapping[str, str]
    now: int
    messages: Messages
    patches: dict[str, EmailPatch | StalwartError] = field(factory=dict)
    made: dict[str, Made | StalwartError] = field(factory=dict)


def email_state(tx: Transaction, access: Access, account_id: int, kind: str = "accountNotFound") -> str:
    """The state of the e-mails of an account that must be there, for who asks. Raises ``MethodError`` ``kind``."""
    return str(State(mail_state(tx, access, account_id, EMAIL, kind)))


class EmailSetWork:
    """One run of the transaction's function; it may be run again, so nothing outside is touched.

    ``filed`` is what became of what was to be created.
    """

    def __init__(self, tx: Transaction, plan: Plan) -> None:
        self._tx = tx
        self._plan = plan
        self._account_id = plan.account_id
        self._sight = Sight.of(tx, plan.access, plan.account_id)
        self._outcome = SetOutcome(plan.account_id)
        self.filed: Outcomes = {}
        self._new: dict[str, str] = {}
        self._last = 0  # the number of the last change of an e-mail that was updated

    def run(self) -> SetOutcome:
        """Raises ``MethodError`` ``stateMismatch``, ``accountNotFound``."""
        arguments, outcome = self._plan.arguments, self._outcome
        outcome.old_state = email_state(self._tx, self._plan.access, self._account_id)
        require_state(arguments.if_in_state, outcome.old_state)
        if arguments.create:
            self._create()
        doomed = self._doomed() if arguments.destroy else {}
        for key in arguments.update:
            self._update(key, doomed)
        if doomed:
            self._destroy(doomed)
        if arguments.create or arguments.destroy or not self._sight.is_whole:
            outcome.new_state = email_state(self._tx, self._plan.access, self._account_id)
        else:
            outcome.new_state = str(State(self._last)) if self._last else outcome.old_state
        return outcome

    def _create(self) -> None:
        plan, outcome = self._plan, self._outcome
        self.filed = file_all(self._tx, self._account_id, self._sight, plan.made, plan.messages, plan.now)
        outcome.created, outcome.not_created = answers(plan.made, self.filed)
        for creation_id, told in outcome.created.items():
            self._new[creation_id] = told["id"]
            made = plan.made[creation_id]
            assert isinstance(made, Made)  # or else it was not created
            told |= self._set_by_server(made)

    def _set_by_server(self, made: Made) -> dict[str, Any]:
        """What the client did not give."""
        place = made.placement
        told: dict[str, Any] = {}
        if place.keywords is None:
            told["keywords"] = {}
        if place.received_at is None:
            told["receivedAt"] = utc_date(self._plan.now)
        fragment = msgspec.json.decode(made.prepared.parsed.fragment)
        return told | {name: value for name, value in fragment.items() if name not in made.given}

    def _update(self, key: str, doomed: Mapping[str, str]) -> None:
        plan, outcome = self._plan, self._outcome
        try:
            patch = plan.patches[key]
            if isinstance(patch, StalwartError):
                raise patch
            id = self._id(key)
            if id in doomed:
                raise SetRefused("willDestroy", "The same call destroys this object.")
            number = _number(id)
            if patch.repeated and not self._sight.seen(self._tx, self._account_id, (number,)):
                raise NotFound
            wrong = patch.repeated and different(self._tx, self._account_id, number, patch.repeated)
            if wrong:
                raise SetRefused("invalidProperties", "Only keywords and mailboxIds of an e-mail can change.", wrong)
            with placing():
                revise = partial(self._revised, patch)
                changed = self._tx.mail.revise_email(self._account_id, number, revise, now=plan.now)
            self._last = changed or self._last
        except StalwartError as problem:
            outcome.not_updated[key] = set_error(problem)
        else:
            outcome.updated[id] = None

    def _revised(self, patch: EmailPatch, mailboxes: Set[int], keywords: Set[str]) -> tuple[Set[int], Set[str]]:
        """What an e-mail gets, as far as who asks sees it and may change it."""
        if self._sight.is_whole:
            return patch.applied(mailboxes, keywords)
        seen = self._sight.readable(mailboxes)
        if not seen:
            raise NotFound
        return self._sight.check_revision((mailboxes, keywords), patch.applied(seen, keywords))

    def _doomed(self) -> dict[str, str]:
        """What the client wrote, by the id to destroy."""
        doomed: dict[str, str] = {}
        for key in self._plan.arguments.destroy:
            try:
                doomed.setdefault(self._id(key), key)
            except NotFound as problem:
                self._outcome.not_destroyed[key] = set_error(problem)
        return doomed

    def _destroy(self, doomed: Mapping[str, str]) -> None:
        numbers = {id: number for id in doomed if (number := number_of(id)) is not None}
        may, may_not = self._sight.destroyable(self._tx, self._account_id, numbers.values())
        gone = self._tx.mail.destroy_emails(self._account_id, may, now=self._plan.now)
        for id, key in doomed.items():
            if numbers.get(id) in gone:
                self._outcome.destroyed.append(id)
            elif numbers.get(id) in may_not:
                text = "You may not remove e-mails from all mailboxes that it is in."
                self._outcome.not_destroyed[key] = set_error(SetRefused("forbidden", text))
            else:
                self._outcome.not_destroyed[key] = set_error(NotFound())

    def _id(self, key: str) -> str:
        if not key.startswith("#"):
            return key
        id = self._new.get(key[1:]) or self._plan.created_ids.get(key[1:])
        if id is None:
            raise NotFound(f'Nothing was created with the creation id "{key[1:256]}".')
        return id


def _number(id: str) -> int:
    number = number_of(id)
    if number is None:
        raise NotFound
    return number
