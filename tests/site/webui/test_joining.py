"""Modules in few files: what is sent does what the modules do (Node runs both), and what cannot be joined is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.site.webui.bundle import WebInterface
from stalwart.site.webui.joining import NotJoinable, joined, variable

MODULES = {
    "main.js": 'import { one, Two as Second } from "./lib/a.js";\nimport word, { more } from "./lib/b.js";\n'
    'import "./core/pages.js";\n'
    'console.log(one(), new Second().name, word(), more);\nconst page = import("./pages/x.js");\n'
    'page.then(async (page) => console.log(page.default(), (await import("./lib/c.js")).late));',
    "lib/a.js": "let count = 0;\nexport function one() {\nreturn (count += 1);\n}\n"
    "export class Two {\nname = typeof count;\n}",
    "lib/b.js": 'import { one } from "./a.js";\nexport const more = { one: one() };\n'
    "export default function name() {\nreturn name.name;\n}",
    "lib/c.js": 'import { one } from "./a.js";\nexport const late = one();\nexport async function count() {}',
    "lib/d.js": "export default [1, 2];",
    "core/pages.js": 'const TABLE = [\n["admin", () => import("../pages/x.js")],\n'
    '["account", () => import("../pages/y.js")],\n'
    '["account/z", () => import("../pages/z.js")],\n["admin/z", () => import("../pages/z.js")],\n];\n'
    'const more = () => import("../lib/c.js");',
    "pages/x.js": 'import list from "../lib/d.js";\nexport default function x() {\nreturn list.length;\n}',
    "pages/y.js": 'import list from "../lib/d.js";\nexport default () => list;',
    "pages/z.js": 'import "../lib/a.js";\nexport default 3;',
}


class JoiningTests(SynchronousTestCase):
    def output(self, files: Mapping[str, str]) -> str:
        node = shutil.which("node")
        if node is None:
            raise SkipTest("not installed: node")
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**files, "package.json": '{"type": "module"}'}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([node, "main.js"], cwd=folder, capture_output=True, timeout=60, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_joined_modules_do_what_they_do_alone(self) -> None:
        alone = self.output(MODULES)
        self.assertEqual(alone, "2 number name { one: 1 }\n2 3\n")
        self.assertEqual(self.output(joined(MODULES)), alone)

    def test_each_module_is_in_one_file_with_those_that_need_it(self) -> None:
        found = joined(MODULES)
        self.assertEqual(set(found), {"main.js", "admin.js", "account.js", "both.js", "lib-c.js"})
        made = [name for text in found.values() for name in re.findall(r"^const (\$\w+) = \(\(\)", text, re.MULTILINE)]
        self.assertEqual(sorted(made), sorted(variable(name, MODULES) for name in MODULES))
        list = variable("lib/d.js", MODULES)
        self.assertIn(f"const {list} =", found["main.js"])
        self.assertTrue(found["admin.js"].startswith(f'import {{ {list} }} from "./main.js";\n'))

    def test_circles_and_unknown_ways_of_writing_are_refused(self) -> None:
        for modules in (
            {"main.js": 'import "./a.js";', "a.js": 'import "./main.js";'},
            {"main.js": "export * from './a.js';"},
            {"main.js": "export let a = 1;"},
            {"main.js": "const a = 1;\nexport { a };"},
        ):
            self.assertRaises(NotJoinable, joined, modules)

    def test_all_modules_are_sent_and_nothing_exported_changes(self) -> None:
        interface = WebInterface()
        sent = "".join(interface.body(name).decode() for name in interface.names() if name.endswith(".js"))
        for name, text in interface.sources.items():
            self.assertEqual(sent.count(f"let {variable(name, interface.sources)}=(()=>{{"), 1, name)
            self.assertNotRegex(text, r"(?m)^export let")
