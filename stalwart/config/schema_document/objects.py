"""``objects`` of the document, and the views of some: a second list or form over the same object (settings B)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from stalwart.config.schema_document import words
from stalwart.config.schema_document.shapes import Shapes, reference_targets
from stalwart.schema import Union


@frozen
class View:
    """Those objects of ``object`` that ``filter`` leaves, called ``phrase``; ``variant`` if they are of one."""

    name: str
    object: str
    filter: Mapping[str, str]
    phrase: str
    doc: str
    variant: str | None = None


_FAILED_TASKS = View("x:Task/TaskFailed", "Task", {"status": "Failed"}, "failed task", "Work that was given up.")


def views(shapes: Shapes) -> list[View]:
    """A view for each variant of a union whose variants are referred to by name, for they are things of their own:
    users and groups. And the failed tasks.
    """
    named = {target for target, variant in reference_targets(shapes.properties()) if variant is not None}
    found = [
        View(f"x:{name}/{tag}", name, {"@type": tag}, words.phrase(tag), kind.doc, tag)
        for name, made in shapes.objects.items()
        if name in named and isinstance(made, Union)
        for tag, kind in made.variants.items()
    ]
    return [*found, _FAILED_TASKS] if "Task" in shapes.objects else found


def object_entries(shapes: Shapes) -> dict[str, dict[str, Any]]:
    """``objects`` and views by name."""
    entries: dict[str, dict[str, Any]] = {
        f"x:{name}": {
            "type": "singleton" if made.is_singleton else "object",
            "description": made.doc,
            "permissionPrefix": f"sys{name}",
        }
        for name, made in shapes.objects.items()
    }
    entries |= {view.name: {"type": "view", "objectName": f"x:{view.object}"} for view in views(shapes)}
    return dict(sorted(entries.items()))
