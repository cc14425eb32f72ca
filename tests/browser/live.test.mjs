// Open pages follow the history.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { invalidate, launch, signIn, startDemo, visit, waitForState } from "./demo.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo({ completeAfter: 1 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test("a reader who looks at something else is told when it is done", async () => {
  await visit(browser, demo, {}, async (page) => {
    await page.context().grantPermissions(["notifications"], { origin: demo.url });
    // What a browser shows outside its pages cannot be looked at from here.
    await page.addInitScript(() => {
      window.told = [];
      window.Notification = class extends EventTarget {
        static permission = "default";
        static async requestPermission() {
          return (this.permission = "granted");
        }
        constructor(title, { body }) {
          super();
          window.told.push(`${title}: ${body}`);
        }
      };
    });
    await signIn(page);
    for (const [file, isAway, expected] of [["/a.css", true, 1], ["/b.css", false, 0]]) {
      await page.goto("/");
      await invalidate(page, file, {});
      const button = page.getByRole("button", { name: "Tell me when it is done" });
      assert.equal(await button.getAttribute("aria-pressed"), "false");
      await button.click();
      await page.getByRole("button", { name: "You will be told", pressed: true }).waitFor();
      await page.evaluate((isAway) => {
        Object.defineProperty(document, "hidden", { get: () => isAway });
        document.hasFocus = () => !isAway;
      }, isAway);
      await waitForState(page, "completed");
      await page.locator("#live[data-outcome]").waitFor();
      const told = await page.evaluate(() => window.told);
      assert.equal(told.length, expected, String(told));
      assert.ok(told.every((words) => words.startsWith(`${file}: Completed`)), String(told));
      assert.equal(await page.locator("#tell").count(), 0);
    }
  });
});

const TWO_AT_ONCE = "retry: 600000\n\nevent: audit\nid: 1\ndata: {}\n\nevent: audit\nid: 2\ndata: {}\n\n";

test("what comes right behind other news is shown too", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.goto("/");
    await invalidate(page, "/styles.css", {});
    await waitForState(page, "completed");
    await page.route("**/events?*", (route) => route.fulfill({ contentType: "text/event-stream", body: TWO_AT_ONCE }));
    const asked = [];
    page.on("request", (request) => {
      // The demo's card asks by the clock.
      if (request.headers()["hx-request"] && !request.url().endsWith("/demo/versions")) asked.push(Date.now());
    });
    // What the old page asked until the new one took its place, such as for the verdict of its check, does not count.
    page.on("framenavigated", () => (asked.length = 0));
    await page.reload();
    // The first at once, and one more for all that came meanwhile.
    for (let n = 0; n < 100 && asked.length < 2; n += 1) await sleep(50);
    await sleep(1_000);
    assert.equal(asked.length, 2);
  });
});
