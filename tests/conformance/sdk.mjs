// Okta's SDK for Node.js through every call that it shares with this server, on every database. Each answer is held
// against the description of the API as well, since the SDK itself takes much that other clients refuse.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { stage } from "../stage.mjs";
import { client } from "./sdk/client.mjs";
import { described } from "./sdk/description.mjs";
import { devices } from "./sdk/devices.mjs";
import { groups } from "./sdk/groups.mjs";
import { network } from "./sdk/network.mjs";
import { people } from "./sdk/people.mjs";
import { policies } from "./sdk/policies.mjs";
import { record } from "./sdk/record.mjs";
import { roles } from "./sdk/roles.mjs";
import { sessions } from "./sdk/sessions.mjs";
import { settings } from "./sdk/settings.mjs";
import { tokens } from "./sdk/tokens.mjs";

const journeys = { people, groups, roles, policies, network, tokens, devices, record, settings, sessions };
const databases = ["sqlite", ...process.env.POSTERN_TEST_POSTGRES ? ["postgres"] : []];

for (const database of databases) {
  const place = await stage("clients", database);
  describe(`Okta's SDK for Node.js on ${database}`, () => {
    after(() => place.end());
    const [seen, faults] = [new Map(), []];
    const okta = client(place, place.token, seen, faults);
    const calls = described(place.routes);
    for (const [name, journey] of Object.entries(journeys)) {
      for (const [sentence, { needs = [], run }] of Object.entries(journey)) {
        const missing = needs.find((call) => !calls.includes(call));
        test(`${name}: ${sentence}`, { skip: missing && `no ${missing} yet` }, () => run({ okta, place, seen, faults }));
      }
    }
    test("every answer fits the description of the API", () => assert.deepEqual(faults, []));
    test("every described call that the server has was made with success", (t) => {
      const missed = calls.filter((call) => !seen.has(call));
      t.diagnostic(`${calls.length - missed.length} of ${calls.length} calls`);
      assert.deepEqual(missed, []);
    });
  });
}
