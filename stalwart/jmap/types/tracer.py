"""x:Tracer: a log file is tried before it is stored, an address that can be none is refused (settings C.10).

What a tracer does once it is stored is the business of ``app.observing.tracers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stalwart.config import registry
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import StalwartError
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.destinations import check_destination
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.scoping import FOREIGN_PLACE, may_name_places
from stalwart.jmap.types.network import steps
from stalwart.schema import Declaration
from stalwart.store import Transaction
from stalwart.telemetry.logs.log_file import is_file_name, why_not_writable

NOT_ABSOLUTE = "The path must begin at the root: it must not depend on where the server was started."


@handles("Tracer")
class TracerHandler(Handler):
    """Disks may be slow, so files are tried in the threads of ``hashing``."""

    def __init__(self, declaration: Declaration, *, settings: Settings, hashing: Hashing) -> None:
        super().__init__(declaration, settings=settings)
        self._hashing = hashing

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Refuse log files that would be in use and cannot be written."""
        for step in steps(self.declaration, dict(self.settings.all(self._tracers)), changes):
            if step.after is not None and _names_file(step.former, step.after) and not may_name_places(asking.access):
                step.change.refused = SetRefused("forbidden", FOREIGN_PLACE, ("path",))
                continue
            if step.after is None or step.after.tag != "Log" or not step.after.enable:
                continue
            if step.former is not None and _file(step.former) == _file(step.after):
                continue
            try:
                step.change.refused = await self._refusal(step.after, asking.now)
            except StalwartError as problem:
                step.change.refused = problem

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Refuse addresses of collectors that can be none. Raises Invalid."""
        check_destination(change, former.value if former is not None else None, entry.value, "endpoint")

    @property
    def _tracers(self) -> Any:
        return self.declaration

    async def _refusal(self, tracer: Any, now: float) -> StalwartError | None:
        if not is_file_name(tracer.prefix):
            return SetRefused("invalidProperties", "This cannot begin the name of a file.", ("prefix",))
        if not Path(tracer.path).is_absolute() or ".." in Path(tracer.path).parts:
            return SetRefused("invalidProperties", NOT_ABSOLUTE, ("path",))
        folder, prefix, rotation = Path(tracer.path), tracer.prefix, tracer.rotate
        reason = await self._hashing.run(lambda: why_not_writable(folder, prefix, rotation, now))
        if reason is None:
            return None
        return SetRefused("invalidProperties", f"No log can be written to {tracer.path}: {reason}.", ("path",))


def _names_file(former: Any, after: Any) -> bool:
    """Whether a change says where on the disk of the server something is written."""
    if after.tag != "Log":
        return False
    was_log = former is not None and former.tag == "Log"
    return not was_log or (former.path, former.prefix, former.rotate) != (after.path, after.prefix, after.rotate)


def _file(tracer: Any) -> tuple[Any, ...]:
    """What has to be tried when it changes; None for what needs no file."""
    return (tracer.path, tracer.prefix, tracer.rotate) if tracer.tag == "Log" and tracer.enable else ()
