// The record of all that the journeys before it did.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

export const record = {
  "the record is read page by page, in order, and filtered": async ({ okta, place }) => {
    await place.wait(2);
    const until = new Date(await place.now()).toISOString();
    const since = new Date(Date.parse(until) - 86_400_000).toISOString();
    const whole = await all(okta.systemLogApi.listLogEvents({ since, until, limit: 7 }));
    assert.ok(whole.length > 20, `only ${whole.length}`);
    const moments = whole.map((event) => new Date(event.published).getTime());
    assert.deepEqual(moments, moments.toSorted((one, other) => one - other));
    const made = await all(okta.systemLogApi.listLogEvents({ since, until, filter: 'eventType eq "user.lifecycle.create"' }));
    assert.ok(made.length > 1 && made.every((event) => event.eventType === "user.lifecycle.create"));
    const back = await all(okta.systemLogApi.listLogEvents({ since, until, sortOrder: "DESCENDING" }));
    assert.equal(back[0].uuid, whole.at(-1).uuid);
    assert.equal((await refusal(all(okta.systemLogApi.listLogEvents({ since, until, filter: "eventType is it" })))).status, 400);
  },
};
