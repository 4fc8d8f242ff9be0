// A server with its computer for the journeys: a program that `cargo test --workspace` builds, which says where it is and
// does what it is told, a line each way. Its clock can be moved; see server/examples/stage.rs.

import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Starts the stage with the scene `not-set-up` or `locked-out`; ends it with `end()`. */
export async function stage(name) {
  const target = process.env.CARGO_TARGET_DIR ?? `${root}/target`;
  const child = spawn(`${target}/debug/examples/stage`, [name], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const answers = [];
  const waiting = [];
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ended.then((code) => waiting.forEach(({ reject }) => reject(new Error(`the stage ended with ${code}`))));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("STAGE ")) return;
    const answer = JSON.parse(line.slice(6));
    const next = waiting.shift();
    if (next) next.resolve(answer);
    else answers.push(answer);
  });
  const answer = () => answers.length ? Promise.resolve(answers.shift())
    : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  return {
    ...await answer(),
    /** The next code of an app; the clock moves on to it, since no code is taken twice. */
    code: (secret) => tell(`code ${secret}`),
    /** Moves the clock. */
    wait: (seconds) => tell(`wait ${seconds}`),
    /** The caller types a PIN at the computer, which asks the server. */
    typePin: (pin) => tell(`type-pin ${pin}`),
    /** The computer is in contact. */
    checkIn: () => tell("check-in"),
    async end() {
      child.stdin.end();
      await ended;
    },
  };
  function tell(line) {
    child.stdin.write(`${line}\n`);
    return answer();
  }
}

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
