//! Codes that were sent or handed over, found by their tag. Each is used up by one guarded statement, and counts only for
//! what it was made for.

use postern_authn::factor::{Enrolled, SentCode};
use postern_codes::id::{Device, Factor, Id, Session, User};
use postern_codes::{Secret, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    CODES_OF = "SELECT mac, expires_at, used_at FROM factor_codes WHERE org_id = $1 AND factor_id = $2 AND bound_to = $3";
    CODE_PUT = "INSERT INTO factor_codes (org_id, factor_id, user_id, bound_to, mac, created_at, expires_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, factor_id, bound_to, mac) DO UPDATE SET \
                created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL";
    /// A code that is sent makes those before it void; they are told from wrong ones for a while.
    CODES_VOID = "UPDATE factor_codes SET expires_at = $4 WHERE org_id = $1 AND factor_id = $2 AND bound_to = $3 \
                  AND used_at IS NULL AND expires_at > $4";
    /// Of attempts side by side with one code, one gets the row.
    CODE_CONSUME = "UPDATE factor_codes SET used_at = $5 WHERE org_id = $1 AND factor_id = $2 AND bound_to = $3 AND mac = $4 \
                    AND used_at IS NULL AND (expires_at IS NULL OR expires_at > $5) RETURNING factor_id";
    CODES_LEFT = "SELECT COUNT(*) AS remaining FROM factor_codes WHERE org_id = $1 AND factor_id = $2 AND bound_to = '' \
                  AND used_at IS NULL";
    CODES_FORGET = "DELETE FROM factor_codes WHERE org_id = $1 AND factor_id = $2";
    CODES_FORGET_USER = "DELETE FROM factor_codes WHERE org_id = $1 AND user_id = $2";
    CODES_SWEEP = "DELETE FROM factor_codes WHERE org_id = $1 AND expires_at < $2";
}

/// What a code is sent for. A code for one thing counts for no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bond {
    /// A check of a program of the organisation's own.
    Api,
    /// Sign-ins at one computer.
    Computer(Id<Device>),
    /// The first answer of the factor itself.
    Enrolment,
    /// One sign-in, by the hash of its token.
    SignIn(String),
    /// One session, before something weighty.
    StepUp(Id<Session>),
}

impl Bond {
    /// How it is stored.
    pub fn text(&self) -> String {
        match self {
            Self::Api => "API".to_owned(),
            Self::Computer(device) => format!("COMPUTER {device}"),
            Self::Enrolment => "ENROLMENT".to_owned(),
            Self::SignIn(flow) => format!("SIGN_IN {flow}"),
            Self::StepUp(session) => format!("STEP_UP {session}"),
        }
    }
}

/// What the codes of a factor are bound to: those that were handed over are bound to nothing.
fn bound_to(factor: &Enrolled, bond: &Bond) -> String {
    if factor.kind.factor().has_standing_codes() { String::new() } else { bond.text() }
}

impl Tx<'_> {
    /// The tag of a code.
    pub fn code_tag(&self, factor: &Enrolled, bond: &Bond, code: &str) -> [u8; 32] {
        tag(self.keyring(), factor, bond, code)
    }

    /// The codes of a factor that count for what is proved, or did.
    ///
    /// # Errors
    /// Of the database.
    pub fn codes_of(&mut self, factor: &Enrolled, bond: &Bond) -> Result<Vec<SentCode>, Error> {
        let kind = factor.kind.factor();
        if kind.channel().is_none() && !kind.has_standing_codes() {
            return Ok(Vec::new());
        }
        self.rows(CODES_OF, values![factor.id, bound_to(factor, bond)])?.iter().map(code).collect()
    }

    /// Keeps the tag of a code; those that were sent for the same thing before are void.
    ///
    /// # Errors
    /// Of the database.
    pub fn put_code(
        &mut self,
        (factor, bond): (&Enrolled, &Bond),
        code: &Secret<String>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let bound_to = bound_to(factor, bond);
        let mac = self.code_tag(factor, bond, code.expose());
        if expires_at.is_some() {
            self.execute(CODES_VOID, values![factor.id, &bound_to, now])?;
        }
        self.one(CODE_PUT, values![factor.id, factor.user, &bound_to, mac, now, expires_at])
    }

    /// Uses up a code; `false` where it was used before, is over, or was made for something else.
    ///
    /// # Errors
    /// Of the database.
    pub fn consume_code(
        &mut self,
        factor: &Enrolled,
        bond: &Bond,
        mac: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.row(CODE_CONSUME, values![factor.id, bound_to(factor, bond), mac, now])?.is_some())
    }

    /// How many codes of a set are left.
    ///
    /// # Errors
    /// Of the database.
    pub fn codes_left(&mut self, factor: Id<Factor>) -> Result<u64, Error> {
        self.row(CODES_LEFT, values![factor])?.map_or(Ok(0), |row| row.get("remaining"))
    }

    /// Forgets every code of a factor.
    ///
    /// # Errors
    /// Of the database.
    pub fn forget_codes(&mut self, factor: Id<Factor>) -> Result<(), Error> {
        self.execute(CODES_FORGET, values![factor]).map(drop)
    }

    pub(crate) fn forget_codes_of(&mut self, user: Id<User>) -> Result<(), Error> {
        self.execute(CODES_FORGET_USER, values![user]).map(drop)
    }

    pub(crate) fn sweep_codes(&mut self, before: Timestamp) -> Result<u64, Error> {
        self.execute(CODES_SWEEP, values![before])
    }
}

/// The tag of a code, bound to its factor and to what it is for.
pub fn tag(keyring: &postern_codes::mac::Keyring, factor: &Enrolled, bond: &Bond, code: &str) -> [u8; 32] {
    let bound_to = bound_to(factor, bond);
    keyring.index(&[b"factor_codes", factor.id.as_str().as_bytes(), bound_to.as_bytes(), code.as_bytes()])
}

fn code(row: &Row) -> Result<SentCode, Error> {
    let mac: Vec<u8> = row.get("mac")?;
    let mac = mac.try_into().map_err(|_| Error::fault("a code's tag has another length"))?;
    Ok(SentCode { mac, expires_at: row.get("expires_at")?, used_at: row.get("used_at")? })
}
