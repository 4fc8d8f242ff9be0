-- Policies by type. What came with the organisation has a row only once it was changed; until then it is what the program
-- says. conditions and settings are documents loaded whole.
CREATE TABLE policies (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    type        {text} NOT NULL,
    name        {text} NOT NULL,
    description {text} NOT NULL,
    priority    {int} NOT NULL,
    status      {text} NOT NULL,
    is_system   {bool} NOT NULL,
    conditions  {json} NOT NULL,
    settings    {json} NOT NULL,
    created_at  {time} NOT NULL,
    updated_at  {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE INDEX policies_type ON policies (org_id, type, priority);

CREATE TABLE policy_rules (
    org_id      {id} NOT NULL,
    id          {id} NOT NULL,
    policy_id   {id} NOT NULL,
    name        {text} NOT NULL,
    priority    {int} NOT NULL,
    status      {text} NOT NULL,
    is_system   {bool} NOT NULL,
    conditions  {json} NOT NULL,
    actions     {json} NOT NULL,
    created_at  {time} NOT NULL,
    updated_at  {time} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, policy_id) REFERENCES policies (org_id, id)
){strict};
CREATE INDEX policy_rules_policy ON policy_rules (org_id, policy_id, priority);

-- Which groups, people and zones a policy or one of its rules speaks of: those in use cannot be deleted.
CREATE TABLE policy_references (
    org_id    {id} NOT NULL,
    target_id {text} NOT NULL,
    policy_id {id} NOT NULL,
    PRIMARY KEY (org_id, target_id, policy_id),
    FOREIGN KEY (org_id, policy_id) REFERENCES policies (org_id, id)
){strict};
CREATE INDEX policy_references_policy ON policy_references (org_id, policy_id);

-- One row a type: the lock under which its policies are changed, since a change moves the priorities of others.
CREATE TABLE policy_changes (
    org_id  {id} NOT NULL REFERENCES orgs,
    type    {text} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (org_id, type)
){strict};

-- Failures from browsers that never signed the person in are counted apart; password_failures are all wrong passwords in a
-- row, and enough of them end the password.
ALTER TABLE users ADD COLUMN unknown_failures {int} NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN unknown_locked_until {time};
ALTER TABLE users ADD COLUMN password_failures {int} NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_ended_at {time};

-- Browsers that signed a person in, by the hash of their cookie. factor_at is when a factor was last proved there, where
-- the person wanted that remembered.
CREATE TABLE known_browsers (
    org_id       {id} NOT NULL,
    user_id      {id} NOT NULL,
    token_hash   {blob} NOT NULL,
    created_at   {time} NOT NULL,
    last_used_at {time} NOT NULL,
    factor_at    {time},
    PRIMARY KEY (org_id, user_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};

-- Earlier passwords that may not come back; version is the one that the person had with it.
CREATE TABLE password_history (
    org_id      {id} NOT NULL,
    user_id     {id} NOT NULL,
    version     {int} NOT NULL,
    hash        {blob} NOT NULL,
    replaced_at {time} NOT NULL,
    PRIMARY KEY (org_id, user_id, version),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};

-- How long a session lives without a request, and whether its cookie outlives the browser: the rule says so that answered
-- when it began.
ALTER TABLE sessions ADD COLUMN idle {int} NOT NULL DEFAULT 1800000000;
ALTER TABLE sessions ADD COLUMN is_persistent {bool} NOT NULL DEFAULT FALSE;
