"""``stalwart-cli completion SHELL``: a script that completes commands, options and the types of the server.

Types come from the schema document that this computer has seen last; completing asks no server.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from stalwart.cli.settings.server import cached_schema

BASH = """\
_stalwart_cli() {
  local IFS=$'\\n'
  COMPREPLY=($(stalwart-cli completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _stalwart_cli stalwart-cli
"""
ZSH = """\
#compdef stalwart-cli
_stalwart_cli() {
  local -a found
  found=("${(@f)$(stalwart-cli completion words -- "${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  compadd -a found
}
compdef _stalwart_cli stalwart-cli
"""
FISH = """\
function __stalwart_cli
  stalwart-cli completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c stalwart-cli -f -a '(__stalwart_cli)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

EXAMPLES = """\
examples:
  source <(stalwart-cli completion bash)
  stalwart-cli completion fish > ~/.config/fish/completions/stalwart-cli.fish"""

TYPED = ("get", "query", "create", "update", "delete", "snapshot", "describe")


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    made = commands.add_parser(
        "completion",
        parents=[shared],
        help="print a completion script for a shell",
        description="Prints a script for the shell; load it to have commands, options and types completed.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("shell", choices=(*SCRIPTS, "words"), metavar="bash|zsh|fish")
    made.add_argument("typed", nargs="*", help=argparse.SUPPRESS)
    made.set_defaults(run=lambda options: run(options, commands))


def run(options: argparse.Namespace, commands: Any) -> int:
    """Print the script, or what could follow the words typed so far."""
    if options.shell in SCRIPTS:
        print(SCRIPTS[options.shell], end="")
        return 0
    *before, current = options.typed or [""]
    for word in candidates(before, commands.choices, options.url or os.environ.get("STALWART_URL")):
        if word.lower().startswith(current.lower()):
            print(word)
    return 0


def candidates(before: list[str], parsers: Any, url: str | None) -> list[str]:
    """What may stand after ``before``: a command, or the options and types of the command that is there."""
    chosen = next((word for word in before if word in parsers), None)
    if chosen is None:
        return [name for name in parsers if name != "completion"]
    options = [name for action in parsers[chosen]._actions for name in action.option_strings if name.startswith("--")]
    if chosen not in TYPED or not url:
        return options
    schema = cached_schema(url)
    return [*options, *(schema.types() if schema is not None else ())]
