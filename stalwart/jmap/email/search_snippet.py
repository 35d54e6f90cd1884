"""``SearchSnippet/get`` (RFC 8621 5): where the subject and the body have what a filter looks for.

The texts are those that the index keeps, so no message is read. Conditions under a NOT, and those about anything but
``text``, ``subject`` and ``body``, mark nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from attrs import define, field, frozen

from stalwart.codec.ids import encode_id
from stalwart.codec.search_document import Document, UnreadableDocument, unpack
from stalwart.codec.search_marks import marked, preview
from stalwart.codec.search_terms import Unit, question
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.errors import Invalid
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filter import TextSearch
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.filters import Filter, Test, read_filter
from stalwart.jmap.standard.presence import require_account
from stalwart.mail.messages import fragment
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import BlobFiles
from stalwart.store.object_types import MAILBOX

_PIECE = 8
_MOST_UNITS = 200
_IN_SUBJECT = ("text", "subject")
_IN_BODY = ("text", "body")


@define
class _Wanted:
    """What is marked."""

    subject: list[Unit] = field(factory=list)
    body: list[Unit] = field(factory=list)


@frozen
class _Kept:
    """What there is of an e-mail: its subject, and its document if it is indexed."""

    subject: str | None
    document: bytes | None


@method("SearchSnippet/get", capability=MAIL, needs="jmapSearchSnippetGet")
async def get(call: Call, *, store: Store, settings: Settings, text_search: TextSearch) -> dict[str, Any]:
    """Subjects and previews with marks, of e-mails that a search has found."""
    account_id = account_argument(call, shared=MAILBOX)
    arguments = ArgumentReader(call.arguments)
    tree = read_filter(arguments.object("filter"), EMAIL.conditions, call.request)
    given = arguments.texts("emailIds")
    if given is None:
        raise invalid("emailIds", "is missing")
    most = settings.of(Jmap).snippet_max_results
    if len(given) > most:
        raise MethodError("requestTooLarge", f"At most {most} snippets are given at a time.")
    ids = {call.request.id_of(id): None for id in given}
    numbers = {id: number_of(id) for id in ids}
    wanted = _wanted(tree)
    if wanted.subject or wanted.body:
        await text_search.ready(account_id)
    access = call.request.access
    asked = [*filter(None, numbers.values())]
    kept = await store.read(partial(_kept, access=access, account_id=account_id, numbers=asked))
    found = [(id, kept[number]) for id, number in numbers.items() if number in kept]
    snippets: list[dict[str, Any]] = []
    for begin in range(0, len(found), _PIECE):
        snippets += await store.blob_work(partial(_snippets, found[begin : begin + _PIECE], wanted))
    missing = [id for id, number in numbers.items() if number not in kept]
    return {"accountId": encode_id(account_id), "list": snippets, "notFound": missing or None}


def _wanted(tree: Filter) -> _Wanted:
    wanted = _Wanted()
    for test in _asserted(tree):
        try:
            units = question(test.value)
        except Invalid as problem:
            raise MethodError("unsupportedFilter", problem.detail) from None
        wanted.subject += units if test.name in _IN_SUBJECT else ()
        wanted.body += units if test.name in _IN_BODY else ()
    if len(wanted.subject) > _MOST_UNITS or len(wanted.body) > _MOST_UNITS:
        raise MethodError("unsupportedFilter", f"The filter has more than {_MOST_UNITS} words.")
    return wanted


def _asserted(tree: Filter) -> Iterator[Test]:
    """Text conditions that are under no NOT."""
    if isinstance(tree, Test):
        if tree.name in _IN_SUBJECT or tree.name in _IN_BODY:
            yield tree
    elif tree.operator != "NOT":
        for part in tree.parts:
            yield from _asserted(part)


def _kept(tx: Transaction, *, access: Access, account_id: int, numbers: Sequence[int]) -> Mapping[int | None, _Kept]:
    rows = Sight.of(tx, access, account_id).rows(tx.mail.list_rows(account_id, numbers))
    if not rows:
        require_account(tx, account_id)
    documents = tx.mail_text.documents(account_id, rows)
    return {id: _Kept(_subject(row.fragment), documents.get(id)) for id, row in rows.items()}


def _subject(kept: bytes) -> str | None:
    subject = fragment.read(kept).subject
    return None if isinstance(subject, msgspec.UnsetType) else msgspec.json.decode(subject, type=str | None)


def _snippets(found: Sequence[tuple[str, _Kept]], wanted: _Wanted, _files: BlobFiles) -> list[dict[str, Any]]:
    """In a thread."""
    return [_snippet(id, kept, wanted) for id, kept in found]


def _snippet(id: str, kept: _Kept, wanted: _Wanted) -> dict[str, Any]:
    document = _document(kept.document)
    subject = document.subject if kept.subject is None else kept.subject
    return {
        "emailId": id,
        "subject": marked(subject, wanted.subject) if wanted.subject else None,
        "preview": preview(document.body, wanted.body) if wanted.body else None,
    }


def _document(packed: bytes | None) -> Document:
    try:
        return Document() if packed is None else unpack(packed)
    except UnreadableDocument:
        return Document()  # the index is about to be made anew
