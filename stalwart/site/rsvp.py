"""``/calendar/rsvp``: where guests answer an invitation by the links of its mail (spec/dav.md 8.8).

Looking changes nothing, because programs that check mail for dangers follow its links: GET shows the event with a form,
which POST records. No script, no account: the link is what proves who asks. With ``ics=1`` the event is a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.codec.accept_language import choose_language
from stalwart.codec.content_disposition import attachment
from stalwart.codec.markup import Markup, join, plain, tag
from stalwart.codec.web_form import MalformedForm, reader_of
from stalwart.errors import NotFound, StalwartError
from stalwart.groupware.scheduling.described import LONGEST_ADDRESS, Described, described_object
from stalwart.groupware.scheduling.rsvp import ANSWERS, PATH, Asked, NoAnswer, Problem, Rsvp
from stalwart.groupware.scheduling.wording import DEFAULT, LANGUAGES, Wording, wording
from stalwart.web.answers import NO_STORE, Answer
from stalwart.web.exchange import Exchange
from stalwart.web.pages import framed
from stalwart.web.routes import route

LARGEST_FORM = 16_384
_STYLESHEET = "/assets/rsvp.css"
_SPEC = "dav 8.8"
_FILE_TYPE = "text/calendar; charset=utf-8"


async def _look(exchange: Exchange, *, rsvp: Rsvp) -> Answer:
    """The event of an invitation, and a form to answer it; with ``ics=1`` the event as a file."""
    return await _answer(exchange, exchange.query, rsvp, records=False)


async def _send(exchange: Exchange, *, rsvp: Rsvp) -> Answer:
    """The answer to an invitation: the form of that page."""
    try:
        reader = reader_of(exchange.header("content-type"))
        reader.feed(await exchange.body(LARGEST_FORM))
        fields = dict(reader.finish())
    except MalformedForm:
        fields = {}
    return await _answer(exchange, fields, rsvp, records=True)


look = route("GET", PATH, needs=None, spec=_SPEC)(_look)
look_below = route("GET", f"{PATH}/<path:rest>", needs=None, spec=_SPEC)(_look)
send = route("POST", PATH, needs=None, body_limit=LARGEST_FORM, spec=_SPEC)(_send)
send_below = route("POST", f"{PATH}/<path:rest>", needs=None, body_limit=LARGEST_FORM, spec=_SPEC)(_send)


async def _answer(exchange: Exchange, fields: Mapping[str, str], rsvp: Rsvp, *, records: bool) -> Answer:
    if not rsvp.is_enabled:
        raise NotFound
    language = choose_language(None, exchange.header("accept-language"), LANGUAGES, DEFAULT)
    words = wording(language)
    token, answer = fields.get("i", ""), fields.get("m", "").upper()
    try:
        if records:
            return _recorded(language, words, token, await rsvp.record(token, answer))
        asked = await rsvp.look(token)
    except NoAnswer as none:
        told = {Problem.GONE: words.gone, Problem.STRANGER: words.stranger}.get(none.problem, words.malformed)
        return _failed(language, words, told, advice=words.advice if none.problem is Problem.MALFORMED else None)
    except StalwartError as problem:
        return _failed(language, words, words.unavailable, problem.status)
    if fields.get("ics"):
        headers = (NO_STORE, ("Content-Disposition", attachment("event.ics")), ("X-Content-Type-Options", "nosniff"))
        return Answer(200, asked.calendar.octets(), _FILE_TYPE, headers)
    return _form_page(language, words, token, answer, asked)


def _form_page(language: str, words: Wording, token: str, answer: str, asked: Asked) -> Answer:
    event = described_object(asked.calendar, words)
    present = tag("p", words.current.replace("{answer}", _named(words, asked.answer)), class_="soft")
    return framed(
        language,
        event.summary or words.untitled,
        _table(event, words),
        _as_whom(asked, words),
        present,
        _form(words, token, asked, answer if answer in asked.answers else asked.answer),
        tag("p", tag("a", words.download, href=f"?i={token}&ics=1", download="event.ics")),
        stylesheet=_STYLESHEET,
    )


def _form(words: Wording, token: str, asked: Asked, chosen: str) -> Markup:
    spoken = {"ACCEPTED": words.yes, "DECLINED": words.no, "TENTATIVE": words.maybe}
    return tag(
        "form",
        tag("input", type="hidden", name="i", value=token),
        tag(
            "fieldset",
            tag("legend", words.question),
            *(_choice(each, spoken.get(each) or _named(words, each), each == chosen) for each in asked.answers),
        ),
        tag("button", words.send, type="submit"),
        method="post",
        action="?",
    )


def _recorded(language: str, words: Wording, token: str, asked: Asked) -> Answer:
    event = described_object(asked.calendar, words)
    return framed(
        language,
        words.recorded,
        tag("p", words.page, ": ", tag("strong", _named(words, asked.answer)), role="status"),
        tag("h2", event.summary or words.untitled),
        _table(event, words),
        _as_whom(asked, words),
        tag("p", words.again, class_="soft"),
        _form(words, token, asked, asked.answer),
        stylesheet=_STYLESHEET,
    )


def _failed(language: str, words: Wording, told: str, status: int = 200, advice: str | None = None) -> Answer:
    help = tag("p", advice) if advice is not None else None
    return framed(language, words.failed, tag("p", told, role="alert"), help, stylesheet=_STYLESHEET, status=status)


def _choice(answer: str, text: str, chosen: bool) -> Markup:
    entry = tag("input", type="radio", name="m", value=answer, required=True, checked=chosen)
    return tag("label", entry, " ", text)


def _table(event: Described, words: Wording) -> Markup:
    rows = (
        (words.when, event.when),
        (words.repeats, event.recurrence),
        (words.where, event.location),
        (words.about, event.description),
        (words.organizer, event.organizer),
    )
    return tag("dl", *(join(tag("dt", name), tag("dd", value, dir="auto")) for name, value in rows if value))


def _as_whom(asked: Asked, words: Wording) -> Markup:
    return tag("p", words.as_whom.replace("{address}", plain(asked.attendee, LONGEST_ADDRESS)))


def _named(words: Wording, answer: str) -> str:
    names = dict(
        zip(
            ANSWERS,
            (words.is_accepted, words.is_declined, words.is_tentative, words.is_completed, words.is_running),
            strict=True,
        )
    )
    return names.get(answer, words.is_delegated if answer == "DELEGATED" else words.unanswered)
