"""Finds declarations: every value or class of a kind that the modules of a package make at import time."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def collect(package: ModuleType | str, kind: type | tuple[type, ...]) -> list[Any]:
    """Instances and subclasses of ``kind`` that ``package`` and the modules below it made, in the order of
    their making.

    A class counts in the module that defines it. A value counts once, in the first module that names it; one
    that says where it was made (an attribute ``made_in``, a module's name) counts there only.
    """
    found: dict[int, Any] = {}
    for module in _modules(package):
        for value in vars(module).values():
            if _belongs(value, kind, module.__name__):
                found.setdefault(id(value), value)
    return list(found.values())


def _belongs(value: Any, kind: type | tuple[type, ...], module: str) -> bool:
    if isinstance(value, type):
        return issubclass(value, kind) and value.__module__ == module
    return isinstance(value, kind) and getattr(value, "made_in", module) == module


def _modules(package: ModuleType | str) -> Iterator[ModuleType]:
    root = importlib.import_module(package) if isinstance(package, str) else package
    yield root
    for found in sorted(
        pkgutil.walk_packages(getattr(root, "__path__", ()), f"{root.__name__}."), key=lambda m: m.name
    ):
        yield importlib.import_module(found.name)
