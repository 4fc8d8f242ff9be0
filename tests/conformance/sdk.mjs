// Okta's SDK for Node.js through every call that it shares with this server, on every database. Each answer is held
// against the description of the API as well, since the SDK itself takes much that other clients refuse.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { stage } from "../stage.mjs";
import { client } from "./sdk/client.mjs";
import { described } from "./sdk/description.mjs";
import { devices } from "./sdk/devices.mjs";
import { factors } from "./sdk/factors.mjs";
import { groups } from "./sdk/groups.mjs";
import { network } from "./sdk/network.mjs";
import { people } from "./sdk/people.mjs";
import { policies } from "./sdk/policies.mjs";
import { record } from "./sdk/record.mjs";
import { roles } from "./sdk/roles.mjs";
import { sessions } from "./sdk/sessions.mjs";
import { settings } from "./sdk/settings.mjs";
import { tokens } from "./sdk/tokens.mjs";

/** Sessions first: what is changed of people and policies later ends the one that a cookie is tried with. */
const journeys = { sessions, people, factors, groups, roles, policies, network, tokens, devices, record, settings };
/** Calls that are answered, and never with success, and why. */
const NEVER = {
  "POST /api/v1/policies/{policyId}/mappings": "there is nothing yet that a policy could be mapped to",
  "GET /api/v1/policies/{policyId}/mappings/{mappingId}": "so there are no mappings",
  "DELETE /api/v1/policies/{policyId}/mappings/{mappingId}": "so there are no mappings",
};
const databases = ["sqlite", ...process.env.POSTERN_TEST_POSTGRES ? ["postgres"] : []];

for (const database of databases) {
  const place = await stage("clients", database);
  describe(`Okta's SDK for Node.js on ${database}`, () => {
    after(() => place.end());
    const [seen, faults] = [new Map(), []];
    const okta = client(place, place.token, seen, faults);
    const calls = described(place.routes);
    for (const [name, journey] of Object.entries(journeys)) {
      for (const [sentence, run] of Object.entries(journey)) {
        test(`${name}: ${sentence}`, { timeout: 60_000 }, () => run({ okta, place, seen, faults }));
      }
    }
    test("every answer fits the description of the API", () => assert.deepEqual(faults, []));
    test("every described call that the server has was made with success", (t) => {
      const missed = calls.filter((call) => !seen.has(call) && !(call in NEVER));
      t.diagnostic(`${calls.length - missed.length} of ${calls.length} calls`);
      assert.deepEqual(missed, []);
    });
  });
}
