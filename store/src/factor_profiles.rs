//! What the tokens of one make have in common, by a name of the organisation's.

use postern_authn::factor::hotp::{Make, MakeName};
use postern_authn::user::fold;
use postern_codes::id::{FactorProfile as FactorProfileKind, Id};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    FACTOR_PROFILES = "SELECT id, name, document, created_at FROM factor_profiles WHERE org_id = $1 ORDER BY id";
    FACTOR_PROFILE_ONE = "SELECT id, name, document, created_at FROM factor_profiles WHERE org_id = $1 AND id = $2";
    FACTOR_PROFILE_INSERT = "INSERT INTO factor_profiles (org_id, id, name, name_folded, document, created_at) \
                             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, name_folded) DO NOTHING";
    FACTOR_PROFILE_DELETE = "DELETE FROM factor_profiles WHERE org_id = $1 AND id = $2";
}

/// A make of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorProfile {
    /// Its id.
    pub id: Id<FactorProfileKind>,
    /// What it is called.
    pub name: String,
    /// What its tokens have in common.
    pub make: Make,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Tx<'_> {
    /// Every make, oldest first. There are few.
    ///
    /// # Errors
    /// Of the database.
    pub fn factor_profiles(&mut self) -> Result<Vec<FactorProfile>, Error> {
        self.rows(FACTOR_PROFILES, values![])?.iter().map(profile).collect()
    }

    /// One make.
    ///
    /// # Errors
    /// Of the database.
    pub fn factor_profile(&mut self, id: Id<FactorProfileKind>) -> Result<Option<FactorProfile>, Error> {
        self.row(FACTOR_PROFILE_ONE, values![id])?.map(|row| profile(&row)).transpose()
    }

    /// Keeps a new make; nothing where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_factor_profile(
        &mut self,
        name: &MakeName,
        make: &Make,
        env: &Env,
    ) -> Result<Option<Id<FactorProfileKind>>, Error> {
        let id = Id::new(env);
        let document = serde_json::to_string(make)?;
        let what = values![id, name.as_str(), fold(name.as_str()), document, env.now];
        Ok((self.execute(FACTOR_PROFILE_INSERT, what)? == 1).then_some(id))
    }

    /// Forgets a make; tokens that are enrolled go on.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_factor_profile(&mut self, id: Id<FactorProfileKind>) -> Result<bool, Error> {
        Ok(self.execute(FACTOR_PROFILE_DELETE, values![id])? == 1)
    }
}

fn profile(row: &Row) -> Result<FactorProfile, Error> {
    Ok(FactorProfile {
        id: row.get("id")?,
        name: row.get("name")?,
        make: row.json("document")?,
        created_at: row.get("created_at")?,
    })
}
