"""Authlib as a program uses it: registration, code with PKCE, ID token, userinfo, refresh, introspection, revoking."""

from __future__ import annotations

import json
import sys
import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from login_form import sign_in

REDIRECT = "https://client.example.test/cb"
SCOPE = "openid profile email offline_access"

base, login, password = sys.argv[1:4]
server = requests.get(f"{base}/.well-known/openid-configuration", timeout=20).json()
wanted = {"redirect_uris": [REDIRECT], "client_name": "A program", "scope": SCOPE, "token_endpoint_auth_method": "none"}
registered = requests.post(server["registration_endpoint"], json=wanted, timeout=20).json()


def session(**further: str) -> OAuth2Session:
    return OAuth2Session(
        registered["client_id"],
        scope=SCOPE,
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
        **further,
    )


def error_of(work) -> str | None:
    try:
        work()
    except OAuthError as error:
        return error.error
    return None


client, verifier, nonce = session(), generate_token(48), generate_token(20)
url, state = client.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
back = sign_in(url, {"username": login, "password": password}, REDIRECT)
query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
token = client.fetch_token(server["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=20).json())
claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
userinfo = client.get(server["userinfo_endpoint"], timeout=20).json()
first = token["refresh_token"]
asked = {"token": token["access_token"]}
introspected = client.post(server["introspection_endpoint"], data=asked, timeout=20).json()
second = session().refresh_token(server["token_endpoint"], refresh_token=first)
opened = requests.get(f"{base}/api/account", headers={"Authorization": "Bearer " + second["access_token"]}, timeout=20)
reused = error_of(lambda: session().refresh_token(server["token_endpoint"], refresh_token=first))
closed = requests.get(f"{base}/api/account", headers={"Authorization": "Bearer " + second["access_token"]}, timeout=20)

again, verifier = session(), generate_token(48)
url, state = again.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
back = sign_in(url, {"username": login, "password": password}, REDIRECT)
third = again.fetch_token(server["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
revoked = again.revoke_token(server["revocation_endpoint"], token=third["refresh_token"]).status_code
gone = requests.get(f"{base}/api/account", headers={"Authorization": "Bearer " + third["access_token"]}, timeout=20)

print(
    json.dumps(
        {
            "state": query["state"] == state or len(query["state"]) > 10,
            "iss": query["iss"] == server["issuer"],
            "nonce": claims["nonce"] == nonce,
            "aud": claims["aud"] == registered["client_id"],
            "same": userinfo["sub"] == claims["sub"],
            "email": userinfo["email"],
            "opened": opened.status_code,
            "reused": reused,
            "closed": closed.status_code,
            "revoked": revoked,
            "gone": gone.status_code,
            "introspected": introspected,
        }
    )
)
