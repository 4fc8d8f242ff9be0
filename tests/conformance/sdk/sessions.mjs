// Sessions: opened, the one of the browser that asks, and those of others by id.

import assert from "node:assert/strict";
import { refusal } from "./client.mjs";

export const sessions = {
  "a session is opened once by its token, is read, goes on, and ends": async ({ okta, place }) => {
    const createSessionRequest = { sessionToken: await place.sessionToken(place.grace) };
    const { id: sessionId, userId } = await okta.sessionApi.createSession({ createSessionRequest });
    assert.equal(userId, place.grace);
    assert.equal((await refusal(okta.sessionApi.createSession({ createSessionRequest }))).errorCode, "E0000004");
    assert.equal((await okta.sessionApi.getSession({ sessionId })).status, "ACTIVE");
    await okta.sessionApi.refreshSession({ sessionId });
    await okta.sessionApi.revokeSession({ sessionId });
    assert.equal((await refusal(okta.sessionApi.getSession({ sessionId }))).errorCode, "E0000007");
  },
  "the session of a cookie is read, goes on, and ends": async ({ okta, place }) => {
    const cookie = `__Host-postern=${place.session}`;
    const own = await okta.sessionApi.getCurrentSession({ cookie });
    assert.deepEqual([own.userId, own.status], [place.ada, "ACTIVE"]);
    await okta.sessionApi.refreshCurrentSession({ cookie });
    await okta.sessionApi.closeCurrentSession({ cookie });
    assert.equal((await refusal(okta.sessionApi.getCurrentSession({ cookie }))).errorCode, "E0000007");
  },
};
