-- Whose rights to open a session are void at once: where the password changes, or sessions end.
CREATE INDEX session_tokens_user ON session_tokens (org_id, user_id) WHERE used_at IS NULL;
