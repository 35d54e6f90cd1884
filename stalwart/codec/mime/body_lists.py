"""Which parts are shown as text, which as HTML and which are offered as files (RFC 8621 4.1.4)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from stalwart.codec.mime.part import Part

_MEDIA = ("image/", "audio/", "video/")
_HANDLED = frozenset(  # what mail programs make something of without offering it
    {
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)


@attrs.frozen
class BodyLists:
    """``textBody``, ``htmlBody`` and ``attachments``, with the parts that only mail programs look at left in."""

    text: tuple[Part, ...]
    html: tuple[Part, ...]
    attachments: tuple[Part, ...]
    has_attachment: bool


class _Sorting:
    def __init__(self) -> None:
        self.text: list[Part] = []
        self.html: list[Part] = []
        self.attachments: list[Part] = []
        self.offered = False  # an attachment that is no embedded picture and nothing that is handled

    def walk(self, parts: Sequence[Part], kind: str, in_alternative: bool, into_text: bool, into_html: bool) -> None:
        """RFC 8621 4.1.4, ``parseStructure``; ``into_text`` and ``into_html`` say which lists are still open."""
        texts, htmls = len(self.text), len(self.html)
        begun_with = into_text and into_html
        for place, part in enumerate(parts):
            if part.is_multipart:
                below = part.type[10:]
                self.walk(part.parts, below, in_alternative or below == "alternative", into_text, into_html)
            elif not _is_inline(part, place, kind):
                self.attach(part, kind, place)
            elif kind == "alternative":
                self.alternative(part, into_text, into_html)
            else:
                if in_alternative:
                    into_html = into_html and part.type != "text/plain"
                    into_text = into_text and part.type != "text/html"
                if into_text:
                    self.text.append(part)
                if into_html:
                    self.html.append(part)
                if not (into_text and into_html) and part.type.startswith(_MEDIA):
                    self.attach(part, kind, place)
        if kind == "alternative" and begun_with:
            has_text, has_html = len(self.text) > texts, len(self.html) > htmls
            if has_html and not has_text:
                self.text.extend(self.html[htmls:])
            elif has_text and not has_html:
                self.html.extend(self.text[texts:])

    def alternative(self, part: Part, into_text: bool, into_html: bool) -> None:
        """A part that stands directly in an alternative."""
        if part.type == "text/plain" and into_text:
            self.text.append(part)
        elif part.type == "text/html" and into_html:
            self.html.append(part)
        elif part.type.startswith(_MEDIA):
            self.attach(part, "alternative", 1)

    def attach(self, part: Part, kind: str, place: int) -> None:
        self.attachments.append(part)
        self.offered = self.offered or _is_offered(part, kind)


def _is_inline(part: Part, place: int, kind: str) -> bool:
    """Whether the part belongs to the body rather than to the attachments."""
    if part.disposition == "attachment":
        return False
    media = part.type.startswith(_MEDIA)
    if not (media or part.type in ("text/plain", "text/html")):
        return False
    return place == 0 or (kind != "related" and (media or not part.filename))


def _is_offered(part: Part, kind: str) -> bool:
    """RFC 8621 4.1.4, ``hasAttachment``: pictures in the text and what programs handle are no attachments."""
    if part.disposition == "inline" or part.type in _HANDLED:
        return False
    media = part.type.startswith(_MEDIA)
    if part.disposition == "attachment":
        return not (part.cid and media and kind == "related")
    if part.cid and (media or kind == "related"):
        return False
    return not (kind == "alternative" and part.type == "text/calendar" and not part.filename)


def body_lists(root: Part) -> BodyLists:
    """The three lists of a message, and ``hasAttachment``."""
    sorting = _Sorting()
    sorting.walk((root,), "mixed", False, True, True)
    return BodyLists(tuple(sorting.text), tuple(sorting.html), tuple(sorting.attachments), sorting.offered)
