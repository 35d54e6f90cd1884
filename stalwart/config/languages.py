"""Locales and time zones that an account can choose: long lists, put together when first needed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from locale import locale_alias
from zoneinfo import available_timezones

from stalwart.schema import Enumeration

_LOCALE = re.compile(r"([a-z]{2,3}_[A-Z]{2})[^@]*(@[a-z]+)?")


def _locales() -> Iterable[str]:
    """``ll_CC`` and ``ll_CC@variant`` of the table that Python brings along."""
    found = (_LOCALE.fullmatch(name) for name in locale_alias.values())
    return sorted({match[1] + (match[2] or "") for match in found if match} | {"en_IE@euro", "en_US"})


def _time_zones() -> Iterable[str]:
    """Names of the IANA data of this computer; UTC where it has none."""
    return sorted(available_timezones() | {"UTC"})


LOCALE = Enumeration("Locale", _locales, "Languages and countries, such as `en_US`.")
TIME_ZONE = Enumeration("TimeZone", _time_zones, "Time zones of the IANA data, such as `Europe/Vienna`.")
