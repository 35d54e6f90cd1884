"""The parts that pages are made of: who asks for what, the form for the first factor, the form for the second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from stalwart.codec.markup import Child, Markup, filled, join, plain, tag
from stalwart.oauth.pages.texts import Texts
from stalwart.provider.grants import AuthorizationRequest, Client

_LONGEST_PLACE = 100
KNOWN_KINDS = ("registered", "built-in")
"""Kinds of clients that somebody in charge has let in; all others have introduced themselves."""
ABORTING = ("cancel", "deny")
_ABORT, _OTHER = "abort", "switch"
Hidden = Mapping[str, str]


def place_of(redirect_uri: str) -> str:
    """The part of a redirect URI that says where it leads: its host and port, or the scheme of a program."""
    parts = urlsplit(redirect_uri)
    host = parts.netloc.rpartition("@")[2]  # what stands before it could look like another host
    return plain(host if parts.scheme in ("https", "http") else parts.scheme, _LONGEST_PLACE)


def application_name(name: str | None, client_id: str) -> Markup:
    """What an application calls itself, isolated so that it cannot turn the sentence around it."""
    return tag("bdi", plain(name or "") or plain(client_id))


def about_request(texts: Texts, request: AuthorizationRequest) -> Markup:
    """Who asks, for what, and where it leads."""
    client = request.client
    to_program = urlsplit(request.redirect_uri).scheme not in ("https", "http")
    leads = texts.leads_to_program if to_program else texts.leads_to
    return join(
        tag("p", filled(texts.wants, application=tag("strong", _name_of(client)))),
        None if client.kind in KNOWN_KINDS else tag("p", texts.unverified, class_="care"),
        opened(texts, request.scope),
        tag("p", filled(leads, place=tag("strong", tag("bdi", place_of(request.redirect_uri)))), class_="hint"),
    )


def _name_of(client: Client) -> Markup:
    return application_name(client.name, client.id)


def opened(texts: Texts, scope: Iterable[str]) -> Markup:
    """What a consent opens, in plain words; without any scope that is everything."""
    lines = [texts.scopes[name] for name in scope if name in texts.scopes] or [texts.opens_all]
    return join(
        tag("p", texts.opens, id="opens"),
        tag("ul", *(tag("li", line) for line in lines), aria_labelledby="opens"),
    )


def problem(text: str | None) -> Markup:
    """The place for a refusal; it is always there, so that what a script writes into it is read out."""
    return tag("p", text, id="problem", role="alert")


def hidden(fields: Hidden) -> Markup:
    """Fields that the person does not see."""
    return join(*(tag("input", type="hidden", name=name, value=value) for name, value in fields.items()))


def form(action: str, *content: Child) -> Markup:
    """A form that is sent to a page of ours."""
    return tag("form", *content, method="post", action=action)


def password_fields(texts: Texts, user_name: str, *, wrong: bool = False) -> Markup:
    """User name and password; the first one that is missing has the focus."""
    wrongly = "true" if wrong else None
    return join(
        _field(
            texts.user_name,
            "username",
            type="text",
            value=user_name or None,
            autocomplete="username webauthn",
            autocapitalize="none",
            spellcheck="false",
            autofocus=not user_name,
            aria_invalid=wrongly,
        ),
        _field(
            texts.password,
            "password",
            type="password",
            autocomplete="current-password",
            autofocus=bool(user_name),
            aria_invalid=wrongly,
        ),
    )


def second_factor_fields(texts: Texts, step: str, *, recovery: bool, wrong: bool = False) -> Markup:
    """A one-time code, or a recovery code, whose letters need another keyboard; and what may stand in for it."""
    entry = _field(
        texts.recovery if recovery else texts.code,
        "code",
        type="text",
        inputmode=None if recovery else "numeric",
        autocomplete="off" if recovery else "one-time-code",
        autocapitalize="none",
        spellcheck="false",
        autofocus=True,
        aria_invalid="true" if wrong else None,
    )
    return join(
        tag("p", texts.recovery_hint if recovery else texts.code_hint),
        hidden({"step": step, "kind": "recovery" if recovery else "app"}),
        entry,
        button(texts.next, "code", main=True),
        passkey_button(texts),
        button(texts.use_code, "app") if recovery else button(texts.use_recovery, "recovery"),
    )


def user_code_field(texts: Texts, value: str, *, wrong: bool = False) -> Markup:
    """The code that a device shows."""
    return _field(
        texts.user_code,
        "user_code",
        type="text",
        value=value or None,
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
        autofocus=True,
        aria_invalid="true" if wrong else None,
    )


def button(text: str, action: str, *, main: bool = False) -> Markup:
    """A button that sends the form; only the ``main`` one, which Enter presses too, needs it filled in.

    Buttons that do something else have names of their own: whoever sends all fields of a form has not cancelled.
    """
    name = "action" if main else _ABORT if action in ABORTING else _OTHER
    kind = "main" if main else None
    return tag("button", text, type="submit", name=name, value=action, class_=kind, formnovalidate=not main)


def pressed(fields: Mapping[str, str]) -> str | None:
    """The action of the button that has sent a form; of several that of the main one, unless only others were sent."""
    return fields.get("action") or fields.get(_ABORT) or fields.get(_OTHER)


def passkey_button(texts: Texts) -> Markup:
    """The button of ``sign-in.js``, which shows it where the browser knows passkeys."""
    return join(
        tag(
            "button",
            texts.passkey,
            type="button",
            id="use-passkey",
            hidden=True,
            data_runs=texts.passkey_runs,
            data_failed=texts.passkey_failed,
            data_none=texts.passkey_none,
            data_later=texts.too_soon,
        ),
        tag("input", type="hidden", name="assertion"),
    )


def _field(label: str, name: str, **attributes: str | bool | None) -> Markup:
    entry = tag("input", id=name, name=name, required=True, aria_describedby="problem", **attributes)
    return tag("div", tag("label", label, for_=name), entry, class_="field")
