"""Checks a script and makes instructions of it: which commands there are, what they need, what goes with what.

What can be known before a message is there is an error here, with its line, so that nobody learns of it by lost mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.sieve import dates, texts
from stalwart.codec.sieve.flags import is_flag
from stalwart.codec.sieve.grammar import COMPARATORS, EXTENSIONS, RULES, Rule, TagRule, Type
from stalwart.codec.sieve.syntax import Argument, Command, Number, SieveError, Strings, Tag, parse
from stalwart.codec.sieve.texts import InvalidText, Template, Text
from stalwart.codec.smtp.paths import InvalidPath, forward_path

MOST_COMMANDS: Final = 10_000
"""Commands and tests of one script."""

_FIELD_NAME = re.compile(r"[!-9;-~]{1,200}\Z")
_RELATIONS = ("gt", "ge", "lt", "le", "eq", "ne")
_ENVELOPE = ("from", "to")
_TYPE_NAMES: Mapping[Type, str] = {"string": "one string", "strings": "strings", "number": "a number"}


@frozen(eq=False)
class Instruction:
    """A command or a test that was checked. ``tags`` has True for those without a value.

    ``if`` has the tests of its branches in ``tests``, and a block for each, and perhaps one more for ``else``.
    """

    name: str
    line: int
    tags: Mapping[str, Any]
    values: tuple[Any, ...]
    tests: tuple[Instruction, ...] = ()
    blocks: tuple[tuple[Instruction, ...], ...] = ()


@frozen(eq=False)
class Script:
    """What can be run."""

    instructions: tuple[Instruction, ...]
    extensions: frozenset[str]


def compiled(source: bytes, allowed: frozenset[str] = EXTENSIONS) -> Script:
    """A script made ready; ``allowed`` are the extensions that it may require. Raises ``SieveError``."""
    commands = parse(source)
    compiler = _Compiler(allowed & EXTENSIONS)
    instructions = compiler.block(compiler.required(commands))
    return Script(tuple(instructions), frozenset(compiler.extensions))


@define
class _Compiler:
    allowed: frozenset[str]
    extensions: set[str] = field(factory=set)
    commands: int = 0

    def required(self, commands: Sequence[Command]) -> Sequence[Command]:
        """Take the ``require`` commands, which come first (RFC 5228 3.2)."""
        for index, command in enumerate(commands):
            if command.name != "require":
                return commands[index:]
            for name in self.checked(command, RULES["require"]).values[0]:
                if name not in self.allowed:
                    raise SieveError(f"The extension {str(name)[:60]!r} is not available here.", command.line)
                self.extensions.add(name)
        return ()

    def block(self, commands: Sequence[Command]) -> list[Instruction]:
        """The commands of a block; branches are one instruction together."""
        made: list[Instruction] = []
        before = ""
        for command in commands:
            rule = RULES.get(command.name)
            if rule is None or rule.kind == "test":
                what = "is a test; put it behind if" if rule is not None else "is no command"
                raise SieveError(f"{command.name} {what}.", command.line)
            if command.name in ("elsif", "else"):
                if before not in ("if", "elsif"):
                    raise SieveError(f"{command.name} has to follow an if or elsif.", command.line)
                instruction = self.checked(command, rule)
                first = made.pop()
                made.append(_joined(first, instruction))
            elif command.name == "require":
                raise SieveError("require has to stand before everything else.", command.line)
            else:
                made.append(self.checked(command, rule))
            before = command.name
        return made

    def checked(self, command: Command, rule: Rule) -> Instruction:
        """A command or a test by its rule."""
        self.commands += 1
        if self.commands > MOST_COMMANDS:
            raise SieveError(f"The script has more than {MOST_COMMANDS} commands and tests.", command.line)
        self.need(rule.needs, command.name, command.line)
        tags, given = self.tags(command, rule)
        values = self.positional(command, rule, given)
        tests = tuple(self.test(each) for each in self.tests(command, rule))
        if (command.block is not None) != rule.has_block:
            what = "needs a block in braces" if rule.has_block else "has no block; end it with a semicolon"
            raise SieveError(f"{command.name} {what}.", command.line)
        blocks = (tuple(self.block(command.block)),) if command.block is not None else ()
        instruction = Instruction(command.name, command.line, tags, values, tests, blocks)
        try:
            _check(instruction)
        except ValueError as problem:
            raise SieveError(f"{command.name}: {problem}", command.line) from None
        self.check_comparator(instruction)
        return instruction

    def tests(self, command: Command, rule: Rule) -> tuple[Command, ...]:
        """The tests of a command, as many as it may have."""
        least, most = rule.tests
        if not least <= len(command.tests) <= most:
            many = (
                "no test; is a semicolon missing after it?"
                if most == 0
                else "one test."
                if most == 1
                else "tests in parentheses."
            )
            raise SieveError(f"{command.name} takes {many}", command.line)
        return command.tests

    def test(self, command: Command) -> Instruction:
        rule = RULES.get(command.name)
        if rule is None or rule.kind != "test":
            raise SieveError(f"{command.name} is no test.", command.line)
        return self.checked(command, rule)

    def tags(self, command: Command, rule: Rule) -> tuple[dict[str, Any], list[Argument]]:
        """The tags with their values, and the arguments that are left."""
        found: dict[str, Any] = {}
        groups: dict[str, str] = {}
        left: list[Argument] = []
        arguments = iter(command.arguments)
        for argument in arguments:
            if not isinstance(argument, Tag):
                left.append(argument)
                continue
            if left:
                raise SieveError(f":{argument.name} has to stand before the other arguments.", argument.line)
            known = rule.tags.get(argument.name)
            if known is None:
                raise SieveError(f"{command.name} has no :{argument.name}.", argument.line)
            self.need(known.needs, f":{argument.name}", argument.line)
            self.once(argument, known, found, groups)
            found[argument.name] = self.tag_value(argument, known, arguments)
        return found, left

    def once(self, tag: Tag, known: TagRule, found: Mapping[str, Any], groups: dict[str, str]) -> None:
        """A tag may be there once, and of a group one."""
        if tag.name in found:
            raise SieveError(f":{tag.name} is there twice.", tag.line)
        if known.group is not None:
            other = groups.setdefault(known.group, tag.name)
            if other != tag.name:
                raise SieveError(f":{other} and :{tag.name} exclude each other: choose one {known.group}.", tag.line)

    def tag_value(self, tag: Tag, known: TagRule, arguments: Iterator[Argument]) -> Any:
        if known.value is None:
            return True
        argument = next(arguments, None)
        if argument is None:
            raise SieveError(f":{tag.name} needs {_TYPE_NAMES[known.value]} after it.", tag.line)
        return self.value(argument, known.value, f":{tag.name}", tag.line)

    def positional(self, command: Command, rule: Rule, given: Sequence[Argument]) -> tuple[Any, ...]:
        """The other arguments; optional ones that are left out are None."""
        types: list[Type] = list(rule.values)
        spare = len(given) - len(types)
        with_optional = rule.optional if spare == len(rule.optional) else ()
        with_trailing = rule.trailing if spare == len(rule.trailing) else ()
        if spare != len(with_optional) + len(with_trailing):
            wanted = ", then ".join(_TYPE_NAMES[each] for each in types) or "nothing"
            raise SieveError(f"{command.name} takes {wanted} after its tags.", command.line)
        types = [*with_optional, *types, *with_trailing]
        values = [
            self.value(argument, type, command.name, command.line) for argument, type in zip(given, types, strict=True)
        ]
        if rule.optional and not with_optional:
            values = [None, *values]
        if rule.trailing and not with_trailing:
            values = [*values, None]
        return tuple(values)

    def value(self, argument: Argument, type: Type, of: str, line: int) -> Any:
        """The value of an argument of the type that is wanted."""
        if type == "number":
            if isinstance(argument, Number):
                return argument.value
        elif isinstance(argument, Strings) and (type == "strings" or not argument.is_list):
            found = tuple(self.text(each, argument.line) for each in argument.values)
            if not found:
                raise SieveError(f"{of} has an empty list; give at least one string.", argument.line)
            return found if type == "strings" else found[0]
        raise SieveError(f"{of} takes {_TYPE_NAMES[type]} here.", getattr(argument, "line", line))

    def text(self, text: str, line: int) -> Text:
        """A string with what is to be filled in."""
        try:
            if "encoded-character" in self.extensions:
                text = texts.decode(text)
            return texts.template(text) if "variables" in self.extensions else text
        except InvalidText as problem:
            raise SieveError(str(problem), line) from None

    def need(self, extension: str | None, what: str, line: int) -> None:
        if extension is not None and extension not in self.extensions:
            if extension not in self.allowed:
                raise SieveError(f"{what} is not available here.", line)
            raise SieveError(f'{what} needs: require "{extension}";', line)

    def check_comparator(self, made: Instruction) -> None:
        """RFC 5228 2.7.3: those two are there for everybody."""
        name = made.tags.get("comparator")
        if name == "i;ascii-numeric":
            self.need(f"comparator-{name}", f":comparator {name}", made.line)
            if "contains" in made.tags or "matches" in made.tags:
                raise SieveError("i;ascii-numeric compares numbers: use :is, :value or :count.", made.line)


def _joined(first: Instruction, other: Instruction) -> Instruction:
    tests, blocks = (*first.tests, *other.tests), (*first.blocks, *other.blocks)
    return Instruction(first.name, first.line, first.tags, first.values, tests, blocks)


def _check(made: Instruction) -> None:
    """What is special about some; raises ``ValueError``. Strings that are filled in later are checked then."""
    check = _CHECKS.get(made.name)
    if check is not None:
        check(made)
    for name, among in (("comparator", COMPARATORS), ("count", _RELATIONS), ("value", _RELATIONS)):
        value = made.tags.get(name)
        if value is not None and value not in among:
            raise ValueError(f":{name} is one of {', '.join(among)}.")
    if "last" in made.tags and "index" not in made.tags and "index" in RULES[made.name].tags:
        raise ValueError(":last needs :index.")
    if made.tags.get("index") == 0:
        raise ValueError(":index counts from 1.")
    for flag in made.tags.get("flags", ()):
        _check_flags(flag)
    zone = made.tags.get("zone")
    if isinstance(zone, str) and dates.zone(zone) is None:
        raise ValueError(":zone is an offset as +0100.")


def _each(values: Sequence[Text], is_right: Callable[[str], object], problem: str) -> None:
    for value in values:
        if isinstance(value, str) and not is_right(value):
            raise ValueError(f"{value[:60]!r} {problem}")


def _check_fields(made: Instruction) -> None:
    _each(made.values[0], _FIELD_NAME.match, "is no name of a header field.")


def _check_field(made: Instruction) -> None:
    _each(made.values[:1], _FIELD_NAME.match, "is no name of a header field.")


def _check_envelope(made: Instruction) -> None:
    _each(made.values[0], lambda name: name.lower() in _ENVELOPE, "is no part of an envelope: from and to are.")


def _check_size(made: Instruction) -> None:
    if not made.tags:
        raise ValueError("say :over or :under with a number.")


def _check_redirect(made: Instruction) -> None:
    _each(made.values, is_address, "is no address as name@example.org.")


def _check_date(made: Instruction) -> None:
    if made.name == "date":
        _check_field(made)
    _each(made.values[-2:-1], lambda name: name.lower() in dates.PARTS, "is no part of a date.")


def _check_set(made: Instruction) -> None:
    name = made.values[0]
    if isinstance(name, Template):
        raise ValueError("the name of a variable cannot be made of others.")
    texts.variable(name)


def _check_flag_action(made: Instruction) -> None:
    if made.values[0] is not None:
        made_name = made.values[0]
        _each((made_name,), texts.variable, "")
    for flags in made.values[1]:
        _check_flags(flags)


def _check_flags(flags: Text) -> None:
    if isinstance(flags, str):
        _each(flags.split(), is_flag, "is no flag: one is \\Seen or a word.")


def _check_vacation(made: Instruction) -> None:
    sender = made.tags.get("from")
    if isinstance(sender, str) and not is_address(sender.rpartition("<")[2].rstrip("> ")):
        raise ValueError(":from is no address.")


def _check_mailbox(made: Instruction) -> None:
    _each(made.values, str.strip, "names no folder.")
    if sum(name in made.tags for name in ("mailboxid", "specialuse")) > 1:
        raise ValueError("choose :mailboxid or :specialuse.")


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    if len(text) > 500:
        return False
    try:
        path, rest = forward_path(f"<{text}>")
    except InvalidPath:
        return False
    return not rest and bool(path.local) and bool(path.domain) and not path.is_literal


_CHECKS: Mapping[str, Callable[[Instruction], None]] = {
    **dict.fromkeys(("header", "address", "exists"), _check_fields),
    **dict.fromkeys(("addheader", "deleteheader"), _check_field),
    **dict.fromkeys(("date", "currentdate"), _check_date),
    **dict.fromkeys(("setflag", "addflag", "removeflag"), _check_flag_action),
    "envelope": _check_envelope,
    "size": _check_size,
    "redirect": _check_redirect,
    "set": _check_set,
    "vacation": _check_vacation,
    "fileinto": _check_mailbox,
}
