-- Named ranges of addresses. gateways and proxies are lists of ranges, loaded whole.
CREATE TABLE zones (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    name        {text} NOT NULL,
    name_folded {text} NOT NULL,
    usage       {text} NOT NULL,
    status      {text} NOT NULL,
    is_system   {bool} NOT NULL,
    gateways    {json} NOT NULL,
    proxies     {json} NOT NULL,
    created_at  {time} NOT NULL,
    updated_at  {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX zones_name ON zones (org_id, name_folded);

-- The zones that every organisation has, for those that are older than zones.
INSERT INTO zones SELECT org_id, 'nzo' || substr(org_id, 4, 16) || '1', 'LegacyIpZone', 'legacyipzone', 'POLICY', 'ACTIVE',
    TRUE, '[]', '[]', created_at, created_at FROM orgs;
INSERT INTO zones SELECT org_id, 'nzo' || substr(org_id, 4, 16) || '2', 'BlockedIpZone', 'blockedipzone', 'BLOCKLIST', 'ACTIVE',
    TRUE, '[]', '[]', created_at, created_at FROM orgs;
INSERT INTO zones SELECT org_id, 'nzo' || substr(org_id, 4, 16) || '3', 'DefaultExemptIpZone', 'defaultexemptipzone', 'POLICY',
    'ACTIVE', TRUE, '[]', '[]', created_at, created_at FROM orgs;

-- Web origins whose pages may call the API, be led back to, or show our pages in a frame.
CREATE TABLE trusted_origins (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    name        {text} NOT NULL,
    name_folded {text} NOT NULL,
    origin      {text} NOT NULL,
    status      {text} NOT NULL,
    created_at  {time} NOT NULL,
    created_by  {text} NOT NULL,
    updated_at  {time} NOT NULL,
    updated_by  {text} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX trusted_origins_name ON trusted_origins (org_id, name_folded);
CREATE UNIQUE INDEX trusted_origins_origin ON trusted_origins (org_id, origin);

-- apps is for frames alone: which of our pages, space-separated; empty for all.
CREATE TABLE trusted_origin_scopes (
    org_id    {id} NOT NULL,
    origin_id {id} NOT NULL,
    scope     {text} NOT NULL,
    apps      {text} NOT NULL,
    PRIMARY KEY (org_id, origin_id, scope),
    FOREIGN KEY (org_id, origin_id) REFERENCES trusted_origins (org_id, id)
){strict};

-- What part of a limit one API token may use up.
CREATE TABLE principal_rate_limits (
    org_id             {id} NOT NULL REFERENCES orgs,
    id                 {id} NOT NULL,
    principal_id       {id} NOT NULL,
    principal_type     {text} NOT NULL,
    percentage         {int} NOT NULL,
    concurrency_percentage {int} NOT NULL,
    created_at         {time} NOT NULL,
    created_by         {text} NOT NULL,
    updated_at         {time} NOT NULL,
    updated_by         {text} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, principal_id) REFERENCES api_tokens (org_id, id)
){strict};
CREATE UNIQUE INDEX principal_rate_limits_once ON principal_rate_limits (org_id, principal_id);

-- The right to open one session, got by signing in over the API; used once, by one guarded statement.
CREATE TABLE session_tokens (
    org_id     {id} NOT NULL,
    token_hash {blob} NOT NULL,
    user_id    {id} NOT NULL,
    factor_at  {time},
    amr        {text} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at    {time},
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX session_tokens_age ON session_tokens (org_id, expires_at);
