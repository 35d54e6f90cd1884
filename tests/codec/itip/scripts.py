"""A small language for scheduling between a few people, each of whom has one calendar.

A line ``> command arguments`` is followed by what the command is given. People are called by their address; what does
not begin with a VCALENDAR is put into one. Commands:

    put PERSON [NAME] [refused RULE]   write an object; what has to be told waits
    delete PERSON [NAME] [silent]      delete it (silent: Schedule-Reply: F)
    expect [nothing]                   the next message that waits: ``key: value`` lines (from, to, changes, answer),
                                       then METHOD, and the components of it
    send                               hand out all that waits; what comes back waits then
    itip FROM TO [REASON]              a message comes from outside; REASON if it is ignored
    get PERSON [nothing]               the only object of a person, as it is stored
    tag PERSON NUMBER                  its Schedule-Tag (0 for none)
    answer PERSON ATTENDEE PARTSTAT    a click on the page of answers, in PERSON's calendar
    reset                              forget all
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import Factory, define

from stalwart.codec.icalendar.checking import check
from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.itip.applying import apply
from stalwart.codec.itip.deciding import on_change
from stalwart.codec.itip.outcomes import Applied, Ignored, ItipMessage, Options, SchedulingRefused, TagStep
from stalwart.codec.itip.replying import answer

NOW: Final = 1_790_000_000
_ANSWERED: Final = re.compile(r";X-SCHEDULE-ANSWERED=[^;:]*")
_IGNORED: Final = ("DTSTAMP", "PRODID", "VERSION", "CALSCALE")


@define
class Stored:
    """An object in a calendar."""

    calendar: Component
    tag: int = 0

    def step(self, step: TagStep) -> None:
        """Schedule-Tag goes on."""
        self.tag = {TagStep.KEEP: self.tag, TagStep.FIRST: 1, TagStep.NEXT: self.tag + 1, TagStep.DROP: 0}[step]


@define
class World:
    """Everybody's calendar, and what waits to be sent."""

    calendars: dict[str, dict[str, Stored]] = Factory(dict)
    waiting: list[ItipMessage] = Factory(list)
    inbox: list[tuple[str, str]] = Factory(list)
    """(person, method) of what was put there."""

    def run(self, script: str) -> None:
        """A whole script; raises AssertionError with the command that fails."""
        for number, command, arguments, body in _commands(script):
            try:
                getattr(self, f"do_{command}")(arguments, body)
            except AssertionError as problem:
                raise AssertionError(f"line {number}, {command} {' '.join(arguments)}: {problem}") from problem

    def options(self, person: str, stored: Stored | None, *, sends_reply: bool = True) -> Options:
        """What is asked for the account of a person."""
        return Options(frozenset({person}), NOW, is_tagged=bool(stored and stored.tag), sends_reply=sends_reply)

    def do_put(self, arguments: list[str], body: str) -> None:
        """``put PERSON [NAME] [refused RULE]``."""
        refused = arguments.pop() if arguments[-2:-1] == ["refused"] else None
        person = arguments[0]
        name = arguments[1] if len(arguments) > 1 and arguments[1] != "refused" else "one"
        objects = self.calendars.setdefault(person, {})
        stored = objects.get(name)
        new = calendar(body)
        try:
            outcome = on_change(stored.calendar if stored else None, new, self.options(person, stored))
        except SchedulingRefused as problem:
            assert problem.rule == refused, f"refused: {problem.rule} {problem}"
            return
        assert refused is None, "it is not refused"
        stored = objects.setdefault(name, Stored(new))
        stored.calendar = valid(outcome.calendar or new)
        stored.step(outcome.tag)
        self.waiting += outcome.messages

    def do_delete(self, arguments: list[str], body: str) -> None:
        """``delete PERSON [NAME] [silent]``."""
        is_silent = arguments[-1] == "silent"
        name = arguments[1] if len(arguments) > 1 + is_silent else self.only(arguments[0])
        stored = self.calendars[arguments[0]].pop(name)
        options = self.options(arguments[0], stored, sends_reply=not is_silent)
        self.waiting += on_change(stored.calendar, None, options).messages

    def do_expect(self, arguments: list[str], body: str) -> None:
        """``expect [nothing]``."""
        if arguments:
            assert not self.waiting, f"{[(each.method, each.recipients) for each in self.waiting]} wait"
            return
        assert self.waiting, "nothing waits"
        message = self.waiting.pop(0)
        head, _, rest = body.partition("METHOD:")
        fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        found = {
            "from": message.sender,
            "to": " ".join(sorted(message.recipients)),
            "changes": " ".join(each.name for each in message.facts.changes),
            "answer": message.facts.participation,
        }
        for key, value in fields.items():
            assert found[key] == value, f"{key}: {found[key]!r}"
        same(message.calendar, calendar(f"METHOD:{rest}"))

    def do_send(self, arguments: list[str], body: str) -> None:
        """``send``."""
        waiting, self.waiting = self.waiting, []
        for message in waiting:
            for recipient in message.recipients:
                self.come(message.calendar, message.sender, recipient)

    def do_itip(self, arguments: list[str], body: str) -> None:
        """``itip FROM TO [REASON]``."""
        ignored = self.come(calendar(body), arguments[0], arguments[1])
        reason = ignored.reason.value if ignored else None
        expected = arguments[2] if len(arguments) > 2 else None
        assert reason == expected, f"ignored: {reason}"

    def do_get(self, arguments: list[str], body: str) -> None:
        """``get PERSON [nothing]``."""
        objects = self.calendars.get(arguments[0], {})
        if arguments[1:] == ["nothing"]:
            assert not objects, f"{list(objects)} are there"
            return
        same(objects[self.only(arguments[0])].calendar, calendar(body))

    def do_tag(self, arguments: list[str], body: str) -> None:
        """``tag PERSON NUMBER``."""
        tag = self.calendars[arguments[0]][self.only(arguments[0])].tag
        assert tag == int(arguments[1]), f"it is {tag}"

    def do_answer(self, arguments: list[str], body: str) -> None:
        """``answer PERSON ATTENDEE PARTSTAT``."""
        stored = self.calendars[arguments[0]][self.only(arguments[0])]
        answered = answer(stored.calendar, arguments[1], arguments[2], NOW)
        assert answered is not None, "no attendee"
        stored.calendar = valid(answered.calendar)

    def do_reset(self, arguments: list[str], body: str) -> None:
        """``reset``."""
        self.calendars, self.waiting, self.inbox = {}, [], []

    def only(self, person: str) -> str:
        """The name of the one object that somebody has."""
        names = list(self.calendars.get(person, {}))
        assert len(names) == 1, f"{person} has {names}"
        return names[0]

    def come(self, message: Component, sender: str, recipient: str) -> Ignored | None:
        """A message comes to somebody."""
        objects = self.calendars.setdefault(recipient, {})
        message = read_calendar(message.octets())
        uid = next(each.value("UID") for each in message.components if each.name != "VTIMEZONE")
        name = next((name for name, each in objects.items() if check(each.calendar).uid == uid), None)
        stored = objects.get(name) if name else None
        applied = apply(message, stored.calendar if stored else None, sender, self.options(recipient, stored))
        if isinstance(applied, Ignored):
            return applied
        assert isinstance(applied, Applied)
        self.inbox.append((recipient, applied.method))
        if applied.calendar is not None:
            assert applied.is_new == (stored is None)
            stored = objects.setdefault(name or "itip", Stored(applied.calendar))
            stored.calendar = valid(applied.calendar)
            stored.step(applied.tag)
        self.waiting += applied.messages
        return None


def calendar(body: str) -> Component:
    """The calendar object that a body is, or is in."""
    body = body.strip()
    if not body.startswith("BEGIN:VCALENDAR"):
        body = f"BEGIN:VCALENDAR\nVERSION:2.0\n{body}\nEND:VCALENDAR"
    return read_calendar(body.encode())


def valid(given: Component) -> Component:
    """An object after a turn through octets; fails if it could not be stored."""
    read = read_calendar(given.octets())
    facts = check(read)
    assert facts.method is None, "METHOD is stored"
    return read


def same(found: Component, expected: Component) -> None:
    """Fails if two objects are not the same but for DTSTAMP and order."""
    one, other = _plain(found), _plain(expected)
    assert one == other, "\n" + "\n".join(
        [*(f"  + {line}" for line in one if line not in other), *(f"  - {line}" for line in other if line not in one)]
        or one
    )


def _plain(given: Component) -> list[str]:
    parts = sorted((_lines(each) for each in given.components if each.name != "VTIMEZONE"), key=str)
    lines = sorted(_ANSWERED.sub("", each.line) for each in given.properties if each.name not in _IGNORED)
    return [*lines, *(line for part in parts for line in part)]


def _lines(given: Component) -> list[str]:
    lines = sorted(_ANSWERED.sub("", each.line) for each in given.properties if each.name not in _IGNORED)
    inner = [line for each in given.components for line in _lines(each)]
    return [f"BEGIN:{given.name}", *lines, *inner, f"END:{given.name}"]


def _commands(script: str) -> Iterator[tuple[int, str, list[str], str]]:
    command: list[str] = []
    at, body = 0, []
    for number, line in enumerate(script.splitlines(), 1):
        line = line.strip()
        if line.startswith("> "):
            if command:
                yield at, command[0], command[1:], "\n".join(body)
            at, command, body = number, line[2:].split(), []
        elif line and not line.startswith("#"):
            body.append(line)
    if command:
        yield at, command[0], command[1:], "\n".join(body)
