"""Permissions of whole calls; their use is tested with ``set``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.domain import Domain
from stalwart.config.network.http import Http
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.verbs import check_set, needed
from stalwart.jmap.standard.arguments import SetArguments
from tests.jmap.desk import access


class VerbTests(SynchronousTestCase):
    def test_name_of_a_permission(self) -> None:
        self.assertEqual(needed(Domain, "Get"), "sysDomainGet")

    def test_singleton_is_only_ever_updated(self) -> None:
        who = access(permissions=frozenset(("sysHttpUpdate",)))
        check_set(who, Http, SetArguments(create={"x": {}}, destroy=["singleton"]))

    def test_lacking_verb_is_named(self) -> None:
        who = access(permissions=frozenset(("sysDomainUpdate",)))
        error = self.assertRaises(MethodError, check_set, who, Domain, SetArguments(destroy=["b"]))
        self.assertEqual(error.description, "You are not authorized to destroy objects of this type")
