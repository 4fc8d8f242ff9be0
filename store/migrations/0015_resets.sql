-- Whose sign-in it is, where it is anybody's: a reset of their factors ends it, whatever was proved in it.
ALTER TABLE sign_ins ADD COLUMN user_id {id};
CREATE INDEX sign_ins_user ON sign_ins (org_id, user_id) WHERE user_id IS NOT NULL;
-- A factor that was shown at a computer just before a reset proves no registration after it.
CREATE INDEX factor_verdicts_user ON factor_verdicts (org_id, user_id) WHERE used_at IS NULL;
