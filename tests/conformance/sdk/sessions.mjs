// Sessions: the one of the browser that asks, and those of others by id.

import assert from "node:assert/strict";
import { refusal } from "./client.mjs";

export const sessions = {
  "a session is read, goes on, and ends": {
    run: async ({ okta, place }) => {
      const cookie = `__Host-postern=${place.session}`;
      const own = await okta.sessionApi.getCurrentSession({ cookie });
      assert.deepEqual([own.userId, own.status], [place.ada, "ACTIVE"]);
      await okta.sessionApi.refreshCurrentSession({ cookie });
      assert.equal((await okta.sessionApi.getSession({ sessionId: own.id })).id, own.id);
      await okta.sessionApi.refreshSession({ sessionId: own.id });
      await okta.sessionApi.revokeSession({ sessionId: own.id });
      assert.equal((await refusal(okta.sessionApi.getSession({ sessionId: own.id }))).errorCode, "E0000007");
    },
    needs: ["GET /api/v1/sessions/me"],
  },
};
