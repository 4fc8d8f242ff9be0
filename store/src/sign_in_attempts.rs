//! The newest attempts of somebody to sign in, as the record has them.

use postern_authn::audit::EventType;
use postern_authn::recovery::red_flags::{Attempt, End};
use postern_codes::id::{Id, User};

use crate::audit::Personal;
use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    /// A walk from the end of what somebody did; what it is looks at few and names nobody else.
    ATTEMPTS = "SELECT e.event_type, e.outcome, e.published, p.body AS personal FROM audit_events e \
                LEFT JOIN audit_personal p ON p.org_id = e.org_id AND p.event_id = e.id \
                WHERE e.org_id = $1 AND e.actor_id = $2 ORDER BY e.position DESC LIMIT 400";
}

impl Tx<'_> {
    /// The attempts of somebody to sign in among the newest that they did.
    ///
    /// # Errors
    /// Of the database.
    pub fn sign_in_attempts(&mut self, user: Id<User>) -> Result<Vec<Attempt>, Error> {
        let rows = self.rows(ATTEMPTS, values![user.as_str()])?;
        let found: Result<Vec<_>, _> = rows.iter().map(attempt).collect();
        Ok(found?.into_iter().flatten().collect())
    }
}

fn attempt(row: &Row) -> Result<Option<Attempt>, Error> {
    let (kind, outcome): (String, String) = (row.get("event_type")?, row.get("outcome")?);
    let end = match (kind.as_str(), outcome.as_str()) {
        (own, "SUCCESS") if own == EventType::SessionStart.as_str() => End::SignedIn,
        (own, "SUCCESS") if own == EventType::UserAuthFactor.as_str() => End::Step,
        (own, _) if own == EventType::SessionStart.as_str() || own == EventType::UserAuthFactor.as_str() => End::Failed,
        _ => return Ok(None),
    };
    let personal: Option<String> = row.get("personal")?;
    let address = match personal {
        Some(text) => serde_json::from_str::<Personal>(&text)?.ip,
        None => String::new(),
    };
    Ok(Some(Attempt { at: row.get("published")?, address, end }))
}
