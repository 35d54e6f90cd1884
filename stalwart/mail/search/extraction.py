"""What is indexed of a message: its texts and the words of them, field by field (RFC 8621 4.4.1). For a thread."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

import attrs

from stalwart.codec.mime import headers, scanner
from stalwart.codec.mime.body_lists import BodyLists, body_lists
from stalwart.codec.mime.part import root_of
from stalwart.codec.mime.search_text import search_text
from stalwart.codec.search_document import Document, columns, pack
from stalwart.codec.search_header import header_words
from stalwart.store.mail_text import IndexedText

NOTHING: Final = IndexedText(pack(Document()), columns(Document()))
"""Of a message that cannot be read."""


def extracted(data: bytes, parts: bytes | None, wanted: Set[str]) -> IndexedText:
    """What is indexed of a message with this part table. ``wanted`` are names of x:Search.indexEmailFields; words of
    header fields are taken whatever it says.
    """
    root = root_of(parts) or scanner.scan(data)
    fields = headers.fields(data, root.header_begin, root.header_end)
    lists = body_lists(root)
    if "attachment" not in wanted:
        lists = attrs.evolve(lists, attachments=())
    if "body" not in wanted:
        lists = BodyLists((), (), lists.attachments, lists.has_attachment)
    text = search_text(data, root, fields, lists)
    document = Document(
        sender=text.sender if "from" in wanted else "",
        recipients=text.to if "to" in wanted else "",
        copies=text.cc if "cc" in wanted else "",
        blind_copies=text.bcc if "bcc" in wanted else "",
        subject=text.subject if "subject" in wanted else "",
        body=text.body,
        names=text.names if "attachment" in wanted else "",
        header=header_words(data, fields),
    )
    return IndexedText(pack(document), columns(document))
