// The first job, all the way: sign in, invalidate, see it completed, see that viewers get the new file.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import {
  created, fromEdge, invalidate, launch, mark, reloadForState, signIn, startDemo, visit, waitForState,
} from "./demo.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Changes the style sheet and makes sure that the edge still serves the one before. */
async function goStale(word) {
  await fromEdge(demo, "/styles.css");
  await mark(demo, word);
  assert.ok(!(await fromEdge(demo, "/styles.css")).includes(word), "the edge still serves the old one");
}

for (const javaScript of [true, false]) {
  const how = javaScript ? "with JavaScript, without a reload" : "without JavaScript, by reloading";
  test(`a change reaches viewers: ${how}`, async () => {
    const word = javaScript ? "lively" : "plain";
    await visit(browser, demo, { javaScript }, async (page) => {
      await signIn(page);
      await goStale(word);
      await invalidate(page, "/styles.css", { reason: "A new gradient" });
      await page.waitForURL(/\/invalidations\/[0-9a-f-]+$/);
      assert.match(await page.locator("main").textContent(), /A new gradient/);

      if (javaScript) {
        await page.evaluate(() => (globalThis.neverReloaded = true));
        await waitForState(page, "completed");
        assert.equal(await page.evaluate(() => globalThis.neverReloaded), true, "the page stayed");
      } else {
        await reloadForState(page, "completed");
      }
      assert.ok((await fromEdge(demo, "/styles.css")).includes(word), "the edge serves the new one");
      assert.match(await page.locator("main").textContent(), /Completed in/);
    });
  });
}

test("the first page shows what is under way and what it came to, live", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    const other = await page.context().newPage();
    await other.goto("/");
    await invalidate(other, "/scripts.js", { reason: "Seen from another window" });
    await page.locator("#in-flight .flight", { hasText: "/scripts.js" }).waitFor();
    await page.locator("#recent tr", { hasText: "Seen from another window" }).waitFor();
    await page.locator('#recent tr:has-text("/scripts.js") .status[data-state="completed"]').waitFor();
    await page.locator("#in-flight", { hasText: "Nothing is in flight" }).waitFor();
  });
});

test("the demo's own button makes the edge stale, and the page says when it is fresh again", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await fromEdge(demo, "/styles.css");
    await page.getByRole("button", { name: "let the demo change it" }).click();
    const [stale, fresh] = ["stale", "fresh"].map((state) => page.locator(`#demo-versions .status[data-state="${state}"]`));
    await stale.waitFor();
    await invalidate(page, "/styles.css");
    // The page that people watch shows the last step, and follows it.
    await stale.waitFor();
    await waitForState(page, "completed");
    await fresh.waitFor();
    await page.goto("/");
    await fresh.waitFor();
  });
});

test("the demo's card follows a file that is changed by hand", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.locator('#demo-versions .status[data-state="fresh"]').waitFor();
    await page.locator("#items").fill("/typed");
    const style = await readFile(demo.styles, "utf8");
    const changed = style.replace(/--style-version: "version (\d+)"/, (_, number) => `--style-version: "version ${Number(number) + 1}"`);
    const began = Date.now();
    await writeFile(demo.styles, changed);
    await page.locator('#demo-versions .status[data-state="stale"]').waitFor();
    assert.ok(Date.now() - began < 2_000, `it took ${Date.now() - began} ms`);
    assert.equal(await page.locator("#items").inputValue(), "/typed", "what is typed stays");
    await invalidate(page, "/styles.css");
    await waitForState(page, "completed");
  });
});

test("the history tells it all", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await invalidate(page, "/index.html", { reason: "For the history" });
    await waitForState(page, "completed");
    await page.getByRole("link", { name: "History", exact: true }).click();
    const row = page.locator("#live ol.acts > li").first();
    assert.match(await row.textContent(), /For the history/);
    await row.locator("summary").click();
    // The verdict comes a moment later, without a reload, and what was unfolded stays unfolded.
    await row.locator(".came .status", { hasText: /Fresh|Unchanged/ }).waitFor();
    await row.locator("ol.events li", { hasText: "Checked at the edge" }).waitFor();
    assert.match(await row.locator(".act").textContent(), /Completed in/);
    await page.getByRole("link", { name: "Everything", exact: true }).click();
    const rows = page.locator("#live tbody tr");
    await rows.first().filter({ hasText: "Checked at the edge" }).waitFor();
    assert.match(await rows.nth(1).textContent(), /Completed at the edge/);
    assert.match(await page.locator("#live").textContent(), /Signed in/);
  });
});

test("each invalidation was made once", async () => {
  const calls = await created(demo);
  assert.equal(calls.length, 6);
  assert.equal(new Set(calls.map((call) => call.caller_reference)).size, calls.length);
});
