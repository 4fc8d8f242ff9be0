// API tokens: seen, restricted and revoked. No call of the description makes one; the stage does.

import assert from "node:assert/strict";
import { all, client, refusal } from "./client.mjs";

export const tokens = {
  "tokens are listed, seen, and revoked for good": async ({ okta, place }) => {
    const listed = await all(okta.apiTokenApi.listApiTokens());
    const desk = listed.find((token) => token.userId === place.hal);
    assert.deepEqual([desk.name, desk.tokenWindow], ["journey", "P30D"]);
    assert.equal((await okta.apiTokenApi.getApiToken({ apiTokenId: desk.id })).id, desk.id);
    const token = await place.newToken(place.hal);
    const before = (await all(okta.apiTokenApi.listApiTokens())).map(({ id }) => id);
    const [fresh] = before.filter((id) => !listed.some((one) => one.id === id));
    await okta.apiTokenApi.revokeApiToken({ apiTokenId: fresh });
    assert.equal((await refusal(client(place, token).userApi.getUser({ userId: "me" }))).errorCode, "E0000011");
  },
  "a token ends itself": async ({ place, seen, faults }) => {
    const token = await place.newToken(place.hal);
    const own = client(place, token, seen, faults);
    await own.apiTokenApi.revokeCurrentApiToken();
    assert.equal((await refusal(own.userApi.getUser({ userId: "me" }))).errorCode, "E0000011");
  },
  "a token is held to a network": async ({ okta, place }) => {
    const zone = { type: "IP", name: "Far away", gateways: [{ type: "CIDR", value: "203.0.113.0/24" }] };
    const { id } = await okta.networkZoneApi.createNetworkZone({ zone });
    const token = await place.newToken(place.hal);
    const newest = (await all(okta.apiTokenApi.listApiTokens())).toSorted((one, other) => one.id < other.id ? 1 : -1)[0];
    const apiTokenUpdate = { name: "Held", userId: newest.userId, network: { connection: "ZONE", include: [id] } };
    const held = await okta.apiTokenApi.upsertApiToken({ apiTokenId: newest.id, apiTokenUpdate });
    assert.deepEqual([held.name, held.network.connection, held.network.include], ["Held", "ZONE", [id]]);
    assert.ok((await refusal(client(place, token).userApi.getUser({ userId: "me" }))).status >= 401);
  },
};
