// The console in a real browser: set-up by the link, and a help desk with a caller on the line.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, picture, signIn, stage } from "./stage/index.mjs";

/** Opens the PIN dialog of the one computer, by the search. */
async function openDialog(page) {
  await page.keyboard.press("/");
  await page.keyboard.type("PF3X-0042");
  await page.keyboard.press("Enter");
  await page.getByRole("row").nth(1).getByRole("link").first().click();
  await page.getByRole("link", { name: "View recovery PIN for Grace Hopper" }).click();
  const dialog = page.getByRole("dialog", { name: "Recovery PIN for Grace Hopper" });
  await dialog.waitFor();
  return page.locator("dialog[open]");
}

async function fill(dialog) {
  for (const name of [/^Make/, /^Model/, /^Serial number/]) await dialog.getByRole("checkbox", { name }).check();
  await dialog.getByLabel(/^Why/).fill("Phone left on a train; called back on the desk line.");
}

/** What the page is wider than its window by: nothing, or it must be scrolled sideways. */
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("the set-up link leads to a signed-in administrator", async (t) => {
  const place = await stage("not-set-up");
  t.after(() => place.end());
  const { page, faults, end } = await browser();
  t.after(end);
  await page.goto(place.link);
  await page.getByLabel("Name of the organisation").fill("Harbour Lights");
  await page.getByLabel("Your first name").fill("Ada");
  await page.getByLabel("Your last name").fill("Lindqvist");
  await page.getByLabel("Your e-mail address").fill("ada@harbour.example");
  await page.getByLabel("Password").fill("four plain small words");
  await picture(page, "set-up");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Set up your authenticator app" }).waitFor();
  assert.ok(await page.getByAltText(/QR code/).evaluate((image) => image.complete && image.naturalWidth > 100));
  const appSecret = (await page.locator("[data-copy]").getAttribute("data-copy")).replaceAll(" ", "");
  await page.getByLabel(/six digits/).fill("000 000");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the code of this key now").waitFor();
  await picture(page, "set-up-app");
  await page.getByLabel(/six digits/).fill(await place.code(appSecret));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Harbour Lights is set up" }).waitFor();
  const ada = { ...place, login: "ada@harbour.example", password: "four plain small words", appSecret };
  await signIn(page, ada);
  await picture(page, "home-first");
  await page.getByRole("link", { name: "Reports" }).click();
  await page.getByText("Organisation made").waitFor();
  await picture(page, "reports");
  for (const noun of ["Administrators", "Settings", "Security", "API tokens"]) {
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: noun }).click();
    await picture(page, noun.toLowerCase().replace(" ", "-"));
  }
  await page.goto(`${place.url}/admin/security/general?edit=yes`);
  await picture(page, "security-edit");
  await page.getByRole("button", { name: /^Ada Lindqvist/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(faults, []);
});

test("a caller is let in, and the dialog sees it happen", async (t) => {
  const place = await stage("locked-out");
  t.after(() => place.end());
  const { page, faults, end } = await browser();
  t.after(end);
  await signIn(page, place);
  const dialog = await openDialog(page);
  await dialog.getByText("Whoever hears this PIN and knows Grace Hopper's password gets into this computer for 1 hour.").waitFor();
  await dialog.getByText(/were linked .*(just now|minutes? ago)/).waitFor();
  await picture(page, "dialog-ask");
  await dialog.getByLabel(/^The nine digits/).pressSequentially("123456789");
  await fill(dialog);
  await dialog.getByRole("button", { name: "Make a recovery PIN" }).click();
  assert.match(await dialog.getByLabel(/^The nine digits/).evaluate((input) => input.validationMessage), /misheard or mistyped/);
  await dialog.getByLabel(/^The nine digits/).fill("");
  await place.wait(301);
  await dialog.getByRole("button", { name: "Make a recovery PIN" }).click();
  await dialog.getByRole("heading", { name: "Show that it is you" }).waitFor();
  await picture(page, "dialog-step-up");
  await dialog.getByLabel("Code of your app").fill(await place.code(place.appSecret));
  await page.keyboard.press("Enter");
  const pin = await dialog.locator("[data-copy]").getAttribute("data-copy");
  assert.match(pin, /^[0-9]{9}$/);
  assert.equal((await dialog.locator(".groups").innerText()).replace(/\s+/g, " "), pin.replace(/(...)(?=.)/g, "$1 "));
  assert.match(await dialog.locator("[data-until]").innerText(), /^(2:00|1:5\d)$/);
  await picture(page, "dialog-pin");
  assert.equal((await place.typePin(pin)).granted, true);
  await dialog.locator("[data-state=activated]").waitFor();
  await dialog.getByText(/works there for 1 hour/).waitFor();
  await picture(page, "dialog-activated");
  await dialog.getByRole("button", { name: "Revoke this PIN" }).click();
  await dialog.locator("[data-state=revoked]").waitFor();
  await picture(page, "dialog-revoked");
  await page.keyboard.press("Escape");
  await page.getByText("Last PIN:").waitFor();
  await picture(page, "device");
  assert.deepEqual(faults, []);
});

test("the whole dialog works by the keyboard, and without a network at the computer", async (t) => {
  const place = await stage("locked-out");
  t.after(() => place.end());
  const { page, faults, end } = await browser();
  t.after(end);
  await signIn(page, place);
  await place.wait(1500);
  await page.goto(`${place.url}/admin/devices`);
  const tabTo = async (words) => {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = document.activeElement;
        return element.labels?.[0]?.innerText ?? element.innerText ?? "";
      });
      if (words.test(name)) return;
    }
    assert.fail(`no way by Tab to ${words}`);
  };
  await tabTo(/GRACE-LAPTOP/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "GRACE-LAPTOP" }).waitFor();
  await tabTo(/View recovery PIN/);
  await page.keyboard.press("Enter");
  const dialog = page.locator("dialog[open]");
  await dialog.waitFor();
  for (const words of [/^Make/, /^Model/, /^Serial number/]) {
    await tabTo(words);
    await page.keyboard.press("Space");
  }
  await tabTo(/^Why/);
  await page.keyboard.type("Phone left on a train.");
  await tabTo(/^Make a recovery PIN/);
  await page.keyboard.press("Enter");
  await dialog.getByRole("heading", { name: "Show that it is you" }).waitFor();
  await page.keyboard.type(await place.code(place.appSecret));
  await page.keyboard.press("Enter");
  await dialog.getByText("The computer cannot report yet: ask the caller").waitFor();
  await tabTo(/^Revoke this PIN/);
  await page.keyboard.press("Enter");
  await dialog.locator("[data-state=revoked-later]").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
});

for (const colorScheme of ["light", "dark"]) {
  test(`every screen of a caller fits a narrow window, ${colorScheme}`, async (t) => {
    const place = await stage("locked-out");
    t.after(() => place.end());
    const { page, faults, end } = await browser({ viewport: { width: 390, height: 844 }, colorScheme });
    t.after(end);
    const seen = async (name) => {
      assert.ok(await overflow(page) <= 0, `${name} is wider than its window`);
      await picture(page, `${name}-390-${colorScheme}`);
    };
    await page.goto(`${place.url}/signin`);
    await seen("sign-in");
    await signIn(page, place);
    await seen("home");
    for (const path of ["people", "groups", "devices"]) {
      await page.goto(`${place.url}/admin/${path}`);
      await seen(path);
    }
    await page.getByRole("link", { name: "GRACE-LAPTOP" }).click();
    await seen("computer");
    await page.getByRole("link", { name: "View recovery PIN for Grace Hopper" }).click();
    const dialog = page.locator("dialog[open]");
    await fill(dialog);
    await seen("dialog-ask");
    await dialog.getByRole("button", { name: "Make a recovery PIN" }).click();
    await dialog.locator(".pin").waitFor();
    await seen("dialog-pin");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Grace Hopper", exact: true }).click();
    await page.getByRole("heading", { name: "Grace Hopper", level: 1 }).waitFor();
    await seen("person");
    assert.deepEqual(faults, []);
  });
}
