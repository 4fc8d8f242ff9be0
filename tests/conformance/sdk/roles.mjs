// Administrators: standard roles with and without targets, custom roles over resource sets.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

export const roles = {
  "a standard role is given to a person, once, and taken": async ({ okta, place }) => {
    const userId = place.grace;
    const given = await okta.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: "READ_ONLY_ADMIN" } });
    assert.deepEqual([given.type, given.status, given.assignmentType], ["READ_ONLY_ADMIN", "ACTIVE", "USER"]);
    const twice = await refusal(okta.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: "READ_ONLY_ADMIN" } }));
    assert.deepEqual([twice.status, twice.errorCode], [409, "E0000090"]);
    assert.deepEqual((await all(okta.roleAssignmentApi.listAssignedRolesForUser({ userId }))).map((role) => role.id), [given.id]);
    assert.equal((await okta.roleAssignmentApi.getUserAssignedRole({ userId, roleId: given.id })).id, given.id);
    await okta.roleAssignmentApi.unassignRoleFromUser({ userId, roleId: given.id });
    assert.deepEqual(await all(okta.roleAssignmentApi.listAssignedRolesForUser({ userId })), []);
  },
  "the last super administrator stays": async ({ okta, place }) => {
    const [held] = await all(okta.roleAssignmentApi.listAssignedRolesForUser({ userId: place.ada }));
    assert.equal((await refusal(okta.roleAssignmentApi.unassignRoleFromUser({ userId: place.ada, roleId: held.id }))).status, 403);
  },
  "a role is given to a group, and who holds one is listed": async ({ okta, place }) => {
    const { id: groupId } = await okta.groupApi.createGroup({ group: { profile: { name: "Night desk" } } });
    await okta.groupApi.assignUserToGroup({ groupId, userId: place.grace });
    const given = await okta.roleAssignmentApi.assignRoleToGroup({ groupId, assignRoleRequest: { type: "HELP_DESK_ADMIN" } });
    assert.equal(given.assignmentType, "GROUP");
    assert.deepEqual((await all(okta.roleAssignmentApi.listGroupAssignedRoles({ groupId }))).map((role) => role.id), [given.id]);
    assert.equal((await okta.roleAssignmentApi.getGroupAssignedRole({ groupId, roleId: given.id })).id, given.id);
    const { value } = await okta.roleAssignmentApi.listUsersWithRoleAssignments({ limit: 100 });
    assert.ok(value.some((user) => user.id === place.grace) && value.some((user) => user.id === place.ada));
    await okta.roleAssignmentApi.unassignRoleFromGroup({ groupId, roleId: given.id });
    assert.deepEqual(await all(okta.roleAssignmentApi.listGroupAssignedRoles({ groupId })), []);
  },
  "a role reaches as far as its target groups": async ({ okta, place }) => {
    const group = async (name) => (await okta.groupApi.createGroup({ group: { profile: { name } } })).id;
    const [one, other, desk] = [await group("Reach one"), await group("Reach other"), await group("Reach desk")];
    const { id: roleId } = await okta.roleAssignmentApi.assignRoleToUser({ userId: place.grace, assignRoleRequest: { type: "USER_ADMIN" } });
    const targets = async () => (await all(okta.roleTargetApi.listGroupTargetsForRole({ userId: place.grace, roleId }))).map((target) => target.id).sort();
    for (const groupId of [one, other]) await okta.roleTargetApi.assignGroupTargetToUserRole({ userId: place.grace, roleId, groupId });
    assert.deepEqual(await targets(), [one, other].sort());
    await okta.roleTargetApi.unassignGroupTargetFromUserAdminRole({ userId: place.grace, roleId, groupId: other });
    assert.deepEqual(await targets(), [one]);
    assert.equal((await all(okta.roleTargetApi.getRoleTargetsByUserIdAndRoleId({ userId: place.grace, roleIdOrEncodedRoleId: roleId }))).length, 1);
    await okta.roleAssignmentApi.unassignRoleFromUser({ userId: place.grace, roleId });
    const given = await okta.roleAssignmentApi.assignRoleToGroup({ groupId: desk, assignRoleRequest: { type: "HELP_DESK_ADMIN" } });
    for (const targetGroupId of [one, other]) await okta.roleTargetApi.assignGroupTargetToGroupAdminRole({ groupId: desk, roleId: given.id, targetGroupId });
    await okta.roleTargetApi.unassignGroupTargetFromGroupAdminRole({ groupId: desk, roleId: given.id, targetGroupId: one });
    assert.deepEqual((await all(okta.roleTargetApi.listGroupTargetsForGroupRole({ groupId: desk, roleId: given.id }))).map((target) => target.id), [other]);
  },
  "a custom role is made, read by label, changed, and its permissions one by one": async ({ okta }) => {
    const { id } = await okta.customRoleApi.createRole({ instance: { label: "Lamp keeper", description: "Looks after lamps", permissions: ["okta.users.read", "okta.groups.read"] } });
    assert.equal((await okta.customRoleApi.getRole({ roleIdOrLabel: "Lamp keeper" })).id, id);
    const renamed = await okta.customRoleApi.replaceRole({ roleIdOrLabel: id, instance: { label: "Lamp keeper", description: "Looks after every lamp" } });
    assert.equal(renamed.description, "Looks after every lamp");
    const permission = { roleIdOrLabel: id, permissionType: "okta.users.lifecycle.manage" };
    await okta.customRoleApi.createRolePermission(permission);
    assert.equal((await okta.customRoleApi.getRolePermission(permission)).label, permission.permissionType);
    const { permissions } = await okta.customRoleApi.listRolePermissions({ roleIdOrLabel: id });
    assert.deepEqual(permissions.map((held) => held.label).sort(), ["okta.groups.read", "okta.users.lifecycle.manage", "okta.users.read"]);
    const held = { roleIdOrLabel: id, permissionType: "okta.users.read" };
    await okta.customRoleApi.replaceRolePermission({ ...held, instance: { conditions: { include: { "okta:ResourceAttribute/User/Profile": ["login", "email"] } } } });
    await okta.customRoleApi.deleteRolePermission(permission);
    assert.ok((await okta.customRoleApi.listRoles()).roles.some((role) => role.id === id));
    await okta.customRoleApi.deleteRole({ roleIdOrLabel: id });
    assert.equal((await refusal(okta.customRoleApi.getRole({ roleIdOrLabel: id }))).errorCode, "E0000007");
  },
  "a custom role is bound to people over a resource set": async ({ okta, place }) => {
    const { id: groupId } = await okta.groupApi.createGroup({ group: { profile: { name: "East side" } } });
    const { id: roleIdOrLabel } = await okta.customRoleApi.createRole({ instance: { label: "East keeper", description: "Sees the east side", permissions: ["okta.users.read"] } });
    const group = (id) => `${place.url}/api/v1/groups/${id}`;
    const set = await okta.resourceSetApi.createResourceSet({ instance: { label: "The east side", description: "Its people", resources: [`${group(groupId)}/users`] } });
    const resourceSetId = set.id;
    assert.equal((await okta.resourceSetApi.getResourceSet({ resourceSetId })).label, "The east side");
    await okta.resourceSetApi.replaceResourceSet({ resourceSetId, instance: { label: "The east side", description: "All its people" } });
    assert.ok((await okta.resourceSetApi.listResourceSets())["resource_sets"].some((one) => one.id === resourceSetId));
    await okta.resourceSetApi.addResourceSetResources({ resourceSetId, instance: { additions: [group(groupId)] } });
    const { resources } = await okta.resourceSetApi.listResourceSetResources({ resourceSetId });
    assert.equal(resources.length, 2);
    const one = { resourceSetId, resourceId: resources[1].id };
    assert.equal((await okta.resourceSetApi.getResourceSetResource(one)).id, one.resourceId);
    await okta.resourceSetApi.replaceResourceSetResource({ ...one, resourceSetResourcePutRequest: { conditions: {} } });
    await okta.resourceSetApi.addResourceSetResource({ resourceSetId, instance: { resourceOrnOrUrl: `${place.url}/api/v1/users/${place.grace}`, conditions: {} } });
    await okta.resourceSetApi.deleteResourceSetResource({ resourceSetId, resourceId: resources[0].id });
    await okta.resourceSetApi.createResourceSetBinding({ resourceSetId, instance: { role: roleIdOrLabel, members: [`${place.url}/api/v1/users/${place.grace}`] } });
    await okta.resourceSetApi.getBinding({ resourceSetId, roleIdOrLabel });
    assert.equal((await okta.resourceSetApi.listBindings({ resourceSetId })).roles[0].id, roleIdOrLabel);
    await okta.resourceSetApi.addMembersToBinding({ resourceSetId, roleIdOrLabel, instance: { additions: [`${place.url}/api/v1/users/${place.hal}`] } });
    const { members } = await okta.resourceSetApi.listMembersOfBinding({ resourceSetId, roleIdOrLabel });
    assert.equal(members.length, 2);
    const member = { resourceSetId, roleIdOrLabel, memberId: members[0].id };
    assert.equal((await okta.resourceSetApi.getMemberOfBinding(member)).id, members[0].id);
    await okta.resourceSetApi.unassignMemberFromBinding(member);
    await okta.resourceSetApi.deleteBinding({ resourceSetId, roleIdOrLabel });
    await okta.resourceSetApi.deleteResourceSet({ resourceSetId });
    await okta.customRoleApi.deleteRole({ roleIdOrLabel });
  },
};
