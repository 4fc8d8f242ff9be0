-- Until when a person must have enrolled, and whose word a case asks for.
ALTER TABLE recovery_cases ADD COLUMN due_at {time};
ALTER TABLE recovery_cases ADD COLUMN manager_id {id};
CREATE INDEX recovery_cases_due ON recovery_cases (org_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recovery_cases_manager ON recovery_cases (org_id, manager_id) WHERE manager_id IS NOT NULL;

-- What somebody reads out who asks for help at the sign-in page: a number and two words, for one browser. Of a name that
-- nobody has there is one too, which opens nothing.
CREATE TABLE recovery_slips (
    org_id      {id} NOT NULL REFERENCES orgs,
    number      {int} NOT NULL,
    user_id     {id},
    agent_word  {text} NOT NULL,
    person_word {text} NOT NULL,
    browser     {blob} NOT NULL,
    created_at  {time} NOT NULL,
    expires_at  {time} NOT NULL,
    used_at     {time},
    PRIMARY KEY (org_id, number),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX recovery_slips_browser ON recovery_slips (org_id, browser, expires_at);
CREATE INDEX recovery_slips_person ON recovery_slips (org_id, user_id);
