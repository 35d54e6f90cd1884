"""Expressions of settings tried out: what may occur in which, and what is not called."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression import Trial
from stalwart.config.network.http import NO_STATUS
from stalwart.mail.expression_trial import languages, try_expression


class World:
    """What expressions may ask, of which only what changes nothing is reached."""

    def __getattr__(self, name: str) -> Any:
        async def answer(*arguments: object) -> object:
            self.__dict__.setdefault("asked", []).append(name)
            return 1

        return answer


class TryExpressionTests(SynchronousTestCase):
    def attempt(self, group: str, name: str, otherwise: str) -> Trial:
        self.world = World()
        work = try_expression(languages()[group, name], {"match": {}, "else": otherwise}, {}, self.world)  # type: ignore[arg-type]
        found: Trial = self.successResultOf(work)
        return found

    def test_each_setting_has_its_variables(self) -> None:
        self.assertGreater(len(languages()), 60)
        self.assertIn("path", languages()["x:Http", "allowedEndpoints"].variables)
        self.assertEqual(self.attempt("x:Http", "allowedEndpoints", "200 + count(path)").part, "else")
        wrong = self.attempt("x:MtaStageConnect", "smtpGreeting", "path")
        self.assertIn("path", wrong.problem or "")

    def test_result_that_is_no_status_is_told_where_it_stands(self) -> None:
        self.assertEqual(self.attempt("x:Http", "allowedEndpoints", "'abc'"), Trial("else", None, NO_STATUS))
        self.assertEqual(self.attempt("x:Http", "allowedEndpoints", "path"), Trial(None, None, NO_STATUS))

    def test_what_is_no_expression_is_not_tried(self) -> None:
        for group, name in (("x:Http", "redirectRoot"), ("x:Nothing", "match"), ("", "")):
            self.assertNotIn((group, name), languages())

    def test_nothing_is_changed_and_nobody_else_is_asked(self) -> None:
        for call in (
            "key_set('', 'a', 1)",
            "counter_incr('', 'a', 1)",
            "dns_query('a', 'mx')",
            "sql_query('', '', [])",
        ):
            found = self.attempt("x:Http", "allowedEndpoints", call)
            self.assertEqual((found.result, "is not called" in (found.problem or "")), (None, True), call)
            self.assertNotIn("asked", self.world.__dict__)
        self.assertEqual(self.attempt("x:Http", "allowedEndpoints", "199 + key_get('', 'a')"), Trial("else", "200"))
        self.assertEqual(self.world.__dict__["asked"], ["key_get"])
