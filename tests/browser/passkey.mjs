// A passkey in a real browser, with Chromium's virtual authenticator: added, signs in by itself, is demanded for a
// weighty act, and is removed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, device, picture, signIn, stage } from "./stage/index.mjs";

/** Sets the organisation up by its link; gives its administrator. */
async function administrator(page, place) {
  await page.goto(place.link);
  await page.getByLabel("Name of the organisation").fill("Harbour Lights");
  await page.getByLabel("Your first name").fill("Ada");
  await page.getByLabel("Your last name").fill("Lindqvist");
  await page.getByLabel("Your e-mail address").fill("ada@harbour.example");
  await page.getByLabel("Password").fill("four plain small words");
  await page.keyboard.press("Enter");
  const appSecret = (await page.locator("[data-copy]").getAttribute("data-copy")).replaceAll(" ", "");
  await page.getByLabel(/six digits/).fill(await place.code(appSecret));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Harbour Lights is set up" }).waitFor();
  return { ...place, login: "ada@harbour.example", password: "four plain small words", appSecret };
}

test("a passkey is added, signs in, is demanded and is removed", async (t) => {
  const place = await stage("not-set-up");
  t.after(() => place.end());
  const { page, context, faults, end } = await browser();
  t.after(end);
  const ada = await administrator(page, place);
  await signIn(page, ada);
  const own = await device(context, page);

  await page.goto(`${place.url}/account`);
  await page.getByRole("link", { name: "Passkey", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("Work laptop");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: "Add the passkey Work laptop" }).waitFor();
  await picture(page, "passkey-new");
  await page.getByRole("button", { name: "Ask my device" }).click();
  await page.getByRole("cell", { name: /^Passkey “Work laptop”/ }).waitFor();
  assert.equal((await own.credentials()).length, 1);
  await picture(page, "factors");

  // The page offers the passkey among the names; this device answers at once.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();

  await page.goto(`${place.url}/admin/security/demands`);
  await page.getByLabel("Make and change groups").selectOption("PHISHING_RESISTANT");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL("**/admin/security/demands");
  assert.equal(await page.getByLabel("Make and change groups").inputValue(), "PHISHING_RESISTANT");
  await picture(page, "demands");

  await place.wait(301);
  await page.getByLabel("Change computers").selectOption("FRESH");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Show that it is you" }).waitFor();
  assert.equal(await page.getByLabel("Code of your app").count(), 0);
  await picture(page, "step-up-passkey");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByRole("heading", { name: "Privileged actions" }).waitFor();
  assert.equal(await page.getByLabel("Change computers").inputValue(), "FRESH");

  await page.goto(`${place.url}/account`);
  await page.getByRole("link", { name: "Remove: Passkey" }).click();
  await page.getByRole("button", { name: "Remove: Passkey" }).click();
  await page.getByRole("cell", { name: /^Passkey “Work laptop”/ }).waitFor({ state: "detached" });
  await own.remove();
  assert.deepEqual(faults, []);
});
