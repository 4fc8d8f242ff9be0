// Groups, who is in them, and the rules that put people there.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

const names = (list) => list.map((group) => group.profile.name);

export const groups = {
  "a group is made, changed, filled, emptied and gone": async ({ okta, place }) => {
    const { id: groupId } = await okta.groupApi.createGroup({ group: { profile: { name: "Pilots", description: "Who bring ships in" } } });
    const changed = await okta.groupApi.replaceGroup({ groupId, group: { profile: { name: "Pilots", description: "Who bring ships in and out" } } });
    assert.equal((await okta.groupApi.getGroup({ groupId })).id, groupId);
    assert.deepEqual([changed.type, changed.profile.description], ["OKTA_GROUP", "Who bring ships in and out"]);
    await okta.groupApi.assignUserToGroup({ groupId, userId: place.grace });
    await okta.groupApi.assignUserToGroup({ groupId, userId: place.hal });
    const members = await all(okta.groupApi.listGroupUsers({ groupId, limit: 1 }));
    assert.deepEqual(members.map((user) => user.id).sort(), [place.grace, place.hal].sort());
    await okta.groupApi.unassignUserFromGroup({ groupId, userId: place.hal });
    assert.equal((await all(okta.groupApi.listGroupUsers({ groupId }))).length, 1);
    await okta.groupApi.deleteGroup({ groupId });
    assert.equal((await refusal(okta.groupApi.getGroup({ groupId }))).errorCode, "E0000007");
  },
  "groups are found by search, filter and words, page by page": async ({ okta }) => {
    for (const name of ["Quay east", "Quay north", "Quay west"]) await okta.groupApi.createGroup({ group: { profile: { name } } });
    const three = ["Quay east", "Quay north", "Quay west"];
    const found = await all(okta.groupApi.listGroups({ search: 'profile.name sw "Quay"', limit: 1 }));
    assert.deepEqual(names(found).sort(), three);
    assert.deepEqual(names(await all(okta.groupApi.listGroups({ q: "quay n" }))), ["Quay north"]);
    assert.deepEqual(names(await all(okta.groupApi.listGroups({ filter: 'type eq "OKTA_GROUP"', limit: 2 }))).filter((name) => name.startsWith("Quay")).sort(), three);
  },
  "Everyone is built in": async ({ okta }) => {
    const [everyone] = await all(okta.groupApi.listGroups({ filter: 'type eq "BUILT_IN"', expand: "stats" }));
    assert.equal(everyone.profile.name, "Everyone");
    assert.ok([400, 403].includes((await refusal(okta.groupApi.deleteGroup({ groupId: everyone.id }))).status));
    assert.deepEqual(await all(okta.groupApi.listAssignedApplicationsForGroup({ groupId: everyone.id })), []);
  },
  "a rule puts people into a group and takes them out": async ({ okta, place }) => {
    const { id: groupId } = await okta.groupApi.createGroup({ group: { profile: { name: "Hoppers" } } });
    const groupRule = {
      type: "group_rule", name: "Hoppers by name",
      conditions: { expression: { type: "urn:okta:expression:1.0", value: 'user.lastName == "Hopper"' }, people: { users: { exclude: [] }, groups: { exclude: [] } } },
      actions: { assignUserToGroups: { groupIds: [groupId] } },
    };
    const { id: ruleId, status } = await okta.groupApi.createGroupRule({ groupRule });
    assert.equal(status, "INACTIVE");
    const renamed = await okta.groupApi.replaceGroupRule({ ruleId, groupRule: { ...groupRule, name: "Hoppers, by name" } });
    assert.equal(renamed.name, "Hoppers, by name");
    await okta.groupApi.activateGroupRule({ ruleId });
    assert.equal((await okta.groupApi.getGroupRule({ ruleId })).status, "ACTIVE");
    await place.work();
    assert.deepEqual((await all(okta.groupApi.listGroupUsers({ groupId }))).map((user) => user.id), [place.grace]);
    assert.deepEqual((await all(okta.groupApi.listGroupRules({ search: "Hoppers" }))).map((rule) => rule.id), [ruleId]);
    await okta.groupApi.deactivateGroupRule({ ruleId });
    await okta.groupApi.deleteGroupRule({ ruleId, removeUsers: true });
    assert.equal((await refusal(okta.groupApi.getGroupRule({ ruleId }))).errorCode, "E0000007");
    await place.work();
    assert.deepEqual(await all(okta.groupApi.listGroupUsers({ groupId })), []);
  },
};
