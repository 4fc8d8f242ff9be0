-- What people and groups are searched by: text folded by the program, so that both databases find alike whatever the
-- alphabet. folding says by which version of the folding a row was last folded; older rows are folded when a store opens.
ALTER TABLE users ADD COLUMN email_folded {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN first_folded {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_folded {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN folding {int} NOT NULL DEFAULT 0;
CREATE INDEX users_unfolded ON users (org_id, folding) WHERE folding < 1;
CREATE INDEX users_present ON users (org_id, id) WHERE status <> 'DEPROVISIONED';
CREATE INDEX users_email ON users (org_id, email_folded, id);
CREATE INDEX users_first ON users (org_id, first_folded, id);
CREATE INDEX users_last ON users (org_id, last_folded, id);
CREATE INDEX users_status ON users (org_id, status, id);
CREATE INDEX users_created ON users (org_id, created_at, id);
CREATE INDEX users_updated ON users (org_id, updated_at, id);

-- Every further member of a profile, a row each: what makes any of them an index walk.
CREATE TABLE user_attributes (
    org_id  {id} NOT NULL,
    user_id {id} NOT NULL,
    name    {text} NOT NULL,
    folded  {text} NOT NULL,
    PRIMARY KEY (org_id, user_id, name),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX user_attributes_value ON user_attributes (org_id, name, folded, user_id);

ALTER TABLE groups ADD COLUMN description_folded {text} NOT NULL DEFAULT '';
CREATE INDEX groups_unfolded ON groups (org_id, id) WHERE description_folded = '' AND description <> '';
CREATE INDEX groups_kind ON groups (org_id, kind, id);
CREATE INDEX groups_created ON groups (org_id, created_at, id);
CREATE INDEX groups_updated ON groups (org_id, updated_at, id);
CREATE INDEX groups_members_changed ON groups (org_id, members_changed_at, id);

-- Who looks after a group: a person, or everybody in another group.
CREATE TABLE group_owners (
    org_id     {id} NOT NULL,
    group_id   {id} NOT NULL,
    owner_id   {id} NOT NULL,
    kind       {text} NOT NULL,
    added_at   {time} NOT NULL,
    PRIMARY KEY (org_id, group_id, owner_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
){strict};
CREATE INDEX group_owners_owner ON group_owners (org_id, owner_id, group_id);

-- A member that somebody put there by hand stays whatever the rules say; the others are there for as long as a rule of
-- rule_members holds them.
ALTER TABLE memberships ADD COLUMN by_hand {bool} NOT NULL DEFAULT TRUE;

-- Rules that fill groups. walked is the last person whom a walk over everybody has judged, '' before the first, and null
-- when there is nothing to do; ending says what a deleted rule does with whom it put into groups.
CREATE TABLE group_rules (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    name        {text} NOT NULL,
    name_folded {text} NOT NULL,
    status      {text} NOT NULL,
    expression  {text} NOT NULL,
    uses_groups {bool} NOT NULL,
    fault       {text},
    ending      {text},
    walked      {text},
    judged      {int} NOT NULL DEFAULT 0,
    activated_by {text},
    created_at  {time} NOT NULL,
    updated_at  {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX group_rules_name ON group_rules (org_id, name_folded) WHERE ending IS NULL;
CREATE INDEX group_rules_active ON group_rules (org_id, status, id);
CREATE INDEX group_rules_due ON group_rules (org_id, id) WHERE walked IS NOT NULL;

CREATE TABLE group_rule_targets (
    org_id   {id} NOT NULL,
    rule_id  {id} NOT NULL,
    group_id {id} NOT NULL,
    PRIMARY KEY (org_id, rule_id, group_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
){strict};
CREATE INDEX group_rule_targets_group ON group_rule_targets (org_id, group_id, rule_id);

CREATE TABLE group_rule_exclusions (
    org_id  {id} NOT NULL,
    rule_id {id} NOT NULL,
    user_id {id} NOT NULL,
    PRIMARY KEY (org_id, rule_id, user_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX group_rule_exclusions_user ON group_rule_exclusions (org_id, user_id, rule_id);

CREATE TABLE rule_members (
    org_id   {id} NOT NULL,
    group_id {id} NOT NULL,
    user_id  {id} NOT NULL,
    rule_id  {id} NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id, rule_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, group_id, user_id) REFERENCES memberships (org_id, group_id, user_id)
){strict};
CREATE INDEX rule_members_rule ON rule_members (org_id, rule_id, user_id, group_id);
CREATE INDEX rule_members_user ON rule_members (org_id, user_id, rule_id, group_id);

-- People whom the rules must judge anew, and the one lock under which any are judged.
CREATE TABLE rule_checks (
    org_id  {id} NOT NULL,
    user_id {id} NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE TABLE rule_heads (
    org_id {id} PRIMARY KEY REFERENCES orgs,
    turns  {int} NOT NULL
){strict};

-- Files of people. at is the byte behind the last line that was read, line its number; applied is the last line that was
-- carried out. created_by acts, with what they may do at that moment.
CREATE TABLE imports (
    org_id     {id} NOT NULL REFERENCES orgs,
    id         {id} NOT NULL,
    name       {text} NOT NULL,
    status     {text} NOT NULL,
    fault      {text},
    columns    {text},
    size       {int} NOT NULL,
    at         {int} NOT NULL DEFAULT 0,
    line       {int} NOT NULL DEFAULT 0,
    applied    {int} NOT NULL DEFAULT 0,
    rows_read  {int} NOT NULL DEFAULT 0,
    rows_made  {int} NOT NULL DEFAULT 0,
    rows_changed {int} NOT NULL DEFAULT 0,
    rows_same  {int} NOT NULL DEFAULT 0,
    rows_wrong {int} NOT NULL DEFAULT 0,
    created_by {text} NOT NULL,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE INDEX imports_due ON imports (org_id, id) WHERE status IN ('CHECKING', 'APPLYING');

CREATE TABLE import_parts (
    org_id    {id} NOT NULL,
    import_id {id} NOT NULL,
    begins    {int} NOT NULL,
    body      {blob} NOT NULL,
    PRIMARY KEY (org_id, import_id, begins),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
){strict};

-- A row a line: what it says, what would come or came of it, and why not.
CREATE TABLE import_rows (
    org_id       {id} NOT NULL,
    import_id    {id} NOT NULL,
    line         {int} NOT NULL,
    login_folded {text},
    login        {text} NOT NULL,
    outcome      {text} NOT NULL,
    message      {text},
    body         {text},
    PRIMARY KEY (org_id, import_id, line),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
){strict};
CREATE UNIQUE INDEX import_rows_login ON import_rows (org_id, import_id, login_folded) WHERE login_folded IS NOT NULL;
CREATE INDEX import_rows_wrong ON import_rows (org_id, import_id, line) WHERE outcome = 'WRONG';
