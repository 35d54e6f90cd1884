"""Runs a script on a message (RFC 5228 2.10): what it says is collected, and comes out when it has ended.

A script that goes wrong, or too far, does nothing: its message is kept, and the verdict says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field

from stalwart.codec.sieve import texts
from stalwart.codec.sieve.actions import Answer, Filing, Met, Redirection, Refusal, Verdict
from stalwart.codec.sieve.compiling import Instruction, Script, is_address
from stalwart.codec.sieve.conditions import CONDITIONS, comparison, use_of
from stalwart.codec.sieve.flags import listed
from stalwart.codec.sieve.matching import compare
from stalwart.codec.sieve.message import Message
from stalwart.codec.sieve.syntax import SieveError
from stalwart.codec.sieve.texts import Text
from stalwart.codec.sieve.world import Budget, World


class _Stop(Exception):
    """The script has said so."""


def run(script: Script, message: Message, world: World) -> Verdict:
    """What becomes of the message. Changes ``message`` where the script does."""
    running = _Running(message, world, Budget(world.bounds.steps, world.clock() + world.bounds.seconds, world.clock))
    try:
        running.block(script.instructions)
    except _Stop:
        pass
    except SieveError as problem:
        return Verdict((Filing(),), problem=problem, steps=running.budget.used)
    return running.verdict()


@define
class _Running:
    message: Message
    world: World
    budget: Budget
    variables: dict[str, str] = field(factory=dict)
    matches: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    met: dict[bytes, Met] = field(factory=dict)
    filings: list[Filing] = field(factory=list)
    redirections: list[Redirection] = field(factory=list)
    refusal: Refusal | None = None
    answer: Answer | None = None
    is_kept: bool = True
    """Whether the message goes into the Inbox because nothing was said against it (RFC 5228 2.10.2)."""

    def verdict(self) -> Verdict:
        """What was collected."""
        if self.is_kept:
            self.filings.append(Filing(flags=self.flags, version=self.message.version()))
        return Verdict(
            tuple(dict.fromkeys(self.filings)),
            tuple(dict.fromkeys(self.redirections)),
            *(self.refusal, self.answer, self.message.heads(), tuple(self.met.values())),
            steps=self.budget.used,
        )

    def block(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            self.step(instruction)
            if instruction.name == "if":
                self.branch(instruction)
            else:
                _ACTIONS[instruction.name](self, instruction)

    def branch(self, instruction: Instruction) -> None:
        for test, block in zip(instruction.tests, instruction.blocks, strict=False):
            if self.holds(test):
                self.block(block)
                return
        if len(instruction.blocks) > len(instruction.tests):
            self.block(instruction.blocks[-1])

    def step(self, instruction: Instruction) -> None:
        self.budget.line = instruction.line
        self.budget.spend(1)

    def holds(self, test: Instruction) -> bool:
        """Whether a test is true."""
        self.step(test)
        return CONDITIONS[test.name](self, test)

    def spend(self, steps: int) -> None:
        """Take steps."""
        self.budget.spend(steps)

    def text(self, text: Text) -> str:
        """A string with the values of variables."""
        if isinstance(text, str):
            return text
        filled = texts.filled(text, self.variables, self.matches, self.world.bounds.longest_string)
        self.spend(len(filled) >> 8)
        return filled

    def texts(self, texts: Sequence[Text]) -> list[str]:
        """The same of several."""
        return [self.text(each) for each in texts]

    def variable(self, name: str) -> str:
        """The value of a variable, which is empty where it was never set."""
        return self.variables.get(name.lower(), "")

    def assign(self, name: str, value: str) -> None:
        """Give a variable a value."""
        if name not in self.variables and len(self.variables) >= self.world.bounds.variables:
            raise self.error(f"A script can have {self.world.bounds.variables} variables at most.")
        self.variables[name] = value[: self.world.bounds.longest_variable]

    def error(self, text: str) -> SieveError:
        """What the script breaks off with, where it is now."""
        return SieveError(text, self.budget.line)

    def file(self, filing: Filing) -> None:
        """Into a folder."""
        self.against_refusal()
        if len(self.filings) >= self.world.bounds.filings:
            raise self.error(f"A message can go into {self.world.bounds.filings} folders at most.")
        self.filings.append(filing)

    def send(self) -> None:
        """One more message goes out."""
        self.against_refusal()
        if len(self.redirections) + (self.answer is not None) >= self.world.bounds.messages:
            raise self.error(f"A script can send {self.world.bounds.messages} messages at most.")

    def against_refusal(self) -> None:
        """RFC 5429 2.4: what is refused is not kept or sent on too."""
        if self.refusal is not None:
            raise self.error("A message that is refused cannot be kept, sent on or answered.")

    def flags_of(self, instruction: Instruction) -> tuple[str, ...]:
        given = instruction.tags.get("flags")
        return self.flags if given is None else listed(self.texts(given))


def _stop(run: _Running, instruction: Instruction) -> None:
    raise _Stop


def _keep(run: _Running, instruction: Instruction) -> None:
    run.is_kept = False
    run.file(Filing(flags=run.flags_of(instruction), version=run.message.version()))


def _discard(run: _Running, instruction: Instruction) -> None:
    run.is_kept = False


def _file_into(run: _Running, instruction: Instruction) -> None:
    tags = instruction.tags
    run.is_kept = run.is_kept and "copy" in tags
    filing = Filing(
        run.text(instruction.values[0]).strip(),
        use_of(run.text(tags.get("specialuse", ""))),
        run.text(tags.get("mailboxid", "")),
        "create" in tags,
        run.flags_of(instruction),
        run.message.version(),
    )
    run.file(filing)


def _redirect(run: _Running, instruction: Instruction) -> None:
    address = run.text(instruction.values[0])
    if not is_address(address):
        raise run.error(f"{address[:60]!r} is no address to redirect to.")
    if run.message.count("received") > run.world.bounds.received:
        raise run.error("The message has passed too many servers: it seems to run in a circle.")
    if len(run.redirections) >= run.world.bounds.redirects:
        raise run.error(f"A script can redirect a message {run.world.bounds.redirects} times at most.")
    run.send()
    run.is_kept = run.is_kept and "copy" in instruction.tags
    run.redirections.append(Redirection(address, run.message.version()))


def _reject(run: _Running, instruction: Instruction) -> None:
    if run.filings or run.redirections or run.answer is not None or run.refusal is not None:
        raise run.error("A message that is kept, sent on or answered cannot be refused too.")
    run.is_kept = False
    run.refusal = Refusal(run.text(instruction.values[0]), instruction.name == "ereject")


def _vacation(run: _Running, instruction: Instruction) -> None:
    if run.answer is not None:
        raise run.error("A message is answered once: there is a second vacation.")
    run.send()
    tags = instruction.tags
    given = {name: run.text(tags[name]) for name in ("subject", "from", "handle") if name in tags}
    seconds = tags.get("seconds", tags["days"] * 86_400 if "days" in tags else None)
    run.answer = Answer(
        run.text(instruction.values[0]),
        *(given.get("subject"), given.get("from"), tuple(run.texts(tags.get("addresses", ())))),
        *("mime" in tags, given.get("handle"), seconds),
    )


def _set(run: _Running, instruction: Instruction) -> None:
    name, value = instruction.values
    text = run.text(value)
    for modifier, change in texts.MODIFIERS.items():
        if modifier in instruction.tags:
            text = change(text)
    run.assign(name.lower(), text)


def _change_flags(run: _Running, instruction: Instruction) -> None:
    """RFC 5232 3: of the variable that is named, or of the internal one."""
    name, given = instruction.values
    name = None if name is None else run.text(name).lower()
    flags = listed(run.texts(given))
    former = run.flags if name is None else listed((run.variable(name),))
    if instruction.name == "addflag":
        flags = listed((*former, *flags))
    elif instruction.name == "removeflag":
        gone = {flag.lower() for flag in flags}
        flags = tuple(flag for flag in former if flag.lower() not in gone)
    if name is None:
        run.flags = flags
    else:
        run.assign(name, " ".join(flags))


def _add_header(run: _Running, instruction: Instruction) -> None:
    name, value = run.texts(instruction.values)
    if run.world.bounds.protects(name):
        return
    try:
        run.message.add(name, value, "last" in instruction.tags)
    except ValueError as problem:
        raise run.error(f"The field {name[:40]!r} cannot be added: {problem}.") from None


def _delete_header(run: _Running, instruction: Instruction) -> None:
    name, patterns = run.text(instruction.values[0]), instruction.values[1]
    if run.world.bounds.protects(name):
        return
    how = comparison(run, instruction)
    keys = None if patterns is None else run.texts(patterns)
    run.spend(run.message.count(name))
    run.message.delete(
        *(name, instruction.tags.get("index"), "last" in instruction.tags),
        lambda text: keys is None or compare(how, (text,), keys, run.spend) is not None,
    )


_ACTIONS: Mapping[str, Callable[[Any, Instruction], None]] = {
    "stop": _stop,
    "keep": _keep,
    "discard": _discard,
    "fileinto": _file_into,
    "redirect": _redirect,
    "reject": _reject,
    "ereject": _reject,
    "vacation": _vacation,
    "set": _set,
    "setflag": _change_flags,
    "addflag": _change_flags,
    "removeflag": _change_flags,
    "addheader": _add_header,
    "deleteheader": _delete_header,
}
