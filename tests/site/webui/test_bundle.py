"""The files of the web interface as a bundle: complete, light, and all in one version."""

from __future__ import annotations

import gzip
import json
import re
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound
from stalwart.oauth.pages.files import sign_in_assets
from stalwart.site.webui.bundle import WebInterface, imports
from stalwart.site.webui.joining import joined
from stalwart.site.webui.lean import KEPT_OR_BLANK, NAMED, catalogue, lean, tight

HEAVIEST = 90 * 1024  # webui 5.7
HEAVIEST_AT_ONCE = 60 * 1024
MOST_AT_ONCE = 30
LONGEST_MODULE = 600
DYNAMIC = re.compile(r'import\("(\.[^"]+)"\)')
ASKED = re.compile(r'\bt\("([^"]+)"')
MARK = re.compile(r"\{(\w+)\}")


def packed(body: bytes) -> int:
    return len(gzip.compress(body, 9))


def words(language: str) -> dict[str, str | dict[str, str]]:
    """A catalogue, whose lines are one text each."""
    found = {}
    for name, text in catalogue(source(f"words/{language}.js")).items():
        found[name] = json.loads(re.sub(r"([{,] )(\w+):", r'\1"\2":', text) if text.startswith("{ ") else text)
    return found


def source(name: str) -> str:
    """A file as it is kept."""
    return files("stalwart.site.webui").joinpath("files", name).read_text()


def marks(text: str | dict[str, str]) -> set[str]:
    return set(MARK.findall(text if isinstance(text, str) else text["other"]))


class FileTests(SynchronousTestCase):
    """What is in the package."""

    def setUp(self) -> None:
        self.interface = WebInterface()
        self.scripts = {
            name: self.interface.body(name).decode() for name in self.interface.names() if name.endswith(".js")
        }

    def test_all_scripts_and_styles_are_light(self) -> None:
        names = [name for name in self.interface.names() if name.endswith((".js", ".css"))]
        self.assertGreater(len(names), 5)
        self.assertLess(sum(packed(self.interface.body(name)) for name in names), HEAVIEST)

    def test_first_page_is_lighter_still(self) -> None:
        pages = [name for name in self.interface.sources if name.startswith("pages/")]
        for page in pages:
            names = [*self.interface.at_once(page), "style.css"]
            self.assertLessEqual(len(names), MOST_AT_ONCE, page)
            self.assertLess(sum(packed(self.interface.body(name)) for name in names), HEAVIEST_AT_ONCE, page)

    def test_pages_are_found_by_their_addresses(self) -> None:
        for path, module in (
            ("admin/", "pages/overview.js"),
            ("admin/objects/Http", "pages/objects.js"),
            ("account/objects/ApiKey/new", "pages/object.js"),
            ("admin/nowhere", None),
            ("admin/objects/a/b/c", None),
        ):
            self.assertEqual(self.interface.module_of(path), module)

    def test_every_import_leads_to_a_file(self) -> None:
        for name, text in self.scripts.items():
            wanted = imports(name, text)
            wanted += imports(name, "".join(f'import "{path}";\n' for path in DYNAMIC.findall(text)))
            for other in wanted:
                self.assertIn(other, self.scripts, name)

    def test_nothing_is_loaded_from_elsewhere_and_nothing_becomes_code_or_markup(self) -> None:
        forbidden = re.compile(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://(?!www\.w3\.org/2000/svg)"
        )
        self.assertEqual({name for name, text in self.scripts.items() if forbidden.search(text)}, set())
        self.assertNotIn("url(", self.interface.body("style.css").decode())

    def test_modules_are_short(self) -> None:
        long = {name for name in self.interface.sources if source(name).count("\n") > LONGEST_MODULE}
        self.assertEqual(long - {"words/en.js", "words/de.js"}, set())

    def test_lines_of_modules_can_be_told_apart(self) -> None:
        for name in self.interface.sources:
            text = source(name)
            self.assertNotIn("/*", text, name)
            odd = [line for line in text.splitlines() if line.count("`") % 2 or line.endswith("\\")]
            self.assertEqual((name, odd), (name, []))

    def test_what_is_sent_is_lean(self) -> None:
        self.assertEqual(lean("a.js", b"// what\nlet a = 1;\n\n  // why\n  f(a); // so\n"), b"let a = 1;\nf(a); // so")
        self.assertEqual(lean("a.css", b"/* b */\na, b {\n  color: red;\n}\n"), b"a,b{color:red}")
        self.assertEqual(
            lean("words/xx.js", b'export default {\n  a: "one, two",\n};\n'), b'export default ["one, two"];'
        )
        self.assertEqual(lean(NAMED, b'  a: "one",\n'), b'a: "one",')
        self.assertEqual(lean("a.svg", b" <svg/> "), b" <svg/> ")

    def test_blanks_ends_and_brackets_that_are_needed_stay(self) -> None:
        for text, expected in (
            ('const a = (b, "c = d") => { e ; }; // why', 'let a=(b,"c = d")=>{e};'),
            ("return `a = ${b ? ` c ` : d} = e` + f", "return`a = ${b ? ` c ` : d} = e`+ f"),
            ("x.replace(/ = \"/g, ' ') / 2", "x.replace(/ = \"/g,' ')/2"),
            ("a + +b - -c in d", "a + +b - -c in d"),
            ('f("http://x", /[/ ] /)', 'f("http://x",/[/ ] /)'),
            ("if (a) {\n}\nelse b", "if(a){}else b"),
            ("if (a) {\n  b(\n\nc,\nd);\n  e;\n}\nf", "if(a){b(\nc,d);e}f"),
            ('async (a) => "(b) =>", (c) => d(e)', 'async a=>"(b) =>",c=>d(e)'),
        ):
            self.assertEqual(tight(text), expected)

    def test_declarations_that_follow_each_other_are_one(self) -> None:
        for text, expected in (
            ("const a = 1;\nlet { b } = c;\nd();\nlet e;", "let a=1,{b}=c;d();let e;"),
            (
                'const a = () => { b(";"); c; };\nconst d = {\ne,\n};\nconst f = 1;',
                'let a=()=>{b(";");c},d={e,};let f=1;',
            ),
            ("const a = 1; b();\nconst c = 1; // so\nlet d;", "let a=1;b();let c=1;\nlet d;"),
        ):
            self.assertEqual(tight(text), expected)

    def test_texts_are_the_same_in_what_is_sent(self) -> None:
        for name, text in joined(self.interface.sources).items():
            before = [match["kept"] for match in KEPT_OR_BLANK.finditer(text) if match["kept"]]
            sent = self.interface.body(name).decode()
            self.assertEqual([match["kept"] for match in KEPT_OR_BLANK.finditer(sent) if match["kept"]], before, name)
            self.assertNotRegex("".join(KEPT_OR_BLANK.split(sent)[::2]), "[`\"']", name)

    def test_sign_in_pages_are_light(self) -> None:
        files = sign_in_assets()
        self.assertLess(
            sum(len(found.packed or found.body) for found in (files._found[name] for name in files.names())), 15 * 1024
        )


class WordTests(SynchronousTestCase):
    """The catalogues."""

    def test_every_text_is_there_in_both_languages_with_the_same_marks(self) -> None:
        english, german = words("en"), words("de")
        self.assertGreater(len(english), 200)
        self.assertEqual(list(english), list(german))
        self.assertEqual([name for name in english if marks(english[name]) != marks(german[name])], [])
        self.assertEqual([name for name in english if bool(english[name]) != bool(german[name])], [])

    def test_every_text_that_is_asked_for_is_there(self) -> None:
        known = words("en")
        for name, text in WebInterface().sources.items():
            self.assertEqual([key for key in ASKED.findall(text) if key not in known], [], name)

    def test_no_text_is_left_over(self) -> None:
        code = "".join(text for name, text in WebInterface().sources.items() if not name.startswith("words/"))
        made = tuple(found.split("${")[0] for found in re.findall(r"`([\w.]+\$\{[^`]*)`", code))
        names = set(re.findall(r'"([\w.-]+)"', code))
        made += ("app.for.", "app.term.", "field.", "test.", "do.")
        ends = (".text",)
        unused = [
            name for name in words("en") if name not in names and not name.startswith(made) and not name.endswith(ends)
        ]
        self.assertEqual(unused, [])


class VersionTests(SynchronousTestCase):
    """Addresses."""

    def test_imports_are_found_where_they_lead(self) -> None:
        text = 'import { a } from "./x.js";\nimport {\n  b,\n} from "../lib/y.js";\nexport { c } from "./z.js";\n'
        self.assertEqual(imports("pages/one.js", text), ["pages/x.js", "lib/y.js", "pages/z.js"])

    def test_unknown_file_is_not_there(self) -> None:
        for name in ("nothing.js", "../bundle.py", ""):
            self.assertRaises(NotFound, WebInterface().body, name)
