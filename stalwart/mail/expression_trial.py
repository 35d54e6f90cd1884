"""Expressions of settings tried out by an administrator: which setting it is says what may occur in the expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from stalwart.codec.expression import EvaluationError, ExpressionIO, Language, Trial, Value, try_out
from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.shapes import kinds, shapes
from stalwart.schema import Expression


class Looking:
    """As much of ``ExpressionIO`` as changes nothing and asks nobody else."""

    def __init__(self, io: ExpressionIO) -> None:
        self.system = io.system
        self.metric = io.metric
        self.is_local_domain = io.is_local_domain
        self.is_local_address = io.is_local_address
        self.key_get = io.key_get
        self.key_exists = io.key_exists
        self.counter_get = io.counter_get

    async def key_set(self, store: str, key: str, value: Value) -> object:
        """Refused, as all that follow."""
        raise _not_called("key_set")

    async def counter_incr(self, store: str, key: str, by: int) -> object:
        """Refused."""
        raise _not_called("counter_incr")

    async def dns_query(self, name: str, rtype: str) -> object:
        """Refused."""
        raise _not_called("dns_query")

    async def sql_query(self, store: str, query: str, arguments: Value) -> object:
        """Refused."""
        raise _not_called("sql_query")


async def try_expression(
    language: Language, wire: Mapping[str, object], variables: Mapping[str, str], io: ExpressionIO
) -> Trial:
    """What ``wire`` would do as the setting with this language."""
    return await try_out(wire, language, variables, Looking(io))


@cache
def languages() -> Mapping[tuple[str, str], Language]:
    """What may occur in each expression of the settings, by its group of fields and its name there."""
    return {
        (kind.name, made.name): made.type.language
        for shape in shapes(declarations()).all.values()
        for kind in kinds(shape)
        for made in kind.type.properties.values()
        if isinstance(made.type, Expression)
    }


def _not_called(name: str) -> EvaluationError:
    return EvaluationError(f'"{name}" is not called while an expression is tried out')
