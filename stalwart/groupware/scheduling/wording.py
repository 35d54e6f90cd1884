"""What invitations, reminders and the page of answers say, in each language: a file of ``languages`` for each.

A text that is missing is an error of reading, so nothing speaks half a language. Braces are filled by who uses them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

LANGUAGES: Final = ("en", "es", "fr", "de", "it", "pt", "nl", "da", "ca", "el", "sv", "pl")
DEFAULT: Final = "en"


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts of one language. Weeks begin on Monday; ``ordinals`` are first to fourth and last, none where the names
    of days would have to follow them.
    """

    # dates
    days: tuple[str, ...]
    days_short: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    clock: int
    all_day: str
    # subjects
    invitation: str
    updated: str
    cancelled: str
    accepted: str
    declined: str
    tentative: str
    delegated: str
    reply: str
    reminder: str
    untitled: str
    # what happened
    invites: str
    changes: str
    cancels: str
    accepts: str
    declines: str
    hesitates: str
    delegates: str
    answers: str
    reminds: str
    # names of what is shown
    when: str
    was: str
    repeats: str
    where: str
    about: str
    organizer: str
    guests: str
    answer: str
    organizes: str
    more: str
    # questions and their answers
    question: str
    yes: str
    no: str
    maybe: str
    by_link: str
    to_guest: str
    forwarding: str
    to_organizer: str
    to_reminded: str
    # recurrence
    daily: str
    dailies: str
    weekly: str
    weeklies: str
    monthly: str
    monthlies: str
    yearly: str
    yearlies: str
    seldom: str
    on_days: str
    on_month_days: str
    ordinals: tuple[str, ...]
    on_ordinal: str
    until: str
    times: str
    # the page
    page: str
    send: str
    current: str
    unanswered: str
    is_accepted: str
    is_declined: str
    is_tentative: str
    is_completed: str
    is_running: str
    is_delegated: str
    as_whom: str
    again: str
    recorded: str
    failed: str
    malformed: str
    advice: str
    gone: str
    stranger: str
    unavailable: str
    download: str
    view: str


@cache
def wording(language: str) -> Wording:
    """The texts of one of `LANGUAGES`."""
    text = files("stalwart.groupware.scheduling").joinpath("languages", f"{language}.json").read_bytes()
    return msgspec.json.decode(text, type=Wording)


def language_of(locale: str) -> str:
    """The one of `LANGUAGES` for a locale or language tag: ``de_AT`` and ``de-AT`` are ``de``."""
    name = locale.replace("_", "-").partition("-")[0].lower()
    return name if name in LANGUAGES else DEFAULT
