"""Every sentence with which settings are refused is there in the other languages: they are looked for in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import stalwart
from stalwart.config.schema_document.languages import LANGUAGES, read_texts
from stalwart.jmap.translation import catalogue

PLACES = (
    *("jmap/registry", "jmap/types", "config", "store/opening.py", "store/config_file.py", "store/blob_files.py"),
    *(
        "store/s3",
        "store/sqlite/connection.py",
        "store/sqlite/engine.py",
        "store/sqlite/bulk.py",
        "store/sql/migrate.py",
    ),
    *("store/postgresql/address.py", "store/postgresql/connection.py", "store/postgresql/engine.py"),
)
"""Where the sentences are that administrators meet when they change settings; not yet all that mail or people meet."""

REFUSALS = re.compile(r"refuse|[A-Z]\w*(Error|Problem|Refused)|Conflict|Forbidden|Invalid|Linked|Un\w+able|Violation")
"""What is called with a sentence that a client may read."""

OTHERS = (
    "{} has two handlers: {} and {}",
    "nothing declares {}",
    "{} is of a type that cannot be indexed",
    "{} is of a type that has no words",
    "Name of a Sieve script of the system to run; false is none.",
    "What is counted separately; nothing means one count for all.",
)
"""What programmers read, and descriptions of settings."""

_MARK = "\0"
_WORDS = 3


def sentences(tree: ast.Module) -> Iterator[str]:
    """Those with which something is refused, and constants of a module that look like such; ``_MARK`` is what is put
    in.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and REFUSALS.fullmatch(_name(node.func)):
            yield from _texts(node.args)
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            value = statement.value
            yield from (
                text for text in _texts(value.values if isinstance(value, ast.Dict) else [value]) if _ends(text)
            )


def _texts(nodes: Sequence[ast.expr]) -> Iterator[str]:
    for node in nodes:
        text = _text(node)
        if text is not None and len(text.split()) >= _WORDS:
            yield text


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else _MARK for part in node.values)
    return None


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _ends(text: str) -> bool:
    return text.endswith(".") and text[0].isupper()


def is_known(language: str, text: str) -> bool:
    """Whether there is a translation of ``text``, or of what it becomes for some of what is put in."""
    example = text.replace(_MARK, "5")
    if catalogue(language).translated(example) != example:
        return True
    shape = re.compile(re.escape(text).replace(_MARK, ".+"))
    return any(shape.fullmatch(known) for known in read_texts(files("stalwart.jmap"), language))


class RefusalTests(SynchronousTestCase):
    def test_sentences_are_found_and_known_by_their_shape(self) -> None:
        code = """
A = "It is not there."
B = {1: "It is empty now.", 2: "-"}
raise Invalid(f"It has {n} and {m} of them.", ("x",))
"""
        found = list(sentences(ast.parse(code)))
        self.assertEqual(found, ["It has \0 and \0 of them.", "It is not there.", "It is empty now."])
        self.assertFalse(is_known("de", found[0]))
        self.assertTrue(is_known("de", "The redirect URI \0 \0."))

    def test_every_sentence_of_a_refusal_is_translated(self) -> None:
        root = Path(stalwart.__file__).parent
        for language in LANGUAGES[1:]:
            missing: list[str] = []
            for place in PLACES:
                path = root / place
                for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                    found = dict.fromkeys(sentences(ast.parse(file.read_text())))
                    unknown = [text for text in found if not is_known(language, text)]
                    missing += [f"{file.relative_to(root)}: {text.replace(_MARK, '{}')}" for text in unknown]
            self.assertEqual([each for each in missing if each.partition(": ")[2] not in OTHERS], [], language)

    def test_what_a_driver_says_stays_as_it_is(self) -> None:
        said = "The data store refuses the user name or the password. (FATAL: no (such) user)"
        there = "Der Datenspeicher lehnt den Benutzernamen oder das Passwort ab. (FATAL: no (such) user)"
        self.assertEqual(catalogue("de").translated(said), there)
