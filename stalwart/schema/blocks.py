"""Blocks that many settings share: rates, schedules, secrets and texts that may live elsewhere (settings C.1,
A.7).
"""

from __future__ import annotations

from stalwart.schema.containers import Nested
from stalwart.schema.property import REQUIRED, prop
from stalwart.schema.scalars import Duration, Unsigned
from stalwart.schema.strings import Secret, String
from stalwart.schema.union import Union
from stalwart.schema.value import Value, Variant


class Rate(Value):
    """So many events in a period."""

    count: int = prop(Unsigned(min=1, max=1_000_000), REQUIRED, "Number of events.")
    period: int = prop(Duration(), REQUIRED, "Length of the period.")


class Daily(Variant):
    """Every day, in the local time of the server."""

    hour: int = prop(Unsigned(max=23), 0, "Hour of the day.")
    minute: int = prop(Unsigned(max=59), 0, "Minute of the hour.")


class Weekly(Variant):
    """Once a week, in the local time of the server."""

    day: int = prop(Unsigned(max=6), 0, "Day of the week: 0 is Sunday, 1 is Monday.")
    hour: int = prop(Unsigned(max=23), 0, "Hour of the day.")
    minute: int = prop(Unsigned(max=59), 0, "Minute of the hour.")


class Hourly(Variant):
    """Every hour."""

    minute: int = prop(Unsigned(max=59), 0, "Minute of the hour.")


Cron = Union("Cron", Daily, Weekly, Hourly, doc="When something runs.")


class Nothing(Variant, name="None"):
    """There is none."""


class EnvironmentVariable(Variant):
    """Taken from the environment of the server."""

    variable_name: str = prop(String(), REQUIRED, "Name of the environment variable.")


class File(Variant):
    """Read from a file when settings are loaded; white space at its end is cut off."""

    file_path: str = prop(String(), REQUIRED, "Path of the file.")


class SecretValue(Variant, name="Value"):
    """Kept in the settings."""

    secret: str = prop(Secret(), REQUIRED, "The secret.")


class SecretLines(Variant, name="Text"):
    """Kept in the settings, several lines."""

    secret: str = prop(Secret(format="secretText"), REQUIRED, "The secret.")


class PublicLines(Variant, name="Text"):
    """Kept in the settings, several lines."""

    value: str = prop(String(format="text"), REQUIRED, "The text.")


class PublicValue(Variant, name="Value"):
    """Kept in the settings."""

    value: str = prop(String(), REQUIRED, "The value.")


SecretKey = Union("SecretKey", SecretValue, EnvironmentVariable, File, doc="A secret and where it is kept.")
SecretKeyOptional = Union(
    "SecretKeyOptional", Nothing, SecretValue, EnvironmentVariable, File, doc="A secret, or none."
)
SecretText = Union("SecretText", SecretLines, EnvironmentVariable, File, doc="A key in PEM and where it is kept.")
SecretTextOptional = Union(
    "SecretTextOptional", Nothing, SecretLines, EnvironmentVariable, File, doc="A key in PEM, or none."
)
PublicText = Union("PublicText", PublicLines, EnvironmentVariable, File, doc="A text and where it is kept.")
PublicStringOptional = Union(
    "PublicStringOptional",
    Nothing,
    PublicValue,
    EnvironmentVariable,
    File,
    doc="A value and where it is kept, or none.",
)


class Unauthenticated(Variant):
    """No credentials are sent."""


class Basic(Variant):
    """A user name and a password (RFC 7617)."""

    username: str = prop(String(), REQUIRED, "User name.")
    secret: Variant = prop(Nested(SecretKey), REQUIRED, "Password.")


class Bearer(Variant):
    """A bearer token (RFC 6750)."""

    bearer_token: Variant = prop(Nested(SecretKey), REQUIRED, "Token.")


HttpAuth = Union("HttpAuth", Unauthenticated, Basic, Bearer, doc="Credentials of an HTTP request.")
