// A running demo for a test file, and browsers that look at it and take nothing amiss in silence.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
export const UNSTALE = process.env.UNSTALE_BIN ?? path.join(ROOT, "target/debug/unstale");
export const WORKSHOP = "E2QWRUHAPOMQZL";
const PATIENCE = 15_000;

/** A process of the service: what it printed, and its end. */
class Service {
  constructor(process, folder) {
    this.process = process;
    this.folder = folder;
    this.output = "";
    this.log = "";
    process.stdout.on("data", (data) => (this.output += data));
    process.stderr.on("data", (data) => (this.log += data));
  }

  /** Waits until it prints what fits; gives the match. */
  async printed(pattern) {
    const began = Date.now();
    for (;;) {
      const match = this.output.match(pattern);
      if (match) return match;
      if (this.process.exitCode !== null || Date.now() - began > PATIENCE) {
        throw new Error(`it never printed ${pattern}:\n${this.output}\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it as a power cut would; its folder stays. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      assert.equal(await ended, 0, `SIGTERM ends it in good order:\n${this.log}`);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function start(command, { folder, port = 0, environment = {} }, ...more) {
  folder ??= await mkdtemp(path.join(tmpdir(), "unstale-browser-"));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    UNSTALE_LOG: "warn",
    AWS_EC2_METADATA_DISABLED: "true",
    // The names of the sites lead out of this machine. The demo looks at its own edge.
    UNSTALE_CHECKS: "off",
    ...environment,
  };
  const child = spawn(UNSTALE, [command, "--listen", `127.0.0.1:${port}`, ...more], { cwd: folder, env });
  return new Service(child, folder);
}

/** The service without an account, on the CloudFront of a demo: with the link that it prints. */
export async function startWithoutAccounts(demo) {
  const environment = {
    AWS_ENDPOINT_URL_CLOUDFRONT: demo.api,
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  const service = await start("serve", { environment });
  [service.link] = await service.printed(/http:\S+\/setup\?key=\S+/);
  await service.printed(/ready at/);
  return service;
}

/** The service behind a provider, at a port that the provider was told before. */
export async function startWithProvider(demo, port, environment) {
  const service = await start("serve", {
    port,
    environment: {
      AWS_ENDPOINT_URL_CLOUDFRONT: demo.api,
      AWS_ACCESS_KEY_ID: "AKIATEST",
      AWS_SECRET_ACCESS_KEY: "secret",
      UNSTALE_PUBLIC_URL: `http://127.0.0.1:${port}`,
      ...environment,
    },
  });
  [, service.url] = await service.printed(/ready at (http:\S+)/);
  return service;
}

/** The demo: service, CloudFront stand-in, edge and sites, in a folder of its own. Without two weeks of history where it is empty. */
export async function startDemo({ completeAfter = 2, empty = true, ...place } = {}) {
  const demo = await start("demo", place, "--complete-after", String(completeAfter), ...(empty ? ["--empty"] : []));
  [, demo.url] = await demo.printed(/Open (http:\S+) and/);
  [, demo.edge] = await demo.printed(/at the edge +(http:\S+)/);
  [, demo.site] = await demo.printed(/its folder +(\/\S+)/);
  [, demo.api] = await demo.printed(/stand-in +(http:\S+)/);
  await demo.printed(/Ctrl-C/);
  demo.styles = path.join(demo.site, "styles.css");
  return demo;
}

/** Sets what goes wrong at CloudFront from now on; without rules nothing does. */
export async function faults(demo, ...rules) {
  const answer = await fetch(`${demo.api}/_sandbox/faults`, { method: "POST", body: JSON.stringify(rules) });
  assert.equal(answer.status, 200, await answer.text());
}

/** The invalidations that CloudFront really made. */
export async function created(demo) {
  const calls = await (await fetch(`${demo.api}/_sandbox/calls`)).json();
  return calls.filter((call) => call.operation === "CreateInvalidation" && call.created);
}

/** What a viewer gets from the edge. Its names below .localhost are known to browsers, not to every resolver. */
export function fromEdge(demo, file) {
  const edge = new URL(demo.edge);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: edge.port, path: file, headers: { host: edge.host } };
    http.get(options, async (answer) => resolve(await answer.setEncoding("utf8").reduce((all, part) => all + part, "")))
      .on("error", reject);
  });
}

/** Gives the site's style sheet a mark that tells its version. */
export async function mark(demo, word) {
  const style = await readFile(demo.styles, "utf8");
  await writeFile(demo.styles, `${style.replace(/\n\/\* mark .*/g, "")}\n/* mark ${word} */\n`);
}

/** The one Chromium of a test file. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  return chromium.launch({ executablePath, args, headless: true });
}

/** A browser window. `close` fails if its console complained or its content policy was broken. */
export async function open(browser, demo, { javaScript = true, dark = false, width = 1280, refusals = false } = {}) {
  const context = await browser.newContext({
    baseURL: demo.url,
    javaScriptEnabled: javaScript,
    colorScheme: dark ? "dark" : "light",
    viewport: { width, height: 900 },
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.scripted = javaScript;
  const complaints = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    // A refused form is answered with 4xx, which Chromium notes.
    if (refusals && /status of 4\d\d/.test(message.text())) return;
    complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // Leaving a page ends what it was still asking for.
    if (why !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${why}`);
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1" && !hostname.endsWith(".localhost")) {
      complaints.push(`it asks ${request.url()}`);
    }
  });
  return {
    page,
    async close() {
      await context.close();
      assert.deepEqual(complaints, [], "the console stays empty");
    },
  };
}

/** The tables that have to be scrolled sideways, by their names or first words. */
export function scrollingTables(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll(".table")]
      .filter((table) => table.scrollWidth > table.clientWidth + 1)
      .map((table) => `${table.ariaLabel ?? table.textContent.trim().slice(0, 40)}: ${table.scrollWidth} in ${table.clientWidth} px`),
  );
}

/** What reaches over the inner side of its panel: an element's words, and by how much. */
export function clipped(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("main .panel *")]
      .filter((element) => element.childElementCount === 0 && element.textContent.trim() !== "" && !element.closest(".table, pre, textarea, .items"))
      .map((element) => {
        const panel = element.closest(".panel");
        const inner = panel.getBoundingClientRect().right - parseFloat(getComputedStyle(panel).paddingRight);
        return [element, element.getBoundingClientRect().right - inner];
      })
      .filter(([element, over]) => over > 0.5 && element.getBoundingClientRect().width > 0)
      .map(([element, over]) => `${element.textContent.trim().slice(0, 40)}: ${Math.round(over)} px over its panel`),
  );
}

/** Runs `work` in a window of its own and closes it. */
export async function visit(browser, demo, options, work) {
  const window = await open(browser, demo, options);
  try {
    await work(window.page);
  } catch (error) {
    await window.close().catch((complaint) => console.error(String(complaint)));
    console.error(`what the service said:\n${demo.log ?? ""}`);
    throw error;
  }
  await window.close();
}

/** Signs in with the demo's one click. */
export async function signIn(page) {
  await page.goto("/");
  await page.getByRole("button", { name: "Sign in to the demo" }).click();
  await page.waitForURL(/\/$/);
  // Sync has read the distributions a moment after the start.
  const site = page.locator(`#distribution option[value="${WORKSHOP}"]`);
  for (let tries = 0; (await site.count()) === 0 && tries < 50; tries += 1) {
    await page.waitForTimeout(100);
    await page.reload();
  }
  assert.equal(await site.count(), 1, "the workshop's site is there to choose");
}

/** Fills the form in and presses the button. */
export async function invalidate(page, items, { distribution = WORKSHOP, reason = "" } = {}) {
  await page.locator("#distribution").selectOption(distribution);
  await page.locator("#items").fill(items);
  await page.locator("#reason").fill(reason);
  // As people do: look what will be sent, then press.
  if (page.scripted && items.trim()) await page.locator("#plan .total").waitFor();
  await page.locator('#request button[type="submit"]').click();
}

/** The state that the head of an invalidation's page shows. */
export function headline(page) {
  return page.locator("#live h2 .status").first();
}

export async function waitForState(page, state) {
  try {
    await page.locator(`#live h2 .status[data-state="${state}"]`).first().waitFor();
  } catch (error) {
    throw new Error(`${error.message}\nit shows ${page.url()}:\n${await page.locator("main").innerText()}`);
  }
}

/** The same without scripts: reloads until it is there. */
export async function reloadForState(page, state) {
  const began = Date.now();
  while ((await headline(page).getAttribute("data-state")) !== state) {
    assert.ok(Date.now() - began < PATIENCE, `it does not become ${state}: ${await headline(page).textContent()}`);
    await page.waitForTimeout(200);
    await page.reload();
  }
}

/** What axe finds wrong with the page as it is, a line each. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => (await globalThis.axe.run({ resultTypes: ["violations"] })).violations);
  return found.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => `${node.html} (${node.any[0]?.message ?? ""})`).join(" | ")}`);
}

/** What sticks out at the side of the page: how far, and the outermost elements that do. */
export function overhang(page) {
  return page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return "";
    const sticksOut = (element) => element.getBoundingClientRect().right > room + 0.5;
    const scrolls = (element) => getComputedStyle(element).overflowX !== "visible";
    const found = [...document.body.querySelectorAll("*")].filter(
      (element) => sticksOut(element) && ![...element.children].some(sticksOut) && !element.closest(".table") && !scrolls(element),
    );
    const names = found.map((element) => `<${element.localName} class="${element.className}">${element.textContent.trim().slice(0, 40)}`);
    return `${document.documentElement.scrollWidth - room} px stick out: ${[...new Set(names)].slice(0, 5).join(" | ")}`;
  });
}
