-- One row for each generation of a recovery secret of one (computer, person) pair; its id is the eid of the wire format.
-- seed is wiped 90 days after the generation retired: until then it vouches for late reports.
CREATE TABLE recovery_enrolments (
    org_id           {id} NOT NULL,
    id               {id} NOT NULL,
    device_id        {id} NOT NULL,
    user_id          {id} NOT NULL,
    os_uid           {int} NOT NULL,
    generation       {int} NOT NULL,
    status           {text} NOT NULL,
    seed             {blob},
    transcript       {blob} NOT NULL,
    binding          {text} NOT NULL,
    proof            {text} NOT NULL,
    last_issued_step {int} NOT NULL DEFAULT 0,
    last_step        {int} NOT NULL DEFAULT 0,
    failures         {int} NOT NULL DEFAULT 0,
    is_locked        {bool} NOT NULL,
    report_seq       {int} NOT NULL DEFAULT 0,
    report_hash      {blob} NOT NULL,
    rotate_wanted    {text},
    ack_failures     {int} NOT NULL DEFAULT 0,
    created_at       {time} NOT NULL,
    acknowledged_at  {time},
    retired_at       {time},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX recovery_enrolments_retired ON recovery_enrolments (org_id, retired_at) WHERE seed IS NOT NULL;
CREATE UNIQUE INDEX recovery_enrolments_generation ON recovery_enrolments (org_id, device_id, user_id, generation);

-- A row a PIN, committed before the PIN is computed. Never the PIN, nor anything it could be guessed from.
-- challenge is what the computer showed on its screen; granted_to is the hash of the request that used the PIN online.
CREATE TABLE recovery_issuances (
    org_id         {id} NOT NULL,
    id             {id} NOT NULL,
    eid            {id} NOT NULL,
    device_id      {id} NOT NULL,
    user_id        {id} NOT NULL,
    mode           {text} NOT NULL,
    step           {int},
    challenge      {text},
    challenge_hash {blob},
    status         {text} NOT NULL,
    source         {text},
    reason         {text} NOT NULL,
    case_id        {text},
    ticket         {text},
    requested_by   {text} NOT NULL,
    duration       {int} NOT NULL,
    issued_at      {time} NOT NULL,
    expires_at     {time} NOT NULL,
    activated_at   {time},
    ended_at       {time},
    granted_to     {blob},
    verdict        {text},
    report_seq     {int},
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, eid) REFERENCES recovery_enrolments (org_id, id)
){strict};
CREATE UNIQUE INDEX recovery_issuances_step ON recovery_issuances (org_id, eid, step);
CREATE INDEX recovery_issuances_eid ON recovery_issuances (org_id, eid, issued_at);
CREATE INDEX recovery_issuances_pair ON recovery_issuances (org_id, device_id, user_id, issued_at);

-- What computers told, one chain an enrolment, as it was sent.
CREATE TABLE recovery_reports (
    org_id      {id} NOT NULL,
    eid         {id} NOT NULL,
    seq         {int} NOT NULL,
    hash        {blob} NOT NULL,
    body        {json} NOT NULL,
    received_at {time} NOT NULL,
    PRIMARY KEY (org_id, eid, seq),
    FOREIGN KEY (org_id, eid) REFERENCES recovery_enrolments (org_id, id)
){strict};
