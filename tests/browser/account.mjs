// One's own account in a real browser, by the keyboard alone: an app by its secret, backup codes, a passkey with Chromium's
// virtual authenticator, the end of another session. What axe-core finds on the way is a fault.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, clean, device, picture, signIn, stage } from "./stage/index.mjs";

/** Presses Tab until an element of this name has the focus. */
async function tabTo(page, name) {
  for (let press = 0; press < 80; press += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const element = document.activeElement;
      return element.labels?.[0]?.innerText ?? (element.ariaLabel || element.textContent || "").trim();
    });
    if (name.test(found)) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

test("an account is looked after by the keyboard", async (t) => {
  const place = await stage("locked-out");
  t.after(() => place.end());
  const elsewhere = await browser();
  t.after(elsewhere.end);
  await signIn(elsewhere.page, place);
  const { page, context, faults, end } = await browser();
  t.after(end);
  await signIn(page, place);
  await page.goto(`${place.url}/account`);
  await page.getByRole("heading", { name: "Hal Okonkwo", level: 1 }).waitFor();
  await clean(page, "the account");

  await press(page, /^Authenticator app$/);
  await page.getByRole("heading", { name: "Add: Authenticator app" }).waitFor();
  await clean(page, "before an app is added");
  await press(page, /^Show the QR code$/);
  const secret = (await page.locator("[data-copy]").getAttribute("data-copy")).replaceAll(" ", "");
  assert.equal(await page.getByRole("img", { name: /QR code/ }).count(), 1);
  await clean(page, "while an app is added");
  await picture(page, "account-activate");
  await page.getByLabel("App code").focus();
  await page.keyboard.type("000000");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the right code").waitFor();
  await page.keyboard.type(await place.code(secret));
  await page.keyboard.press("Enter");
  await page.getByText("The factor is added").waitFor();

  await press(page, /^Make ten backup codes$/);
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
  assert.equal(await page.locator(".codes li").count(), 10);
  await clean(page, "backup codes");
  await picture(page, "account-codes");
  await page.evaluate(() => { window.print = () => { document.title = "printed"; }; });
  await press(page, /^Print$/);
  assert.equal(await page.title(), "printed");
  await press(page, /^I have kept them$/);
  await page.getByText("10 backup codes of 10 remaining").waitFor();

  await device(context, page);
  await press(page, /^Passkey$/);
  await page.getByLabel("Name", { exact: true }).focus();
  await page.keyboard.type("Work laptop");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Add the passkey Work laptop" }).waitFor();
  await press(page, /^Ask my device$/);
  await page.getByText("Passkey “Work laptop”", { exact: true }).waitFor();
  await picture(page, "account");
  await clean(page, "the account with three factors");

  await press(page, /^End /);
  await page.getByText("The session is ended").waitFor();
  await elsewhere.page.goto(`${place.url}/account`);
  await elsewhere.page.getByRole("heading", { name: "Sign in" }).waitFor();

  // After five minutes a fresh proof is asked for in place; the passkey gives it.
  await place.wait(301);
  await press(page, /^Remove: Passkey/);
  await page.getByRole("heading", { name: "Remove: Passkey" }).waitFor();
  await press(page, /^Remove: Passkey/);
  await page.getByRole("heading", { name: "Show that it is you" }).waitFor();
  await clean(page, "a fresh proof");
  await picture(page, "account-step-up");
  await press(page, /^Use a passkey$/);
  await page.getByText("The factor is removed").waitFor();
  assert.deepEqual(faults, []);
});
