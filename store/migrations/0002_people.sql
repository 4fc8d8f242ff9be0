CREATE TABLE users (
    org_id            {id} NOT NULL REFERENCES orgs,
    id                {id} NOT NULL,
    login             {text} NOT NULL,
    login_folded      {text} NOT NULL,
    status            {text} NOT NULL,
    first_name        {text} NOT NULL,
    last_name         {text} NOT NULL,
    name_folded       {text} NOT NULL,
    email             {text} NOT NULL,
    profile           {json} NOT NULL,
    created_at        {time} NOT NULL,
    activated_at      {time},
    status_changed_at {time},
    last_login_at     {time},
    updated_at        {time} NOT NULL,
    password          {blob},
    password_changed_at {time},
    failures          {int} NOT NULL DEFAULT 0,
    locked_until      {time},
    version           {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX users_login ON users (org_id, login_folded);
CREATE INDEX users_name ON users (org_id, name_folded, id);
CREATE INDEX users_locked ON users (org_id, locked_until) WHERE locked_until IS NOT NULL;

-- Every address and phone a person ever had here, with who put it there: what a call-back may rely on.
CREATE TABLE contact_points (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    user_id    {id} NOT NULL,
    kind       {text} NOT NULL,
    value      {text} NOT NULL,
    source     {text} NOT NULL,
    changed_by {text} NOT NULL,
    from_at    {time} NOT NULL,
    until_at   {time},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX contact_points_user ON contact_points (org_id, user_id, kind, from_at);

CREATE TABLE groups (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    kind        {text} NOT NULL,
    name        {text} NOT NULL,
    name_folded {text} NOT NULL,
    description {text} NOT NULL,
    created_at  {time} NOT NULL,
    updated_at  {time} NOT NULL,
    members_changed_at {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX groups_name ON groups (org_id, name_folded);

CREATE TABLE memberships (
    org_id   {id} NOT NULL,
    group_id {id} NOT NULL,
    user_id  {id} NOT NULL,
    added_at {time} NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX memberships_user ON memberships (org_id, user_id, group_id);

CREATE TABLE role_assignments (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    user_id    {id} NOT NULL,
    role       {text} NOT NULL,
    created_at {time} NOT NULL,
    created_by {text} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE UNIQUE INDEX role_assignments_once ON role_assignments (org_id, user_id, role);

-- grants is a space-separated list of what the token may do beyond its owner's ordinary rights.
CREATE TABLE api_tokens (
    org_id       {id} NOT NULL,
    id           {id} NOT NULL,
    user_id      {id} NOT NULL,
    name         {text} NOT NULL,
    token_hash   {blob} NOT NULL,
    grants       {text} NOT NULL,
    created_at   {time} NOT NULL,
    last_used_at {time},
    expires_at   {time} NOT NULL,
    revoked_at   {time},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);

-- factor_at is when a second factor was last proved in this session: the step-up clock.
CREATE TABLE sessions (
    org_id       {id} NOT NULL,
    id           {id} NOT NULL,
    user_id      {id} NOT NULL,
    token_hash   {blob} NOT NULL,
    created_at   {time} NOT NULL,
    last_seen_at {time} NOT NULL,
    expires_at   {time} NOT NULL,
    factor_at    {time},
    amr          {text} NOT NULL,
    ip           {text} NOT NULL,
    user_agent   {text} NOT NULL,
    ended_at     {time},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (org_id, user_id) WHERE ended_at IS NULL;

-- The fixed row that serves every kind of factor. counter only rises: TOTP step, HOTP counter, sign count.
CREATE TABLE factors (
    org_id       {id} NOT NULL,
    id           {id} NOT NULL,
    user_id      {id} NOT NULL,
    kind         {text} NOT NULL,
    provider     {text} NOT NULL,
    status       {text} NOT NULL,
    profile      {json} NOT NULL,
    secret       {blob} NOT NULL,
    counter      {int} NOT NULL DEFAULT 0,
    created_at   {time} NOT NULL,
    updated_at   {time} NOT NULL,
    last_used_at {time},
    retired_at   {time},
    version      {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX factors_user ON factors (org_id, user_id) WHERE retired_at IS NULL;

-- Anything sent or asked of a factor; consumed by one guarded statement.
CREATE TABLE challenges (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    user_id    {id} NOT NULL,
    factor_id  {id},
    purpose    {text} NOT NULL,
    bound_to   {text} NOT NULL,
    document   {json} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    consumed_at {time},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};

-- A sign-in under way, real or decoy; the version makes a stale step unable to save.
CREATE TABLE sign_ins (
    org_id     {id} NOT NULL REFERENCES orgs,
    token_hash {blob} NOT NULL,
    name_key   {text} NOT NULL,
    state      {json} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    version    {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, token_hash)
){strict};
CREATE INDEX sign_ins_expiry ON sign_ins (org_id, expires_at);

-- One-time links in messages, such as "this was not me".
CREATE TABLE links (
    org_id     {id} NOT NULL REFERENCES orgs,
    token_hash {blob} NOT NULL,
    purpose    {text} NOT NULL,
    subject    {text} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at    {time},
    PRIMARY KEY (org_id, token_hash)
){strict};
CREATE INDEX links_age ON links (org_id, expires_at);
