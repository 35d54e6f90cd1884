"""The argument that says which account is meant."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.jmap.accounts import account_argument, may_use
from stalwart.jmap.call import UnresolvedReference
from stalwart.jmap.errors import MethodError
from tests.jmap.desk import access, call


class AccountTests(SynchronousTestCase):
    """Alice is account 7, in group 9."""

    def named(self, given: Any, **members: Any) -> int:
        who = access(group_ids=frozenset((9,)), **members)
        return account_argument(call({"accountId": given}, access=who, created_ids={"k": encode_id(9)}))

    def refusal(self, given: Any) -> MethodError:
        return self.assertRaises(MethodError, self.named, given)

    def test_the_own_account(self) -> None:
        self.assertEqual(self.named(encode_id(7)), 7)

    def test_an_account_of_a_group(self) -> None:
        self.assertEqual(self.named(encode_id(9)), 9)

    def test_an_account_created_in_this_request(self) -> None:
        self.assertEqual(self.named("#k"), 9)
        self.assertRaises(UnresolvedReference, self.named, "#none")

    def test_the_account_of_somebody_else_is_not_found(self) -> None:
        self.assertEqual(self.refusal(encode_id(8)).type, "accountNotFound")

    def test_what_is_no_id_is_not_found(self) -> None:
        self.assertEqual(self.refusal("!").type, "accountNotFound")

    def test_what_is_no_string_is_an_invalid_argument(self) -> None:
        self.assertEqual(self.refusal(5).type, "invalidArguments")

    def test_who_may_impersonate_names_any(self) -> None:
        self.assertEqual(self.named(encode_id(8), permissions=frozenset(("impersonate",))), 8)

    def test_no_account_can_have_a_number_that_the_store_does_not_hold(self) -> None:
        may = frozenset(("impersonate",))
        self.assertEqual(self.named(encode_id((1 << 63) - 1), permissions=may), (1 << 63) - 1)
        problem = self.assertRaises(MethodError, self.named, encode_id(1 << 63), permissions=may)
        self.assertEqual(problem.type, "accountNotFound")

    def test_a_missing_argument_is_named(self) -> None:
        problem = self.assertRaises(MethodError, account_argument, call({}))
        self.assertEqual(problem.type, "invalidArguments")
        self.assertIn('"accountId"', problem.description or "")

    def test_where_it_is_optional_the_own_account_is_meant(self) -> None:
        self.assertEqual(account_argument(call({"accountId": None}), optional=True), 7)

    def test_the_account_copied_from_has_an_error_of_its_own(self) -> None:
        asked = call({"fromAccountId": encode_id(8)})
        problem = self.assertRaises(MethodError, account_argument, asked, member="fromAccountId")
        self.assertEqual(problem.type, "fromAccountNotFound")

    def test_use_is_a_question_without_a_call_too(self) -> None:
        self.assertTrue(may_use(access(), 7))
        self.assertFalse(may_use(access(), 9))
