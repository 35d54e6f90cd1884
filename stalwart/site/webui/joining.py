"""Modules of the web interface as they are sent: a few files in place of many, because together they pack better and
come sooner.

The modules are kept one by one, as people read them and as browsers would run them. The first file has everything that
``main.js`` needs; pages are in a file for their area, and what several of these need is in files between them. In a
file each module is a function that is called once and gives what it exports, so names of modules do not meet. What is
done rests on how modules are written (the tests look after it): imports and exports begin a line, and nothing that is
exported is assigned to later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from posixpath import dirname, join, normpath
from typing import Final

FIRST: Final = "main.js"
TABLE: Final = "core/pages.js"
_BETWEEN: Final = "both"
_EVERYWHERE: Final = {"admin", "account"}
"""Who needs something small that is better sent with the first file than as one of its own."""

_IMPORT = re.compile(r'^import (?:(\w+)(?:, )?)?(?:\{ ?([^}]*?) ?\})?(?: from )?"(\.[^"]+)";$', re.MULTILINE)
_LATER = re.compile(r'import\("(\.[^"]+)"\)')
_LISTED = re.compile(r'\["(\w+)[^"\n]*", \(\) => import\("(\.[^"]+)"\)\]')
_DEFAULT = re.compile(r"^export default (?=((?:async )?function (\w+))?)", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)


class NotJoinable(ValueError):
    """Modules that need each other in a circle, or that are written in a way which is not known here."""


def joined(modules: Mapping[str, str]) -> dict[str, str]:
    """The files to send, by their names, of all ``modules``.

    :raises NotJoinable: they are not written as they should be.
    """
    places = places_of(modules)
    members: dict[str, list[str]] = {}
    for name in _ordered(modules):
        if name in places:
            members.setdefault(places[name], []).append(name)
    return {place: _file(place, names, modules, places) for place, names in members.items()}


def places_of(modules: Mapping[str, str]) -> dict[str, str]:
    """The name of the file that each module is in: that of all who need it."""
    first = set(_needed(modules, FIRST))
    areas: dict[str, set[str]] = {}
    for area, path in _LISTED.findall(modules.get(TABLE, "")):
        areas.setdefault(_found(TABLE, path), set()).add(area)
    users: dict[str, set[str]] = {}
    for name, text in modules.items():
        for path in _LATER.findall(text):
            entry = _found(name, path)
            of = areas.get(entry, set())
            group = next(iter(of)) if len(of) == 1 else _BETWEEN if entry.startswith("pages/") else entry[:-3]
            for each in _needed(modules, entry):
                users.setdefault(each, set()).add(group)
    first |= {name for name, of in users.items() if of >= _EVERYWHERE}
    groups = {name: "-".join(sorted(of)).replace("/", "-") for name, of in users.items()}
    return {name: FIRST if name in first else f"{groups[name]}.js" for name in {*first, *groups}}


def _file(place: str, names: list[str], modules: Mapping[str, str], places: Mapping[str, str]) -> str:
    wanted: dict[str, set[str]] = {}
    for name in names:
        for other in _needs(name, modules[name]):
            if places[other] != place:
                wanted.setdefault(places[other], set()).add(variable(other, places))
    head = [f'import {{ {", ".join(sorted(of))} }} from "./{other}";' for other, of in sorted(wanted.items())]
    body = [_wrapped(name, modules[name], places) for name in names]
    return "\n".join([*head, *body, f"export {{ {', '.join(variable(name, places) for name in names)} }};"])


def _wrapped(name: str, text: str, places: Mapping[str, str]) -> str:
    given: list[str] = []

    def imported(match: re.Match[str]) -> str:
        members = [f"default: {match[1]}"] if match[1] else []
        members += [match[2].replace(" as ", ": ")] if match[2] else []
        return f"const {{ {', '.join(members)} }} = {variable(_found(name, match[3]), places)};" if members else ""

    def default(match: re.Match[str]) -> str:
        given.append(f"default: {match[2] or '$default'}")
        return "" if match[2] else "const $default = "

    def exported(match: re.Match[str]) -> str:
        given.append(match[2])
        return f"{match[1]} {match[2]}"

    def later(match: re.Match[str]) -> str:
        entry = _found(name, match[1])
        return f'import("./{places[entry]}").then((all) => all.{variable(entry, places)})'

    text = _LATER.sub(later, _EXPORT.sub(exported, _DEFAULT.sub(default, _IMPORT.sub(imported, text))))
    if re.search(r"^(?:import|export)\b(?!\()", text, re.MULTILINE):
        raise NotJoinable(name)
    return f"const {variable(name, places)} = (() => {{\n{text}\nreturn {{ {', '.join(given)} }};\n}})();"


def _ordered(modules: Mapping[str, str]) -> list[str]:
    """Each after all that it needs."""
    done: dict[str, bool] = {}

    def visit(name: str) -> None:
        if name in done:
            if not done[name]:
                raise NotJoinable(f"{name} needs itself")
            return
        done[name] = False
        for other in _needs(name, modules[name]):
            visit(other)
        del done[name]  # it comes behind what it needs
        done[name] = True

    for name in modules:
        visit(name)
    return list(done)


def _needed(modules: Mapping[str, str], entry: str) -> Iterable[str]:
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += _needs(name, modules[name])
    return found


def _needs(name: str, text: str) -> list[str]:
    return [_found(name, path) for _, _, path in _IMPORT.findall(text)]


def _found(name: str, path: str) -> str:
    return normpath(join(dirname(name), path))


def variable(name: str, modules: Iterable[str]) -> str:
    """What one of ``modules`` is called in the files: its number, which is shorter than its name."""
    return f"${sorted(modules).index(name)}"
