-- What a person chose to be asked where the password is forgotten; the answer is kept as the hash of its folded form.
ALTER TABLE users ADD COLUMN recovery_question {text};
ALTER TABLE users ADD COLUMN recovery_answer {blob};
-- A deleted person's row stays, empty, for what refers to it.
ALTER TABLE users ADD COLUMN deleted_at {time};
CREATE INDEX links_subject ON links (org_id, subject) WHERE used_at IS NULL;
CREATE INDEX challenges_user ON challenges (org_id, user_id) WHERE consumed_at IS NULL;
