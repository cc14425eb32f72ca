// Takes docs/screenshot.png of the demo: node tests/browser/screenshot.mjs

import { WORKSHOP, invalidate, launch, mark, open, signIn, startDemo, waitForState } from "./demo.mjs";

const demo = await startDemo({ completeAfter: 12, empty: false });
const browser = await launch();
try {
  const { page } = await open(browser, demo, { width: 1180 });
  await signIn(page);
  const make = async (items, options, state) => {
    await page.goto("/");
    await invalidate(page, items, options);
    await waitForState(page, state);
  };
  await mark(demo, "2026.48");
  await make("/styles.css", { reason: "WEB-408: release 2026.48" }, "completed");
  await make("#brand:acme", { distribution: "E1SHOP7K2M4NQX", reason: "New pictures from the maker" }, "completed");
  await make("/guide/*\n/index.html", { distribution: "E3DOCS5V8W1RTY", reason: "DOCS-77: a typo in the install guide" }, "in_progress");
  await page.goto("/");
  await page.locator("[data-demo]").evaluate((card) => card.remove());
  await page.locator("#distribution").selectOption(WORKSHOP);
  await page.locator("#items").fill("https://d12345678.cloudfront.net/styles.css\n/images/*\n/images/hero.png\nscripts.js");
  await page.locator("#reason").fill("WEB-412: new gradient on the landing page");
  await page.getByRole("button", { name: "Refresh 3 paths" }).waitFor();
  await page.waitForTimeout(2500);
  await page.locator("#reason").blur();
  // The button sticks to the lower edge of the window, so the window is as high as the page.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: 1180, height });
  await page.screenshot({ path: new URL("../../docs/screenshot.png", import.meta.url).pathname, fullPage: true });
  await page.context().close();
} finally {
  await browser.close();
  await demo.stop();
}
