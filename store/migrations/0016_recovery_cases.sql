-- Recovery cases: the whole case is a document; what lists and guards ask for stands beside it.
CREATE TABLE recovery_cases (
    org_id     {id} NOT NULL REFERENCES orgs,
    id         {id} NOT NULL,
    number     {int} NOT NULL,
    user_id    {id} NOT NULL,
    agent_id   {id},
    stage      {text} NOT NULL,
    opened_at  {time} NOT NULL,
    changed_at {time} NOT NULL,
    ended_at   {time},
    version    {int} NOT NULL,
    document   {json} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE UNIQUE INDEX recovery_cases_number ON recovery_cases (org_id, number);
-- A person has one case at a time.
CREATE UNIQUE INDEX recovery_cases_open ON recovery_cases (org_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX recovery_cases_person ON recovery_cases (org_id, user_id, opened_at);
CREATE INDEX recovery_cases_under_way ON recovery_cases (org_id, changed_at) WHERE ended_at IS NULL;
CREATE INDEX recovery_cases_opened ON recovery_cases (org_id, opened_at, id);

-- The number of the newest case.
CREATE TABLE recovery_case_numbers (
    org_id {id} NOT NULL PRIMARY KEY REFERENCES orgs,
    last   {int} NOT NULL
){strict};

-- What a face or a story is compared with: where it lies, and a photo where one is kept.
CREATE TABLE person_references (
    org_id     {id} NOT NULL,
    id         {id} NOT NULL,
    user_id    {id} NOT NULL,
    text       {text} NOT NULL,
    photo      {blob},
    added_by   {id} NOT NULL,
    added_at   {time} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE UNIQUE INDEX person_references_text ON person_references (org_id, user_id, text);
