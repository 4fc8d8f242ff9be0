//! What part of a limit one API token may use up.

use postern_codes::id::{ApiToken, Id, PrincipalRateLimit as PrincipalRateLimitKind};
use postern_codes::{Env, Timestamp};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "p.id, p.principal_id, p.percentage, p.concurrency_percentage, p.created_at, p.created_by, p.updated_at, p.updated_by"
    };
}

crate::statements! {
    PRINCIPAL = concat!("SELECT ", columns!(), " FROM principal_rate_limits p WHERE p.org_id = $1 AND p.id = $2");
    PRINCIPAL_DELETE = "DELETE FROM principal_rate_limits WHERE org_id = $1 AND id = $2";
    PRINCIPAL_OF = concat!("SELECT ", columns!(), " FROM principal_rate_limits p WHERE p.org_id = $1 AND p.principal_id = $2");
    PRINCIPALS = concat!("SELECT ", columns!(), " FROM principal_rate_limits p WHERE p.org_id = $1 ORDER BY p.id");
    PRINCIPAL_INSERT = "INSERT INTO principal_rate_limits (org_id, id, principal_id, principal_type, percentage, \
                        concurrency_percentage, created_at, created_by, updated_at, updated_by) \
                        VALUES ($1, $2, $3, 'SSWS_TOKEN', $4, $5, $6, $7, $6, $7) ON CONFLICT (org_id, principal_id) DO NOTHING";
    PRINCIPAL_SET = "UPDATE principal_rate_limits SET percentage = $3, concurrency_percentage = $4, updated_at = $5, \
                     updated_by = $6 WHERE org_id = $1 AND id = $2";
}

const LIST: &str = concat!("SELECT ", columns!(), " FROM principal_rate_limits p WHERE p.org_id = $1");

/// What they can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "principalId", column: Column::Exact("p.principal_id") },
    Attribute { name: "principalType", column: Column::Exact("p.principal_type") },
];

/// Per cent of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Of the requests of a bucket.
    pub requests: u32,
    /// Of those under way at once.
    pub at_once: u32,
}

/// What part of a limit a token may use up.
#[derive(Debug, Clone)]
pub struct PrincipalLimit {
    /// Its id.
    pub id: Id<PrincipalRateLimitKind>,
    /// The token.
    pub token: Id<ApiToken>,
    /// What part.
    pub share: Share,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: String,
}

impl Tx<'_> {
    /// Every part that is set, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn principal_limits(&mut self) -> Result<Vec<PrincipalLimit>, Error> {
        self.rows(PRINCIPALS, values![])?.iter().map(principal).collect()
    }

    /// Those that fulfil a condition over [`ATTRIBUTES`], oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn principal_limits_page(
        &mut self,
        condition: Option<Condition>,
        after: Option<Id<PrincipalRateLimitKind>>,
        limit: u32,
    ) -> Result<Vec<PrincipalLimit>, Error> {
        let after = after.map(|after| Condition::new("p.id > ?", values![after]));
        Search::of(LIST).and_if(condition).and_if(after).run(self, "p.id", limit)?.iter().map(principal).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// Of the database.
    pub fn principal_limit(&mut self, id: Id<PrincipalRateLimitKind>) -> Result<Option<PrincipalLimit>, Error> {
        self.row(PRINCIPAL, values![id])?.as_ref().map(principal).transpose()
    }

    /// What is set for a token.
    ///
    /// # Errors
    /// Of the database.
    pub fn principal_limit_of(&mut self, token: Id<ApiToken>) -> Result<Option<PrincipalLimit>, Error> {
        self.row(PRINCIPAL_OF, values![token])?.as_ref().map(principal).transpose()
    }

    /// Takes back what was set for a token.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_principal_limit(&mut self, id: Id<PrincipalRateLimitKind>, now: Timestamp) -> Result<(), Error> {
        self.one(PRINCIPAL_DELETE, values![id])?;
        self.note_perimeter(now)
    }

    /// Sets a token's part; `None` where it is set already.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_principal_limit(
        &mut self,
        token: Id<ApiToken>,
        share: Share,
        by: &str,
        env: &Env,
    ) -> Result<Option<Id<PrincipalRateLimitKind>>, Error> {
        let id = Id::new(env);
        let made = self.execute(PRINCIPAL_INSERT, values![id, token, share.requests, share.at_once, env.now, by])?;
        self.note_perimeter(env.now)?;
        Ok((made == 1).then_some(id))
    }

    /// Sets another part.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_principal_limit(
        &mut self,
        id: Id<PrincipalRateLimitKind>,
        share: Share,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.one(PRINCIPAL_SET, values![id, share.requests, share.at_once, now, by])?;
        self.note_perimeter(now)
    }
}

fn principal(row: &Row) -> Result<PrincipalLimit, Error> {
    Ok(PrincipalLimit {
        id: row.get("id")?,
        token: row.get("principal_id")?,
        share: Share { requests: row.get("percentage")?, at_once: row.get("concurrency_percentage")? },
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
    })
}
