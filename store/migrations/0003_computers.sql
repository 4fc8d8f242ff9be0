-- Computers. A deleted one stays, so that its certificates are still recognised and told what happened.
CREATE TABLE devices (
    org_id        {id} NOT NULL REFERENCES orgs,
    id            {id} NOT NULL,
    status        {text} NOT NULL,
    platform      {text} NOT NULL,
    name          {text} NOT NULL,
    name_folded   {text} NOT NULL,
    serial        {text} NOT NULL,
    serial_folded {text} NOT NULL,
    profile       {json} NOT NULL,
    agent_version {text},
    effective     {json},
    clock_offset  {int},
    created_at    {time} NOT NULL,
    updated_at    {time} NOT NULL,
    last_seen_at  {time},
    PRIMARY KEY (org_id, id)
){strict};
CREATE INDEX devices_name ON devices (org_id, name_folded, id);
CREATE INDEX devices_serial ON devices (org_id, serial_folded, id);

-- Who uses a computer; proof says how the server knows.
CREATE TABLE device_users (
    org_id    {id} NOT NULL,
    device_id {id} NOT NULL,
    user_id   {id} NOT NULL,
    os_uid    {int} NOT NULL,
    proof     {text} NOT NULL,
    since     {time} NOT NULL,
    PRIMARY KEY (org_id, device_id, user_id),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
CREATE INDEX device_users_user ON device_users (org_id, user_id, device_id);

-- Certificates of computers by SHA-256 of their DER. public_key is the uncompressed point.
CREATE TABLE device_certificates (
    org_id        {id} NOT NULL,
    thumbprint    {blob} NOT NULL,
    device_id     {id} NOT NULL,
    public_key    {blob} NOT NULL,
    certificate   {blob} NOT NULL,
    created_at    {time} NOT NULL,
    expires_at    {time} NOT NULL,
    first_used_at {time},
    revoked_at    {time},
    PRIMARY KEY (org_id, thumbprint),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id)
){strict};
CREATE INDEX device_certificates_device ON device_certificates (org_id, device_id, created_at);

-- Proofs that were seen: the same one is refused for as long as its time would be accepted.
CREATE TABLE device_proofs (
    org_id     {id} NOT NULL,
    thumbprint {blob} NOT NULL,
    jti        {text} NOT NULL,
    seen_at    {time} NOT NULL,
    PRIMARY KEY (org_id, thumbprint, jti),
    FOREIGN KEY (org_id, thumbprint) REFERENCES device_certificates (org_id, thumbprint)
){strict};
CREATE INDEX device_proofs_seen ON device_proofs (org_id, seen_at);

-- One-time rights to enrol a computer, for one serial number where one was given.
CREATE TABLE enrollment_codes (
    org_id        {id} NOT NULL REFERENCES orgs,
    id            {id} NOT NULL,
    code_hash     {blob} NOT NULL,
    serial_folded {text},
    created_by    {text} NOT NULL,
    created_at    {time} NOT NULL,
    expires_at    {time} NOT NULL,
    used_at       {time},
    device_id     {id},
    PRIMARY KEY (org_id, id)
){strict};
CREATE UNIQUE INDEX enrollment_codes_hash ON enrollment_codes (org_id, code_hash);

-- Answers that say a person showed a factor at a computer: each proves one registration, for ten minutes.
CREATE TABLE factor_verdicts (
    org_id       {id} NOT NULL,
    verdict_hash {blob} NOT NULL,
    device_id    {id} NOT NULL,
    user_id      {id} NOT NULL,
    created_at   {time} NOT NULL,
    used_at      {time},
    PRIMARY KEY (org_id, verdict_hash),
    FOREIGN KEY (org_id, device_id) REFERENCES devices (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
){strict};
