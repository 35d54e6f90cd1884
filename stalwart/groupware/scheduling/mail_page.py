"""Mail about events as people see it: a page in HTML with the same in plain text, and a picture (spec/dav.md 8.5, 8.9).

Readers of mail know little of HTML and leave much of it out: it is tables and styles of elements, readable in light and
dark, and without anything that would have to be fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from secrets import token_hex
from typing import Any, Final

from attrs import frozen

from stalwart.codec.markup import Child, Markup, join, tag
from stalwart.codec.mime.composer import Outline, compose
from stalwart.codec.mime.header_forms import Form
from stalwart.groupware.scheduling.described import Described
from stalwart.groupware.scheduling.wording import Wording

Field = tuple[str, Form, Any]

_STYLE: Final = Markup(
    "<style>:root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media(prefers-color-scheme:dark){.page,.card{background:#14181d!important;color:#e8edf2!important}"
    ".soft{color:#a3adb8!important}.card{border-color:#333c46!important}.was{color:#e8b454!important}}</style>"
)
_FONT: Final = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:16px;line-height:1.5"
_BUTTON: Final = (
    "display:inline-block;padding:10px 22px;margin:0 8px 8px 0;border:2px solid #1f5fa8;border-radius:5px;"
    "background:#1f5fa8;color:#ffffff;font-weight:600;text-decoration:none"
)


@frozen
class Link:
    """A button, and where it leads."""

    text: str
    url: str


@frozen
class Row:
    """Something that is told; ``before`` is what it was."""

    name: str
    value: str
    before: str = ""


@frozen
class Page:
    """What a mail says. ``question`` stands above the links, ``by_link`` in the plain text in its place."""

    title: str
    sentence: str
    rows: Sequence[Row]
    links: Sequence[Link] = ()
    question: str = ""
    by_link: str = ""
    footer: Sequence[str] = ()


def rows_of(event: Described, wording: Wording, before: Described | None = None) -> list[Row]:
    """What is told of an event; what it was before where that was something else."""
    was = before if before is not None else event
    found = [
        Row(wording.when, event.when, _other(was.when, event.when)),
        Row(wording.repeats, event.recurrence, _other(was.recurrence, event.recurrence)),
        Row(wording.where, event.location, _other(was.location, event.location)),
        Row(wording.about, event.description, _other(was.description, event.description)),
    ]
    if before is not None and before.summary != event.summary and before.summary:
        found.insert(0, Row("", event.summary, before.summary))
    found.append(Row(wording.organizer, event.organizer))
    found.append(Row(wording.guests, guest_list(event, wording)))
    return [each for each in found if each.value or each.before]


def guest_list(event: Described, wording: Wording) -> str:
    """Who is invited, a line for each."""
    lines = list(event.guests)
    if event.more_guests:
        lines.append(wording.more.format(n=event.more_guests))
    return "\n".join(lines)


def plain_text(page: Page, wording: Wording) -> str:
    """The page without markup."""
    parts = [page.sentence, page.title]
    for row in page.rows:
        told = f"{row.name}: {row.value}" if row.name else row.value
        if "\n" in row.value:
            told = f"{row.name}:\n" + "\n".join(f"  {line}" for line in row.value.split("\n"))
        if row.before:
            told += f"\n  {wording.was.format(value=row.before)}"
        parts.append(told)
    if page.links:
        parts.append("\n".join([page.by_link, *(f"{each.text}: {each.url}" for each in page.links)]).strip())
    parts.append("\n".join(("-- ", *page.footer)))
    return "\n\n".join(filter(None, parts)) + "\n"


def html(page: Page, language: str, wording: Wording, picture: str) -> str:
    """The page with markup; ``picture`` is the Content-ID of the picture."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="supported-color-schemes", content="light dark"),
        tag("title", page.title),
        _STYLE,
    )
    inside = join(
        tag("p", tag("img", src=f"cid:{picture}", width="48", height="48", alt="")),
        tag("p", page.sentence),
        tag("h1", page.title, style="margin:0 0 16px;font-size:24px;line-height:1.25"),
        tag("table", *(_row(each, wording) for each in page.rows), style="border-spacing:0"),
        tag("p", tag("strong", page.question), style="margin:16px 0 8px") if page.links and page.question else None,
        tag("p", *(tag("a", each.text, href=each.url, style=_BUTTON) for each in page.links)) if page.links else None,
        *(tag("p", each, class_="soft", style="margin:8px 0 0;color:#57606a;font-size:13px") for each in page.footer),
    )
    card = tag("div", inside, class_="card", style="padding:24px;border:1px solid #d5dae0;border-radius:12px")
    box = tag("div", card, style="max-width:560px;margin:0 auto;padding:16px;overflow-wrap:anywhere")
    body = tag("body", box, class_="page", style=f"margin:0;background:#ffffff;color:#1b1f24;{_FONT}")
    return join(Markup("<!doctype html>\n"), tag("html", head, body, lang=language, dir="ltr"))


def message(page: Page, language: str, wording: Wording, *further: Outline) -> Outline:
    """The part that is read: plain text, HTML and ``further`` forms of it, with the picture (RFC 2387)."""
    picture = f"calendar.{token_hex(8)}@stalwart"
    forms = Outline(
        "multipart/alternative",
        parts=(
            Outline("text/plain", text=plain_text(page, wording), language=(language,)),
            Outline("text/html", text=html(page, language, wording, picture), language=(language,)),
            *further,
        ),
    )
    shown = Outline("image/png", contents=lambda: (_picture(),), disposition="inline", name="calendar.png", cid=picture)
    related = (("type", "multipart/alternative"),)
    return Outline("multipart/related", parts=(forms, shown), parameters=related)


def written(fields: Sequence[Field], body: Outline) -> bytes:
    """A whole message. Raises InvalidValue for an address that no header can hold."""
    return b"".join(compose(fields, body, _boundaries()))


def date_field(now: int) -> Field:
    """When it is written."""
    return "Date", Form.DATE, format(datetime.fromtimestamp(now, UTC), "%Y-%m-%dT%H:%M:%S+00:00")


def message_id_field(hostname: str) -> Field:
    """A name of its own."""
    return "Message-ID", Form.MESSAGE_IDS, [f"{token_hex(16)}@{hostname}"]


@cache
def _picture() -> bytes:
    return files("stalwart.groupware.scheduling").joinpath("calendar.png").read_bytes()


def _other(before: str, now: str) -> str:
    return before if before != now else ""


def _row(row: Row, wording: Wording) -> Markup:
    name = tag(
        "th",
        row.name,
        scope="row",
        style="padding:4px 16px 4px 0;text-align:left;vertical-align:top;white-space:nowrap",
    )
    before = (
        tag("div", wording.was.format(value=row.before), class_="was", style="color:#7a4b00") if row.before else None
    )
    value = tag("td", _lines(row.value), before, style="padding:4px 0;vertical-align:top", dir="auto")
    return tag("tr", name, value)


def _lines(value: str) -> Child:
    lines = value.split("\n")
    return join(lines[0], *(piece for line in lines[1:] for piece in (tag("br"), line)))


def _boundaries() -> Iterator[str]:
    while True:
        yield token_hex(16)
