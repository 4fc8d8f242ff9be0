// The console as a reader has it: a browser, a sign-in, pictures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export { stage } from "../../stage.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A browser that fails the journey on a script's error, a refused resource or a broken security policy. */
export async function browser(options = {}) {
  const chrome = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with a status of")) faults.push(message.text());
  });
  page.setDefaultTimeout(10_000);
  return { page, context, faults, end: () => chrome.close() };
}

/** Signs in by the three questions. */
export async function signIn(page, stage) {
  await page.goto(`${stage.url}/admin`);
  await page.getByLabel("Your name to sign in").fill(stage.login);
  await page.keyboard.press("Enter");
  await page.getByLabel("Password").fill(stage.password);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code", { exact: true }).fill(await stage.code(stage.appSecret));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
}

/** What axe-core finds, a line each. */
export async function violations(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], runOnly });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, html }) => `${target.join(" ")} ${html.slice(0, 120)}`).join("; ")}`);
  }, RULES);
  return found.map((one) => `${where}: ${one}`);
}

/** Nothing that axe-core finds. */
export async function clean(page, where) {
  assert.deepEqual(await violations(page, where), []);
}

/** A device in the browser that makes sure of its owner and answers by itself. */
export async function device(context, page) {
  const devices = await context.newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    credentials: async () => (await devices.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    remove: () => devices.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}

/** Keeps a picture where POSTERN_PICTURES says, for eyes. */
export async function picture(page, name) {
  const folder = process.env.POSTERN_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: !name.startsWith("dialog") });
}
