"""Files of the web interface as they are sent: without comments and indentation, texts of another language as a list.

The modules are kept as people read them. Comments stand on lines of their own, and no text goes over several lines.
What else has to be known of the language is where texts, templates and patterns are, in which blanks count: one
expression tells, as long as templates have templates inside at most once (the tests look after all of it). Statements
end with semicolons. Names of texts are those of the English catalogue, in its order.
"""

from __future__ import annotations

import re

NAMED = "words/en.js"
_WORDS = re.compile(r"words/\w+\.js")
_TEXT = re.compile(r'^  (?:"([^"]+)"|(\w+)): (.+),$', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AROUND = re.compile(r"\s*([{};,])\s*")
_KEPT = r"""
    (?P<kept>
        "(?:[^"\\\n]|\\.)*"
        | '(?:[^'\\\n]|\\.)*'
        | `(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|\{[^`{}]*\}|`[^`]*`)*\})*`
        | (?:(?<=[(,=:\[!&|?{};])|(?<=[(,=:\[!&|?{};>][ ])|(?<==>))/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/
    )
"""
_DECLARED = re.compile(r"(?:const|let) ")
_SHORTER = re.compile(_KEPT + r"| \( (?P<one>\w+) \) (?=[ ]=>) | \b const \b", re.VERBOSE)
KEPT_OR_BLANK = re.compile(
    _KEPT
    + r"""
    | [ ]*//[^\n]*
    | (?<![\w$+-])[ ]+
    | [ ]+(?![\w$+-])
    | ;(?=[ \n]*\})
    | (?<=[;{},(\[])\n
    | \n(?=[})\]])
    """,
    re.VERBOSE,
)


def lean(name: str, body: bytes) -> bytes:
    """``body`` of the file ``name`` as it is sent."""
    if name.endswith(".css"):
        text = _AROUND.sub(r"\1", _COMMENT.sub("", body.decode())).replace(": ", ":").replace(";}", "}")
        return text.strip().encode()
    if not name.endswith(".js"):
        return body
    text = body.decode()
    if _WORDS.fullmatch(name) and name != NAMED:
        return f"export default [{','.join(catalogue(text).values())}];".encode()
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")).encode()


def tight(text: str) -> str:
    """Lines of a script without the blanks, comments, line ends and brackets that it can do without, and
    with ``let`` for ``const``, which packs better."""
    text = _SHORTER.sub(lambda match: match["kept"] or match["one"] or "let", _gathered(text))
    return KEPT_OR_BLANK.sub(lambda match: match["kept"] or "", text)


def _gathered(text: str) -> str:
    """Declarations that follow each other, one a line, as one."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        declared = _DECLARED.match(line)
        if declared and is_open:
            lines[-1] = f"{lines[-1][:-1]}, {line[declared.end() :]}"
        else:
            lines.append(line)
        is_open = bool(declared) and _is_whole(line)
    return "\n".join(lines)


def _is_whole(line: str) -> bool:
    """Whether a line has one statement, with its end."""
    depth = 0
    found = _SHORTER.sub(lambda match: "" if match["kept"] else match[0], line)
    for at, letter in enumerate(found):
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0 or (letter == ";" and depth == 0):
            return depth == 0 and at == len(found) - 1
    return False


def catalogue(text: str) -> dict[str, str]:
    """The texts of a catalogue by their names, each as it is written: a string, or an object of plural forms."""
    return {quoted or bare: value for quoted, bare, value in _TEXT.findall(text)}
