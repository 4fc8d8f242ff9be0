-- One row: this installation. key_check opens only under the root key that the database was made with.
CREATE TABLE installation (
    only_row   {int} PRIMARY KEY CHECK (only_row = 1),
    created_at {time} NOT NULL,
    key_check  {blob} NOT NULL
){strict};

-- The right to make the first organisation: printed at the first start, one hour, once. draft is what was answered so
-- far, sealed.
CREATE TABLE setup_links (
    token_hash {blob} PRIMARY KEY,
    draft      {blob},
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    used_at    {time}
){strict};

CREATE TABLE orgs (
    org_id     {id} PRIMARY KEY,
    name       {text} NOT NULL,
    created_at {time} NOT NULL
){strict};

-- A document a setting, loaded whole; the version rises with each change.
CREATE TABLE settings (
    org_id     {id} NOT NULL REFERENCES orgs,
    name       {text} NOT NULL,
    document   {json} NOT NULL,
    version    {int} NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (org_id, name)
){strict};

-- The device CA and the service key. id is the key's thumbprint; certificate is DER, for the CA alone.
CREATE TABLE org_keys (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {text} NOT NULL,
    purpose     {text} NOT NULL,
    private_key {blob} NOT NULL,
    certificate {blob},
    created_at  {time} NOT NULL,
    retired_at  {time},
    PRIMARY KEY (org_id, id)
){strict};

-- How often a limited action was done in the present window.
CREATE TABLE limit_counters (
    org_id        {id} NOT NULL REFERENCES orgs,
    action        {text} NOT NULL,
    subject       {text} NOT NULL,
    window_start  {time} NOT NULL,
    count         {int} NOT NULL,
    PRIMARY KEY (org_id, action, subject)
){strict};
CREATE INDEX limit_counters_age ON limit_counters (org_id, window_start);

-- Messages to be sent after the commit that wanted them. The text is sealed: it may hold a one-time link.
CREATE TABLE deliveries (
    org_id     {id} NOT NULL REFERENCES orgs,
    id         {id} NOT NULL,
    recipient  {text} NOT NULL,
    message    {blob} NOT NULL,
    created_at {time} NOT NULL,
    attempts   {int} NOT NULL DEFAULT 0,
    next_at    {time},
    sent_at    {time},
    fault      {text},
    PRIMARY KEY (org_id, id)
){strict};
CREATE INDEX deliveries_sent ON deliveries (org_id, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;

-- The record. position is given after the commit, in commit order, so that a reader who goes by it misses nothing.
-- body is canonical JSON and names nobody; the names are in audit_personal, bound by a salted hash.
CREATE TABLE audit_events (
    org_id       {id} NOT NULL REFERENCES orgs,
    id           {id} NOT NULL,
    position     {int},
    published    {time} NOT NULL,
    event_type   {text} NOT NULL,
    actor_id     {text} NOT NULL,
    outcome      {text} NOT NULL,
    reason       {text},
    body         {json} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX audit_events_position ON audit_events (org_id, position);
CREATE INDEX audit_events_unplaced ON audit_events (org_id, id) WHERE position IS NULL;
CREATE INDEX audit_events_type ON audit_events (org_id, event_type, position);
CREATE INDEX audit_events_actor ON audit_events (org_id, actor_id, position);

CREATE TABLE audit_targets (
    org_id    {id} NOT NULL,
    event_id  {id} NOT NULL,
    target_id {text} NOT NULL,
    PRIMARY KEY (org_id, target_id, event_id),
    FOREIGN KEY (org_id, event_id) REFERENCES audit_events (org_id, id)
){strict};
CREATE INDEX audit_targets_event ON audit_targets (org_id, event_id);

CREATE TABLE audit_personal (
    org_id   {id} NOT NULL,
    event_id {id} NOT NULL,
    salt     {blob} NOT NULL,
    body     {json} NOT NULL,
    PRIMARY KEY (org_id, event_id),
    FOREIGN KEY (org_id, event_id) REFERENCES audit_events (org_id, id)
){strict};

-- The last position given, a row an organisation: the lock under which positions are given.
CREATE TABLE audit_heads (
    org_id   {id} PRIMARY KEY REFERENCES orgs,
    position {int} NOT NULL
){strict};
