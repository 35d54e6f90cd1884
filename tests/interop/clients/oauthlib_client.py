"""OAuthlib, with requests-oauthlib: code with PKCE, refresh, revocation, and the device flow."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.parse

import requests
from login_form import sign_in
from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the daemon of the test is on loopback, without TLS
REDIRECT = "https://client.example.test/back?fixed=1"

base, login, password = sys.argv[1:4]
server = requests.get(f"{base}/.well-known/oauth-authorization-server", timeout=20).json()

client = WebApplicationClient("a-program")
verifier = client.create_code_verifier(64)
challenge = client.create_code_challenge(verifier, "S256")
session = OAuth2Session(client=client, redirect_uri=REDIRECT, scope=["openid", "offline_access"])
url, state = session.authorization_url(
    server["authorization_endpoint"], code_challenge=challenge, code_challenge_method="S256"
)
back = sign_in(url, {"username": login, "password": password}, "https://client.example.test/")
token = session.fetch_token(
    server["token_endpoint"], authorization_response=back, code_verifier=verifier, include_client_id=True
)
refreshed = session.refresh_token(server["token_endpoint"], client_id="a-program")
opened = requests.get(
    f"{base}/api/account", headers={"Authorization": "Bearer " + refreshed["access_token"]}, timeout=20
)
where, headers, body = client.prepare_token_revocation_request(
    server["revocation_endpoint"].replace("http://", "https://"), refreshed["refresh_token"], "refresh_token"
)
where = where.replace("https://", "http://")
revoked = requests.post(where, headers=headers, data=body + "&client_id=a-program", timeout=20)
gone = requests.get(f"{base}/api/account", headers={"Authorization": "Bearer " + refreshed["access_token"]}, timeout=20)

television = DeviceClient("a-television", scope=["openid"])
device = requests.post(
    server["device_authorization_endpoint"], data={"client_id": "a-television", "scope": "openid"}, timeout=20
).json()


def poll() -> dict:
    asked = television.prepare_request_body(device["device_code"], include_client_id=True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(server["token_endpoint"], data=asked, headers=form, timeout=20)
    return television.parse_request_body_response(answer.text, scope=["openid"])


def error_of(work) -> str | None:
    try:
        work()
    except OAuth2Error as error:
        return error.error
    return None


pending = error_of(poll)
hasty = error_of(poll)
time.sleep(device["interval"] + 0.2)
typed = {"username": login, "password": password, "user_code": device["user_code"], "code": device["user_code"]}
page = sign_in(device["verification_uri_complete"], typed)
granted = poll()
used = error_of(poll)

print(
    json.dumps(
        {
            "kept": urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["fixed"],
            "state": state in back,
            "id_token": "id_token" in token,
            "opened": opened.status_code,
            "revoked": revoked.status_code,
            "gone": gone.status_code,
            "pending": pending,
            "hasty": hasty,
            "page": page,
            "granted": granted["token_type"],
            "used": used,
        }
    )
)
