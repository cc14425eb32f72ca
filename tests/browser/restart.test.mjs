// The service dies and comes back: nothing that was accepted is lost, and open pages go on by themselves.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { created, fromEdge, invalidate, launch, mark, open, signIn, startDemo, waitForState } from "./demo.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo({ completeAfter: 3 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test("an open page lives through a crash and shows how the work ended, without a reload", async () => {
  const { page } = await open(browser, demo);
  await signIn(page);
  await fromEdge(demo, "/styles.css");
  await mark(demo, "survivor");
  await invalidate(page, "/styles.css", { reason: "Before the crash" });
  await waitForState(page, "in_progress");
  await page.locator("[data-live-sign]", { hasText: "live" }).first().waitFor();
  await page.evaluate(() => (globalThis.neverReloaded = true));

  await demo.kill();
  await page.locator("[data-live-sign]", { hasText: "reconnecting" }).first().waitFor();
  const port = new URL(demo.url).port;
  demo = await startDemo({ completeAfter: 3, folder: demo.folder, port });

  await waitForState(page, "completed");
  assert.equal(await page.evaluate(() => globalThis.neverReloaded), true, "the page stayed");
  assert.ok((await fromEdge(demo, "/styles.css")).includes("survivor"), "viewers get the new one");
  assert.equal((await created(demo)).length, 1, "it was made once");
  await page.context().close();
});
