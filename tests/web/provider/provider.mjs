// A certified provider for the tests: node provider.mjs PORT PEOPLE.json ORIGIN SLUG. People are read again at every sign-in.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, people, origin, slug] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "onhand",
    client_secret: "a secret between the provider and us",
    redirect_uris: [`${origin}/t/${slug}/sso/callback`],
    post_logout_redirect_uris: [`${origin}/t/${slug}/sign-in`],
  }],
  scopes: ["openid", "email", "profile", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ["keys of a test"] },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...JSON.parse(readFileSync(people))[id] }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
