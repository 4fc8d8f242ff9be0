-- Roles that an organisation made.
CREATE TABLE roles (
    org_id       {id} NOT NULL REFERENCES orgs,
    id           {id} NOT NULL,
    label        {text} NOT NULL,
    label_folded {text} NOT NULL,
    description  {text} NOT NULL,
    created_at   {time} NOT NULL,
    updated_at   {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX roles_label ON roles (org_id, label_folded);

-- conditions: which attributes of a profile the permission is limited to.
CREATE TABLE role_permissions (
    org_id     {id} NOT NULL,
    role_id    {id} NOT NULL,
    permission {text} NOT NULL,
    conditions {json} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (org_id, role_id, permission),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
){strict};

CREATE TABLE resource_sets (
    org_id       {id} NOT NULL REFERENCES orgs,
    id           {id} NOT NULL,
    label        {text} NOT NULL,
    label_folded {text} NOT NULL,
    description  {text} NOT NULL,
    created_at   {time} NOT NULL,
    updated_at   {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX resource_sets_label ON resource_sets (org_id, label_folded);

-- subject: an id, or an area where kind is ALL.
CREATE TABLE resources (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    set_id     {id} NOT NULL,
    kind       {text} NOT NULL,
    subject    {text} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, set_id) REFERENCES resource_sets (org_id, id)
){strict};
CREATE UNIQUE INDEX resources_once ON resources (org_id, set_id, kind, subject);
CREATE INDEX resources_subject ON resources (org_id, subject);

-- A role of the organisation's own, over a resource set; who holds it are rows of role_assignments.
CREATE TABLE bindings (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    set_id     {id} NOT NULL,
    role_id    {id} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, set_id) REFERENCES resource_sets (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
){strict};
CREATE UNIQUE INDEX bindings_once ON bindings (org_id, set_id, role_id);
CREATE INDEX bindings_role ON bindings (org_id, role_id);

-- Held by a person or by a group. role is CUSTOM where there is a binding. Where is_limited, it reaches the groups of
-- role_targets alone, and nothing when none is left.
ALTER TABLE role_assignments RENAME TO role_assignments_of_people;
CREATE TABLE role_assignments (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    user_id    {id},
    group_id   {id},
    role       {text} NOT NULL,
    binding_id {id},
    is_limited {bool} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    created_by {text} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id),
    FOREIGN KEY (org_id, binding_id) REFERENCES bindings (org_id, id)
){strict};
INSERT INTO role_assignments (org_id, id, user_id, role, is_limited, created_at, updated_at, created_by)
    SELECT org_id, id, user_id, role, FALSE, created_at, created_at, created_by FROM role_assignments_of_people;
DROP TABLE role_assignments_of_people;
CREATE UNIQUE INDEX role_assignments_of_user ON role_assignments (org_id, user_id, role) WHERE role <> 'CUSTOM';
CREATE UNIQUE INDEX role_assignments_of_group ON role_assignments (org_id, group_id, role) WHERE role <> 'CUSTOM';
CREATE UNIQUE INDEX role_assignments_user ON role_assignments (org_id, user_id, binding_id);
CREATE UNIQUE INDEX role_assignments_group ON role_assignments (org_id, group_id, binding_id);
CREATE INDEX role_assignments_role ON role_assignments (org_id, role);
CREATE INDEX role_assignments_binding ON role_assignments (org_id, binding_id, id);

CREATE TABLE role_targets (
    org_id        {id} NOT NULL,
    assignment_id {id} NOT NULL,
    group_id      {id} NOT NULL,
    created_at    {time} NOT NULL,
    PRIMARY KEY (org_id, assignment_id, group_id),
    FOREIGN KEY (org_id, assignment_id) REFERENCES role_assignments (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
){strict};
CREATE INDEX role_targets_group ON role_targets (org_id, group_id);

-- From where a token may be used, as the API has it; anywhere where it is null.
ALTER TABLE api_tokens ADD COLUMN network {json};
ALTER TABLE api_tokens ADD COLUMN updated_at {time};
CREATE INDEX api_tokens_user ON api_tokens (org_id, user_id) WHERE revoked_at IS NULL;
