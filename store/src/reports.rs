//! What computers told, entry by entry, as it was sent.

use postern_codes::Timestamp;
use postern_codes::id::{Id, RecoveryEnrolment};
use postern_codes::report::Report;

use crate::recovery::hash;
use crate::sql::{Error, Tx, values};

crate::statements! {
    REPORT_INSERT = "INSERT INTO recovery_reports (org_id, eid, seq, hash, body, received_at) VALUES ($1, $2, $3, $4, $5, $6)";
    REPORT_HASH = "SELECT hash FROM recovery_reports WHERE org_id = $1 AND eid = $2 AND seq = $3";
}

impl Tx<'_> {
    /// Keeps an entry.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_report(
        &mut self,
        enrolment: Id<RecoveryEnrolment>,
        report: &Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        let body = serde_json::to_string(&report.json)?;
        self.one(REPORT_INSERT, values![enrolment, report.chain.seq, report.chain.hash, body, now])
    }

    /// The hash of an entry that is known.
    ///
    /// # Errors
    /// Of the database.
    pub fn report_hash(&mut self, enrolment: Id<RecoveryEnrolment>, seq: u64) -> Result<Option<[u8; 32]>, Error> {
        self.row(REPORT_HASH, values![enrolment, seq])?.as_ref().map(|row| hash(row, "hash")).transpose()
    }
}
