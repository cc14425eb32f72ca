// The request form: what it says as one types, what it gives back, and that nothing is sent twice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { created, invalidate, launch, signIn, startDemo, visit, waitForState, WORKSHOP } from "./demo.mjs";

let demo, browser;
before(async () => {
  demo = await startDemo({ completeAfter: 1 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const plan = (page) => page.locator("#plan");
const button = (page) => page.locator('#request button[type="submit"]');

test("the plan changes as one types", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.locator("#distribution").selectOption(WORKSHOP);
    await page.locator("#items").pressSequentially("styles.css\n");
    await plan(page).getByText("/styles.css").waitFor();
    await page.getByRole("button", { name: "Refresh 1 path" }).waitFor();
    await page.locator("#items").pressSequentially("/images/*\n/images/hero.png\n");
    await plan(page).locator("[data-dropped]", { hasText: "/images/hero.png" }).waitFor();
    await page.getByRole("button", { name: "Refresh 2 paths" }).waitFor();
    await page.locator("#items").pressSequentially("https://other.example.org/a.css");
    await plan(page).locator("[data-refused]", { hasText: "other.example.org" }).waitFor();
  });
});

for (const width of [1280, 400]) {
  test(`nothing in sight moves while somebody types, ${width} px`, async () => {
    await visit(browser, demo, { width }, async (page) => {
      await signIn(page);
      await invalidate(page, "/first.css");
      await waitForState(page, "completed");
      await page.goto("/");
      await page.locator("[data-demo]").evaluate((card) => card.remove());
      // The lines at the lower edge of the window, with the button below them.
      await page.locator("#items").click();
      await page.waitForLoadState("networkidle");
      await page.evaluate(() => {
        globalThis.shifts = [];
        new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries())).observe({ type: "layout-shift" });
      });
      for (const line of ["styles.css\n", "/images/*\n", "/images/hero.png\n", "nothing here\n"]) {
        await page.keyboard.type(line, { delay: 20 });
        await page.locator("#plan li, #plan details", { hasText: line.trim() }).first().waitFor({ state: "attached" });
      }
      const moved = await page.evaluate(() =>
        globalThis.shifts.map((shift) => `${shift.value.toFixed(5)}: ${shift.sources.map(({ node }) => node?.id || node?.className || node?.nodeName).join(", ")}`),
      );
      assert.deepEqual(moved, []);
    });
  });
}

test("the fill-in buttons write into the form", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    await page.getByRole("button", { name: "Everything /*" }).click();
    assert.equal(await page.locator("#items").inputValue(), "/*");
    await plan(page).locator("li", { hasText: "/*" }).waitFor();
    await page.getByRole("button", { name: "Home page" }).click();
    assert.equal(await page.locator("#items").inputValue(), "/\n/index.html");
  });
});

test("typing finds a distribution by name, alias, domain or ID", async () => {
  await visit(browser, demo, {}, async (page) => {
    await signIn(page);
    const found = async (words) => {
      await page.locator("#find").fill(words);
      return (await page.locator("#distribution option:not([value=''])").allTextContents()).join();
    };
    assert.match(await found("help.example"), /^docs\.example\.com[^,]*$/);
    assert.match(await found("student"), /^StudentWebsiteDistribution[^,]*$/);
    assert.match(await found("E1SHOP"), /^shop\.example\.com[^,]*$/);
    await page.locator("#find").fill("launch");
    await page.locator("#distribution-facts .warn").waitFor();
  });
});

for (const javaScript of [true, false]) {
  const how = javaScript ? "with JavaScript" : "without JavaScript";
  test(`lines that cannot be sent stay in the form, with words: ${how}`, async () => {
    const before = (await created(demo)).length;
    await visit(browser, demo, { javaScript, refusals: true }, async (page) => {
      await signIn(page);
      const items = "/good.css\n/a*b/c*d\nhttps://other.example.org/a.css\n#bad tag,";
      await invalidate(page, items, { reason: "Stays too" });
      await page.getByRole("alert").waitFor();
      assert.match(await page.getByRole("alert").textContent(), /Nothing was sent/);
      assert.equal(await page.locator("#items").inputValue(), items);
      assert.equal(await page.locator("#reason").inputValue(), "Stays too");
      const refused = await plan(page).locator("[data-refused]").allTextContents();
      assert.ok(refused.length >= 2, refused.join("\n"));
      assert.match(refused.join("\n"), /other\.example\.org/);
      assert.equal(await page.locator("#items").getAttribute("aria-invalid"), "true");

      // Mended, it goes out.
      await page.locator("#items").fill(`/mended-${javaScript}.css`);
      await button(page).click();
      await page.waitForURL(/\/invalidations\//);
    });
    await settled(before + 1);
  });

  test(`nothing written is nothing sent: ${how}`, async () => {
    await visit(browser, demo, { javaScript, refusals: true }, async (page) => {
      await signIn(page);
      await invalidate(page, "  \n ");
      assert.match(await page.getByRole("alert").textContent(), /Write at least one path/);
    });
  });

  test(`pressing twice, reloading and going back make one: ${how}`, async () => {
    const before = (await created(demo)).length;
    await visit(browser, demo, { javaScript, refusals: true }, async (page) => {
      await signIn(page);
      await page.locator("#distribution").selectOption(WORKSHOP);
      await page.locator("#items").fill(`/once-${javaScript}.css`);
      // The second press ends the navigation of the first, which waitForURL would take for a failure.
      const arrived = page.waitForEvent("framenavigated", (frame) => /\/invalidations\//.test(frame.url()));
      await button(page).dblclick({ noWaitAfter: true });
      await arrived;
      await page.waitForLoadState();
      const made = page.url();
      await page.reload();
      await page.goBack();
      await page.locator("#items").waitFor();
      // The browser gives the old form back with its key; where it does not, there is nothing to send.
      if ((await page.locator("#items").inputValue()) !== "") {
        await button(page).click();
        await page.waitForURL(/\/invalidations\//);
        assert.equal(page.url(), made, "the same form leads to the same invalidation");
      }
    });
    await settled(before + 1);
  });
}

for (const javaScript of [true, false]) {
  test(`Enter in the reason sends nothing and fills nothing in: ${javaScript ? "with" : "without"} JavaScript`, async () => {
    const before = (await created(demo)).length;
    await visit(browser, demo, { javaScript, refusals: true }, async (page) => {
      await signIn(page);
      await page.locator("#distribution").selectOption(WORKSHOP);
      await page.locator("#items").fill("/styles.css");
      await page.locator("#reason").fill("build 5121");
      await page.locator("#reason").press("Enter");
      await plan(page).locator("li", { hasText: "/styles.css" }).waitFor();
      assert.equal(await page.locator("#items").inputValue(), "/styles.css");
      assert.equal(await page.locator("#reason").inputValue(), "build 5121");
    });
    await settled(before);
  });
}

test("what was typed outlives the end of a session, and is gone once it was accepted", async () => {
  const before = (await created(demo)).length;
  await visit(browser, demo, { refusals: true }, async (page) => {
    // Without its session, news and a plan that is still due would take the page to the sign-in before the button does.
    const silence = { contentType: "text/event-stream", body: "retry: 600000\n\n" };
    await page.route("**/events?*", (route) => route.fulfill(silence));
    // On a slow connection each script comes at its own time.
    await page.route("**/draft*.js*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    await signIn(page);
    await page.locator("#distribution").selectOption(WORKSHOP);
    await page.locator("#items").fill("/kept.css");
    await page.locator("#reason").fill("Stays too");
    await plan(page).locator("li", { hasText: "/kept.css" }).waitFor();
    await page.context().clearCookies();
    await button(page).click();
    await page.waitForURL((url) => url.pathname !== "/");
    await signIn(page);
    assert.equal(await page.locator("#items").inputValue(), "/kept.css");
    assert.equal(await page.locator("#reason").inputValue(), "Stays too");
    assert.equal(await page.locator("#distribution").inputValue(), WORKSHOP);
    await plan(page).locator("li", { hasText: "/kept.css" }).waitFor();
    await button(page).click();
    await page.waitForURL(/\/invalidations\//);
    await page.goto(`${demo.url}/`);
    assert.equal(await page.locator("#items").inputValue(), "");
  });
  await settled(before + 1);
});

/** So many invalidations were made at CloudFront, and no more come. */
async function settled(count) {
  for (let tries = 0; tries < 50 && (await created(demo)).length < count; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await created(demo)).length, count);
}

test("without JavaScript the plan is a button away", async () => {
  await visit(browser, demo, { javaScript: false }, async (page) => {
    await signIn(page);
    await page.locator("#items").fill("styles.css\n/styles.css");
    await page.getByRole("button", { name: "Show what will be sent" }).click();
    assert.match(await plan(page).textContent(), /1 billable path/);
    assert.equal(await page.locator("#items").inputValue(), "styles.css\n/styles.css");
    await page.getByRole("button", { name: "Everything /*" }).click();
    assert.equal(await page.locator("#items").inputValue(), "/*");
  });
});

test("a mouse is not needed", async () => {
  await visit(browser, demo, {}, async (page) => {
    await page.goto("/");
    await tabTo(page, (element) => element.textContent === "Sign in to the demo");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/$/);
    // The first stop of every page leads past the navigation.
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
    await tabTo(page, (element) => element.id === "find");
    await page.keyboard.type("student");
    await tabTo(page, (element) => element.id === "items");
    await page.keyboard.type("/by-keyboard.css");
    await page.getByRole("button", { name: "Refresh 1 path" }).waitFor();
    await tabTo(page, (element) => element.id === "reason");
    await page.keyboard.type("By keyboard");
    await tabTo(page, (element) => element.type === "submit" && element.textContent.includes("Refresh"));
    assert.ok(await hasVisibleFocus(page), "one sees where one is");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/invalidations\//);
    assert.match(await page.locator("main").textContent(), /By keyboard/);
  });
});

/** Presses Tab until the focus is where it should be. */
async function tabTo(page, wanted) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(`(${wanted})(document.activeElement)`)) return;
  }
  assert.fail(`Tab never comes to ${wanted}`);
}

function hasVisibleFocus(page) {
  return page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  });
}

for (const width of [1280, 768, 400]) {
  test(`thirty pasted lines make no page higher than three screens, ${width} px`, async () => {
    const lines = Array.from({ length: 30 }, (_, n) => `upload: dist/assets/of-${width}-${n}.js to s3://student-website/assets/of-${width}-${n}.js`);
    await visit(browser, demo, { width }, async (page) => {
      const height = () => page.evaluate(() => document.documentElement.scrollHeight / window.innerHeight);
      await signIn(page);
      await page.goto("/");
      await invalidate(page, lines.join("\n"));
      await waitForState(page, "completed");
      // No such file is there, so that each has a cause and an advice.
      const verdicts = page.locator("#checks .verdict .status[data-state=broken]");
      await page.waitForFunction(() => document.querySelectorAll("#checks .verdict .status[data-state=broken]").length >= 10);
      assert.ok((await height()) <= 3, `its page: ${await height()}`);
      assert.equal(await page.locator("#checks .step").count(), 1, "the same advice stands once");
      await page.locator("#checks summary").click();
      assert.equal(await verdicts.count(), (await page.locator("#checks .verdict").count()));
      await page.goto("/");
      await page.locator("#items").fill(lines.join("\n"));
      await page.locator("#plan .total").waitFor();
      assert.ok((await height()) <= 3, `the form: ${await height()}`);
      assert.match(await plan(page).innerText(), /All 30: from the key in the bucket/);
    });
  });
}
