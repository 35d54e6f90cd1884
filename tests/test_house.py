"""The house rules of docs/map.md, checked: sizes, openings, citations, borders, and that each module is tested."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.documentation import documents
from stalwart.app.faces import routes

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stalwart"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

LONGEST_MODULE = 600
LONGEST_FUNCTION = 60
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager", "misc"}
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.S)
CITATION = re.compile(r"\bRFC (\d{3,5})\b")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


class Module:
    """What the rules ask of a module, read in one walk."""

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text())
        self.is_silent = not ast.get_docstring(tree)
        self.silent = [
            f"{_name(path)}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, FUNCTIONS | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
        self.long: list[str] = []
        self.sql: list[str] = []
        self.imported: set[str] = set()
        for node in ast.walk(tree):
            self._see(path, node)

    def _see(self, path: Path, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
            self.sql.append(f"{_name(path)}:{node.lineno}")
        elif isinstance(node, ast.Import):
            self.imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            self.imported.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, FUNCTIONS) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION:
            self.long.append(f"{_name(path)}:{node.lineno} {node.name}")

    def imports(self, module: str) -> bool:
        """Whether it imports a module, or something in it."""
        return any(name == module or name.startswith(f"{module}.") for name in self.imported)


@cache
def _modules() -> dict[Path, Module]:
    return {path: Module(path) for path in MODULES}


@cache
def _tests() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))


class SizeTests(SynchronousTestCase):
    """style: nothing grows unseen."""

    def test_no_module_is_longer_than_the_limit(self) -> None:
        long = [_name(p) for p in MODULES if len(p.read_text().splitlines()) > LONGEST_MODULE]
        self.assertEqual(long, [])

    def test_no_function_is_longer_than_the_limit(self) -> None:
        self.assertEqual([one for module in _modules().values() for one in module.long], [])

    def test_no_module_has_a_name_that_says_nothing(self) -> None:
        self.assertEqual([_name(p) for p in MODULES if p.stem in FORBIDDEN_NAMES], [])

    def test_packages_are_at_most_two_levels_deep(self) -> None:
        deep = [_name(p) for p in MODULES if len(p.relative_to(PACKAGE).parts) > 3]
        self.assertEqual(deep, [])


class OpeningTests(SynchronousTestCase):
    """Each module says what it is for."""

    def test_each_module_opens_with_a_docstring(self) -> None:
        self.assertEqual([_name(path) for path, module in _modules().items() if module.is_silent], [])

    def test_public_functions_and_classes_have_a_sentence(self) -> None:
        self.assertEqual([one for module in _modules().values() for one in module.silent], [])


class BorderTests(SynchronousTestCase):
    """What import-linter cannot see."""

    def test_sql_is_written_in_the_store_only(self) -> None:
        elsewhere = {path: module for path, module in _modules().items() if not path.is_relative_to(PACKAGE / "store")}
        self.assertEqual([one for module in elsewhere.values() for one in module.sql], [])

    def _importers(self, name: str) -> set[str]:
        return {_name(path) for path, module in _modules().items() if module.imports(name)}

    def _packages(self, module: str) -> set[str]:
        return {Path(name).parts[1] for name in self._importers(module)}

    def test_klein_is_known_to_web_only(self) -> None:
        self.assertEqual(self._packages("klein"), {"web"})

    def test_treq_is_known_to_net_only(self) -> None:
        self.assertEqual(self._packages("treq"), {"net"})

    def test_formats_and_declarations_know_no_network(self) -> None:
        self.assertEqual(self._packages("twisted") & {"codec", "schema"}, set())

    def test_the_reactor_is_imported_by_entry_points_only(self) -> None:
        allowed = {"stalwart/app/tap.py", "stalwart/app/workers/process.py", "stalwart/cli/diagnose.py"}
        self.assertLessEqual(self._importers("twisted.internet.reactor"), allowed)

    def test_nobody_forks_the_plugin_namespace(self) -> None:
        self.assertFalse((ROOT / "twisted" / "__init__.py").exists())
        self.assertFalse((ROOT / "twisted" / "plugins" / "__init__.py").exists())


class CitationTests(SynchronousTestCase):
    """docs/rfc.md is the index of every standard that the code cites."""

    def test_each_cited_rfc_has_a_row(self) -> None:
        index = set(re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "rfc.md").read_text(), re.M))
        cited = {number for path in MODULES for number in CITATION.findall(path.read_text())}
        self.assertEqual(sorted(cited - index, key=int), [])


class CoverageTests(SynchronousTestCase):
    """tests/ mirrors stalwart/."""

    UNTESTED_BY_NAME = {
        "stalwart/cli/__main__.py",  # two lines, run by tests/live
        "stalwart/telemetry/events.py",  # a table
        "stalwart/store/threads/engine.py",  # a Protocol
        "stalwart/directory/phc.py",  # formats of hashes, by the vectors of tests/directory/test_hashes.py
        "stalwart/cli/demo_hosts.py",  # run by tests/cli/test_demo_internet.py
    }

    def test_each_module_has_a_test_module_that_names_it(self) -> None:
        missing = []
        for path in MODULES:
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            package, _, module = dotted.rpartition(".")
            if path.name == "__init__.py" or _name(path) in self.UNTESTED_BY_NAME:
                continue
            mirrored = ROOT / "tests" / path.relative_to(PACKAGE).parent / f"test_{path.stem}.py"
            if mirrored.exists() or dotted in _tests():
                continue
            if not re.search(rf"from {re.escape(package)} import [^\n]*\b{module}\b", _tests()):
                missing.append(_name(path))
        self.assertEqual(missing, [])


class RouteTests(SynchronousTestCase):
    """What each endpoint must say of itself."""

    def test_each_route_names_its_specification_and_says_what_it_does(self) -> None:
        silent = [route.name for route in routes() if not route.spec or not route.doc]
        self.assertEqual(silent, [])

    def test_each_route_is_asked_for_in_a_test(self) -> None:
        untested = [r.pattern for r in routes() if re.sub(r"<.*", "", r.pattern) not in _tests()]
        self.assertEqual(untested, [])

    def test_documentation_is_what_the_declarations_say(self) -> None:
        stale = [name for name, text in documents().items() if (ROOT / name).read_text() != text]
        self.assertEqual(stale, [], "run make docs")


class NeutralityTests(SynchronousTestCase):
    """No path of one machine in what is published."""

    def test_no_machine_path(self) -> None:
        wrong = []
        for path in [*MODULES, *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "Makefile"]:
            if re.search(r"(?<![\w.])/(home|root|Users|work)/", path.read_text()):
                wrong.append(_name(path))
        self.assertEqual(wrong, [])
