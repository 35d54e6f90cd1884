"""``stalwart-cli diagnose TARGET``: the live delivery diagnosis in the terminal.

With ``--url`` (or STALWART_URL) the daemon runs it and this command shows its stream; it then never falls back to a run
of its own. Without one the diagnosis runs in this process, by the very code that the daemon uses. ``--demo`` brings a
name server and SMTP hosts of its own on loopback, so that everything can be tried without a network.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from attrs import frozen

from stalwart.cli.stage_tree import Stage, StageTree, clean
from stalwart.errors import Invalid

USAGE_ERROR = 2
DEMO_TARGET = "postmaster@good.demo.test"

EXAMPLES = """\
examples:
  stalwart-cli diagnose example.org
  stalwart-cli diagnose postmaster@example.org --all --transcript
  stalwart-cli diagnose --demo
  stalwart-cli --url http://127.0.0.1:8080 --user admin@example.test diagnose example.org --json"""

# how the reason of a failed MX lookup reads when no name server has answered
NO_RESOLVER = ("timed out", "time-out", "cannot be asked", "no name server")

Show = Callable[[Stage], None]


class NoAnswer(Exception):
    """The daemon, the login or the resolver gives no answer; the text says which and what to do."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "diagnose",
        parents=[shared],
        help="watch how mail would reach a domain or mailbox",
        description=(__doc__ or "").partition("\n\n")[2],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("target", nargs="?", metavar="TARGET", help="a domain or an e-mail address")
    command.add_argument("--json", action="store_true", help="one JSON object per stage and line")
    command.add_argument("--transcript", action="store_true", help="show the SMTP dialogue")
    command.add_argument("--all", action="store_true", help="test every host and address")
    command.add_argument("--ip", type=int, choices=(4, 6), help="only IPv4 or only IPv6")
    command.add_argument("--timeout", type=int, default=30, metavar="SECONDS", help="longest run, 1 to 600 [30]")
    here = command.add_argument_group("only for a run in this process")
    here.add_argument("--demo", action="store_true", help="test hosts of its own on loopback; TARGET may be left out")
    here.add_argument("--allow-private", action="store_true", help="connect to private and loopback addresses too")
    here.add_argument("--port", type=int, metavar="N", help="SMTP port of the exchanges [25]")
    here.add_argument("--resolver", action="append", metavar="ADDRESS", help="trusted name server, ip or ip:port")
    here.add_argument("--trust-anchor", action="append", metavar="DS", help="DNSSEC anchor as a DS or DNSKEY record")
    here.add_argument("--ehlo", metavar="NAME", help="name to greet with [this host]")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """The exit code: 0 ``ok``; 1 ``warn`` or ``fail``; 2 usage, daemon, login or resolver."""
    problem = _usage_problem(options)
    if problem:
        return _complain(problem)
    if sys.stdout is None:
        return _complain("there is no standard output to write to")
    outcome = Outcome()
    output = _output(options)

    def show(stage: Stage) -> None:
        outcome.note(stage)
        output(stage)

    try:
        _with_reactor(options, show)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us is gone: nothing left to say
        return USAGE_ERROR
    except (NoAnswer, Invalid, ValueError, OSError) as failure:
        return _complain(str(failure))
    except KeyboardInterrupt:
        return _complain("interrupted")
    return outcome.exit_code()


class Outcome:
    """Remembers what decides the exit code."""

    def __init__(self) -> None:
        self._verdict: str | None = None
        self._resolver_failed = False

    def note(self, stage: Stage) -> None:
        """Take note of ``stage``."""
        if stage.get("type") == "summary":
            self._verdict = stage["verdict"]
        if stage.get("type") == "mxLookupError":
            self._resolver_failed = any(sign in str(stage.get("reason")) for sign in NO_RESOLVER)

    def exit_code(self) -> int:
        """0, 1 or 2."""
        if self._verdict is None:
            return _complain("the diagnosis ended before its summary; see the daemon's log")
        if self._resolver_failed:
            return _complain("the name server gives no answer; name another with --resolver")
        return 0 if self._verdict == "ok" else 1


@frozen
class _JsonLines:
    def __call__(self, stage: Stage) -> None:
        text = json.dumps(stage, separators=(",", ":"), ensure_ascii=False)
        if not text.isprintable():  # a reply may hold what would act on the terminal
            text = json.dumps(stage, separators=(",", ":"))
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _output(options: argparse.Namespace) -> Show:
    if options.json:
        return _JsonLines()
    plain = options.no_color or bool(os.environ.get("NO_COLOR")) or not sys.stdout.isatty()
    tree = StageTree(sys.stdout, colour=not plain, live=not plain)

    def show(stage: Stage) -> None:
        if stage.get("type") != "smtpTranscript" or options.transcript:
            tree.show(stage)

    return show


def _usage_problem(options: argparse.Namespace) -> str | None:
    here = ("allow_private", "port", "resolver", "trust_anchor", "ehlo", "demo")
    used = [name for name in here if getattr(options, name)]
    if options.url and used:
        return f"--{used[0].replace('_', '-')} is for a run without --url and STALWART_URL"
    if options.url and not options.url.lower().startswith(("http://", "https://")):
        return "--url must begin with http:// or https://"
    contrary = [name for name in ("port", "resolver", "trust_anchor") if options.demo and getattr(options, name)]
    if contrary:
        return f"--demo brings its own hosts and cannot go with --{contrary[0].replace('_', '-')}"
    if not options.target and not options.demo:
        return "give a domain or an e-mail address, or --demo"
    if not 1 <= options.timeout <= 600:
        return "--timeout must be between 1 and 600 seconds"
    if options.port is not None and not 1 <= options.port <= 65535:
        return "--port must be between 1 and 65535"
    return None


def _complain(problem: str) -> int:
    print(f"stalwart-cli: {clean(problem)}", file=sys.stderr)
    return USAGE_ERROR


def _with_reactor(options: argparse.Namespace, show: Show) -> None:
    """Run the coroutine of the chosen way to its end and raise what it raises."""
    import twisted.internet.reactor
    from twisted.internet.defer import Deferred

    reactor: Any = twisted.internet.reactor
    failures: list[BaseException] = []
    interrupted = False

    def ended(failure: Any) -> None:
        if failure is not None:
            failures.append(KeyboardInterrupt() if interrupted else failure.value)
        if not interrupted:
            reactor.stop()

    def start() -> None:
        way = _from_daemon if options.url else _in_process
        running: Any = Deferred.fromCoroutine(way(reactor, options, show))

        def interrupt() -> Any:
            nonlocal interrupted
            interrupted = True
            running.cancel()
            return running  # the reactor goes on until all is closed and removed

        reactor.addSystemEventTrigger("before", "shutdown", interrupt)
        running.addBoth(ended)

    reactor.callWhenRunning(start)
    reactor.run()
    if failures:
        raise failures[0]


async def _from_daemon(reactor: Any, options: argparse.Namespace, show: Show) -> None:
    from stalwart.net.event_source import StreamRefused, read_events

    query: dict[str, str] = {"timeout": str(options.timeout)}
    if options.all:
        query["scope"] = "all"
    if options.ip:
        query["ip"] = str(options.ip)
    url = f"{options.url.rstrip('/')}/api/live/delivery/{quote(options.target, safe='')}?{urlencode(query)}"

    def received(event: Any) -> None:
        for stage in json.loads(event.data):
            show(stage)

    headers = _authorization(options)
    try:
        await read_events(reactor, url, headers, received, insecure=options.insecure)
    except BrokenPipeError:
        raise  # our own output
    except StreamRefused as refused:
        raise NoAnswer(_refusal(refused.status, refused.text)) from refused
    except Exception as failure:  # whatever the network did: one sentence, not a traceback
        raise NoAnswer(f"no answer from {options.url}: {_sentence(failure)}") from failure


def _authorization(options: argparse.Namespace) -> dict[str, str]:
    if options.api_key and not options.user:
        return {"Authorization": f"Bearer {options.api_key}"}
    if not options.user:
        raise NoAnswer("the daemon wants a login: give --user and --password, or --api-key")
    password = options.password
    if password is None:
        if not sys.stdin or not sys.stdin.isatty():
            raise NoAnswer("there is no terminal to ask for the password: give --password or STALWART_PASSWORD")
        import getpass

        password = getpass.getpass(f"Password of {options.user}: ")
    pair = base64.b64encode(f"{options.user}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}


def _refusal(status: int, text: str) -> str:
    try:
        problem = json.loads(text)
    except (ValueError, RecursionError):
        problem = None
    detail = problem.get("detail", "") if isinstance(problem, dict) else text.strip()[:200]
    return f"the daemon answered {status}: {detail}"


def _sentence(failure: BaseException) -> str:
    reasons = getattr(failure, "reasons", None)
    if reasons:
        return "; ".join(str(reason.value) for reason in reasons)
    return str(failure) or type(failure).__name__


async def _in_process(reactor: Any, options: argparse.Namespace, show: Show) -> None:
    import msgspec

    from stalwart.codec.dns_names import to_ascii
    from stalwart.mail.delivery.diagnosis import Wishes, diagnose
    from stalwart.mail.delivery.outgoing import Limits, OutgoingOptions, make_outgoing
    from stalwart.mail.delivery.target import parse_target

    target = parse_target(options.target or DEMO_TARGET)
    wishes = Wishes(float(options.timeout), "all" if options.all else "first", options.ip)
    demo = await _start_demo(reactor) if options.demo else None
    try:
        chosen = OutgoingOptions(
            resolvers=tuple(options.resolver or ()) if demo is None else (demo.resolver,),
            trust_anchors=tuple(options.trust_anchor or ()),
            allow_private=options.allow_private or demo is not None,
            authorities=demo.authorities if demo is not None else None,
            policy_port=demo.policy_port if demo is not None else 443,
        )
        limits = Limits(
            ehlo_name=to_ascii(options.ehlo) if options.ehlo else _own_name(),
            port=options.port or (demo.smtp_port if demo is not None else 25),
            allow_private=chosen.allow_private,
        )
        outgoing = make_outgoing(reactor, chosen)
        await diagnose(target, outgoing, limits, wishes, lambda stage: show(msgspec.to_builtins(stage)))
    finally:
        if demo is not None:
            await demo.stop()


async def _start_demo(reactor: Any) -> Any:
    from stalwart.cli.demo_internet import DemoInternet

    demo = await DemoInternet.start(reactor)
    print("Demo hosts on loopback:", file=sys.stderr)
    for domain, meaning in demo.domains.items():
        print(f"  {domain:<24} {meaning}", file=sys.stderr)
    return demo


def _own_name() -> str:
    import socket

    name = socket.getfqdn()
    return name if "." in name else "localhost"
