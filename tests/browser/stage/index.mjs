// The console as a reader has it: a browser, a sign-in, pictures.

import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";

export { stage } from "../../stage.mjs";

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

/** Keeps a picture where POSTERN_PICTURES says, for eyes. */
export async function picture(page, name) {
  const folder = process.env.POSTERN_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: !name.startsWith("dialog") });
}
