"""The expression language of settings: access rules, routing, limits (operators, functions,
``if``/``then``/``else``).

Pure: text is compiled once to closures, variables and I/O come from the caller. What a rule may ask for is up
to the setting that holds it; names of variables and constants are given at compile time.
"""

from stalwart.codec.expression.compiler import ARITIES
from stalwart.codec.expression.faults import EvaluationError, ExpressionError
from stalwart.codec.expression.frame import Environment, ExpressionIO
from stalwart.codec.expression.rules import CompiledExpression, compile_expression, status_of
from stalwart.codec.expression.trial import Language, Trial, try_out
from stalwart.codec.expression.values import Constant, Value

__all__ = [
    "ARITIES",
    "CompiledExpression",
    "Constant",
    "Environment",
    "EvaluationError",
    "ExpressionError",
    "ExpressionIO",
    "Language",
    "Trial",
    "Value",
    "compile_expression",
    "status_of",
    "try_out",
]
