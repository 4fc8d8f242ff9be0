//! Enrolled factors: one fixed row serves every type. The counter only rises, by one guarded statement; failures are
//! counted in [`limits`](crate::limits) under the factor's id.

use std::collections::BTreeMap;

use postern_authn::factor::{
    self, Activated, Consume, Enrolled, FactorSecret, Kind, NewFactor, Provider, SentCode, Status, webauthn,
};
use postern_codes::id::{Factor, Id, User};
use postern_codes::{Env, Place, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

use crate::factor_codes::Bond;
use crate::settings::Setting;
use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    FACTORS_OF = "SELECT id, user_id, kind, provider, status, profile, secret, counter, created_at, updated_at, last_used_at, \
                  version FROM factors WHERE org_id = $1 AND user_id = $2 AND retired_at IS NULL ORDER BY created_at, id";
    /// Of all the organisation, by what an answer names before anybody has said who they are.
    FACTOR_OWNER = "SELECT user_id FROM factors WHERE org_id = $1 AND handle = $2 AND retired_at IS NULL";
    FACTOR_INSERT = "INSERT INTO factors (org_id, id, user_id, kind, provider, status, profile, secret, counter, handle, \
                     created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    /// Of answers side by side to one factor that waits, one finds it waiting.
    FACTOR_ACTIVATE = "UPDATE factors SET status = 'ACTIVE', profile = $4, secret = $5, counter = $6, handle = $7, \
                       updated_at = $8, version = version + 1 WHERE org_id = $1 AND id = $2 AND version = $3 \
                       AND status = 'PENDING_ACTIVATION' AND retired_at IS NULL";
    /// What was begun and is begun anew.
    FACTORS_ABANDON = "UPDATE factors SET retired_at = $5, updated_at = $5, version = version + 1 WHERE org_id = $1 \
                       AND user_id = $2 AND kind = $3 AND provider = $4 AND status = 'PENDING_ACTIVATION' AND retired_at IS NULL";
    /// What was begun and never finished.
    FACTORS_LAPSE = "UPDATE factors SET retired_at = $3, updated_at = $3, version = version + 1 WHERE org_id = $1 \
                     AND status = 'PENDING_ACTIVATION' AND retired_at IS NULL AND created_at < $2";
    /// Uses up every counter to $4. Of attempts side by side with one answer, one gets the row.
    FACTOR_CONSUME = "UPDATE factors SET counter = $4, last_used_at = $5 WHERE org_id = $1 AND id = $2 \
                      AND version = $3 AND counter < $4 AND status = 'ACTIVE' AND retired_at IS NULL RETURNING counter";
    /// Of a factor that does not count: what its answer was to is used up already, or nothing is.
    FACTOR_USED = "UPDATE factors SET last_used_at = $4 WHERE org_id = $1 AND id = $2 AND version = $3 \
                   AND counter = 0 AND status = 'ACTIVE' AND retired_at IS NULL";
    FACTOR_PROFILE = "UPDATE factors SET profile = $4, updated_at = $5, version = version + 1 \
                      WHERE org_id = $1 AND id = $2 AND version = $3 AND retired_at IS NULL";
    FACTOR_RETIRE = "UPDATE factors SET retired_at = $3, updated_at = $3, version = version + 1 \
                     WHERE org_id = $1 AND id = $2 AND retired_at IS NULL";
    /// Changes nothing; takes the person's row, so that what is done to their factors is done one after the other.
    FACTORS_HOLD = "UPDATE users SET failures = failures WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL";
}

/// Which factors an organisation allows, by their name; what a factor says of itself, where nothing is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrgFactors(pub BTreeMap<String, bool>);

impl Setting for OrgFactors {
    const NAME: &'static str = "org_factors";
}

impl Setting for webauthn::Demands {
    const NAME: &'static str = "webauthn";
}

impl OrgFactors {
    /// Every factor allowed.
    pub fn all() -> Self {
        Self(factor::org_factors().map(|(_, provider)| (provider.org_factor.to_owned(), true)).collect())
    }

    /// Whether a factor of this maker is allowed.
    pub fn allows(&self, provider: &Provider) -> bool {
        self.0.get(provider.org_factor).copied().unwrap_or(provider.off_because.is_none())
    }

    /// Whether this very factor is allowed.
    pub fn allows_factor(&self, factor: &Enrolled) -> bool {
        factor.kind.provider(&factor.provider).is_some_and(|provider| self.allows(provider))
    }
}

/// A factor that may judge an answer, and the codes that it judges by.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The factor.
    pub factor: Enrolled,
    /// The codes that were handed over, or sent for this.
    pub codes: Vec<SentCode>,
}

impl Tx<'_> {
    /// The factors that a person has enrolled, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn factors_of(&mut self, user: Id<User>) -> Result<Vec<Enrolled>, Error> {
        let mut all = self.all_factors_of(user)?;
        all.retain(|factor| factor.status == Status::Active);
        Ok(all)
    }

    /// The same, and those that wait for their first answer.
    ///
    /// # Errors
    /// Of the database.
    pub fn all_factors_of(&mut self, user: Id<User>) -> Result<Vec<Enrolled>, Error> {
        self.rows(FACTORS_OF, values![user])?.iter().map(enrolled).collect()
    }

    /// The factors that may prove their person now: enrolled, and of a kind that the organisation allows.
    ///
    /// # Errors
    /// Of the database.
    pub fn usable_factors_of(&mut self, user: Id<User>) -> Result<Vec<Enrolled>, Error> {
        let (allowed, _) = self.setting::<OrgFactors>()?;
        let mut all = self.factors_of(user)?;
        all.retain(|factor| allowed.allows_factor(factor));
        Ok(all)
    }

    /// The same, with the codes that count for what is proved.
    ///
    /// # Errors
    /// Of the database.
    pub fn candidates(&mut self, user: Id<User>, bond: &Bond) -> Result<Vec<Candidate>, Error> {
        let usable = self.usable_factors_of(user)?;
        self.with_codes(usable, bond)
    }

    /// Factors with the codes that count for what is proved.
    ///
    /// # Errors
    /// Of the database.
    pub fn with_codes(&mut self, factors: Vec<Enrolled>, bond: &Bond) -> Result<Vec<Candidate>, Error> {
        let mut candidates = Vec::with_capacity(factors.len());
        for factor in factors {
            let codes = self.codes_of(&factor, bond)?;
            candidates.push(Candidate { factor, codes });
        }
        Ok(candidates)
    }

    /// Takes a person's row until the commit: of two changes to their factors the second sees the first. `false` for
    /// nobody.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_factors_of(&mut self, user: Id<User>) -> Result<bool, Error> {
        Ok(self.execute(FACTORS_HOLD, values![user])? == 1)
    }

    /// Keeps a new factor. Of one that is active the first answer was right, and is used up.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_factor(&mut self, new: &NewFactor, env: &Env) -> Result<Id<Factor>, Error> {
        let id = Id::with_prefix(new.kind.factor().id_prefix(), env);
        let sealed: Sealed<FactorSecret> = self.keyring().seal(place(id), new.secret.expose(), env);
        let profile = serde_json::to_string(&new.profile)?;
        let (kind, counter, status) = (new.kind.as_str(), stored(new.counter)?, new.status.as_str());
        let handle = new.kind.factor().handle(&new.profile);
        let provider = new.provider;
        self.one(
            FACTOR_INSERT,
            values![id, new.user, kind, provider, status, profile, &sealed, counter, handle, env.now],
        )?;
        Ok(id)
    }

    /// Makes a factor count that waited for its first answer; `false` where it waits no more, or the answer was used
    /// before. Its code, where there was one, is used up by the same transaction.
    ///
    /// # Errors
    /// Of the database.
    pub fn activate_factor(&mut self, factor: &Enrolled, made: &Activated, env: &Env) -> Result<bool, Error> {
        let counter = match made.consumes {
            Consume::Counter(counter) => counter,
            Consume::Code(mac) if !self.consume_code(factor, &Bond::Enrolment, mac, env.now)? => return Ok(false),
            Consume::Code(_) | Consume::Nothing => factor.counter,
        };
        let sealed = made.secret.as_ref().map(|secret| self.keyring().seal(place(factor.id), secret.expose(), env));
        let sealed: &Sealed<FactorSecret> = sealed.as_ref().unwrap_or(&factor.secret);
        let profile = made.profile.as_ref().unwrap_or(&factor.profile);
        let handle = factor.kind.factor().handle(profile);
        let (profile, counter) = (serde_json::to_string(profile)?, stored(counter)?);
        let what = values![factor.id, factor.version, profile, sealed, counter, handle, env.now];
        Ok(self.execute(FACTOR_ACTIVATE, what)? == 1)
    }

    /// Retires what somebody began to enrol of this type and maker.
    ///
    /// # Errors
    /// Of the database.
    pub fn abandon_factors(
        &mut self,
        user: Id<User>,
        (kind, provider): (Kind, &Provider),
        now: Timestamp,
    ) -> Result<u64, Error> {
        self.execute(FACTORS_ABANDON, values![user, kind.as_str(), provider.name, now])
    }

    /// Retires what was begun before `before` and never finished.
    ///
    /// # Errors
    /// Of the database.
    pub(crate) fn lapse_factors(&mut self, before: Timestamp, now: Timestamp) -> Result<u64, Error> {
        self.execute(FACTORS_LAPSE, values![before, now])
    }

    /// Whose factor this names, by [`handle`](postern_authn::factor::Factor::handle).
    ///
    /// # Errors
    /// Of the database.
    pub fn factor_owner(&mut self, handle: [u8; 32]) -> Result<Option<Id<User>>, Error> {
        self.row(FACTOR_OWNER, values![handle])?.map(|row| row.get("user_id")).transpose()
    }

    /// Uses up an answer: `false` where it was used before, or the factor changed since it was read.
    ///
    /// # Errors
    /// Of the database.
    pub fn consume_answer(
        &mut self,
        factor: &Enrolled,
        consumes: Consume,
        bond: &Bond,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let held = (factor.id, factor.version);
        match consumes {
            Consume::Counter(counter) => {
                Ok(self.row(FACTOR_CONSUME, values![held.0, held.1, stored(counter)?, now])?.is_some())
            }
            Consume::Code(mac) => Ok(self.consume_code(factor, bond, mac, now)?
                && self.execute(FACTOR_USED, values![held.0, held.1, now])? == 1),
            Consume::Nothing => Ok(self.execute(FACTOR_USED, values![held.0, held.1, now])? == 1),
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

    /// Retires a factor, and forgets its codes; `false` where it is retired already.
    ///
    /// # Errors
    /// Of the database.
    pub fn retire_factor(&mut self, id: Id<Factor>, now: Timestamp) -> Result<bool, Error> {
        self.forget_codes(id)?;
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
        status: row.parse("status")?,
        profile: row.json("profile")?,
        secret: row.sealed(place(id))?,
        counter: u64::try_from(row.get::<i64>("counter")?).map_err(Error::fault)?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
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
