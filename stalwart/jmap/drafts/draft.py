"""An e-mail that a client wants to create, as it is described in Email/set (RFC 8621 4.6). Pure.

Reading refuses whatever breaks a rule of the RFC, everything at once. Message-ID and Date are added where they are
missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.mime.header_forms import CONVENIENCE, Form
from stalwart.jmap.drafts.body import BODY, MOST_MEMBERS, Body, Piece, read_body
from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.drafts.fields import Field, Fields
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.placement import (
    CreatedIds,
    Placement,
    read_keywords,
    read_mailboxes,
    read_received_at,
)
from stalwart.jmap.errors import SetRefused

PLACED: Final = frozenset(("mailboxIds", "keywords", "receivedAt"))
SERVER_SET: Final = frozenset(("id", *(name for name, each in EMAIL.properties.items() if each.server_set)))


@frozen
class Draft:
    """``fields`` are those that the client gave, ``given`` the names of the properties that it gave."""

    placement: Placement
    fields: tuple[Field, ...]
    body: Body
    given: frozenset[str]

    def blob_ids(self) -> tuple[str, ...]:
        """The blobs that its parts are made of, each once."""
        return tuple(dict.fromkeys(piece.blob_id for piece in self.body.pieces() if piece.blob_id is not None))

    def header(self, message_id: Callable[[], str], now: str) -> list[Field]:
        """The fields of the message: Message-ID and Date are added unless they are there (RFC 8621 4.6)."""
        root = self.body.root
        names = {name.lower() for name, _, _ in (*self.fields, *(root.outline.fields if root is not None else ()))}
        added: list[Field] = []
        if "date" not in names:
            added.append(("Date", Form.DATE, now))
        if "message-id" not in names:
            added.append(("Message-ID", Form.MESSAGE_IDS, [message_id()]))
        return [*added, *self.fields]


def read_draft(given: Mapping[str, Any], created_ids: CreatedIds) -> Draft:
    """Raises ``SetRefused``: ``invalidProperties`` with all that are wrong, ``tooManyKeywords``, ``tooLarge``."""
    if len(given) > MOST_MEMBERS:
        raise SetRefused("tooLarge", f"An e-mail can have at most {MOST_MEMBERS} properties.")
    given = {name: value for name, value in given.items() if value is not None}
    faults = Faults()
    fields = Fields(faults)
    for name, value in given.items():
        if name in CONVENIENCE or name.startswith("header:"):
            fields.take(name, value)
        elif name in SERVER_SET:
            faults.add((name,), "is set by the server only")
        elif name == "headers":
            faults.add((name,), "cannot be set; give each header field by its name")
        elif name not in PLACED and name not in BODY:
            faults.add((name,), "is not known")
    for name, key in fields.names.items():
        if name.startswith("content-"):
            faults.add((key,), "can be given for parts only")
    body = read_body(given, faults)
    if not fields.written and body.is_empty and not BODY & given.keys():
        faults.add(("bodyStructure",), "or some other content must be given")
    _refuse_twice(fields, body.root, faults)
    placement = _placement(given, created_ids, faults)
    faults.refuse()
    assert placement is not None  # or else there are faults
    return Draft(placement, tuple(fields.written), _resolved(body, created_ids), frozenset(given))


def _placement(given: Mapping[str, Any], created_ids: CreatedIds, faults: Faults) -> Placement | None:
    """Each of its members by itself, so that all faults are found."""
    read: dict[str, Any] = {}
    readers: Mapping[str, Callable[[Any], Any]] = {
        "mailboxIds": lambda value: read_mailboxes(value, created_ids),
        "keywords": read_keywords,
        "receivedAt": read_received_at,
    }
    for name, reader in readers.items():
        if name != "mailboxIds" and name not in given:
            continue
        try:
            read[name] = reader(given.get(name))
        except SetRefused as problem:
            if problem.type != "invalidProperties":
                raise
            faults.take(problem)
    if "mailboxIds" not in read:
        return None
    return Placement(read["mailboxIds"], read.get("keywords"), read.get("receivedAt"))


def _refuse_twice(fields: Fields, root: Piece | None, faults: Faults) -> None:
    """RFC 8621 4.6: the part that is the whole body has no field that the e-mail has already."""
    if root is None:
        return
    for name, form, _ in root.outline.fields:
        former = fields.names.get(name.lower())
        if former is not None:
            faults.add((*root.path, f"header:{name}:{form.value}"), f'is given as "{former[:100]}" too')


def _resolved(body: Body, created_ids: CreatedIds) -> Body:
    """With the creation references of blobs replaced; one that stands for nothing is found missing as a blob."""
    if not created_ids:
        return body
    return body.with_blobs(lambda id: created_ids.get(id[1:], id) if id.startswith("#") else id)
