"""Declaring an endpoint: ``@route`` turns a function into a frozen ``Route`` that says all a request must pass first.

Declarations are values; importing a module registers nothing. ``RouteTable`` binds them to their services at start.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Literal

from attrs import frozen

LimitClass = Literal["anonymous", "authenticated", "none"]
SMALL_BODY = 65536
ANY_METHOD = "*"
AUTHENTICATED = "authenticated"


@frozen
class Route:
    """An endpoint.

    ``methods`` are upper-case, ``*`` alone is any method; ``pattern`` is a Klein (werkzeug) rule; ``needs`` is None for
    everybody, ``authenticated``, or the camelCase name of a permission; ``limit`` says whose rate is charged;
    ``body_limit`` is in bytes; ``services`` are the keyword-only parameters of ``handler``. ``otherwise``, with the
    same services, may answer a request without credentials where ``needs`` asks for some; None from it is the 401.
    ``waits``: where the account has too many requests under way this one waits for a while (``turns``).
    The pattern ``*`` is for what nobody else has a rule for, where ``suits(path)``, with the same services, says so.
    ``ticket``: a ticket in the query may take the place of credentials, for clients that cannot send the field.
    """

    methods: tuple[str, ...]
    pattern: str
    handler: Callable[..., Any]
    needs: str | None
    limit: LimitClass
    body_limit: int
    spec: str
    doc: str
    services: tuple[str, ...]
    made_in: str
    name: str
    otherwise: Callable[..., Any] | None = None
    ticket: bool = False
    waits: bool = False
    suits: Callable[..., bool] | None = None


def route(
    methods: str | Iterable[str],
    pattern: str,
    *,
    needs: str | None,
    spec: str,
    limit: LimitClass | None = None,
    body_limit: int = SMALL_BODY,
    otherwise: Callable[..., Any] | None = None,
    ticket: bool = False,
    waits: bool = False,
    suits: Callable[..., bool] | None = None,
) -> Callable[[Callable[..., Any]], Route]:
    """Declare a function ``(exchange, *, service, ...) -> Answer | EventStream`` (plain or ``async``) as an endpoint.

    ``limit`` is by default ``anonymous`` where anybody may come, else ``authenticated``. The first paragraph of the
    docstring is its line in docs/endpoints.md.
    """
    names = (methods,) if isinstance(methods, str) else tuple(methods)

    def declare(handler: Callable[..., Any]) -> Route:
        parameters = inspect.signature(handler).parameters.values()
        return Route(
            methods=names,
            pattern=pattern,
            handler=handler,
            needs=needs,
            limit=limit or ("anonymous" if needs is None else "authenticated"),
            body_limit=body_limit,
            spec=spec,
            doc=_first_paragraph(handler.__doc__),
            services=tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY),
            made_in=handler.__module__,
            name=f"{handler.__module__}.{handler.__qualname__}",
            otherwise=otherwise,
            ticket=ticket,
            waits=waits,
            suits=suits,
        )

    return declare


def _first_paragraph(doc: str | None) -> str:
    return " ".join(inspect.cleandoc(doc or "").partition("\n\n")[0].split())


def routes_markdown(routes: Iterable[Route]) -> str:
    """All endpoints as one Markdown table in the order of their paths: what docs/endpoints.md holds."""
    lines = ["| path | methods | who | limit | body | what | spec |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for each in sorted(routes, key=lambda each: (each.pattern, each.methods)):
        methods = "any" if each.methods == (ANY_METHOD,) else " ".join(each.methods)
        who = "anybody" if each.needs is None else each.needs
        cells = (f"`{each.pattern}`", methods, who, each.limit, str(each.body_limit), each.doc, each.spec)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
