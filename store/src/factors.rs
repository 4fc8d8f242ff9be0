//! Enrolled factors: one fixed row serves every type. The counter only rises, by one guarded statement; failures are
//! counted in [`limits`](crate::limits) under the factor's id.

use postern_authn::factor::{Enrolled, FactorSecret, NewFactor};
use postern_codes::id::{Factor, Id, User};
use postern_codes::{Env, Place, Sealed, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    FACTORS_OF = "SELECT id, user_id, kind, provider, profile, secret, counter, created_at, last_used_at, version \
                  FROM factors WHERE org_id = $1 AND user_id = $2 AND retired_at IS NULL AND status = 'ACTIVE' \
                  ORDER BY created_at, id";
    /// Of all the organisation, by what an answer names before anybody has said who they are.
    FACTOR_OWNER = "SELECT user_id FROM factors WHERE org_id = $1 AND handle = $2 AND retired_at IS NULL";
    FACTOR_INSERT = "INSERT INTO factors (org_id, id, user_id, kind, provider, status, profile, secret, counter, handle, \
                     created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'ACTIVE', $6, $7, $8, $9, $10, $10)";
    /// Uses up every counter to $4. Of attempts side by side with one answer, one gets the row.
    FACTOR_CONSUME = "UPDATE factors SET counter = $4, last_used_at = $5 WHERE org_id = $1 AND id = $2 \
                      AND version = $3 AND counter < $4 AND status = 'ACTIVE' AND retired_at IS NULL RETURNING counter";
    /// Of a device that does not count: what it was asked is used up already.
    FACTOR_USED = "UPDATE factors SET last_used_at = $4 WHERE org_id = $1 AND id = $2 AND version = $3 \
                   AND counter = 0 AND status = 'ACTIVE' AND retired_at IS NULL";
    FACTOR_PROFILE = "UPDATE factors SET profile = $4, updated_at = $5, version = version + 1 \
                      WHERE org_id = $1 AND id = $2 AND version = $3 AND retired_at IS NULL";
    FACTOR_RETIRE = "UPDATE factors SET retired_at = $3, updated_at = $3, version = version + 1 \
                     WHERE org_id = $1 AND id = $2 AND retired_at IS NULL";
}

impl Tx<'_> {
    /// The factors that a person can prove, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn factors_of(&mut self, user: Id<User>) -> Result<Vec<Enrolled>, Error> {
        self.rows(FACTORS_OF, values![user])?.iter().map(enrolled).collect()
    }

    /// Enrols a factor whose first answer was right; that answer is used up.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_factor(&mut self, new: &NewFactor, env: &Env) -> Result<Id<Factor>, Error> {
        let id = Id::with_prefix(new.kind.factor().id_prefix(), env);
        let sealed: Sealed<FactorSecret> = self.keyring().seal(place(id), new.secret.expose(), env);
        let profile = serde_json::to_string(&new.profile)?;
        let (kind, counter) = (new.kind.as_str(), stored(new.counter)?);
        let handle = new.kind.factor().handle(&new.profile);
        self.one(FACTOR_INSERT, values![id, new.user, kind, new.provider, profile, &sealed, counter, handle, env.now])?;
        Ok(id)
    }

    /// Whose factor this names, by [`handle`](postern_authn::factor::Factor::handle).
    ///
    /// # Errors
    /// Of the database.
    pub fn factor_owner(&mut self, handle: [u8; 32]) -> Result<Option<Id<User>>, Error> {
        self.row(FACTOR_OWNER, values![handle])?.map(|row| row.get("user_id")).transpose()
    }

    /// Uses up an answer: `false` where its counter was used before, or the factor changed since `version`. An answer
    /// without a counter is one of a factor that never had one.
    ///
    /// # Errors
    /// Of the database.
    pub fn consume_answer(
        &mut self,
        (id, version): (Id<Factor>, i64),
        counter: impl Into<Option<u64>>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        match counter.into() {
            Some(counter) => Ok(self.row(FACTOR_CONSUME, values![id, version, stored(counter)?, now])?.is_some()),
            None => Ok(self.execute(FACTOR_USED, values![id, version, now])? == 1),
        }
    }

    /// Keeps what the API shows of a factor from now on; `false` where it changed since `version`.
    ///
    /// # Errors
    /// Of the database.
    pub fn save_factor_profile(
        &mut self,
        (id, version): (Id<Factor>, i64),
        profile: &serde_json::Value,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let profile = serde_json::to_string(profile)?;
        Ok(self.execute(FACTOR_PROFILE, values![id, version, profile, now])? == 1)
    }

    /// Retires a factor; `false` where it is retired already.
    ///
    /// # Errors
    /// Of the database.
    pub fn retire_factor(&mut self, id: Id<Factor>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(FACTOR_RETIRE, values![id, now])? == 1)
    }
}

fn enrolled(row: &Row) -> Result<Enrolled, Error> {
    let id = row.get("id")?;
    Ok(Enrolled {
        id,
        user: row.get("user_id")?,
        kind: row.parse("kind")?,
        provider: row.get("provider")?,
        profile: row.json("profile")?,
        secret: row.sealed(place(id))?,
        counter: u64::try_from(row.get::<i64>("counter")?).map_err(Error::fault)?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        version: row.get("version")?,
    })
}

fn stored(counter: u64) -> Result<i64, Error> {
    i64::try_from(counter).map_err(Error::fault)
}

fn place(id: Id<Factor>) -> Place {
    Place::new("factors", id, "secret")
}
