-- What names a factor among all of the organisation's, where an answer names its factor before its person: SHA-256 of a
-- credential's id.
ALTER TABLE factors ADD COLUMN handle {blob};
CREATE UNIQUE INDEX factors_handle ON factors (org_id, handle) WHERE retired_at IS NULL;

-- When a factor that a false page cannot pass on was last proved in this session.
ALTER TABLE sessions ADD COLUMN resistant_at {time};

-- What was asked of a device, under the hash of its token; the answer takes the row away. user_id is nobody's while a
-- sign-in asks whoever is there; bound_to names the session or sign-in that asked. Nothing was ever kept in it before.
DROP TABLE challenges;
CREATE TABLE challenges (
    org_id     {id} NOT NULL REFERENCES orgs,
    token_hash {blob} NOT NULL,
    user_id    {id},
    purpose    {text} NOT NULL,
    bound_to   {text} NOT NULL,
    document   {json} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX challenges_expiry ON challenges (org_id, expires_at);
CREATE INDEX challenges_user ON challenges (org_id, user_id);
