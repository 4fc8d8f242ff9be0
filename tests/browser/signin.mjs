// Our own sign-in page in a real browser: whoever has no factor sets one up on the way in; whoever has several chooses.
// What axe-core finds on the way is a fault.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, clean, device, picture, stage } from "./stage/index.mjs";

const PASSWORD = "Four plain small w0rds";

const place = await stage("clients");
after(() => place.end());
const headers = { authorization: `SSWS ${place.token}`, "content-type": "application/json" };

/** Somebody new with a password. */
async function somebody(name) {
  const login = `${name}@harbour.example`;
  const profile = { firstName: name, lastName: "Example", email: login, login };
  const body = JSON.stringify({ profile, credentials: { password: { value: PASSWORD } } });
  const answer = await fetch(`${place.url}/api/v1/users?activate=true`, { method: "POST", headers, body });
  assert.ok(answer.ok, `${answer.status}`);
  return login;
}

async function enter(page, login) {
  await page.goto(`${place.url}/signin`);
  await page.getByLabel("Your name to sign in").fill(login);
  await page.keyboard.press("Enter");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
}

async function out(page) {
  await page.goto(`${place.url}/account`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Your name to sign in").waitFor();
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

for (const [look, options] of [["", {}], ["-dark-narrow", { colorScheme: "dark", viewport: { width: 390, height: 800 } }]]) {
  test(`an app and a key are set up on the way in${look}`, { timeout: 60_000 }, async (t) => {
    const login = await somebody(`newcomer${look}`);
    const { page, context, faults, end } = await browser(options);
    t.after(end);
    await enter(page, login);
    await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await clean(page, "the choices");
    await picture(page, `signin-choices${look}`);
    await press(page, "Authenticator app");
    await clean(page, "before the app");
    await press(page, "Show the QR code");
    const secret = (await page.locator("[data-copy]").getAttribute("data-copy")).replaceAll(" ", "");
    await clean(page, "while the app is paired");
    await picture(page, `signin-app${look}`);
    await page.getByLabel("App code").fill("000000");
    await press(page, "Finish");
    await page.getByText("not the right code").waitFor();
    await picture(page, `signin-app-wrong${look}`);
    await page.getByLabel("App code").fill(await place.code(secret));
    await press(page, "Finish");
    await page.getByText("Make ten backup codes").first().waitFor();
    await picture(page, `signin-after${look}`);
    await press(page, "Make ten backup codes");
    await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
    await out(page);
    await enter(page, login);
    await press(page, "Use another way");
    await page.getByRole("heading", { name: "How do you want to show that it is you?" }).waitFor();
    await clean(page, "the ways");
    await picture(page, `signin-ways${look}`);
    await press(page, "Code of your app");
    await clean(page, "the code");
    await page.getByLabel("App code").fill(await place.code(secret));
    await press(page, "Sign in");
    await page.getByRole("heading", { name: /Example/, level: 1 }).waitFor();

    const other = await somebody(`keyholder${look}`);
    await out(page);
    await device(context, page);
    await enter(page, other);
    await press(page, "Passkey");
    await press(page, "Go on");
    await clean(page, "before the key");
    await picture(page, `signin-key${look}`);
    await page.getByRole("button", { name: "Ask my device" }).click();
    await page.getByText("Make ten backup codes").first().waitFor();
    await picture(page, `signin-key-after${look}`);
    assert.deepEqual(faults, []);
  });
}
