"""Tagged unions: ``@type`` says which variant an object is (settings A.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stalwart.schema.patch import patched
from stalwart.schema.property import documented
from stalwart.schema.property_type import Step
from stalwart.schema.strings import String
from stalwart.schema.value import IdKind, Object, Singleton, Value, Variant
from stalwart.schema.violations import INVALID_OBJECT, INVALID_TAG, Path, Reading


class Union:
    """A union of ``variants``, the first of which is the default.

    A block unless ``singleton`` is set or ``ids`` is given; then it is an object (``is_object``) like a
    ``Singleton`` or an ``Object``. ``fixed``: what to say to who changes the ``@type`` of an existing object; None
    if that is allowed. ``others``: what to say of an ``@type`` that other servers have and this one has not; None
    if no such is expected. ``enforced``, ``tenant``, ``owner``, ``stored``: as for ``Value``.
    """

    def __init__(
        self,
        name: str,
        *variants: type[Variant],
        doc: str = "",
        singleton: bool = False,
        ids: IdKind | None = None,
        first_id: int = 1,
        snapshot: bool = True,
        fixed: str | None = None,
        others: str | None = None,
        label: str | None = None,
        enforced: bool = True,
        tenant: bool = False,
        owner: str | None = None,
        stored: bool = True,
    ) -> None:
        self.type_name = name
        self.doc = documented(doc, enforced)
        self.enforced, self.tenant, self.owner, self.stored = enforced, tenant, owner, stored
        self.variants: Mapping[str, type[Variant]] = MappingProxyType({kind.type_name: kind for kind in variants})
        self.default = variants[0]
        self.is_singleton = singleton
        self.is_object = singleton or ids is not None
        self.ids: IdKind = ids or "snowflake"
        self.first_id = first_id
        self.snapshot = snapshot
        self.fixed, self.others = fixed, others
        self.label_property = label

    def from_wire(self, data: Any, *, by_server: bool = False) -> Any:
        """A new instance of the variant that ``data`` names; raises ``ValidationFailed``."""
        reading = Reading(by_server=by_server)
        return reading.result(self.parse(data, (), reading))

    def from_stored(self, data: Any) -> Any:
        """The instance behind a row of the registry."""
        reading = Reading(stored=True)
        return reading.result(self.parse(data, (), reading))

    def patched(self, former: Variant, patch: Mapping[str, Any], *, by_server: bool = False) -> Any:
        """``former`` with a PatchObject applied; another ``@type`` starts from its defaults (A.6)."""
        tag = patch.get("@type", former.type_name)
        if tag == former.type_name:
            return patched(self, former, patch, by_server)
        if self.fixed is not None:
            reading = Reading()
            reading.object_to(("@type",), self.fixed)
            return reading.result(None)
        made: Value = patched(self, former, patch, by_server)
        kept = {
            declared.attribute: getattr(former, declared.attribute)
            for declared in made.properties.values()
            if declared.update == "serverSet" and hasattr(former, declared.attribute)
        }
        return made.replaced(**kept)

    def parse(self, wire: Any, path: Path, reading: Reading, former: Any = None) -> Any:
        """The instance that ``wire`` describes, or ``FAILED``."""
        if not isinstance(wire, dict):
            return reading.refuse(path, INVALID_OBJECT)
        variant = self._variant(wire)
        if variant is None and self.others is not None and isinstance(wire.get("@type"), str):
            return reading.object_to((*path, "@type"), self.others)
        if variant is None:
            return reading.refuse(path, INVALID_TAG)
        return variant.parse(wire, path, reading, former)

    def child(self, wire: Any, key: str) -> Step | None:
        """Where a pointer segment leads, in the variant that ``wire`` is."""
        if key == "@type":
            return Step(String(), key)
        variant = self._variant(wire)
        return variant.child(wire, key) if variant is not None else None

    def _variant(self, wire: Any) -> type[Variant] | None:
        tag = wire.get("@type")
        return self.variants.get(tag) if isinstance(tag, str) else None

    def __repr__(self) -> str:
        return f"Union({self.type_name})"


Declaration = type[Singleton] | type[Object] | Union
"""A settings object: a declared class, or a union with ``is_object``."""
