// An OpenID provider, node-oidc-provider, for tests/interop/openid_provider.py. Its argument is JSON: the port, the people
// by login, and the program that may ask. Keys are made at each start. Whoever signs in may have any password.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { port, people, program } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const DAY = 86400;

function key(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg, use: "sig" };
}

// What tokens are for: `resource` (RFC 8707) says which of these.
const resources = {
  "urn:mail": { audience: "stalwart", tells: true },
  "urn:mail:terse": { audience: "stalwart" }, // userinfo has to say who it is
  "urn:mail:late": { audience: "stalwart", tells: true, shift: -DAY },
  "urn:wiki": { audience: "wiki", tells: true },
};

const provider = new Provider(issuer, {
  jwks: { keys: [key("rsa", { modulusLength: 2048 }, "RS256"), key("ec", { namedCurve: "P-256" }, "ES256")] },
  clients: [
    {
      client_id: program.id,
      application_type: "native",
      token_endpoint_auth_method: "none",
      redirect_uris: [program.redirectUri],
      id_token_signed_response_alg: "ES256",
    },
  ],
  cookies: { keys: [randomUUID()] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups"] },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  extraTokenClaims: (_, token) => (resources[token.resourceServer?.identifier()]?.tells ? people[token.accountId] : {}),
  formats: {
    customizers: {
      jwt: (_, token, { payload }) => {
        const shift = resources[token.resourceServer.identifier()].shift ?? 0;
        for (const name of ["iat", "exp"]) payload[name] += shift;
      },
    },
  },
  features: {
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "openid email profile",
        audience: resources[resource].audience,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});

createServer(provider.callback()).listen(port, "127.0.0.1", () => console.log("listening"));
