//! What is known of a case when it is looked at or changed: everything that its rules are judged by.

use postern_authn::demand::Demand;
use postern_authn::permission::{Permission, Role};
use postern_authn::policy::{Outcome, PolicyType, decide};
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Actor, Case, Decision, Refusal, Terms};
use postern_authn::recovery::evidence::{Facts, Seen};
use postern_authn::recovery::red_flags::{self, Flag, red_flags};
use postern_authn::recovery::rules::Rules;
use postern_authn::user::{ContactPoint, Login, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Timestamp};
use postern_store::person_references::Kept;
use postern_store::{Error, Tx};

use crate::api::caller::Caller;
use crate::api::{backup_codes, users};
use crate::organisation::Organisation;

/// Everything that is known of a case.
#[derive(Debug, Clone)]
pub struct Known {
    /// The case.
    pub case: Case,
    /// Whom it is about.
    pub person: User,
    /// Whose it is now.
    pub agent: Option<User>,
    /// What policy says for this person.
    pub rules: Rules,
    /// Whether they have administrator roles.
    pub is_privileged: bool,
    /// Every address they have or had.
    pub contacts: Vec<ContactPoint>,
    /// What is kept to compare them with.
    pub references: Vec<Kept>,
    /// Their manager, where one is named who can sign in.
    pub manager: Option<User>,
    /// How many backup codes they have left.
    pub codes_left: u64,
    /// What deserves doubt.
    pub flags: Vec<Flag>,
    /// The moment.
    pub now: Timestamp,
    /// When the present calendar day began, in the organisation's zone.
    pub today: Timestamp,
}

impl Known {
    /// Reads what is known of a case.
    ///
    /// # Errors
    /// Of the database.
    pub fn read(tx: &mut Tx<'_>, case: Case, env: &Env) -> Result<Self, Error> {
        let person = tx.user(case.person)?.ok_or_else(|| Error::fault("a case is about nobody"))?;
        let agent = case.agent.map_or(Ok(None), |agent| tx.user(agent))?;
        let (organisation, _) = tx.setting::<Organisation>()?;
        let today = today(&organisation, env.now);
        let contacts = tx.contacts(person.id)?;
        let flags = flags(tx, &case, (&contacts, today), env.now)?;
        Ok(Self {
            agent,
            rules: rules_for(tx, person.id)?,
            is_privileged: tx.authority(person.id)?.is_administrator(),
            contacts,
            references: tx.references_of(person.id)?,
            manager: manager_of(tx, &person)?,
            codes_left: backup_codes::left(tx, person.id)?.map_or(0, |set| set.remaining),
            flags,
            now: env.now,
            today,
            case,
            person,
        })
    }

    /// By what the case is judged.
    pub const fn terms(&self) -> Terms<'_> {
        Terms { now: self.now, rules: &self.rules, is_privileged: self.is_privileged }
    }

    /// Changes the case by a rule that looks at the rest of what is known; a refusal leaves it as it was.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn change<T>(&mut self, rule: impl FnOnce(&mut Case, &Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut case = self.case.clone();
        let done = rule(&mut case, self)?;
        self.case = case;
        Ok(done)
    }

    /// Does something with the facts by which findings are judged.
    pub fn with_facts<T>(&self, seen: Option<Seen>, f: impl FnOnce(&Facts<'_>) -> T) -> T {
        let references: Vec<_> = self.references.iter().map(|kept| kept.reference.clone()).collect();
        f(&Facts {
            now: self.now,
            today: self.today,
            person: self.person.id,
            contacts: &self.contacts,
            ageing: self.rules.number_ageing(),
            references: &references,
            manager: self.manager.as_ref().map(|manager| manager.id),
            seen,
        })
    }

    /// What each action needs, and what is missing of it.
    pub fn decisions(&self) -> impl Iterator<Item = (Action, Decision)> {
        Action::ALL.iter().map(|action| (*action, self.case.decide(*action, &self.terms())))
    }
}

/// What policy says for somebody's cases. Which network a caller is in cannot be told; where that matters, two people must
/// agree to everything.
///
/// # Errors
/// Of the database.
fn rules_for(tx: &mut Tx<'_>, person: Id<UserKind>) -> Result<Rules, Error> {
    let policies = tx.policies(PolicyType::Recovery)?;
    let situation = tx.situation_of(person, "")?;
    Ok(match decide(&policies, &situation).outcome {
        Outcome::Applies(_, rule) => rule.actions.recovery().cloned(),
        Outcome::CannotTell(_) | Outcome::Nothing => None,
    }
    .unwrap_or_else(Rules::where_none_can_be_told))
}

/// Who does something in a case.
///
/// # Errors
/// Of the database.
pub fn actor(tx: &mut Tx<'_>, by: &Caller, case: &Case, now: Timestamp) -> Result<Actor, Error> {
    let role = case.escalated_to.as_deref().and_then(|role| role.parse::<Role>().ok());
    Ok(Actor {
        id: by.user(),
        reaches: users::hindrance(tx, by, Permission::CasesManage, case.person)?.is_none(),
        resists_phishing: by.meets(Demand::PhishingResistant, now),
        is_escalated_to: role.is_some_and(|role| by.authority().holds(role)),
    })
}

/// What deserves doubt beside a case.
fn flags(
    tx: &mut Tx<'_>,
    case: &Case,
    (contacts, today): (&[ContactPoint], Timestamp),
    now: Timestamp,
) -> Result<Vec<Flag>, Error> {
    let mut cases = tx.cases_of(case.person)?;
    cases.retain(|other| other.id != case.id);
    let links: Vec<_> = tx.links_of_user(case.person)?.iter().map(|link| link.since).collect();
    let attempts = tx.sign_in_attempts(case.person)?;
    let cases_of_agent = case.agent.map_or(Ok(0), |agent| tx.cases_since(today, agent))?;
    let facts = red_flags::Facts { now, attempts: &attempts, cases: &cases, contacts, links: &links, cases_of_agent };
    Ok(red_flags(&facts))
}

fn manager_of(tx: &mut Tx<'_>, person: &User) -> Result<Option<User>, Error> {
    let Some(named) = person.profile.further.get("managerId").and_then(|named| named.as_str()) else { return Ok(None) };
    let found = match (named.parse::<Id<UserKind>>(), named.parse::<Login>()) {
        (Ok(id), _) => tx.user(id)?,
        (Err(_), Ok(login)) => tx.user_by_login(&login)?,
        (Err(_), Err(_)) => None,
    };
    Ok(found.filter(|manager| manager.id != person.id && manager.status.takes_password()))
}

fn today(organisation: &Organisation, now: Timestamp) -> Timestamp {
    let instant = jiff::Timestamp::from_microsecond(now.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let start = instant.to_zoned(organisation.zone()).start_of_day();
    start.map_or(now, |start| Timestamp::from_micros(start.timestamp().as_microsecond()))
}
