"""``POST /form``: the contact form that pages of other sites lead to (http-service 7, design 8).

Programs get JSON; a browser that prefers HTML is sent on, or gets a small page. The body is read piece by piece; one
that is longer than a form may be, or has more fields, is refused at once. ``mail.contact_form`` checks who writes.
"""

from __future__ import annotations

from html import escape
from typing import Any

from stalwart.codec.accept import prefers_html
from stalwart.codec.ip_networks import LOOPBACK
from stalwart.codec.web_addresses import is_web_address
from stalwart.codec.web_form import Field, MalformedForm, reader_of
from stalwart.config.network.http_form import HttpForm
from stalwart.config.settings import Settings
from stalwart.errors import Invalid, NotFound, StalwartError, TooLarge
from stalwart.mail.contact_form import HONEY_POT, ContactForm, FormRefused, HoneyPot, Sheet
from stalwart.web.answers import HTML, NO_STORE, Answer, Headers, json_answer, no_content, redirect, text_answer
from stalwart.web.exchange import Exchange
from stalwart.web.limits import Limits
from stalwart.web.routes import route

MOST_OCTETS = 26_214_400
"""What a form may have in any case: it is in memory while it is read."""
NOT_A_FORM = "Invalid post request"

_TAKEN = "Thank you"
_REFUSED = "That did not work"
_HEADERS: Headers = (
    NO_STORE,
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/form.css">
</head>
<body>
<main class="{kind}">
<h1>{title}</h1>
<p role="{role}">{text}</p>
{back}</main>
</body>
</html>
"""


@route("OPTIONS", "/form", needs=None, limit="none", spec="http-service 7")
def form_options(exchange: Exchange, *, settings: Settings) -> Answer:
    """Whether forms are taken."""
    if not settings.of(HttpForm).enable:
        raise NotFound
    return no_content((("Allow", "OPTIONS, POST"),))


@route("POST", "/form", needs=None, spec="http-service 7", body_limit=MOST_OCTETS)
async def form(
    exchange: Exchange, *, settings: Settings, contact_form: ContactForm, limits: Limits, clock: Any
) -> Answer:
    """A form that somebody has filled in becomes a message to the addresses in `HttpForm.deliverTo`."""
    rules = settings.of(HttpForm)
    if not rules.enable:
        raise NotFound
    wants_page = prefers_html(exchange.header("accept"))
    try:
        fields = await _read(exchange, contact_form, min(rules.max_size, MOST_OCTETS))
        if rules.rate_limit is not None and exchange.client_ip not in LOOPBACK:
            limits.form(exchange.client_ip, rules.rate_limit, clock.seconds())
        await contact_form.take(Sheet(fields, exchange.client_ip, exchange.client_port))
    except HoneyPot:
        if not rules.honey_pot_silent:
            if wants_page:
                return _page_or_redirect(exchange, rules, HONEY_POT, 400)
            raise Invalid(HONEY_POT) from None
    except FormRefused as refused:
        if wants_page:
            return _page_or_redirect(exchange, rules, str(refused), 400)
        return _told(str(refused), 400)
    except StalwartError as problem:
        if wants_page:
            return _page_or_redirect(exchange, rules, problem.detail, problem.status)
        raise
    return _page_or_redirect(exchange, rules, None, 200) if wants_page else _told(None, 200)


async def _read(exchange: Exchange, contact_form: ContactForm, limit: int) -> list[Field]:
    """The fields of the body. Raises Invalid."""
    body, octets = exchange.body_stream, 0
    try:
        reader = reader_of(exchange.header("content-type"))
        while body is not None and (piece := await body.piece(limit)):
            reader.feed(piece)
            octets += len(piece)
        return await contact_form.fields(reader, octets)
    except (MalformedForm, TooLarge):
        if body is not None:
            body.discard()
        raise Invalid(NOT_A_FORM) from None


def _told(refusal: str | None, status: int) -> Answer:
    return json_answer({"data": {"details": refusal, "success": refusal is None}}, status)


def _page_or_redirect(exchange: Exchange, rules: HttpForm, refusal: str | None, status: int) -> Answer:
    """What a browser shows next."""
    place = rules.redirect_ok if refusal is None else rules.redirect_failed
    if place is not None:
        return redirect(place, 303, (NO_STORE,))
    came_from = exchange.header("referer") or ""
    back = ""
    if is_web_address(came_from):
        back = f'<p><a href="{escape(came_from)}">Back to the page</a></p>\n'
    text = _PAGE.format(
        title=_TAKEN if refusal is None else _REFUSED,
        kind="taken" if refusal is None else "refused",
        role="status" if refusal is None else "alert",
        text=escape(refusal if refusal is not None else "Your message was sent."),
        back=back,
    )
    return text_answer(text, status, _HEADERS, HTML)
