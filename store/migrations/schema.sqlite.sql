-- 0001 organisations
-- One row: this installation. key_check opens only under the root key that the database was made with.
CREATE TABLE installation (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    created_at INTEGER NOT NULL,
    key_check  BLOB NOT NULL
)STRICT;

-- The right to make the first organisation: printed at the first start, one hour, once. draft is what was answered so
-- far, sealed.
CREATE TABLE setup_links (
    token_hash BLOB PRIMARY KEY,
    draft      BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
)STRICT;

CREATE TABLE orgs (
    org_id     TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
)STRICT;

-- A document a setting, loaded whole; the version rises with each change.
CREATE TABLE settings (
    org_id     TEXT NOT NULL REFERENCES orgs,
    name       TEXT NOT NULL,
    document   TEXT NOT NULL,
    version    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, name)
)STRICT;

-- The device CA and the service key. id is the key's thumbprint; certificate is DER, for the CA alone.
CREATE TABLE org_keys (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    private_key BLOB NOT NULL,
    certificate BLOB,
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER,
    PRIMARY KEY (org_id, id)
)STRICT;

-- How often a limited action was done in the present window.
CREATE TABLE limit_counters (
    org_id        TEXT NOT NULL REFERENCES orgs,
    action        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    window_start  INTEGER NOT NULL,
    count         INTEGER NOT NULL,
    PRIMARY KEY (org_id, action, subject)
)STRICT;
CREATE INDEX limit_counters_age ON limit_counters (org_id, window_start);

-- Messages to be sent after the commit that wanted them. The text is sealed: it may hold a one-time link.
CREATE TABLE deliveries (
    org_id     TEXT NOT NULL REFERENCES orgs,
    id         TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    message    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER,
    sent_at    INTEGER,
    fault      TEXT,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE INDEX deliveries_sent ON deliveries (org_id, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;

-- The record. position is given after the commit, in commit order, so that a reader who goes by it misses nothing.
-- body is canonical JSON and names nobody; the names are in audit_personal, bound by a salted hash.
CREATE TABLE audit_events (
    org_id       TEXT NOT NULL REFERENCES orgs,
    id           TEXT NOT NULL,
    position     INTEGER,
    published    INTEGER NOT NULL,
    event_type   TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    reason       TEXT,
    body         TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX audit_events_position ON audit_events (org_id, position);
CREATE INDEX audit_events_unplaced ON audit_events (org_id, id) WHERE position IS NULL;
CREATE INDEX audit_events_type ON audit_events (org_id, event_type, position);
CREATE INDEX audit_events_actor ON audit_events (org_id, actor_id, position);

CREATE TABLE audit_targets (
    org_id    TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    target_id TEXT NOT NULL,
    PRIMARY KEY (org_id, target_id, event_id),
    FOREIGN KEY (org_id, event_id) REFERENCES audit_events (org_id, id)
)STRICT;
CREATE INDEX audit_targets_event ON audit_targets (org_id, event_id);

CREATE TABLE audit_personal (
    org_id   TEXT NOT NULL,
    event_id TEXT NOT NULL,
    salt     BLOB NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (org_id, event_id),
    FOREIGN KEY (org_id, event_id) REFERENCES audit_events (org_id, id)
)STRICT;

-- The last position given, a row an organisation: the lock under which positions are given.
CREATE TABLE audit_heads (
    org_id   TEXT PRIMARY KEY REFERENCES orgs,
    position INTEGER NOT NULL
)STRICT;

-- 0002 people
CREATE TABLE users (
    org_id            TEXT NOT NULL REFERENCES orgs,
    id                TEXT NOT NULL,
    login             TEXT NOT NULL,
    login_folded      TEXT NOT NULL,
    status            TEXT NOT NULL,
    first_name        TEXT NOT NULL,
    last_name         TEXT NOT NULL,
    name_folded       TEXT NOT NULL,
    email             TEXT NOT NULL,
    profile           TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    activated_at      INTEGER,
    status_changed_at INTEGER,
    last_login_at     INTEGER,
    updated_at        INTEGER NOT NULL,
    password          BLOB,
    password_changed_at INTEGER,
    failures          INTEGER NOT NULL DEFAULT 0,
    locked_until      INTEGER,
    version           INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX users_login ON users (org_id, login_folded);
CREATE INDEX users_name ON users (org_id, name_folded, id);
CREATE INDEX users_locked ON users (org_id, locked_until) WHERE locked_until IS NOT NULL;

-- Every address and phone a person ever had here, with who put it there: what a call-back may rely on.
CREATE TABLE contact_points (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    value      TEXT NOT NULL,
    source     TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    from_at    INTEGER NOT NULL,
    until_at   INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX contact_points_user ON contact_points (org_id, user_id, kind, from_at);

CREATE TABLE groups (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    members_changed_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX groups_name ON groups (org_id, name_folded);

CREATE TABLE memberships (
    org_id   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX memberships_user ON memberships (org_id, user_id, group_id);

CREATE TABLE role_assignments (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE UNIQUE INDEX role_assignments_once ON role_assignments (org_id, user_id, role);

-- grants is a space-separated list of what the token may do beyond its owner's ordinary rights.
CREATE TABLE api_tokens (
    org_id       TEXT NOT NULL,
    id           TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    name         TEXT NOT NULL,
    token_hash   BLOB NOT NULL,
    grants       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);

-- factor_at is when a second factor was last proved in this session: the step-up clock.
CREATE TABLE sessions (
    org_id       TEXT NOT NULL,
    id           TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    token_hash   BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    factor_at    INTEGER,
    amr          TEXT NOT NULL,
    ip           TEXT NOT NULL,
    user_agent   TEXT NOT NULL,
    ended_at     INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (org_id, user_id) WHERE ended_at IS NULL;

-- The fixed row that serves every kind of factor. counter only rises: TOTP step, HOTP counter, sign count.
CREATE TABLE factors (
    org_id       TEXT NOT NULL,
    id           TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    provider     TEXT NOT NULL,
    status       TEXT NOT NULL,
    profile      TEXT NOT NULL,
    secret       BLOB NOT NULL,
    counter      INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    retired_at   INTEGER,
    version      INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX factors_user ON factors (org_id, user_id) WHERE retired_at IS NULL;

-- Anything sent or asked of a factor; consumed by one guarded statement.
CREATE TABLE challenges (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    factor_id  TEXT,
    purpose    TEXT NOT NULL,
    bound_to   TEXT NOT NULL,
    document   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;

-- A sign-in under way, real or decoy; the version makes a stale step unable to save.
CREATE TABLE sign_ins (
    org_id     TEXT NOT NULL REFERENCES orgs,
    token_hash BLOB NOT NULL,
    name_key   TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, token_hash)
)STRICT;
CREATE INDEX sign_ins_expiry ON sign_ins (org_id, expires_at);

-- One-time links in messages, such as "this was not me".
CREATE TABLE links (
    org_id     TEXT NOT NULL REFERENCES orgs,
    token_hash BLOB NOT NULL,
    purpose    TEXT NOT NULL,
    subject    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (org_id, token_hash)
)STRICT;
CREATE INDEX links_age ON links (org_id, expires_at);

-- 0003 computers
-- Computers. A deleted one stays, so that its certificates are still recognised and told what happened.
CREATE TABLE devices (
    org_id        TEXT NOT NULL REFERENCES orgs,
    id            TEXT NOT NULL,
    status        TEXT NOT NULL,
    platform      TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_folded   TEXT NOT NULL,
    serial        TEXT NOT NULL,
    serial_folded TEXT NOT NULL,
    profile       TEXT NOT NULL,
    agent_version TEXT,
    effective     TEXT,
    clock_offset  INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_seen_at  INTEGER,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE INDEX devices_name ON devices (org_id, name_folded, id);
CREATE INDEX devices_serial ON devices (org_id, serial_folded, id);

-- Who uses a computer; proof says how the server knows.
CREATE TABLE device_users (
    org_id    TEXT NOT NULL,
    device_id TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    os_uid    INTEGER NOT NULL,
    proof     TEXT NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (org_id, device_id, user_id),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX device_users_user ON device_users (org_id, user_id, device_id);

-- Certificates of computers by SHA-256 of their DER. public_key is the uncompressed point.
CREATE TABLE device_certificates (
    org_id        TEXT NOT NULL,
    thumbprint    BLOB NOT NULL,
    device_id     TEXT NOT NULL,
    public_key    BLOB NOT NULL,
    certificate   BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    first_used_at INTEGER,
    revoked_at    INTEGER,
    PRIMARY KEY (org_id, thumbprint),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id)
)STRICT;
CREATE INDEX device_certificates_device ON device_certificates (org_id, device_id, created_at);

-- Proofs that were seen: the same one is refused for as long as its time would be accepted.
CREATE TABLE device_proofs (
    org_id     TEXT NOT NULL,
    thumbprint BLOB NOT NULL,
    jti        TEXT NOT NULL,
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (org_id, thumbprint, jti),
    FOREIGN KEY (org_id, thumbprint) REFERENCES device_certificates (org_id, thumbprint)
)STRICT;
CREATE INDEX device_proofs_seen ON device_proofs (org_id, seen_at);

-- One-time rights to enrol a computer, for one serial number where one was given.
CREATE TABLE enrollment_codes (
    org_id        TEXT NOT NULL REFERENCES orgs,
    id            TEXT NOT NULL,
    code_hash     BLOB NOT NULL,
    serial_folded TEXT,
    created_by    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    device_id     TEXT,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX enrollment_codes_hash ON enrollment_codes (org_id, code_hash);

-- Answers that say a person showed a factor at a computer: each proves one registration, for ten minutes.
CREATE TABLE factor_verdicts (
    org_id       TEXT NOT NULL,
    verdict_hash BLOB NOT NULL,
    device_id    TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    used_at      INTEGER,
    PRIMARY KEY (org_id, verdict_hash),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;

-- 0004 recovery
-- One row for each generation of a recovery secret of one (computer, person) pair; its id is the eid of the wire format.
-- seed is wiped 90 days after the generation retired: until then it vouches for late reports.
CREATE TABLE recovery_enrolments (
    org_id           TEXT NOT NULL,
    id               TEXT NOT NULL,
    device_id        TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    os_uid           INTEGER NOT NULL,
    generation       INTEGER NOT NULL,
    status           TEXT NOT NULL,
    seed             BLOB,
    transcript       BLOB NOT NULL,
    binding          TEXT NOT NULL,
    proof            TEXT NOT NULL,
    last_issued_step INTEGER NOT NULL DEFAULT 0,
    last_step        INTEGER NOT NULL DEFAULT 0,
    failures         INTEGER NOT NULL DEFAULT 0,
    is_locked        INTEGER NOT NULL,
    report_seq       INTEGER NOT NULL DEFAULT 0,
    report_hash      BLOB NOT NULL,
    rotate_wanted    TEXT,
    ack_failures     INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    acknowledged_at  INTEGER,
    retired_at       INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX recovery_enrolments_retired ON recovery_enrolments (org_id, retired_at) WHERE seed IS NOT NULL;
CREATE UNIQUE INDEX recovery_enrolments_generation ON recovery_enrolments (org_id, device_id, user_id, generation);

-- A row a PIN, committed before the PIN is computed. Never the PIN, nor anything it could be guessed from.
-- challenge is what the computer showed on its screen; granted_to is the hash of the request that used the PIN online.
CREATE TABLE recovery_issuances (
    org_id         TEXT NOT NULL,
    id             TEXT NOT NULL,
    eid            TEXT NOT NULL,
    device_id      TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    mode           TEXT NOT NULL,
    step           INTEGER,
    challenge      TEXT,
    challenge_hash BLOB,
    status         TEXT NOT NULL,
    source         TEXT,
    reason         TEXT NOT NULL,
    case_id        TEXT,
    ticket         TEXT,
    requested_by   TEXT NOT NULL,
    duration       INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    activated_at   INTEGER,
    ended_at       INTEGER,
    granted_to     BLOB,
    verdict        TEXT,
    report_seq     INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, eid) REFERENCES recovery_enrolments (org_id, id)
)STRICT;
CREATE UNIQUE INDEX recovery_issuances_step ON recovery_issuances (org_id, eid, step);
CREATE INDEX recovery_issuances_eid ON recovery_issuances (org_id, eid, issued_at);
CREATE INDEX recovery_issuances_pair ON recovery_issuances (org_id, device_id, user_id, issued_at);

-- What computers told, one chain an enrolment, as it was sent.
CREATE TABLE recovery_reports (
    org_id      TEXT NOT NULL,
    eid         TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    body        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, eid, seq),
    FOREIGN KEY (org_id, eid) REFERENCES recovery_enrolments (org_id, id)
)STRICT;

-- 0005 roles
-- Roles that an organisation made.
CREATE TABLE roles (
    org_id       TEXT NOT NULL REFERENCES orgs,
    id           TEXT NOT NULL,
    label        TEXT NOT NULL,
    label_folded TEXT NOT NULL,
    description  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX roles_label ON roles (org_id, label_folded);

-- conditions: which attributes of a profile the permission is limited to.
CREATE TABLE role_permissions (
    org_id     TEXT NOT NULL,
    role_id    TEXT NOT NULL,
    permission TEXT NOT NULL,
    conditions TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, role_id, permission),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
)STRICT;

CREATE TABLE resource_sets (
    org_id       TEXT NOT NULL REFERENCES orgs,
    id           TEXT NOT NULL,
    label        TEXT NOT NULL,
    label_folded TEXT NOT NULL,
    description  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX resource_sets_label ON resource_sets (org_id, label_folded);

-- subject: an id, or an area where kind is ALL.
CREATE TABLE resources (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    set_id     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, set_id) REFERENCES resource_sets (org_id, id)
)STRICT;
CREATE UNIQUE INDEX resources_once ON resources (org_id, set_id, kind, subject);
CREATE INDEX resources_subject ON resources (org_id, subject);

-- A role of the organisation's own, over a resource set; who holds it are rows of role_assignments.
CREATE TABLE bindings (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    set_id     TEXT NOT NULL,
    role_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, set_id) REFERENCES resource_sets (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
)STRICT;
CREATE UNIQUE INDEX bindings_once ON bindings (org_id, set_id, role_id);
CREATE INDEX bindings_role ON bindings (org_id, role_id);

-- Held by a person or by a group. role is CUSTOM where there is a binding. Where is_limited, it reaches the groups of
-- role_targets alone, and nothing when none is left.
ALTER TABLE role_assignments RENAME TO role_assignments_of_people;
CREATE TABLE role_assignments (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT,
    group_id   TEXT,
    role       TEXT NOT NULL,
    binding_id TEXT,
    is_limited INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id),
    FOREIGN KEY (org_id, binding_id) REFERENCES bindings (org_id, id)
)STRICT;
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
    org_id        TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    group_id      TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (org_id, assignment_id, group_id),
    FOREIGN KEY (org_id, assignment_id) REFERENCES role_assignments (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
)STRICT;
CREATE INDEX role_targets_group ON role_targets (org_id, group_id);

-- From where a token may be used, as the API has it; anywhere where it is null.
ALTER TABLE api_tokens ADD COLUMN network TEXT;
ALTER TABLE api_tokens ADD COLUMN updated_at INTEGER;
CREATE INDEX api_tokens_user ON api_tokens (org_id, user_id) WHERE revoked_at IS NULL;

-- 0006 network
-- Named ranges of addresses. gateways and proxies are lists of ranges, loaded whole.
CREATE TABLE zones (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    usage       TEXT NOT NULL,
    status      TEXT NOT NULL,
    is_system   INTEGER NOT NULL,
    gateways    TEXT NOT NULL,
    proxies     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
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
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    origin      TEXT NOT NULL,
    status      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    updated_by  TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX trusted_origins_name ON trusted_origins (org_id, name_folded);
CREATE UNIQUE INDEX trusted_origins_origin ON trusted_origins (org_id, origin);

-- apps is for frames alone: which of our pages, space-separated; empty for all.
CREATE TABLE trusted_origin_scopes (
    org_id    TEXT NOT NULL,
    origin_id TEXT NOT NULL,
    scope     TEXT NOT NULL,
    apps      TEXT NOT NULL,
    PRIMARY KEY (org_id, origin_id, scope),
    FOREIGN KEY (org_id, origin_id) REFERENCES trusted_origins (org_id, id)
)STRICT;

-- What part of a limit one API token may use up.
CREATE TABLE principal_rate_limits (
    org_id             TEXT NOT NULL REFERENCES orgs,
    id                 TEXT NOT NULL,
    principal_id       TEXT NOT NULL,
    principal_type     TEXT NOT NULL,
    percentage         INTEGER NOT NULL,
    concurrency_percentage INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    created_by         TEXT NOT NULL,
    updated_at         INTEGER NOT NULL,
    updated_by         TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, principal_id) REFERENCES api_tokens (org_id, id)
)STRICT;
CREATE UNIQUE INDEX principal_rate_limits_once ON principal_rate_limits (org_id, principal_id);

-- The right to open one session, got by signing in over the API; used once, by one guarded statement.
CREATE TABLE session_tokens (
    org_id     TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    user_id    TEXT NOT NULL,
    factor_at  INTEGER,
    amr        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX session_tokens_age ON session_tokens (org_id, expires_at);

-- 0007 policies
-- Policies by type. What came with the organisation has a row only once it was changed; until then it is what the program
-- says. conditions and settings are documents loaded whole.
CREATE TABLE policies (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    type        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    status      TEXT NOT NULL,
    is_system   INTEGER NOT NULL,
    conditions  TEXT NOT NULL,
    settings    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE INDEX policies_type ON policies (org_id, type, priority);

CREATE TABLE policy_rules (
    org_id      TEXT NOT NULL,
    id          TEXT NOT NULL,
    policy_id   TEXT NOT NULL,
    name        TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    status      TEXT NOT NULL,
    is_system   INTEGER NOT NULL,
    conditions  TEXT NOT NULL,
    actions     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, policy_id) REFERENCES policies (org_id, id)
)STRICT;
CREATE INDEX policy_rules_policy ON policy_rules (org_id, policy_id, priority);

-- Which groups, people and zones a policy or one of its rules speaks of: those in use cannot be deleted.
CREATE TABLE policy_references (
    org_id    TEXT NOT NULL,
    target_id TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    PRIMARY KEY (org_id, target_id, policy_id),
    FOREIGN KEY (org_id, policy_id) REFERENCES policies (org_id, id)
)STRICT;
CREATE INDEX policy_references_policy ON policy_references (org_id, policy_id);

-- One row a type: the lock under which its policies are changed, since a change moves the priorities of others.
CREATE TABLE policy_changes (
    org_id  TEXT NOT NULL REFERENCES orgs,
    type    TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (org_id, type)
)STRICT;

-- Failures from browsers that never signed the person in are counted apart; password_failures are all wrong passwords in a
-- row, and enough of them end the password.
ALTER TABLE users ADD COLUMN unknown_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN unknown_locked_until INTEGER;
ALTER TABLE users ADD COLUMN password_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_ended_at INTEGER;

-- Browsers that signed a person in, by the hash of their cookie. factor_at is when a factor was last proved there, where
-- the person wanted that remembered.
CREATE TABLE known_browsers (
    org_id       TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    token_hash   BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    factor_at    INTEGER,
    PRIMARY KEY (org_id, user_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;

-- Earlier passwords that may not come back; version is the one that the person had with it.
CREATE TABLE password_history (
    org_id      TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    replaced_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id, version),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;

-- How long a session lives without a request, and whether its cookie outlives the browser: the rule says so that answered
-- when it began.
ALTER TABLE sessions ADD COLUMN idle INTEGER NOT NULL DEFAULT 1800000000;
ALTER TABLE sessions ADD COLUMN is_persistent INTEGER NOT NULL DEFAULT FALSE;

-- 0008 accounts
-- What a person chose to be asked where the password is forgotten; the answer is kept as the hash of its folded form.
ALTER TABLE users ADD COLUMN recovery_question TEXT;
ALTER TABLE users ADD COLUMN recovery_answer BLOB;
-- A deleted person's row stays, empty, for what refers to it.
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
CREATE INDEX links_subject ON links (org_id, subject) WHERE used_at IS NULL;
CREATE INDEX challenges_user ON challenges (org_id, user_id) WHERE consumed_at IS NULL;

-- 0009 groups
-- What people and groups are searched by: text folded by the program, so that both databases find alike whatever the
-- alphabet. folding says by which version of the folding a row was last folded; older rows are folded when a store opens.
ALTER TABLE users ADD COLUMN email_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN first_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN folding INTEGER NOT NULL DEFAULT 0;
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
    org_id  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    folded  TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, name),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX user_attributes_value ON user_attributes (org_id, name, folded, user_id);

ALTER TABLE groups ADD COLUMN description_folded TEXT NOT NULL DEFAULT '';
CREATE INDEX groups_unfolded ON groups (org_id, id) WHERE description_folded = '' AND description <> '';
CREATE INDEX groups_kind ON groups (org_id, kind, id);
CREATE INDEX groups_created ON groups (org_id, created_at, id);
CREATE INDEX groups_updated ON groups (org_id, updated_at, id);
CREATE INDEX groups_members_changed ON groups (org_id, members_changed_at, id);

-- Who looks after a group: a person, or everybody in another group.
CREATE TABLE group_owners (
    org_id     TEXT NOT NULL,
    group_id   TEXT NOT NULL,
    owner_id   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, group_id, owner_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
)STRICT;
CREATE INDEX group_owners_owner ON group_owners (org_id, owner_id, group_id);

-- A member that somebody put there by hand stays whatever the rules say; the others are there for as long as a rule of
-- rule_members holds them.
ALTER TABLE memberships ADD COLUMN by_hand INTEGER NOT NULL DEFAULT TRUE;

-- Rules that fill groups. walked is the last person whom a walk over everybody has judged, '' before the first, and null
-- when there is nothing to do; ending says what a deleted rule does with whom it put into groups.
CREATE TABLE group_rules (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    status      TEXT NOT NULL,
    expression  TEXT NOT NULL,
    uses_groups INTEGER NOT NULL,
    fault       TEXT,
    ending      TEXT,
    walked      TEXT,
    judged      INTEGER NOT NULL DEFAULT 0,
    activated_by TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX group_rules_name ON group_rules (org_id, name_folded) WHERE ending IS NULL;
CREATE INDEX group_rules_active ON group_rules (org_id, status, id);
CREATE INDEX group_rules_due ON group_rules (org_id, id) WHERE walked IS NOT NULL;

CREATE TABLE group_rule_targets (
    org_id   TEXT NOT NULL,
    rule_id  TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (org_id, rule_id, group_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id)
)STRICT;
CREATE INDEX group_rule_targets_group ON group_rule_targets (org_id, group_id, rule_id);

CREATE TABLE group_rule_exclusions (
    org_id  TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, rule_id, user_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX group_rule_exclusions_user ON group_rule_exclusions (org_id, user_id, rule_id);

CREATE TABLE rule_members (
    org_id   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    rule_id  TEXT NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id, rule_id),
    FOREIGN KEY (org_id, rule_id) REFERENCES group_rules (org_id, id),
    FOREIGN KEY (org_id, group_id, user_id) REFERENCES memberships (org_id, group_id, user_id)
)STRICT;
CREATE INDEX rule_members_rule ON rule_members (org_id, rule_id, user_id, group_id);
CREATE INDEX rule_members_user ON rule_members (org_id, user_id, rule_id, group_id);

-- People whom the rules must judge anew, and the one lock under which any are judged.
CREATE TABLE rule_checks (
    org_id  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE TABLE rule_heads (
    org_id TEXT PRIMARY KEY REFERENCES orgs,
    turns  INTEGER NOT NULL
)STRICT;

-- Files of people. at is the byte behind the last line that was read, line its number; applied is the last line that was
-- carried out. created_by acts, with what they may do at that moment.
CREATE TABLE imports (
    org_id     TEXT NOT NULL REFERENCES orgs,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    status     TEXT NOT NULL,
    fault      TEXT,
    columns    TEXT,
    size       INTEGER NOT NULL,
    at         INTEGER NOT NULL DEFAULT 0,
    line       INTEGER NOT NULL DEFAULT 0,
    applied    INTEGER NOT NULL DEFAULT 0,
    rows_read  INTEGER NOT NULL DEFAULT 0,
    rows_made  INTEGER NOT NULL DEFAULT 0,
    rows_changed INTEGER NOT NULL DEFAULT 0,
    rows_same  INTEGER NOT NULL DEFAULT 0,
    rows_wrong INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE INDEX imports_due ON imports (org_id, id) WHERE status IN ('CHECKING', 'APPLYING');

CREATE TABLE import_parts (
    org_id    TEXT NOT NULL,
    import_id TEXT NOT NULL,
    begins    INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (org_id, import_id, begins),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
)STRICT;

-- A row a line: what it says, what would come or came of it, and why not.
CREATE TABLE import_rows (
    org_id       TEXT NOT NULL,
    import_id    TEXT NOT NULL,
    line         INTEGER NOT NULL,
    login_folded TEXT,
    login        TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    message      TEXT,
    body         TEXT,
    PRIMARY KEY (org_id, import_id, line),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
)STRICT;
CREATE UNIQUE INDEX import_rows_login ON import_rows (org_id, import_id, login_folded) WHERE login_folded IS NOT NULL;
CREATE INDEX import_rows_wrong ON import_rows (org_id, import_id, line) WHERE outcome = 'WRONG';

-- 0010 passkeys
-- What names a factor among all of the organisation's, where an answer names its factor before its person: SHA-256 of a
-- credential's id.
ALTER TABLE factors ADD COLUMN handle BLOB;
CREATE UNIQUE INDEX factors_handle ON factors (org_id, handle) WHERE retired_at IS NULL;

-- When a factor that a false page cannot pass on was last proved in this session.
ALTER TABLE sessions ADD COLUMN resistant_at INTEGER;

-- What was asked of a device, under the hash of its token; the answer takes the row away. user_id is nobody's while a
-- sign-in asks whoever is there; bound_to names the session or sign-in that asked. Nothing was ever kept in it before.
DROP TABLE challenges;
CREATE TABLE challenges (
    org_id     TEXT NOT NULL REFERENCES orgs,
    token_hash BLOB NOT NULL,
    user_id    TEXT,
    purpose    TEXT NOT NULL,
    bound_to   TEXT NOT NULL,
    document   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX challenges_expiry ON challenges (org_id, expires_at);
CREATE INDEX challenges_user ON challenges (org_id, user_id);

-- 0011 import secrets
-- The hashed password that a row of a file has, sealed; only until the row was carried out.
ALTER TABLE import_rows ADD COLUMN secret BLOB;

-- 0012 factors
-- A code that was sent (it expires; bound_to says for what: the enrolment, one sign-in, one step-up, a program's own
-- check) or handed over as one of a set (it does not expire; bound_to is empty). mac is its tag under a key that is not in
-- the database.
CREATE TABLE factor_codes (
    org_id     TEXT NOT NULL,
    factor_id  TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    bound_to   TEXT NOT NULL,
    mac        BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at    INTEGER,
    PRIMARY KEY (org_id, factor_id, bound_to, mac),
    FOREIGN KEY (org_id, factor_id) REFERENCES factors (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX factor_codes_user ON factor_codes (org_id, user_id);
CREATE INDEX factor_codes_expiry ON factor_codes (org_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX factors_pending ON factors (org_id, created_at) WHERE status = 'PENDING_ACTIVATION' AND retired_at IS NULL;

-- What the tokens of one make have in common.
CREATE TABLE factor_profiles (
    org_id      TEXT NOT NULL REFERENCES orgs,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    document    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;
CREATE UNIQUE INDEX factor_profiles_name ON factor_profiles (org_id, name_folded);

-- Texts of messages to telephones, by language.
CREATE TABLE sms_templates (
    org_id       TEXT NOT NULL REFERENCES orgs,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    template     TEXT NOT NULL,
    translations TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
)STRICT;

-- By which way a message leaves, and until when it is worth sending.
ALTER TABLE deliveries ADD COLUMN channel TEXT NOT NULL DEFAULT 'EMAIL';
ALTER TABLE deliveries ADD COLUMN expires_at INTEGER;

-- 0013 session tokens
-- Whose rights to open a session are void at once: where the password changes, or sessions end.
CREATE INDEX session_tokens_user ON session_tokens (org_id, user_id) WHERE used_at IS NULL;

-- 0014 password by phone
-- Whether a person's password was chosen by a code that a telephone of theirs got. Until they prove something else that they
-- hold, no telephone proves anything beside it.
ALTER TABLE users ADD COLUMN password_by_phone INTEGER NOT NULL DEFAULT FALSE;

-- 0015 resets
-- Whose sign-in it is, where it is anybody's: a reset of their factors ends it, whatever was proved in it.
ALTER TABLE sign_ins ADD COLUMN user_id TEXT;
CREATE INDEX sign_ins_user ON sign_ins (org_id, user_id) WHERE user_id IS NOT NULL;
-- A factor that was shown at a computer just before a reset proves no registration after it.
CREATE INDEX factor_verdicts_user ON factor_verdicts (org_id, user_id) WHERE used_at IS NULL;

-- 0016 recovery cases
-- Recovery cases: the whole case is a document; what lists and guards ask for stands beside it.
CREATE TABLE recovery_cases (
    org_id     TEXT NOT NULL REFERENCES orgs,
    id         TEXT NOT NULL,
    number     INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    agent_id   TEXT,
    stage      TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended_at   INTEGER,
    version    INTEGER NOT NULL,
    document   TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE UNIQUE INDEX recovery_cases_number ON recovery_cases (org_id, number);
-- A person has one case at a time.
CREATE UNIQUE INDEX recovery_cases_open ON recovery_cases (org_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX recovery_cases_person ON recovery_cases (org_id, user_id, opened_at);
CREATE INDEX recovery_cases_under_way ON recovery_cases (org_id, changed_at) WHERE ended_at IS NULL;
CREATE INDEX recovery_cases_opened ON recovery_cases (org_id, opened_at, id);

-- The number of the newest case.
CREATE TABLE recovery_case_numbers (
    org_id TEXT NOT NULL PRIMARY KEY REFERENCES orgs,
    last   INTEGER NOT NULL
)STRICT;

-- What a face or a story is compared with: where it lies, and a photo where one is kept.
CREATE TABLE person_references (
    org_id     TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    text       TEXT NOT NULL,
    photo      BLOB,
    added_by   TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE UNIQUE INDEX person_references_text ON person_references (org_id, user_id, text);

-- 0017 way back
-- Until when a person must have enrolled, and whose word a case asks for.
ALTER TABLE recovery_cases ADD COLUMN due_at INTEGER;
ALTER TABLE recovery_cases ADD COLUMN manager_id TEXT;
CREATE INDEX recovery_cases_due ON recovery_cases (org_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recovery_cases_manager ON recovery_cases (org_id, manager_id) WHERE manager_id IS NOT NULL;

-- What somebody reads out who asks for help at the sign-in page: a number and two words, for one browser. Of a name that
-- nobody has there is one too, which opens nothing.
CREATE TABLE recovery_slips (
    org_id      TEXT NOT NULL REFERENCES orgs,
    number      INTEGER NOT NULL,
    user_id     TEXT,
    agent_word  TEXT NOT NULL,
    person_word TEXT NOT NULL,
    browser     BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    PRIMARY KEY (org_id, number),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
)STRICT;
CREATE INDEX recovery_slips_browser ON recovery_slips (org_id, browser, expires_at);
CREATE INDEX recovery_slips_person ON recovery_slips (org_id, user_id);

