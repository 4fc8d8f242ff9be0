//! Issued recovery PINs: the row is committed before the PIN is computed, and never holds it.

use std::time::Duration;

use postern_authn::recovery::pin::{Issuance, IssuanceStatus, Source, Terms};
use postern_codes::Timestamp;
use postern_codes::drp1::Challenge;
use postern_codes::id::{Device, Id, Issuance as IssuanceKind, RecoveryEnrolment, User};

use crate::sql::{Error, Row, Tx, values};

/// The columns of an [`Issuance`].
macro_rules! columns {
    () => {
        "id, eid, device_id, user_id, step, challenge, status, source, reason, case_id, ticket, requested_by, duration, \
         issued_at, expires_at, activated_at, ended_at, report_seq"
    };
}

crate::statements! {
    ISSUANCE_INSERT = "INSERT INTO recovery_issuances (org_id, id, eid, device_id, user_id, mode, step, challenge, \
                       challenge_hash, status, reason, case_id, ticket, requested_by, duration, issued_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'ISSUED', $10, $11, $12, $13, $14, $15, $16)";
    /// What was issued for the pair and not used yet. A PIN that is too old says so rather than that it was replaced.
    SUPERSEDE = "UPDATE recovery_issuances SET status = CASE WHEN expires_at <= $4 THEN 'EXPIRED' ELSE 'SUPERSEDED' END \
                 WHERE org_id = $1 AND device_id = $2 AND user_id = $3 AND status = 'ISSUED'";
    ISSUANCE = concat!("SELECT ", columns!(), " FROM recovery_issuances WHERE org_id = $1 AND id = $2");
    COUNT_SINCE = "SELECT COUNT(*) AS pins FROM recovery_issuances WHERE org_id = $1 AND issued_at >= $2";
    OF_PAIR = concat!("SELECT ", columns!(), " FROM recovery_issuances WHERE org_id = $1 AND device_id = $2 AND user_id = $3 \
               ORDER BY issued_at DESC, id DESC LIMIT 200");
    SINCE = concat!("SELECT ", columns!(), " FROM recovery_issuances WHERE org_id = $1 AND eid = $2 AND issued_at > $3 \
             ORDER BY issued_at DESC, id DESC");
    /// Exactly once, by the server's own clock.
    GRANT = "UPDATE recovery_issuances SET status = 'ACTIVATED', source = 'ONLINE', activated_at = $3, granted_to = $4, \
             verdict = $5 WHERE org_id = $1 AND id = $2 AND status = 'ISSUED' AND expires_at > $3";
    GRANTED = "SELECT verdict FROM recovery_issuances WHERE org_id = $1 AND eid = $2 AND granted_to = $3 \
               AND activated_at > $4 AND issued_at > $5";
    TOLD_ACTIVATED = "UPDATE recovery_issuances SET status = CASE WHEN status = 'ENDED' THEN 'ENDED' ELSE 'ACTIVATED' END, \
                      source = COALESCE(source, 'REPORT'), activated_at = COALESCE(activated_at, $3), report_seq = $4 \
                      WHERE org_id = $1 AND id = $2 AND report_seq IS NULL";
    CHANGE = "UPDATE recovery_issuances SET status = $4, ended_at = CASE WHEN $4 = 'ENDED' THEN $5 ELSE ended_at END \
              WHERE org_id = $1 AND id = $2 AND status = $3";
    EXPIRE = "UPDATE recovery_issuances SET status = 'EXPIRED' WHERE org_id = $1 AND eid = $2 AND status = 'ISSUED' \
              AND expires_at <= $3";
    REVOKE_DEVICE = "UPDATE recovery_issuances SET status = 'REVOKED' WHERE org_id = $1 AND device_id = $2 \
                     AND status = 'ISSUED'";
}

impl Tx<'_> {
    /// Keeps a PIN that is about to be made, and supersedes what was issued for the pair before.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_issuance(&mut self, new: &Issuance) -> Result<(), Error> {
        self.execute(SUPERSEDE, values![new.device, new.user, new.issued_at])?;
        let (mode, challenge) = match &new.terms {
            Terms::Challenge(challenge) => ("CHALLENGE", Some(challenge)),
            Terms::Time(_) => ("TIME", None),
        };
        self.one(
            ISSUANCE_INSERT,
            values![
                new.id,
                new.enrolment,
                new.device,
                new.user,
                mode,
                new.step(),
                challenge.map(Challenge::digits),
                challenge.map(|challenge| challenge.hash().to_vec()),
                &new.reason,
                new.case.as_deref(),
                new.ticket.as_deref(),
                &new.requested_by,
                new.duration.as_secs(),
                new.issued_at,
                new.expires_at,
            ],
        )
    }

    /// An issued PIN by id.
    ///
    /// # Errors
    /// Of the database.
    pub fn issuance(&mut self, id: Id<IssuanceKind>) -> Result<Option<Issuance>, Error> {
        self.row(ISSUANCE, values![id])?.as_ref().map(issuance).transpose()
    }

    /// How many PINs were issued since then.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_issuances(&mut self, since: Timestamp) -> Result<u64, Error> {
        self.row(COUNT_SINCE, values![since])?.map_or(Ok(0), |row| row.get("pins"))
    }

    /// The last 200 PINs issued for a pair, newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn issuances_of_pair(&mut self, device: Id<Device>, user: Id<User>) -> Result<Vec<Issuance>, Error> {
        self.rows(OF_PAIR, values![device, user])?.iter().map(issuance).collect()
    }

    /// The PINs issued from a generation after `since`, newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn issuances_since(
        &mut self,
        enrolment: Id<RecoveryEnrolment>,
        since: Timestamp,
    ) -> Result<Vec<Issuance>, Error> {
        self.rows(SINCE, values![enrolment, since])?.iter().map(issuance).collect()
    }

    /// Marks an issued PIN used online, and keeps the answer for the same request again. `false` where it was used,
    /// taken back or too old by now.
    ///
    /// # Errors
    /// Of the database.
    pub fn grant_issuance(
        &mut self,
        id: Id<IssuanceKind>,
        request_hash: [u8; 32],
        verdict: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(GRANT, values![id, now, request_hash, verdict])? == 1)
    }

    /// The answer that the very same request got within the last `within`.
    ///
    /// # Errors
    /// Of the database.
    pub fn granted_before(
        &mut self,
        enrolment: Id<RecoveryEnrolment>,
        request_hash: [u8; 32],
        within: Duration,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let since = now.minus(within);
        let row = self.row(GRANTED, values![enrolment, request_hash, since, since.minus(within)])?;
        row.map(|row| row.get("verdict")).transpose()
    }

    /// Marks a PIN used, as a computer told at `used_at`. `false` where it was told before.
    ///
    /// # Errors
    /// Of the database.
    pub fn told_activated(&mut self, id: Id<IssuanceKind>, used_at: Timestamp, seq: u64) -> Result<bool, Error> {
        Ok(self.execute(TOLD_ACTIVATED, values![id, used_at, seq])? == 1)
    }

    /// Moves an issued PIN from one status to another; `false` where it is no longer at the first.
    ///
    /// # Errors
    /// Of the database.
    pub fn change_issuance(
        &mut self,
        id: Id<IssuanceKind>,
        from: IssuanceStatus,
        to: IssuanceStatus,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(CHANGE, values![id, from.as_str(), to.as_str(), now])? == 1)
    }

    /// Writes down what has expired of a generation.
    ///
    /// # Errors
    /// Of the database.
    pub fn expire_issuances(&mut self, enrolment: Id<RecoveryEnrolment>, now: Timestamp) -> Result<(), Error> {
        self.execute(EXPIRE, values![enrolment, now]).map(drop)
    }

    /// Takes back every PIN of a computer that was not used yet.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_issuances_of_device(&mut self, device: Id<Device>) -> Result<(), Error> {
        self.execute(REVOKE_DEVICE, values![device]).map(drop)
    }
}

fn issuance(row: &Row) -> Result<Issuance, Error> {
    let step: Option<u64> = row.get("step")?;
    let challenge: Option<String> = row.get("challenge")?;
    let challenge = challenge.and_then(|digits| Challenge::parse(&digits).ok());
    let terms = match (step, challenge) {
        (Some(step), _) => Terms::Time(step),
        (None, Some(challenge)) => Terms::Challenge(challenge),
        (None, None) => return Err(Error::fault("an issued PIN has neither a step nor a challenge")),
    };
    let source: Option<String> = row.get("source")?;
    Ok(Issuance {
        id: row.get("id")?,
        enrolment: row.get("eid")?,
        device: row.get("device_id")?,
        user: row.get("user_id")?,
        terms,
        status: row.parse("status")?,
        source: source.map(|_| row.parse::<Source>("source")).transpose()?,
        reason: row.get("reason")?,
        case: row.get("case_id")?,
        ticket: row.get("ticket")?,
        requested_by: row.get("requested_by")?,
        duration: Duration::from_secs(row.get("duration")?),
        issued_at: row.get("issued_at")?,
        expires_at: row.get("expires_at")?,
        activated_at: row.get("activated_at")?,
        ended_at: row.get("ended_at")?,
        report_seq: row.get("report_seq")?,
    })
}
