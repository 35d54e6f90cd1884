"""``onSuccessSetIsDefault``: one object of a type is the default one, which a ``/set`` may choose anew (RFC 9610 2.3).

It is chosen if everything else went well, in the same transaction; one that cannot be is no error. The client learns
what has changed by it.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.ids import encode_id
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.outcome import SetOutcome

IS_DEFAULT: Final = "isDefault"
SET_DEFAULT: Final = "onSuccessSetIsDefault"


def read_choice(asking: Asking) -> None:
    """Take the argument down in ``asking.prepared``. Raises ``MethodError`` ``invalidArguments``."""
    asking.prepared[SET_DEFAULT] = ArgumentReader(asking.rest).text(SET_DEFAULT)


def makes_choice(asking: Asking) -> bool:
    """Whether a call chooses one, though it may do nothing else."""
    return asking.rest.get(SET_DEFAULT) is not None


def chosen(asking: Asking, outcome: SetOutcome) -> int | None:
    """The number of what is to be the default; None if nothing is, or something went wrong."""
    wanted = asking.prepared[SET_DEFAULT]
    if wanted is None or outcome.not_created or outcome.not_updated or outcome.not_destroyed:
        return None
    known = {**asking.request.created_ids, **outcome.created_ids}
    return number_of(known.get(wanted[1:], "") if wanted.startswith("#") else wanted)


def tell_choice(outcome: SetOutcome, former: int | None, number: int) -> None:
    """Have the client learn that another one is the default now."""
    for id, is_default in ((None if former is None else encode_id(former), False), (encode_id(number), True)):
        made = next((each for each in outcome.created.values() if each["id"] == id), None)
        if made is not None:
            made[IS_DEFAULT] = is_default
        elif id is not None:
            outcome.updated[id] = {**(outcome.updated.get(id) or {}), IS_DEFAULT: is_default}
