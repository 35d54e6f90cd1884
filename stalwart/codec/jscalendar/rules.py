"""RecurrenceRule objects (RFC 8984 4.3.3) and RRULE (RFC 5545 3.3.10, RFC 7529): in the order given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from stalwart.codec.icalendar.rules import FREQUENCIES, WEEKDAYS, rule
from stalwart.codec.icalendar.values import DAY, MalformedValue, Moment, moment, moment_text
from stalwart.codec.jscalendar.values import Json, local_seconds, local_text

SKIPS: Final = ("omit", "backward", "forward")

_NUMBERS: Final = {
    "BYMONTHDAY": "byMonthDay",
    "BYYEARDAY": "byYearDay",
    "BYWEEKNO": "byWeekNo",
    "BYHOUR": "byHour",
    "BYMINUTE": "byMinute",
    "BYSECOND": "bySecond",
    "BYSETPOS": "bySetPosition",
}
_KNOWN: Final = {*_NUMBERS, "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "WKST", "RSCALE", "SKIP"}
_PLAIN: Final = ("gregorian", "omit")
_MONTH = re.compile(r"[1-9]\d?L?\Z", re.ASCII)
_SCALES: Final = frozenset(
    (
        *("buddhist", "chinese", "coptic", "dangi", "ethioaa", "ethiopic", "ethiopic-amete-alem", "gregorian"),
        *("gregory", "hebrew", "indian", "islamic", "islamic-civil", "islamic-rgsa", "islamic-tbla", "islamicc"),
        *("islamic-umalqura", "iso8601", "japanese", "persian", "roc"),
    )
)
"""The calendars of the CLDR (RFC 7529 4.1)."""


def rule_of(text: str, until_local: Callable[[Moment], int]) -> Json:
    """The object of an RRULE; ``until_local`` puts UNTIL on the clock of the series. Parts of vendors are left out.

    :raises MalformedValue: it is no rule.
    """
    rule(text)
    made: Json = {"@type": "RecurrenceRule", "frequency": ""}
    for part in text.strip().rstrip(";").split(";"):
        name, _, value = part.partition("=")
        name, value = name.strip().upper(), value.strip()
        if name not in _KNOWN:
            continue  # as the arithmetic of rules does
        if name == "FREQ":
            made["frequency"] = value.lower()
        elif name in ("INTERVAL", "COUNT"):
            made[name.lower()] = int(value)
        elif name == "UNTIL":
            made["until"] = local_text(until_local(moment(value)))
        elif name == "BYDAY":
            made["byDay"] = [_day(each.strip()) for each in value.split(",")]
        elif name == "BYMONTH":
            made["byMonth"] = [each.strip().upper().lstrip("+").lstrip("0") for each in value.split(",")]
        elif name == "WKST":
            made["firstDayOfWeek"] = value.lower()
        elif name in _NUMBERS:
            made[_NUMBERS[name]] = [int(each) for each in value.split(",")]
        elif value.lower() not in _PLAIN:
            made[name.lower()] = value.lower()
    return made


def _day(text: str) -> Json:
    made: Json = {"@type": "NDay", "day": text[-2:].lower()}
    if len(text) > 2:
        made["nthOfPeriod"] = int(text[:-2])
    return made


def rule_text(given: Json, until_written: Callable[[int], Moment]) -> str:
    """An RRULE. The object has to be one that ``rule_problem`` does not object to."""
    parts = []
    if given.get("rscale") not in (None, "gregorian"):
        parts.append(f"RSCALE={given['rscale'].upper()}")
    parts.append(f"FREQ={given['frequency'].upper()}")
    if "until" in given:
        parts.append(f"UNTIL={moment_text(until_written(local_seconds(given['until'])))}")
    parts += [f"{name.upper()}={given[name]}" for name in ("count", "interval") if name in given]
    for name, key in reversed(_NUMBERS.items()):
        if key in given and key != "bySetPosition":
            parts.append(f"{name}={','.join(map(str, given[key]))}")
    if "byDay" in given:
        parts.append("BYDAY=" + ",".join(f"{day.get('nthOfPeriod', '')}{day['day'].upper()}" for day in given["byDay"]))
    if "byMonth" in given:
        parts.append(f"BYMONTH={','.join(given['byMonth'])}")
    if "bySetPosition" in given:
        parts.append(f"BYSETPOS={','.join(map(str, given['bySetPosition']))}")
    if given.get("skip") not in (None, "omit") and given.get("rscale") is not None:
        parts.append(f"SKIP={given['skip'].upper()}")
    elif given.get("skip") not in (None, "omit"):
        parts = ["RSCALE=GREGORIAN", *parts, f"SKIP={given['skip'].upper()}"]
    if "firstDayOfWeek" in given:
        parts.append(f"WKST={given['firstDayOfWeek'].upper()}")
    return ";".join(parts)


def rule_problem(given: Any) -> tuple[str, str] | None:
    """What is wrong with a RecurrenceRule: which member ("" for all of it), and why; None if nothing is."""
    if not isinstance(given, dict) or given.get("@type", "RecurrenceRule") != "RecurrenceRule":
        return "", "This has to be one RecurrenceRule."
    for key, judge in _JUDGES.items():
        if key in given and not judge(given[key]):
            return key, "No rule can have this value."
    if "frequency" not in given:
        return "frequency", "A rule has a frequency."
    if "count" in given and "until" in given:
        return "until", "A rule has either count or until."
    try:
        read = rule(rule_text(given, lambda local: Moment(local)))
    except MalformedValue as problem:
        return "", str(problem)
    if not read.is_foreign and any(ordinal for ordinal, _ in read.weekdays) and not _takes_ordinals(given):
        return "byDay", "nthOfPeriod is for months and years only."
    return None


def _takes_ordinals(given: Json) -> bool:
    return given["frequency"] in ("monthly", "yearly")


def _is_number(value: Any, lowest: int, highest: int) -> bool:
    return type(value) is int and lowest <= value <= highest


def _numbers(lowest: int, highest: int, *, has_negative: bool = False) -> Callable[[Any], bool]:
    def judge(value: Any) -> bool:
        if not isinstance(value, list) or not 0 < len(value) <= 400:
            return False
        return all(
            _is_number(abs(each) if has_negative and type(each) is int else each, lowest, highest) for each in value
        )

    return judge


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and value.upper() in WEEKDAYS and value.islower()


def _are_days(value: Any) -> bool:
    if not isinstance(value, list) or not 0 < len(value) <= 400:
        return False
    for each in value:
        if not isinstance(each, dict) or not _is_day(each.get("day")):
            return False
        nth = each.get("nthOfPeriod", 1)
        if not _is_number(nth, -53, 53) or nth == 0:
            return False
    return True


def _are_months(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= 400
        and all(isinstance(each, str) and _MONTH.match(each) is not None for each in value)
    )


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and local_seconds(value) is not None
    except MalformedValue:
        return False


def _is_scale(value: Any) -> bool:
    return isinstance(value, str) and value in _SCALES


_JUDGES: Final[dict[str, Callable[[Any], bool]]] = {
    "frequency": lambda value: isinstance(value, str) and value.islower() and value.upper() in FREQUENCIES,
    "interval": lambda value: _is_number(value, 1, 2**31),
    "count": lambda value: _is_number(value, 1, 2**31),
    "until": _is_time,
    "rscale": _is_scale,
    "skip": lambda value: value in SKIPS,
    "firstDayOfWeek": _is_day,
    "byDay": _are_days,
    "byMonth": _are_months,
    "byMonthDay": _numbers(1, 31, has_negative=True),
    "byYearDay": _numbers(1, 366, has_negative=True),
    "byWeekNo": _numbers(1, 53, has_negative=True),
    "byHour": _numbers(0, 23),
    "byMinute": _numbers(0, 59),
    "bySecond": _numbers(0, 60),
    "bySetPosition": _numbers(1, 366, has_negative=True),
}


def until_local(given: Moment, *, is_date: bool, local: Callable[[int], int]) -> int:
    """UNTIL on the clock of a series; ``local`` makes local seconds of an instant."""
    if given.is_date:
        return given.local if is_date else given.local + DAY - 1
    seconds = local(given.local) if given.is_utc else given.local
    return seconds // DAY * DAY if is_date else seconds
