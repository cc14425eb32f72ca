// What people do most: send from a long form, watch, be asked before something ends.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { headline, invalidate, launch, open, signIn, startDemo, visit, waitForState, WORKSHOP } from "./demo.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo({ completeAfter: 2 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const MANY = Array.from({ length: 30 }, (_, n) => `/images/photo-${n}.jpg`).join("\n");

test("below a long plan the button stays in sight on a phone, and Ctrl+Enter presses it", async () => {
  await visit(browser, demo, { width: 400 }, async (page) => {
    await signIn(page);
    await page.locator("#distribution").selectOption(WORKSHOP);
    await page.locator("#items").fill(MANY);
    const button = page.getByRole("button", { name: "Refresh 30 paths" });
    await button.waitFor();
    const inSight = async () => {
      const box = await button.boundingBox();
      return box.y >= 0 && box.y + box.height <= page.viewportSize().height;
    };
    assert.ok(await inSight(), "while one types");
    await page.locator("#reason").scrollIntoViewIfNeeded();
    assert.ok(await inSight(), "further down");
    await page.locator("#items").press("Control+Enter");
    await page.waitForURL(/\/invalidations\//);
  });
});

test("the distribution that was used last is chosen, and the button says what everything is", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.goto("/");
    await invalidate(page, "/used-last.css");
    await page.waitForURL(/\/invalidations\//);
    await page.goto("/");
    assert.equal(await page.locator("#distribution").inputValue(), WORKSHOP);
    await page.locator("#items").fill("/*");
    await page.getByRole("button", { name: "Refresh everything on StudentWebsiteDistribution" }).waitFor();
  });
});

test("the title of the tab tells the state, and an item leads to what viewers get", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.goto("/");
    await invalidate(page, "/styles.css");
    await page.waitForURL(/\/invalidations\//);
    await waitForState(page, "completed");
    await page.waitForFunction(() => /^Completed in [\d.]+ s: \/styles\.css/.test(document.title));
    const item = page.locator(".items a", { hasText: "/styles.css" });
    assert.equal(await item.getAttribute("href"), `${demo.edge.replace(/\/$/, "")}/styles.css`);
  });
});

test("without scripts the page of an invalidation loads itself again until it has ended", async () => {
  await visit(browser, demo, { javaScript: false }, async (page) => {
    await signIn(page);
    await page.goto("/");
    await invalidate(page, "/no-scripts.css");
    await page.waitForURL(/\/invalidations\//);
    assert.equal(await page.locator('noscript meta[http-equiv="refresh"], meta[http-equiv="refresh"]').count(), 1);
    await waitForState(page, "completed");
    assert.equal(await page.locator('meta[http-equiv="refresh"]').count(), 0);
    assert.match(await headline(page).textContent(), /Completed/);
  });
});

for (const javaScript of [true, false]) {
  test(`a token is revoked after one question, scripts ${javaScript ? "on" : "off"}`, async () => {
    await visit(browser, demo, { javaScript }, async (page) => {
      await signIn(page);
      const name = `pipeline-${javaScript}`;
      await page.goto("/settings/tokens");
      await page.locator("#make #name").fill(name);
      await page.getByRole("button", { name: "Create token" }).click();
      await page.goto("/settings/tokens");
      const row = page.locator("tr", { hasText: name });
      const ask = row.getByRole("button", { name: `Revoke ${name}?` });
      await ask.click();
      const dialog = page.getByRole("dialog", { name: `Revoke ${name}?` });
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await dialog.waitFor({ state: "hidden" });
      assert.equal(await row.getByText("revoked", { exact: true }).count(), 0, "nothing was done");
      await ask.click();
      await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
      await row.getByText("revoked", { exact: true }).waitFor();
    });
  });
}

test("a page whose session ended elsewhere says so, and keeps what was typed", async () => {
  const window = await open(browser, demo, { refusals: true });
  const { page } = window;
  await signIn(page);
  await page.goto("/");
  await page.locator("#distribution").selectOption(WORKSHOP);
  await page.locator("#items").fill("/kept.css");
  await page.getByRole("button", { name: "Refresh 1 path" }).waitFor();
  await visit(browser, demo, {}, async (other) => {
    await signIn(other);
    await other.goto("/settings/account");
    await other.getByRole("button", { name: "End all others" }).click();
    await other.getByRole("dialog").getByRole("button", { name: "End them" }).click();
    await other.waitForLoadState();
  });
  await page.locator("#session-over").getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.getByRole("button", { name: "Sign in to the demo" }).click();
  await page.waitForURL(/\/$/);
  assert.equal(await page.locator("#items").inputValue(), "/kept.css");
  await window.close();
});
