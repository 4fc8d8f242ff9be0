//! Trusted web origins and what each may do.

use postern_authn::network::{OriginDraft, OriginName, OriginScope, ScopeGrant, WebOrigin};
use postern_codes::id::{Id, TrustedOrigin as TrustedOriginKind};
use postern_codes::{Env, Timestamp};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

macro_rules! columns {
    () => {
        "o.id, o.name, o.origin, o.status, o.created_at, o.created_by, o.updated_at, o.updated_by"
    };
}

crate::statements! {
    ORIGIN = concat!("SELECT ", columns!(), " FROM trusted_origins o WHERE o.org_id = $1 AND o.id = $2");
    /// The scopes of the origins of a page, whose first and last are $2 and $3.
    SCOPES = "SELECT origin_id, scope, apps FROM trusted_origin_scopes WHERE org_id = $1 AND origin_id >= $2 AND origin_id <= $3 \
              ORDER BY origin_id, scope";
    ACTIVE = "SELECT o.origin FROM trusted_origins o WHERE o.org_id = $1 AND o.status = 'ACTIVE' AND EXISTS (SELECT 1 FROM \
              trusted_origin_scopes s WHERE s.org_id = o.org_id AND s.origin_id = o.id AND s.scope = $2)";
    /// Either of two things may be taken, so nothing says which.
    ORIGIN_INSERT = "INSERT INTO trusted_origins (org_id, id, name, name_folded, origin, status, created_at, created_by, \
                     updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, 'ACTIVE', $6, $7, $6, $7) ON CONFLICT DO NOTHING";
    NAME_TAKEN = "SELECT id FROM trusted_origins WHERE org_id = $1 AND name_folded = $2 AND id <> $3";
    ORIGIN_TAKEN = "SELECT id FROM trusted_origins WHERE org_id = $1 AND origin = $2 AND id <> $3";
    ORIGIN_SET = "UPDATE trusted_origins SET name = $3, name_folded = $4, origin = $5, updated_at = $6, updated_by = $7 \
                  WHERE org_id = $1 AND id = $2";
    STATUS_SET = "UPDATE trusted_origins SET status = $3, updated_at = $4, updated_by = $5 WHERE org_id = $1 AND id = $2";
    SCOPES_CLEAR = "DELETE FROM trusted_origin_scopes WHERE org_id = $1 AND origin_id = $2";
    SCOPE_INSERT = "INSERT INTO trusted_origin_scopes (org_id, origin_id, scope, apps) VALUES ($1, $2, $3, $4)";
    ORIGIN_DELETE = "DELETE FROM trusted_origins WHERE org_id = $1 AND id = $2";
}

const LIST: &str = concat!("SELECT ", columns!(), " FROM trusted_origins o WHERE o.org_id = $1");

/// What trusted origins can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "id", column: Column::Exact("o.id") },
    Attribute { name: "name", column: Column::Folded("o.name") },
    Attribute { name: "origin", column: Column::Exact("o.origin") },
    Attribute { name: "status", column: Column::Exact("o.status") },
    Attribute {
        name: "type",
        column: Column::AnyOf(
            "EXISTS (SELECT 1 FROM trusted_origin_scopes s WHERE s.org_id = o.org_id AND s.origin_id = o.id",
            "s.scope",
        ),
    },
];

/// A web origin that is trusted.
#[derive(Debug, Clone)]
pub struct TrustedOrigin {
    /// Its id.
    pub id: Id<TrustedOriginKind>,
    /// What people call it.
    pub name: OriginName,
    /// The origin.
    pub origin: WebOrigin,
    /// What it may do.
    pub scopes: Vec<ScopeGrant>,
    /// Whether it may do it now.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: String,
}

/// Which trusted origins are wanted.
#[derive(Debug, Clone, Default)]
pub struct OriginQuery {
    /// Beginning of the name or the origin.
    pub words: Option<String>,
    /// A filter over [`ATTRIBUTES`].
    pub condition: Option<Condition>,
    /// Only those that follow this one.
    pub after: Option<Id<TrustedOriginKind>>,
}

/// What of a draft is taken by another origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Its name.
    Name,
    /// Its origin.
    Origin,
}

impl Tx<'_> {
    /// Trusted origins, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn trusted_origins(&mut self, query: &OriginQuery, limit: u32) -> Result<Vec<TrustedOrigin>, Error> {
        let words = query.words.as_deref().map(|words| {
            let words = words.to_lowercase();
            let text = "(substr(o.name_folded, 1, length(CAST(? AS TEXT))) = ? OR \
                        substr(o.origin, 1, length(CAST(? AS TEXT))) = ?)";
            Condition::new(text, values![&words, &words, &words, &words])
        });
        let after = query.after.map(|after| Condition::new("o.id > ?", values![after]));
        let search = Search::of(LIST).and_if(words).and_if(query.condition.clone()).and_if(after);
        let rows = search.run(self, "o.id", limit)?;
        let mut origins = rows.iter().map(origin).collect::<Result<Vec<_>, _>>()?;
        if let (Some(first), Some(last)) = (origins.first(), origins.last()) {
            for row in self.rows(SCOPES, values![first.id, last.id])? {
                let of: Id<TrustedOriginKind> = row.get("origin_id")?;
                if let Some(origin) = origins.iter_mut().find(|origin| origin.id == of) {
                    origin.scopes.push(scope(&row)?);
                }
            }
        }
        Ok(origins)
    }

    /// One trusted origin.
    ///
    /// # Errors
    /// Of the database.
    pub fn trusted_origin(&mut self, id: Id<TrustedOriginKind>) -> Result<Option<TrustedOrigin>, Error> {
        let Some(row) = self.row(ORIGIN, values![id])? else { return Ok(None) };
        let mut found = origin(&row)?;
        found.scopes = self.rows(SCOPES, values![id, id])?.iter().map(scope).collect::<Result<_, _>>()?;
        Ok(Some(found))
    }

    /// The active origins that may do this.
    ///
    /// # Errors
    /// Of the database.
    pub fn origins_for(&mut self, scope: OriginScope) -> Result<Vec<String>, Error> {
        self.rows(ACTIVE, values![scope.as_str()])?.iter().map(|row| row.get("origin")).collect()
    }

    /// Trusts an origin.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_trusted_origin(
        &mut self,
        draft: &OriginDraft,
        by: &str,
        env: &Env,
    ) -> Result<Result<Id<TrustedOriginKind>, Taken>, Error> {
        let id = Id::new(env);
        if let Some(taken) = self.taken(id, draft)? {
            return Ok(Err(taken));
        }
        let (name, folded, origin) = (draft.name.as_str(), draft.name.folded(), draft.origin.as_str());
        // Nothing where another server was quicker since the look above: then the name is as good a reason as the origin.
        if self.execute(ORIGIN_INSERT, values![id, name, folded, origin, env.now, by])? == 0 {
            return Ok(Err(Taken::Name));
        }
        self.put_scopes(id, draft)?;
        self.note_perimeter(env.now)?;
        Ok(Ok(id))
    }

    /// Makes another trusted origin of this one.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_trusted_origin(
        &mut self,
        id: Id<TrustedOriginKind>,
        draft: &OriginDraft,
        by: &str,
        now: Timestamp,
    ) -> Result<Option<Taken>, Error> {
        if let Some(taken) = self.taken(id, draft)? {
            return Ok(Some(taken));
        }
        let (name, folded, origin) = (draft.name.as_str(), draft.name.folded(), draft.origin.as_str());
        self.one(ORIGIN_SET, values![id, name, folded, origin, now, by])?;
        self.execute(SCOPES_CLEAR, values![id])?;
        self.put_scopes(id, draft)?;
        self.note_perimeter(now)?;
        Ok(None)
    }

    /// Has an origin be trusted, or not for now.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_origin_status(
        &mut self,
        id: Id<TrustedOriginKind>,
        is_active: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let status = if is_active { "ACTIVE" } else { "INACTIVE" };
        self.one(STATUS_SET, values![id, status, now, by])?;
        self.note_perimeter(now)
    }

    /// Trusts an origin no longer.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_trusted_origin(&mut self, id: Id<TrustedOriginKind>, now: Timestamp) -> Result<(), Error> {
        self.execute(SCOPES_CLEAR, values![id])?;
        self.one(ORIGIN_DELETE, values![id])?;
        self.note_perimeter(now)
    }

    fn taken(&mut self, id: Id<TrustedOriginKind>, draft: &OriginDraft) -> Result<Option<Taken>, Error> {
        if self.row(NAME_TAKEN, values![draft.name.folded(), id])?.is_some() {
            return Ok(Some(Taken::Name));
        }
        Ok(self.row(ORIGIN_TAKEN, values![draft.origin.as_str(), id])?.map(|_| Taken::Origin))
    }

    fn put_scopes(&mut self, id: Id<TrustedOriginKind>, draft: &OriginDraft) -> Result<(), Error> {
        for ScopeGrant { scope, apps } in &draft.scopes {
            self.one(SCOPE_INSERT, values![id, scope.as_str(), apps.join(" ")])?;
        }
        Ok(())
    }
}

/// Without its scopes.
fn origin(row: &Row) -> Result<TrustedOrigin, Error> {
    let status: String = row.get("status")?;
    Ok(TrustedOrigin {
        id: row.get("id")?,
        name: row.parse("name")?,
        origin: row.parse("origin")?,
        scopes: Vec::new(),
        is_active: status == "ACTIVE",
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
    })
}

fn scope(row: &Row) -> Result<ScopeGrant, Error> {
    let apps: String = row.get("apps")?;
    Ok(ScopeGrant { scope: row.parse("scope")?, apps: apps.split_whitespace().map(str::to_owned).collect() })
}
