// The staging distribution of a continuous deployment: its box in the plan, live and without JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { created, launch, signIn, startDemo, visit } from "./demo.mjs";

const SHOP = "E1SHOP7K2M4NQX";
const STAGING = "E0TWIN2B6C8DFG";
const DOMAIN = "d0twin.cloudfront.net";

let demo, browser;
before(async () => {
  demo = await startDemo({ completeAfter: 1 });
  browser = await launch();
  await change({ id: STAGING, domain: DOMAIN, staging: true, comment: "Shop, next release" });
  const traffic = { header: { name: "aws-cf-cd-release", value: "42" } };
  const policy = { id: "policy-1", enabled: true, staging_domains: [DOMAIN], traffic };
  await change({ id: SHOP, continuous_deployment: policy });
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Changes a distribution at the stand-in. */
async function change(distribution) {
  const body = JSON.stringify(distribution);
  const answer = await fetch(`${demo.api}/_sandbox/distributions`, { method: "POST", body });
  assert.equal(answer.status, 200, await answer.text());
}

/** Waits until the sync has read which distribution is the shop's staging distribution. */
async function known(page) {
  await page.goto("/distributions");
  await page.getByRole("button", { name: "Read from CloudFront again" }).click();
  for (let tries = 0; tries < 100; tries += 1) {
    await page.goto(`/distributions/${SHOP}`);
    if ((await page.locator("[data-staging-pair] a").count()) === 1) return;
    await page.waitForTimeout(100);
  }
  assert.fail("the staging distribution is never known");
}

const box = (page) => page.locator("#staging");
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** How many invalidations the staging distribution gets, once there are so many in all. */
async function ofStaging(count) {
  for (let tries = 0; tries < 100 && (await created(demo)).length < count; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return (await created(demo)).filter((call) => call.distribution === STAGING).length;
}

test("the box is live, comes back with what was typed, and sends to both", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await known(page);
    // No other swap comes before that of the plan.
    const silence = { contentType: "text/event-stream", body: "retry: 600000\n\n" };
    await page.route("**/events?*", (route) => route.fulfill(silence));
    await page.goto(`/?distribution=${SHOP}`);
    await page.locator("#items").fill("/a.css\n/b.css");
    await button(page, "Refresh 2 paths").waitFor();
    assert.equal(await box(page).isChecked(), false);
    await box(page).check();
    await button(page, "Refresh 4 paths on 2 distributions").waitFor();
    await box(page).uncheck();
    await button(page, "Refresh 2 paths").waitFor();
    await box(page).check();
    await button(page, "Refresh 4 paths on 2 distributions").waitFor();
    await page.goto("/history");
    await page.goto(`/?distribution=${SHOP}`);
    await button(page, "Refresh 4 paths on 2 distributions").waitFor();
    assert.equal(await box(page).isChecked(), true);
    await button(page, "Refresh 4 paths on 2 distributions").click();
    await page.waitForURL(/sent=2/);
    assert.equal(await ofStaging(2), 1);
  });
});

test("without JavaScript it is a box of the form", async () => {
  await visit(browser, demo, { javaScript: false }, async (page) => {
    await signIn(page);
    await page.goto(`/?distribution=${SHOP}`);
    await page.locator("#items").fill("/c.css");
    await page.getByRole("button", { name: "Show what will be sent" }).click();
    await box(page).check();
    await page.getByRole("button", { name: "Show what will be sent" }).click();
    assert.equal(await box(page).isChecked(), true);
    await button(page, "Refresh 2 paths on 2 distributions").click();
    await page.waitForURL(/sent=2/);
    assert.equal(await ofStaging(4), 2);
  });
});
