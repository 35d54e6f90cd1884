"""x:ApiKey: tokens that people make for scripts (settings C.5); a view of the credentials of an x:Account."""

from __future__ import annotations

from stalwart.config.identity.app_password import IssuedCredential
from stalwart.schema import Object


class ApiKey(IssuedCredential, Object, snapshot=False, label="description", stored=False):
    """A bearer token for a script."""
