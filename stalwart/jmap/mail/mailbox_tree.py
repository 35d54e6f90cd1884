"""Mailboxes as a tree in the results of a query: ``sortAsTree`` and ``filterAsTree`` (RFC 8621 2.3). Pure.

A mailbox whose parent is not known counts as one at the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

Parents = Mapping[int, int | None]
"""The parent of every mailbox by its number."""


def children_of(ids: Iterable[int], parents: Parents) -> dict[int | None, list[int]]:
    """The children of each mailbox, in the order of ``ids``; those at the top under None."""
    children: dict[int | None, list[int]] = {}
    for id in ids:
        parent = parents.get(id)
        children.setdefault(parent if parent in parents else None, []).append(id)
    return children


def as_tree(ids: Sequence[int], parents: Parents) -> list[int]:
    """All mailboxes, each directly before what is below it, siblings in the order of ``ids``."""
    children = children_of(ids, parents)
    order: list[int] = []
    waiting = children.get(None, [])[::-1]
    while waiting:
        id = waiting.pop()
        order.append(id)
        waiting += reversed(children.get(id, ()))
    return order


def rooted(matching: Set[int], parents: Parents) -> set[int]:
    """Those of ``matching`` all of whose ancestors are among them too."""
    children = children_of(parents, parents)
    kept: set[int] = set()
    waiting = list(children.get(None, ()))
    while waiting:
        id = waiting.pop()
        if id in matching:
            kept.add(id)
            waiting += children.get(id, ())
    return kept


def with_descendants(ids: Iterable[int], parents: Parents) -> set[int]:
    """``ids`` and everything below them."""
    children = children_of(parents, parents)
    found: set[int] = set()
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += children.get(id, ())
    return found


def with_ancestors(ids: Iterable[int], parents: Parents) -> set[int]:
    """``ids`` and everything above them."""
    found: set[int] = set()
    for id in ids:
        here: int | None = id
        while here is not None and here not in found:
            found.add(here)
            here = parents.get(here)
    return found


def height(id: int, parents: Parents) -> int:
    """How many levels there are from a mailbox down, itself included."""
    children = children_of(parents, parents)
    levels, level = 0, [id]
    while level:
        levels += 1
        level = [child for each in level for child in children.get(each, ())]
    return levels
