// The help desk's runbook through the console, with a caller on the line: "I lost my phone, I can't sign in". What axe-core
// finds on the way is a fault.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, clean, picture, signIn, stage } from "./stage/index.mjs";

const looks = [["", {}], ["-dark-narrow", { colorScheme: "dark", viewport: { width: 390, height: 800 } }]];

/** Opens a case from the person's page. */
async function openCase(page, place) {
  await page.goto(`${place.url}/admin/people`);
  await page.getByRole("link", { name: place.person }).first().click();
  await page.getByRole("button", { name: /Open a recovery case/ }).click();
  await page.getByRole("heading", { name: new RegExp(`Case \\d+: ${place.person}`), level: 1 }).waitFor();
}

async function takeEvidence(page) {
  const way = page.locator("details", { has: page.getByText("In person", { exact: true }) });
  if (await way.getAttribute("open") === null) await way.locator("summary").click();
  await way.getByLabel("Which document").fill("passport");
  await way.getByLabel("Where they stood").fill("front desk");
  await way.getByRole("button", { name: /Record/ }).click();
  await page.getByText("The evidence is recorded").waitFor();
}

for (const [look, options] of looks) {
  test(`a caller who lost their phone is back in${look}`, { timeout: 90_000 }, async (t) => {
    const place = await stage("locked-out");
    t.after(() => place.end());
    const { page, faults, end } = await browser(options);
    t.after(end);
    await signIn(page, place);

    // Step 1: confirm who they are. The page says so at its top, and shows what never counts.
    await openCase(page, place);
    await page.getByText("exchange the two words, then take evidence").waitFor();
    await page.getByText("What never counts").click();
    await page.getByText("is read by whoever has the mailbox").waitFor();
    await clean(page, "a case without evidence");
    await picture(page, `case-open${look}`);
    await takeEvidence(page);
    await page.getByText("The evidence is enough").waitFor();
    await clean(page, "a case with evidence");
    await picture(page, `case-verified${look}`);

    // Step 2: no backup codes. Step 3: force the reset, which says beforehand what ends.
    const row = page.locator(".setting", { has: page.getByText("Reset of every factor", { exact: true }) });
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: `Reset every factor of ${place.person}` }).waitFor();
    await clean(page, "before the reset");
    await picture(page, `case-reset${look}`);
    await page.getByLabel(/^Reason/).fill("Lost phone; seen at the front desk.");
    await page.getByLabel(/^Ticket/).fill("#1234");
    await page.getByRole("button", { name: `Reset every factor of ${place.person}` }).click();
    const proof = page.getByLabel(/^Code|App code/);
    const shown = page.locator(".once .secret");
    await proof.or(shown).first().waitFor();
    if (await proof.count()) {
      await proof.first().fill(await place.code(place.appSecret));
      await page.keyboard.press("Enter");
    }
    const ticket = (await shown.innerText()).trim();
    assert.match(ticket, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/i);
    await clean(page, "the ticket");
    await picture(page, `case-ticket${look}`);

    // Step 4: they sign in, land on the enrolment, and are back in.
    const caller = await browser(options);
    t.after(caller.end);
    const own = caller.page;
    await own.goto(`${place.url}/signin`);
    await own.getByLabel("Your name to sign in").fill(place.caller);
    await own.keyboard.press("Enter");
    await own.getByLabel("Password").fill(place.password);
    await own.keyboard.press("Enter");
    await own.getByRole("heading", { name: "How do you want to show that it is you?" }).waitFor();
    await own.getByRole("button", { name: "A ticket from the help desk" }).click();
    await own.getByLabel("Ticket").waitFor();
    await clean(own, "where the ticket is typed");
    await picture(own, `way-back-ticket${look}`);
    await own.getByLabel("Ticket").fill(ticket);
    await own.keyboard.press("Enter");
    await own.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await clean(own, "the choices after a ticket");
    await picture(own, `way-back-enrol${look}`);
    await own.getByRole("button", { name: "Authenticator app", exact: true }).click();
    await own.getByRole("button", { name: "Show the QR code", exact: true }).click();
    const secret = (await own.locator("[data-copy]").getAttribute("data-copy")).replaceAll(" ", "");
    await own.getByLabel("App code").fill(await place.code(secret));
    await own.getByRole("button", { name: "Finish", exact: true }).click();
    await own.getByText("Make ten backup codes").first().waitFor();
    await picture(own, `way-back-in${look}`);

    // Step 5: the case closed itself, and an auditor finds it.
    await page.goto(`${place.url}/admin/people`);
    await page.getByRole("link", { name: place.person }).first().click();
    await page.getByText("Closed").first().waitFor();
    await picture(page, `case-person${look}`);
    assert.deepEqual([...faults, ...caller.faults], []);
  });
}

test("a caller who presses is refused, and the next agent sees it", { timeout: 60_000 }, async (t) => {
  const place = await stage("locked-out");
  t.after(() => place.end());
  const { page, faults, end } = await browser();
  t.after(end);
  await signIn(page, place);
  await openCase(page, place);
  // "This is urgent! I need it now!": one key.
  await page.keyboard.press("!");
  await page.getByText("Take all the time you need").waitFor();
  await picture(page, "case-pressed");
  const refuse = page.locator("details", { has: page.getByText("Refuse", { exact: true }) });
  await refuse.locator("summary").click();
  await refuse.getByLabel(/^Why/).fill("My gut says no.");
  await refuse.getByRole("button", { name: "Refuse the case" }).click();
  await page.getByText("This case was refused").waitFor();
  await clean(page, "a refused case");
  await openCase(page, place);
  await page.getByText("Look twice").waitFor();
  await clean(page, "a case after a refusal");
  await picture(page, "case-after-refusal");
  assert.deepEqual(faults, []);
});
