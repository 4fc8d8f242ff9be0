-- A code that was sent (it expires; bound_to says for what: the enrolment, one sign-in, one step-up, a program's own
-- check) or handed over as one of a set (it does not expire; bound_to is empty). mac is its tag under a key that is not in
-- the database.
CREATE TABLE factor_codes (
    org_id     {id} NOT NULL,
    factor_id  {id} NOT NULL,
    user_id    {id} NOT NULL,
    bound_to   {text} NOT NULL,
    mac        {blob} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time},
    used_at    {time},
    PRIMARY KEY (org_id, factor_id, bound_to, mac),
    FOREIGN KEY (org_id, factor_id) REFERENCES factors (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX factor_codes_user ON factor_codes (org_id, user_id);
CREATE INDEX factor_codes_expiry ON factor_codes (org_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX factors_pending ON factors (org_id, created_at) WHERE status = 'PENDING_ACTIVATION' AND retired_at IS NULL;

-- What the tokens of one make have in common.
CREATE TABLE factor_profiles (
    org_id      {id} NOT NULL REFERENCES orgs,
    id          {id} NOT NULL,
    name        {text} NOT NULL,
    name_folded {text} NOT NULL,
    document    {json} NOT NULL,
    created_at  {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX factor_profiles_name ON factor_profiles (org_id, name_folded);

-- Texts of messages to telephones, by language.
CREATE TABLE sms_templates (
    org_id       {id} NOT NULL REFERENCES orgs,
    id           {id} NOT NULL,
    name         {text} NOT NULL,
    template     {text} NOT NULL,
    translations {json} NOT NULL,
    created_at   {time} NOT NULL,
    updated_at   {time} NOT NULL,
    PRIMARY KEY (org_id, id)
){strict};

-- By which way a message leaves, and until when it is worth sending.
ALTER TABLE deliveries ADD COLUMN channel {text} NOT NULL DEFAULT 'EMAIL';
ALTER TABLE deliveries ADD COLUMN expires_at {time};
