//! Recovery cases. A case is changed by whoever holds its row, from what they read there: of two changes side by side the
//! second sees the first.

use postern_authn::recovery::case::Case;
use postern_codes::Timestamp;
use postern_codes::id::{Id, RecoveryCase, User};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    NUMBER_NEXT = "INSERT INTO recovery_case_numbers (org_id, last) VALUES ($1, 1001) \
                   ON CONFLICT (org_id) DO UPDATE SET last = recovery_case_numbers.last + 1 RETURNING last";
    CASE_INSERT = "INSERT INTO recovery_cases (org_id, id, number, user_id, agent_id, stage, opened_at, changed_at, version, \
                   document) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9) \
                   ON CONFLICT (org_id, user_id) WHERE ended_at IS NULL DO NOTHING";
    CASE = "SELECT document FROM recovery_cases WHERE org_id = $1 AND id = $2";
    CASE_NUMBERED = "SELECT document FROM recovery_cases WHERE org_id = $1 AND number = $2";
    CASE_HOLD = "UPDATE recovery_cases SET version = version WHERE org_id = $1 AND id = $2 RETURNING document";
    CASE_OPEN = "SELECT document FROM recovery_cases WHERE org_id = $1 AND user_id = $2 AND ended_at IS NULL";
    CASE_SAVE = "UPDATE recovery_cases SET agent_id = $3, stage = $4, changed_at = $5, ended_at = $6, version = $7 + 1, \
                 document = $8, due_at = $9, manager_id = $10 WHERE org_id = $1 AND id = $2 AND version = $7";
    CASES_OF = "SELECT document FROM recovery_cases WHERE org_id = $1 AND user_id = $2 ORDER BY opened_at DESC LIMIT 50";
    CASES_UNDER_WAY = "SELECT document FROM recovery_cases WHERE org_id = $1 AND ended_at IS NULL \
                       ORDER BY changed_at DESC LIMIT 200";
    CASES_BETWEEN = "SELECT document FROM recovery_cases WHERE org_id = $1 AND opened_at >= $2 AND opened_at < $3 \
                     AND (opened_at, id) < ($4, $5) ORDER BY opened_at DESC, id DESC LIMIT $6";
    CASES_DUE = "SELECT id FROM recovery_cases WHERE org_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT 200";
    CASES_ASKING = "SELECT document FROM recovery_cases WHERE org_id = $1 AND manager_id = $2 AND ended_at IS NULL \
                    ORDER BY changed_at LIMIT 50";
    CASES_SINCE = "SELECT COUNT(*) AS number FROM recovery_cases WHERE org_id = $1 AND opened_at >= $2 AND agent_id = $3";
}

/// A part of the cases, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Opened at or after.
    pub from: Timestamp,
    /// Opened before.
    pub until: Timestamp,
    /// Behind this one, where it is a further page.
    pub after: Option<(Timestamp, Id<RecoveryCase>)>,
    /// At most so many.
    pub limit: u32,
}

impl Tx<'_> {
    /// The number of the next case; one that is not used is left out.
    ///
    /// # Errors
    /// Of the database.
    pub fn next_case_number(&mut self) -> Result<u64, Error> {
        let row = self.row(NUMBER_NEXT, values![])?;
        row.ok_or_else(|| Error::fault("a case got no number"))?.get("last")
    }

    /// Keeps a new case; `false` where the person has one under way.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_case(&mut self, case: &Case) -> Result<bool, Error> {
        let document = serde_json::to_string(case)?;
        let inserted = self.execute(
            CASE_INSERT,
            values![
                case.id,
                case.number,
                case.person,
                case.agent,
                case.stage.as_str(),
                case.opened_at,
                case.version,
                document
            ],
        )?;
        Ok(inserted == 1)
    }

    /// One case.
    ///
    /// # Errors
    /// Of the database.
    pub fn case(&mut self, id: Id<RecoveryCase>) -> Result<Option<Case>, Error> {
        self.row(CASE, values![id])?.map(|row| read(&row)).transpose()
    }

    /// The case of a number.
    ///
    /// # Errors
    /// Of the database.
    pub fn case_numbered(&mut self, number: u64) -> Result<Option<Case>, Error> {
        self.row(CASE_NUMBERED, values![number])?.map(|row| read(&row)).transpose()
    }

    /// One case, to be changed: nobody else changes it until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_case(&mut self, id: Id<RecoveryCase>) -> Result<Option<Case>, Error> {
        self.row(CASE_HOLD, values![id])?.map(|row| read(&row)).transpose()
    }

    /// The case of a person that is under way.
    ///
    /// # Errors
    /// Of the database.
    pub fn open_case_of(&mut self, person: Id<User>) -> Result<Option<Case>, Error> {
        self.row(CASE_OPEN, values![person])?.map(|row| read(&row)).transpose()
    }

    /// Keeps a case that was [held](Self::hold_case) and changed; it counts one version more.
    ///
    /// # Errors
    /// Of the database; a fault where it was not held.
    pub fn save_case(&mut self, case: &mut Case, now: Timestamp) -> Result<(), Error> {
        let before = case.version;
        case.version += 1;
        let ended_at = (!case.stage.is_under_way()).then_some(now);
        let document = serde_json::to_string(case)?;
        let parameters = values![
            case.id,
            case.agent,
            case.stage.as_str(),
            now,
            ended_at,
            before,
            document,
            case.enrol_until,
            case.manager_asked
        ];
        self.one(CASE_SAVE, parameters)
    }

    /// The cases of a person, newest first, at most 50.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_of(&mut self, person: Id<User>) -> Result<Vec<Case>, Error> {
        self.rows(CASES_OF, values![person])?.iter().map(read).collect()
    }

    /// The cases under way, the last changed first, at most 200.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_under_way(&mut self) -> Result<Vec<Case>, Error> {
        self.rows(CASES_UNDER_WAY, values![])?.iter().map(read).collect()
    }

    /// The cases of a span of time, newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_between(&mut self, span: &Span) -> Result<Vec<Case>, Error> {
        let (at, id) = span.after.map_or((span.until, String::new()), |(at, id)| (at, id.to_string()));
        let parameters = values![span.from, span.until, at, id, span.limit];
        self.rows(CASES_BETWEEN, parameters)?.iter().map(read).collect()
    }

    /// The cases in which somebody had to enrol by this moment.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_due(&mut self, now: Timestamp) -> Result<Vec<Id<RecoveryCase>>, Error> {
        self.rows(CASES_DUE, values![now])?.iter().map(|row| row.get("id")).collect()
    }

    /// The cases under way that ask for the word of this manager.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_asking(&mut self, manager: Id<User>) -> Result<Vec<Case>, Error> {
        self.rows(CASES_ASKING, values![manager])?.iter().map(read).collect()
    }

    /// How many cases an agent has that were opened at or after a moment.
    ///
    /// # Errors
    /// Of the database.
    pub fn cases_since(&mut self, since: Timestamp, agent: Id<User>) -> Result<u64, Error> {
        self.row(CASES_SINCE, values![since, agent])?.map_or(Ok(0), |row| row.get("number"))
    }
}

fn read(row: &Row) -> Result<Case, Error> {
    let document: String = row.get("document")?;
    Ok(serde_json::from_str(&document)?)
}
