"""Declarations are found where they are made, and only there."""

from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema import Object, Rate, Singleton, Union, Value, collect
from tests.schema import samples


class CollectTests(SynchronousTestCase):
    def test_classes_of_a_module_are_found_in_their_order(self) -> None:
        self.assertEqual(collect(samples, (Object, Singleton)), [samples.Thing, samples.Mood])

    def test_imported_classes_are_not_found(self) -> None:
        self.assertNotIn(Rate, collect(samples, Value))

    def test_values_are_found(self) -> None:
        self.assertIn(samples.Finish, collect(samples, Union))

    def test_a_value_with_two_names_is_found_once(self) -> None:
        module = ModuleType("twice")
        module.__dict__.update(one=samples.Finish, two=samples.Finish)
        self.assertEqual(collect(module, Union), [samples.Finish])

    def test_a_value_that_says_it_was_made_elsewhere_is_not_found(self) -> None:
        class Made:
            made_in = "elsewhere"

        module = ModuleType("here")
        module.__dict__.update(value=Made())
        self.assertEqual(collect(module, Made), [])

    def test_a_package_is_walked_by_name(self) -> None:
        self.assertIn(samples.Thing, collect("tests.schema", Object))
