"""``stalwart-cli apply``: carries a plan out, in batches that the server accepts, with progress.

Three passes (settings A.14): removals in reverse, the rest in order, then what ``reconcile`` removes, in reverse.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from stalwart.cli.settings.command import command
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.plan import Step, merged, read_plan
from stalwart.cli.settings.problems import REFUSED, CallFailed, Problem, Rule, refusal
from stalwart.cli.settings.progress import Progress
from stalwart.cli.settings.references import resolved
from stalwart.cli.settings.server import Server
from stalwart.cli.settings.values import read_file

EXAMPLES = """\
a plan has one JSON object a line:
  {"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d1":{"name":"example.org"}}}
  {"@type":"create","object":"Account","value":{"u1":{"@type":"User","name":"alice","domainId":"#d1"}}}
  {"@type":"update","object":"Http","value":{"enableHsts":true}}
  {"@type":"destroy","object":"BlockedIp","ids":["c","d"]}"""

Counts = dict[str, int]


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    made = command(commands, shared, "apply", "carry out a plan", work, EXAMPLES)
    made.add_argument("--file", metavar="FILE", help="the plan")
    made.add_argument("--stdin", action="store_true", help="the plan from standard input")
    made.add_argument(
        "--dry-run",
        action="store_true",
        help="check the form of the plan and count what would be done; values are checked by the server, later",
    )
    made.add_argument("--confirm", action="store_true", help="also what locks out the address that asks")
    made.add_argument("--continue-on-error", action="store_true", help="go on after a refusal")
    made.add_argument("--quiet", action="store_true", help="show problems only")
    made.add_argument("--json", dest="as_json", action="store_true", help="one JSON object for each object touched")
    made.add_argument("--progress", action="store_true", help="show a progress bar, also when it is no terminal")


def work(options: argparse.Namespace, server: Server, output: Output) -> int:
    """0 if everything was done, 1 if something was refused."""
    if bool(options.file) == options.stdin:
        raise Problem("give the plan by --file or --stdin")
    steps = read_plan(sys.stdin.read() if options.stdin else read_file(options.file), server.schema)
    total = sum(step.size for step in steps)
    with Progress(total, forced=options.progress, quiet=options.quiet) as progress:
        running = Application(server, output, progress, options)
        complete = running.run(steps)
    if not options.quiet:
        running.summarize()
    return 0 if complete else REFUSED


class _Stopped(Exception):
    """Something was refused and nothing more shall be done."""


@define
class Application:
    """A plan being carried out: the ids made so far, and how many objects met which fate."""

    server: Server
    output: Output
    progress: Progress
    options: argparse.Namespace
    ids: dict[str, str] = field(factory=dict)
    counts: Counts = field(factory=lambda: dict.fromkeys(("created", "updated", "destroyed", "unchanged", "failed"), 0))
    leftovers: list[tuple[Step, list[str]]] = field(factory=list)

    def run(self, steps: Sequence[Step]) -> bool:
        """Whether everything was done."""
        try:
            for step in reversed([step for step in steps if step.kind == "destroy"]):
                self._destroy(step.type, list(step.ids), step)
            for step in merged([step for step in steps if step.kind != "destroy"]):
                self._forward(step)
            for step, ids in reversed(self.leftovers):
                self._destroy(step.type, ids, step)
        except _Stopped:
            self.output.problem("stopped; --continue-on-error goes on after a refusal")
        return self.counts["failed"] == 0

    def summarize(self) -> None:
        """One line of what was done."""
        verb = "would have " if self.options.dry_run else ""
        done = ", ".join(f"{count} {fate}" for fate, count in self.counts.items() if count)
        self.output.note(f"{verb}{done or 'nothing to do'}")
        if self.options.dry_run and done:
            self.output.note("the values are checked by the server when the plan is carried out")

    def _forward(self, step: Step) -> None:
        if step.kind == "update":
            self._update(step, {step.ids[0]: dict(step.value)})
        elif step.kind == "create":
            self._create(step, step.value)
        else:
            self._upsert(step)

    def _upsert(self, step: Step) -> None:
        known = self._by_key(step)
        kept = set()
        patches: dict[str, dict[str, Any]] = {}
        fresh: dict[str, Any] = {}
        for cid, members in step.value.items():
            id = known.get(self._key(step, resolved(members, self.ids)))
            if id is None:
                fresh[cid] = members
            else:
                self.ids[cid] = id
                kept.add(id)
                patches[id] = dict(members)
        self._update(step, patches)
        self._create(step, fresh)
        if step.kind == "reconcile":
            gone = [id for id in known.values() if id not in kept]
            if gone:
                self.leftovers.append((step, gone))

    def _by_key(self, step: Step) -> dict[tuple[Any, ...], str]:
        """The objects that are there, by their natural key."""
        scope = dict(resolved(dict(step.scope), self.ids))
        ids = list(self.server.ids(step.type, scope))
        found = self.server.objects(step.type, ids, step.match_on)
        return {self._key(step, each): each["id"] for each in found}

    def _key(self, step: Step, members: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(_comparable(members.get(name)) for name in step.match_on)

    def _create(self, step: Step, objects: Mapping[str, Any]) -> None:
        tagged = {
            cid: {**members, "@type": step.variant} if step.variant and "@type" not in members else members
            for cid, members in objects.items()
        }
        for batch in self._batches(tagged):
            answer = self._set(step, {"create": batch})
            for cid, made in (answer.get("created") or {}).items():
                self.ids[cid] = made.get("id", "")
                self._done("created", step, {"creationId": cid, **made})
            self._refused(step, answer.get("notCreated"), "created")

    def _update(self, step: Step, patches: Mapping[str, Any]) -> None:
        for batch in self._batches(patches):
            answer = self._set(step, {"update": batch})
            for id, made in (answer.get("updated") or {}).items():
                self._done("updated", step, {"id": id, **(made or {})})
            self._refused(step, answer.get("notUpdated"), "changed")

    def _destroy(self, type: str, ids: list[str], step: Step) -> None:
        size = self._size()
        for start in range(0, len(ids), size):
            answer = self._set(step, {"destroy": ids[start : start + size]})
            for id in answer.get("destroyed") or ():
                self._done("destroyed", step, {"id": id})
            self._refused(step, answer.get("notDestroyed"), "deleted")

    def _set(self, step: Step, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.options.dry_run:
            return _pretended(arguments)
        if self.options.confirm:
            arguments = {**arguments, "confirm": True}
        try:
            named = _names(arguments)
            needed = {name[1:]: self.ids[name[1:]] for name in named if name[1:] in self.ids}
            answers, _ = self.server.calls([(f"x:{step.type}/set", arguments)], needed)
        except CallFailed as failure:
            self._failed(f"line {step.line}: {failure}")
            return {}
        for notice in answers[0].get("notices") or ():
            self.output.note(f"note: {notice}")
        return answers[0]

    def _batches(self, objects: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        names, size = list(objects), self._size()
        for start in range(0, len(names), size):
            yield {name: objects[name] for name in names[start : start + size]}

    def _size(self) -> int:
        return self.server.limit("maxObjectsInSet", 500)

    def _done(self, fate: str, step: Step, made: Mapping[str, Any]) -> None:
        self.counts[fate] += 1
        self.progress.advance()
        if self.options.as_json:
            self.output.json({"object": step.type, "result": fate, **made})
        elif made.get("secret") is not None:
            self.output.text(f"{fate} {step.type} {made.get('id', '')} with the secret {made['secret']}")

    def _refused(self, step: Step, errors: Mapping[str, Any] | None, verb: str) -> None:
        for key, error in (errors or {}).items():
            if self.options.as_json:
                self.output.json({"object": step.type, "result": "failed", "key": key, "error": error})
            reason = refusal(error, self._rule(step, key))
            self._failed(f"line {step.line}: {step.type} {step.shown(key)} was not {verb}: {reason}", go_on=True)
        if errors and not self.options.continue_on_error:
            raise _Stopped

    def _rule(self, step: Step, key: str) -> Rule:
        members = step.value.get(key)
        variant = members.get("@type", step.variant) if isinstance(members, dict) else step.variant
        return lambda path: self.server.schema.rule(step.type, variant if isinstance(variant, str) else None, path)

    def _failed(self, text: str, go_on: bool = False) -> None:
        self.counts["failed"] += 1
        self.progress.advance()
        self.output.problem(text)
        if not go_on and not self.options.continue_on_error:
            raise _Stopped


def _pretended(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a server that accepts everything."""
    return {
        "created": {cid: {"id": f"#{cid}"} for cid in arguments.get("create") or ()},
        "updated": dict.fromkeys(arguments.get("update") or ()),
        "destroyed": list(arguments.get("destroy") or ()),
    }


def _names(value: Any) -> set[str]:
    """Every string and key in ``value`` that may be a reference."""
    if isinstance(value, str):
        return {value} if value.startswith("#") else set()
    if isinstance(value, dict):
        found: set[str] = set()
        for key, member in value.items():
            if key.startswith("#"):
                found.add(key)
            found |= _names(member)
        return found
    return set().union(*map(_names, value)) if isinstance(value, list) else set()


def _comparable(value: Any) -> Any:
    """A member of a key in a form that can be compared: strings without case, objects as text."""
    if isinstance(value, str):
        return value.strip().lower()
    return repr(sorted(value.items())) if isinstance(value, dict) else value
