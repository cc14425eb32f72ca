// Every page, in every state that it has: axe finds nothing, light and dark, and nothing sticks out at 400 px.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  clipped, faults, invalidate, launch, overhang, scrollingTables, signIn, startDemo, startWithoutAccounts, violations, visit, waitForState,
} from "./demo.mjs";

let demo, browser, pages;
before(async () => {
  // With its two weeks of history, so that every page has something to show.
  demo = await startDemo({ completeAfter: 1, empty: false });
  browser = await launch();
  pages = await makePages();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const SETTINGS = [
  "", "/account", "/access", "/people", "/groups", "/grants", "/tokens", "/probes", "/sign-in", "/protection", "/budgets", "/freezes", "/notifications",
].map((page) => `/settings${page}`);

/** Makes one invalidation of each kind, and names every page by what is on it. */
async function makePages() {
  const made = {};
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    const make = async (name, items, state, reason = "") => {
      await page.goto("/");
      await invalidate(page, items, { reason });
      await waitForState(page, state);
      made[name] = new URL(page.url()).pathname;
    };
    await page.goto("/distributions/E2QWRUHAPOMQZL/check-up");
    await page.locator("form[action$='/check-up'] button").click();
    await make("completed", "/styles.css\n/images/*", "completed", "WEB-412: new gradient on the landing page");
    const long = `/${"a-very-long-name-without-a-break-".repeat(12)}.css`;
    await make("completed, with long names", `${long}\n/*`, "completed", "Because".repeat(60));
    await make("of many batches", Array.from({ length: 30 }, (_, n) => `/part-${n}/*`).join("\n"), "in_progress");
    await faults(demo, { operation: "CreateInvalidation", kind: "access_denied" });
    await make("refused", "/refused.css", "failed");
    await faults(demo, { operation: "CreateInvalidation", kind: "throttle" });
    await make("waiting", "/waiting.css", "queued");
    await page.locator("#live section h2", { hasText: "slower pace" }).waitFor();
    await faults(demo);
  });
  return {
    "the form": "/",
    "the form, repeating": `/?repeat=${made["completed, with long names"].split("/").pop()}`,
    "the form, with a warning": "/?distribution=E1RETIRED9ZXCV",
    ...Object.fromEntries(Object.entries(made).map(([name, path]) => [`an invalidation, ${name}`, path])),
    "the distributions": "/distributions",
    "the distributions, none found": "/distributions?q=nothing+like+it",
    "a distribution": "/distributions/E2QWRUHAPOMQZL",
    "a distribution with tags": "/distributions/E1SHOP7K2M4NQX",
    "a distribution without invalidations": "/distributions/E3DOCS5V8W1RTY",
    "a distribution that deploys": "/distributions/E2LAUNCH4J6HGF",
    "a distribution that is disabled": "/distributions/E1RETIRED9ZXCV",
    "the checks of a distribution": "/distributions/E2QWRUHAPOMQZL/checks",
    "a check-up": "/distributions/E2QWRUHAPOMQZL/check-up",
    "the history": "/history",
    "the history, of one result of checks": "/history?freshness=unchanged",
    "the history, what touched a URL": "/history?q=%2Findex.html&when=7d&distribution=E2QWRUHAPOMQZL",
    "the history, between days": "/history?from=2026-01-01",
    "the history, nothing found": "/history?q=nothing+like+it",
    "the history, access and settings": "/history?tab=access",
    "the history, all events": "/history?tab=everything",
    "the history, a wrong filter": "/history?tab=everything&action=dancing",
    "an older page of the history": "/history?before=9",
    "the insights": "/insights",
    "the insights, of a month without any": "/insights?month=2020-02",
    "what is not there": "/invalidations/not-there",
    "the approvals": "/approvals",
    "the API": "/api",
    ...Object.fromEntries(SETTINGS.map((path) => [path, path])),
  };
}

/** Looks at a page as it is now; gives what is wrong with it, a line each. */
async function flaws(page, name) {
  const found = (await violations(page)).map((line) => `${name}: ${line}`);
  const over = await overhang(page);
  if (over !== "") found.push(`${name}: ${over}`);
  found.push(...(await scrollingTables(page)).map((table) => `${name}: a table scrolls sideways, ${table}`));
  found.push(...(await clipped(page)).map((words) => `${name}: ${words}`));
  if ((await page.locator("h1").count()) !== 1) found.push(`${name}: a page has one h1`);
  return found;
}

for (const dark of [false, true]) {
  for (const width of [1280, 768, 400]) {
    test(`every page, ${dark ? "dark" : "light"}, ${width} px wide`, async () => {
      const found = [];
      await visit(browser, demo, { dark, width, refusals: true }, async (page) => {
        await page.goto("/sign-in");
        found.push(...(await flaws(page, "the sign-in page")));
        await page.locator("#email").fill("nobody@example.com");
        await page.locator("#password").fill("not the password");
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("alert").waitFor();
        found.push(...(await flaws(page, "the sign-in page, refusing")));
        await signIn(page);
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(path);
          found.push(...(await flaws(page, name)));
        }
        await page.goto("/");
        await invalidate(page, "/good.css\nhttps://other.example.org/a.css\n/covered/*\n/covered/b.css");
        await page.getByRole("alert").waitFor();
        found.push(...(await flaws(page, "the form, given back")));
      });
      assert.deepEqual(found, []);
    });
  }
}

test("tables fit between the widths of phones and of desktops", async () => {
  const found = [];
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    const tables = ["/", "/history", "/insights", "/approvals", "/distributions/E2QWRUHAPOMQZL", "/settings/people", "/settings/tokens", "/settings/budgets", "/settings/system"];
    for (const width of [820, 960, 995, 1040, 1090]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of tables) {
        await page.goto(path);
        const wrong = [...(await scrollingTables(page)), ...(await clipped(page)), await overhang(page)].filter(Boolean);
        found.push(...wrong.map((words) => `${path} at ${width} px: ${words}`));
      }
    }
  });
  assert.deepEqual(found, []);
});

test("the first account, from the link that the first start prints", async () => {
  const service = await startWithoutAccounts(demo);
  try {
    await visit(browser, { url: service.link }, { refusals: true }, async (page) => {
      await page.goto(new URL("/", service.link).href);
      assert.match(await page.locator("main").textContent(), /no account yet/);
      await page.goto(service.link);
      assert.deepEqual(await flaws(page, "the set-up page"), []);
      await page.locator("#email").fill("first@example.com");
      await page.locator("#password").fill("correct horse battery staple");
      await page.getByRole("button", { name: "Create account" }).click();
      await page.locator("#items").waitFor();
      await page.goto(service.link);
      assert.match(await page.locator("main").textContent(), /no longer valid/);

      await page.goto("/");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(/\/sign-in/);
      await page.goto("/history");
      assert.match(page.url(), /sign-in\?next=%2Fhistory/);
      await page.locator("#email").fill("first@example.com");
      await page.locator("#password").fill("correct horse battery staple");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(/\/history$/);
    });
  } finally {
    await service.stop();
  }
});

test("a refusal says what to do, and Retry sends it again", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.goto(pages["an invalidation, refused"]);
    const words = await page.locator("main").textContent();
    assert.match(words, /AWS does not let Unstale do this/);
    assert.match(words, /cloudfront:CreateInvalidation/);
    assert.match(words, /distribution\/E2QWRUHAPOMQZL/);
    await page.getByRole("button", { name: "Retry" }).click();
    await waitForState(page, "completed");
  });
});

test("what is queued can be cancelled", async () => {
  await faults(demo, { operation: "CreateInvalidation", kind: "throttle" });
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await invalidate(page, "/cancelled.css");
    await page.locator("#live section h2", { hasText: "slower pace" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await waitForState(page, "cancelled");
  });
  await faults(demo);
});
