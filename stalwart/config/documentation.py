"""Documents made from the declarations: ``docs/settings.md`` and the sample configuration in ``etc/``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.schema import REQUIRED, Declaration, Property, Union, Value
from stalwart.schema.containers import Shape
from stalwart.schema.scalars import Enum, Enumeration

_OPENING = """# Settings

Every setting of the server, made from its declarations in `stalwart/config/`; do not edit.

Durations are milliseconds, sizes bytes. Lists are JSON objects keyed `"0"`, `"1"`, ..., sets are objects
whose members are `true`. A setting without a default must be given. *create*: it cannot change later;
*server*: it is never given. *Not stored*: a request, or a view of other data.
"""


def settings_markdown() -> str:
    """``docs/settings.md``: all objects, then the blocks and enumerations that they are made of."""
    objects = list(declarations().values())
    blocks = _blocks(objects)
    lines = [_OPENING, "## Objects", ""]
    for declared in objects:
        lines += _section(declared, _kind(declared))
    lines += ["## Blocks", ""]
    for _, block in sorted(blocks.items()):
        lines += _section(block, None)
    lines += ["## Enumerations", ""]
    for name, enumeration in sorted(_enumerations([*objects, *blocks.values()]).items()):
        lines += [f"### {name}", "", enumeration.doc, "", _names(enumeration), ""]
    return "\n".join(lines).rstrip() + "\n"


def sample_config() -> str:
    """The singletons that are stored with their defaults, as JSON."""
    defaults = {
        name: registry.defaults(declared).to_wire()
        for name, declared in declarations().items()
        if declared.is_singleton and declared.stored
    }
    return json.dumps(defaults, indent=2) + "\n"


def _kind(declared: Declaration) -> str:
    kind = "singleton" if declared.is_singleton else "collection"
    return kind if declared.stored else f"{kind}, not stored"


def _section(declared: Any, kind: str | None) -> list[str]:
    title = f"### {declared.type_name}" + (f" ({kind})" if kind else "")
    lines = [title, "", declared.doc, ""]
    if not isinstance(declared, Union):
        return lines + _table(declared)
    for tag, variant in declared.variants.items():
        default = " (default)" if variant is declared.default else ""
        lines += [f"`{tag}`{default}: {variant.doc}", "", *_table(variant)]
    return lines


def _table(declared: type[Value]) -> list[str]:
    if not declared.properties:
        return []
    rows = [
        f"| `{name}` | {_type(made)} | {_default(made)} | {_when(made)} | {made.doc} |"
        for name, made in declared.properties.items()
    ]
    return ["| setting | type | default | | meaning |", "|---|---|---|---|---|", *rows, ""]


def _type(made: Property) -> str:
    return _words(made.type.document())


def _words(document: dict[str, Any]) -> str:
    """A type of the schema document in a few words."""
    kind = document["type"]
    if kind == "set":
        text = f"set of {_words(document['class'])}"
    elif kind == "map":
        text = f"map of {_words(document['keyClass'])} to {_words(document['valueClass'])}"
    elif kind == "objectList":
        text = f"list of {document['objectName'].removeprefix('x:')}"
    elif kind == "objectId":
        text = f"id of {document['objectName'].removeprefix('x:')}"
    else:
        text = document.get("enumName") or document.get("objectName", "").removeprefix("x:")
        text = text or document.get("format", kind)
    return text + _bounds(document) + (" or null" if document.get("nullable") else "")


def _bounds(document: dict[str, Any]) -> str:
    least = next((document[name] for name in ("min", "minItems", "minLength") if name in document), None)
    most = next((document[name] for name in ("max", "maxItems", "maxLength") if name in document), None)
    if least is None and most is None:
        return ""
    return f" {least}-{most}" if None not in (least, most) else (f" >= {least}" if most is None else f" <= {most}")


def _default(made: Property) -> str:
    if made.default is REQUIRED or (made.default is None and not made.type.nullable):
        return ""
    return f"`{json.dumps(made.default)}`".replace("|", "\\|")


def _when(made: Property) -> str:
    return {"mutable": "", "immutable": "create", "serverSet": "server"}[made.update]


def _blocks(objects: Iterable[Declaration]) -> dict[str, Shape]:
    """The blocks below ``objects``, however deep; an object inside another has its own place."""
    known: dict[str, Any] = {declared.type_name: declared for declared in objects}
    found: dict[str, Shape] = {}
    pending: list[Shape] = [block for declared in known.values() for block in _inside(declared)]
    while pending:
        block = pending.pop()
        if known.get(block.type_name) is not block and found.get(block.type_name) is not block:
            found[block.type_name] = block
            pending.extend(_inside(block))
    return found


def _inside(declared: Any) -> Iterator[Shape]:
    for made in _properties(declared):
        for type in (made.type, getattr(made.type, "value", None)):
            shape = getattr(type, "shape", None)
            if shape is not None:
                yield shape


def _properties(declared: Any) -> Iterator[Property]:
    classes = declared.variants.values() if isinstance(declared, Union) else (declared,)
    for made in classes:
        yield from made.properties.values()


def _enumerations(declared: Iterable[Any]) -> dict[str, Enumeration]:
    found: dict[str, Enumeration] = {}
    for made in (made for shape in declared for made in _properties(shape)):
        for type in (made.type, *(getattr(made.type, part, None) for part in ("of", "key", "value"))):
            if isinstance(type, Enum):
                found[type.enumeration.name] = type.enumeration
    return found


def _names(enumeration: Enumeration) -> str:
    # Long lists are made from what a computer has installed, so they would differ from one to the next.
    if callable(enumeration.source):
        return "Too many to list here."
    return ", ".join(f"`{name}`" for name in enumeration.names)
