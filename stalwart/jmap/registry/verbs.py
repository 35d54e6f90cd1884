"""Which permission each function of a settings type needs, and the refusals of whole calls (settings A.8, A.13)."""

from __future__ import annotations

from stalwart.directory.access import Access
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.schema import Declaration

NOT_AUTHORIZED_TO_SET = "You are not authorized to create, update or destroy objects of this type"


def needed(declaration: Declaration, verb: str) -> str:
    """``sysDomainGet``."""
    return f"sys{declaration.type_name}{verb}"


def check_set(access: Access, declaration: Declaration, arguments: SetArguments) -> None:
    """Raises ``MethodError`` ``forbidden`` for who has none of the verbs, or uses one that he has not.

    A singleton is only ever updated, whatever the client calls it.
    """
    verbs = ("Update",) if declaration.is_singleton else ("Create", "Update", "Destroy")
    held = {verb for verb in verbs if access.may(needed(declaration, verb))}
    if not held:
        raise MethodError("forbidden", NOT_AUTHORIZED_TO_SET)
    if declaration.is_singleton:
        return
    for verb in arguments.verbs:
        if verb not in held:
            raise MethodError("forbidden", f"You are not authorized to {verb.lower()} objects of this type")
