// What a channel receives, read by the libraries that others publish: Standard Webhooks' own for Node, and Microsoft's
// own of Adaptive Cards.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
// Its modules are for bundlers; Node takes the bundle.
import cards from "adaptivecards/dist/adaptivecards.js";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { startDemo, WORKSHOP } from "./demo.mjs";

const { AdaptiveCard, SerializationContext, Versions } = cards;

let demo, session, receiver;
const received = [];

before(async () => {
  demo = await startDemo({ completeAfter: 1 });
  session = await signIn();
  receiver = http.createServer(async (request, response) => {
    const body = await request.setEncoding("utf8").reduce((all, part) => all + part, "");
    received.push({ path: request.url, headers: request.headers, body });
    response.writeHead(204).end();
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  receiver?.close();
  await demo?.stop();
});

/** The cookie of somebody who is signed in. */
async function signIn() {
  const headers = { origin: demo.url };
  const answer = await fetch(`${demo.url}/sign-in/demo`, { method: "POST", headers, redirect: "manual" });
  assert.equal(answer.status, 303, await answer.text());
  return answer.headers.getSetCookie()[0].split(";")[0];
}

async function post(path, body) {
  const headers = { origin: demo.url, cookie: session, "content-type": "application/json" };
  const answer = await fetch(`${demo.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok([201, 202].includes(answer.status), `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** Adds a channel that hears of requests; its name is its path at the receiver. */
function addChannel(name, kind, more = {}) {
  const address = `http://127.0.0.1:${receiver.address().port}/${name}`;
  const rules = [{ topics: ["requested"], scope: "everything" }];
  return post("/api/v1/channels", { name, kind, address, rules, ...more });
}

/** Waits for the first message at this path. */
async function message(name) {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = received.find((one) => one.path === `/${name}`);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`nothing came to ${name}: ${received.map((one) => one.path)}`);
}

/** What Microsoft's library finds wrong with the card, a line each. */
function wrongWith(card) {
  const context = new SerializationContext(Versions.v1_4);
  const parsed = new AdaptiveCard();
  parsed.parse(card, context);
  const events = Array.from({ length: context.eventCount }, (_, number) => context.getEventAt(number).message);
  return [...events, ...parsed.validateProperties().validationEvents.map((event) => event.message)];
}

test("webhooks and cards are what the published libraries take", async () => {
  const { signing_key: secret } = await addChannel("signed", "webhook", { signing: "hmac" });
  await addChannel("envelope", "teams");
  await addChannel("card", "teams_card");
  // Texts that would end a Markdown link, a mark or a string.
  const reason = 'a_b *c* [d](e) <f> & "g"';
  const { id } = await post("/api/v1/invalidations", { distribution: WORKSHOP, items: ["/a_b.html"], reason });

  const signed = await message("signed");
  const verified = new Webhook(secret).verify(signed.body, signed.headers);
  assert.equal(verified.data.notices[0].invalidation, id);
  assert.throws(() => new Webhook(secret).verify(`${signed.body} `, signed.headers), WebhookVerificationError);

  const envelope = JSON.parse((await message("envelope")).body);
  assert.equal(envelope.type, "message");
  const bare = JSON.parse((await message("card")).body);
  for (const card of [envelope.attachments[0].content, bare]) {
    assert.deepEqual(wrongWith(card), []);
    assert.match(JSON.stringify(card), /a_b \*c\* \[d\]\(e\) <f> & /);
  }
  // The library does find what is wrong.
  assert.notDeepEqual(wrongWith({ ...bare, body: [{ type: "RichTextBlok" }] }), []);
});
