-- Whether a person's password was chosen by a code that a telephone of theirs got. Until they prove something else that they
-- hold, no telephone proves anything beside it.
ALTER TABLE users ADD COLUMN password_by_phone {bool} NOT NULL DEFAULT FALSE;
