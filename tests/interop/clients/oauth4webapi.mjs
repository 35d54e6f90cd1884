// oauth4webapi as a program uses it: registration, PAR, PKCE and DPoP together, ID token, userinfo, a protected resource,
// refresh, revocation, introspection, and the device flow.
import * as oauth from "oauth4webapi";

const [base, login, password] = process.argv.slice(2);
const plain = { [oauth.allowInsecureRequests]: true };
const redirect = "https://client.example.test/cb";
const scope = "openid email offline_access";

// The login form, filled in as a person does.
async function signIn(url, values, until) {
  let body;
  for (let step = 0; step < 10; step++) {
    if (until && String(url).startsWith(until)) return new URL(url);
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, redirect: "manual" });
    if (answer.status >= 300 && answer.status < 400) {
      url = new URL(answer.headers.get("location"), url);
      body = undefined;
      continue;
    }
    const page = await answer.text();
    const form = page.match(/<form[^>]*method="?post"?[^>]*>[\s\S]*?<\/form>/i);
    if (!form || answer.status >= 400) return page;
    const unescaped = (text) => text.replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
    body = new URLSearchParams();
    for (const [input] of form[0].matchAll(/<input[^>]*>/gi)) {
      const name = input.match(/\bname="([^"]*)"/)?.[1];
      if (name) body.set(name, values[name] ?? unescaped(input.match(/\bvalue="([^"]*)"/)?.[1] ?? ""));
    }
    url = new URL(unescaped(form[0].match(/\baction="([^"]*)"/)?.[1] ?? ""), url);
  }
  throw new Error("the sign-in does not end");
}
const person = { username: login, password };

const issuer = new URL(base);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, plain));
const registered = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(
    as,
    { redirect_uris: [redirect], client_name: "A page", scope, token_endpoint_auth_method: "none" },
    plain,
  ),
);
const client = { client_id: registered.client_id };
const none = oauth.None();

const keys = await oauth.generateKeyPair("ES256");
const DPoP = oauth.DPoP(client, keys);
const verifier = oauth.generateRandomCodeVerifier();
const nonce = oauth.generateRandomNonce();
const state = oauth.generateRandomState();
const parameters = new URLSearchParams({
  response_type: "code", redirect_uri: redirect, scope, nonce, state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
});
const pushed = await oauth.processPushedAuthorizationResponse(
  as, client, await oauth.pushedAuthorizationRequest(as, client, none, parameters, { DPoP, ...plain }),
);
const where = new URL(as.authorization_endpoint);
where.searchParams.set("client_id", client.client_id);
where.searchParams.set("request_uri", pushed.request_uri);
const back = await signIn(where, person, redirect);
const checked = oauth.validateAuthResponse(as, client, back, state);
const tokens = await oauth.processAuthorizationCodeResponse(
  as, client,
  await oauth.authorizationCodeGrantRequest(as, client, none, checked, redirect, verifier, { DPoP, ...plain }),
  { expectedNonce: nonce, requireIdToken: true },
);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.processUserInfoResponse(
  as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...plain }),
);
const account = new URL("/api/account", base);
const resource = await oauth.protectedResourceRequest(tokens.access_token, "GET", account, undefined, undefined, { DPoP, ...plain });
const stolen = await fetch(account, { headers: { authorization: `Bearer ${tokens.access_token}` } });
const refreshed = await oauth.processRefreshTokenResponse(
  as, client, await oauth.refreshTokenGrantRequest(as, client, none, tokens.refresh_token, { DPoP, ...plain }),
);
const afterwards = await oauth.protectedResourceRequest(refreshed.access_token, "GET", account, undefined, undefined, { DPoP, ...plain });
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, none, refreshed.refresh_token, plain),
);
let revoked = null;
try {
  await oauth.protectedResourceRequest(refreshed.access_token, "GET", account, undefined, undefined, { DPoP, ...plain });
} catch (error) {
  revoked = error.cause?.[0]?.parameters?.error ?? error.code;
}

const television = { client_id: "a-television" };
const device = await oauth.processDeviceAuthorizationResponse(
  as, television, await oauth.deviceAuthorizationRequest(as, television, none, new URLSearchParams({ scope: "openid" }), plain),
);
const poll = async () => oauth.processDeviceCodeResponse(
  as, television, await oauth.deviceCodeGrantRequest(as, television, none, device.device_code, plain),
);
let pending = null;
try {
  await poll();
} catch (error) {
  pending = error.error;
}
await signIn(new URL(device.verification_uri_complete), { ...person, user_code: device.user_code, code: device.user_code });
const approved = await poll();

console.log(JSON.stringify({
  tokenType: tokens.token_type, nonce: claims.nonce === nonce, email: userinfo.email, resource: resource.status,
  stolen: stolen.status, afterwards: afterwards.status, revoked, pending, approved: approved.token_type,
}));
