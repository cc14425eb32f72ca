// Signing in with a certified OpenID Connect provider that nobody here wrote.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, before, test } from "node:test";
import { Provider } from "oidc-provider";
import { launch, overhang, startDemo, startWithProvider, violations, visit } from "./demo.mjs";

const PEOPLE = {
  ada: { email: "ada@example.com", email_verified: true, roles: ["deployers"] },
  ruth: { email: "ruth@example.com", email_verified: true, roles: ["owners", "deployers"] },
  eve: { email: "eve@example.com", email_verified: true, roles: ["sales"] },
};

let browser, demo, service, idp, asked;

/** A port that was free a moment ago. */
async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The provider with one page: a name, and in. */
async function startProvider(port, redirect) {
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "unstale",
      client_secret: "a secret of the client",
      redirect_uris: [redirect],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["roles"] },
    cookies: { keys: ["a key for the provider's cookies"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(context) {
      const grant = new provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  const answer = provider.callback();
  const server = http.createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html");
      response.end('<!doctype html><title>Provider</title><link rel="icon" href="data:,"><form method="post"><label>Name <input name="name"></label><button>In</button></form>');
      return;
    }
    let body = "";
    for await (const part of request) body += part;
    const login = { accountId: new URLSearchParams(body).get("name") };
    await provider.interactionFinished(request, response, { login });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { issuer, close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}

before(async () => {
  asked = [];
  const port = await freePort();
  idp = await startProvider(await freePort(), `http://127.0.0.1:${port}/sign-in/oidc/callback`);
  browser = await launch();
  demo = await startDemo();
  service = await startWithProvider(demo, port, {
    UNSTALE_OIDC_ISSUER: idp.issuer,
    UNSTALE_OIDC_CLIENT_ID: "unstale",
    UNSTALE_OIDC_CLIENT_SECRET: "a secret of the client",
    UNSTALE_OIDC_NAME: "Example SSO",
    UNSTALE_OIDC_SCOPES: "openid email profile",
    UNSTALE_OIDC_ROLE_CLAIM: "roles",
    UNSTALE_OIDC_ADMIN_VALUES: "owners",
    UNSTALE_OIDC_OPERATOR_VALUES: "deployers",
    UNSTALE_OIDC_SIGN_UP: "true",
  });
});

after(async () => {
  await browser?.close();
  await service?.stop();
  await demo?.stop();
  await idp?.close();
});

/** From the sign-in page to the provider's, and in by this name. */
async function signInAs(page, name) {
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "In" }).click();
}

for (const javaScript of [true, false]) {
  test(`an operator signs in and out, ${javaScript ? "with" : "without"} scripts`, async () => {
    await visit(browser, service, { javaScript, refusals: true }, async (page) => {
      await page.goto("/history");
      assert.match(page.url(), /\/sign-in\?next=%2Fhistory$/);
      if (javaScript) assert.deepEqual(await violations(page), []);
      await signInAs(page, "ada");
      await page.waitForURL(/\/history$/);
      await page.goto("/settings/account");
      await page.getByText("OpenID Connect").first().waitFor();
      assert.equal(await page.locator("dl.facts dd").nth(1).textContent(), "operator");
      assert.equal(await page.getByRole("link", { name: "People" }).count(), 0);
      if (javaScript) assert.deepEqual(await violations(page), []);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(/\/sign-in$/);
      await page.goto("/history");
      assert.match(page.url(), /\/sign-in/);
    });
    assert.ok(asked.some((line) => line.includes("code_challenge_method=S256")), "PKCE goes out");
  });
}

test("the highest role that matches counts", async () => {
  await visit(browser, service, { refusals: true }, async (page) => {
    await page.goto("/sign-in");
    await signInAs(page, "ruth");
    await page.waitForURL(/\/$/);
    await page.goto("/settings/people");
    await page.getByRole("link", { name: "ruth@example.com" }).waitFor();
    assert.deepEqual(await violations(page), []);
  });
});

test("an administrator sees what is set, and has the provider asked", async () => {
  for (const width of [1280, 400]) {
    await visit(browser, service, { width }, async (page) => {
      await page.goto("/sign-in");
      await signInAs(page, "ruth");
      await page.waitForURL(/\/$/);
      await page.goto("/settings/sign-in");
      await page.getByText(`${service.url}/sign-in/oidc/callback`).waitFor();
      await page.getByRole("button", { name: "Check now" }).click();
      await page.getByText("1 read").waitFor();
      assert.deepEqual(await violations(page), []);
      assert.equal(await overhang(page), "");
      assert.doesNotMatch(await page.content(), /a secret of the client/);
    });
  }
});

test("whom nothing gives a role is told so and has no session", async () => {
  await visit(browser, service, { refusals: true }, async (page) => {
    await page.goto("/sign-in");
    await signInAs(page, "eve");
    await page.getByText("you have no role here").waitFor();
    await page.goto("/");
    assert.match(page.url(), /\/sign-in$/);
  });
});
