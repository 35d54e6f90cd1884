"""The Email/set that follows sending: ``onSuccessUpdateEmail`` and ``onSuccessDestroyEmail`` (RFC 8621 7.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from stalwart.errors import StalwartError
from stalwart.jmap.call import Request
from stalwart.jmap.email.set import Writing, carry_out
from stalwart.jmap.errors import MethodError, method_error
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments

Responses = list[tuple[str, dict[str, Any]]]


@frozen
class OnSuccess:
    """What is to happen to e-mails, by what names a submission: its id, or its creation id after a number sign."""

    update: dict[str, dict[str, Any]] = field(factory=dict)
    destroy: tuple[str, ...] = ()

    @classmethod
    def read(cls, arguments: Mapping[str, Any], most: int) -> OnSuccess:
        """From the arguments of a call. Raises ``MethodError`` ``invalidArguments``, ``requestTooLarge``."""
        reader = ArgumentReader(dict(arguments))
        update = reader.object_map("onSuccessUpdateEmail")
        destroy = reader.texts("onSuccessDestroyEmail") or []
        if len(update) + len(destroy) > most:
            raise MethodError("requestTooLarge", f"At most {most} e-mails can change after sending.")
        return cls(update, tuple(destroy))

    def arguments(self, emails: Mapping[str, str], created: Mapping[str, str]) -> SetArguments:
        """The changes of e-mails: ``emails`` has the ids of those by the ids of the submissions that have succeeded,
        ``created`` the ids of submissions by creation id.
        """
        update: dict[str, dict[str, Any]] = {}
        for name, patch in self.update.items():
            email = emails.get(_id(name, created))
            if email is not None:
                update.setdefault(email, {}).update(patch)
        named = (emails.get(_id(name, created)) for name in self.destroy)
        return SetArguments(update=update, destroy=list(dict.fromkeys(email for email in named if email is not None)))


def _id(name: str, created: Mapping[str, str]) -> str:
    return created.get(name[1:], name) if name.startswith("#") else name


async def change_emails(request: Request, account_id: int, arguments: SetArguments, writing: Writing) -> Responses:
    """The responses of the implicit call, none where nothing is to be done; its failure is one of its own."""
    if not arguments.verbs:
        return []
    try:
        return [("Email/set", (await carry_out(request, account_id, arguments, writing)).wire())]
    except MethodError as problem:
        return [("error", problem.wire())]
    except StalwartError as problem:
        return [("error", method_error(problem).wire())]
