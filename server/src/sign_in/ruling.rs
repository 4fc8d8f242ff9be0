//! What the organisation's sign-on policies say of somebody who signs in: which rule answers, what it asks for, and how long
//! the session lives that it allows.

use std::time::Duration;

use postern_authn::audit::{Client, Event, EventType, Target};
use postern_authn::policy::sign_on::SignOn;
use postern_authn::policy::{Outcome, PolicyType, decide};
use postern_authn::session::{IDLE, LONGEST};
use postern_authn::sign_in::{Demands, Standing};
use postern_authn::user::User;
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Timestamp};
use postern_store::attempts::AttackProtection;
use postern_store::{Error, Tx};

use super::actor;

/// What was decided of one person, and by what.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// What must be proved.
    pub demands: Demands,
    rule: Option<SignOn>,
    is_administrator: bool,
    by: Vec<Target>,
}

/// How a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long it lives without a request.
    pub idle: Duration,
    /// How long it lives at most.
    pub longest: Duration,
    /// Whether a factor that was proved need not be proved again for a while in this browser.
    pub remembers: bool,
}

/// What is asked of a name before anybody knows whose it is: of every name the same.
///
/// # Errors
/// Of the database.
pub fn opening(tx: &mut Tx<'_>) -> Result<Demands, Error> {
    Ok(Demands::opening(possession_first(tx)?))
}

/// Asks the policies about a person.
///
/// # Errors
/// Of the database.
pub fn of(tx: &mut Tx<'_>, user: &User, client: &Client, env: &Env) -> Result<Ruling, Error> {
    let situation = tx.situation_of(user.id, &client.ip)?;
    let policies = tx.policies(PolicyType::OktaSignOn)?;
    let (rule, by) = match decide(&policies, &situation).outcome {
        Outcome::Applies(policy, rule) => {
            let by = vec![
                Target::new("PolicyEntity", policy.id, "", &policy.name),
                Target::new("PolicyRule", rule.id, "", &rule.name),
            ];
            (rule.actions.sign_on().copied(), by)
        }
        Outcome::CannotTell(policy) => (None, vec![Target::new("PolicyEntity", policy.id, "", &policy.name)]),
        Outcome::Nothing => (None, Vec::new()),
    };
    let factor_at = tx.remembered_factor(user.id, client.browser)?;
    Ok(Ruling { by, ..by_rule(tx, user.id, (rule, factor_at), env)? })
}

/// What a rule asks of a person in a browser where a factor was proved and remembered then, or never.
///
/// # Errors
/// Of the database.
pub fn by_rule(
    tx: &mut Tx<'_>,
    user: Id<UserKind>,
    (rule, factor_at): (Option<SignOn>, Option<Timestamp>),
    env: &Env,
) -> Result<Ruling, Error> {
    let is_administrator = tx.authority(user)?.is_administrator();
    let standing = Standing { is_administrator, factor_at };
    let demands = Demands::of(rule.as_ref(), standing, possession_first(tx)?, env.now);
    Ok(Ruling { demands, rule, is_administrator, by: Vec::new() })
}

impl Ruling {
    /// How the session begins that it allows. An administrator's ends as soon as one of the console's always did.
    pub fn terms(&self) -> Terms {
        let rule = self.rule.unwrap_or_default();
        let limits = rule.session;
        let remembers = rule.remember_device_by_default && rule.remembered_for().is_some();
        if self.is_administrator {
            let (idle, longest) = (limits.idle().min(IDLE), limits.longest().min(LONGEST));
            return Terms { idle, longest, remembers: false };
        }
        Terms { idle: limits.idle(), longest: limits.longest(), remembers }
    }

    /// Whether they administer anything.
    pub const fn is_administrator(&self) -> bool {
        self.is_administrator
    }

    /// For how long a factor that was proved need not be proved again on a device that is known again; not at all, where
    /// the rule remembers none.
    pub fn remembered_for(&self) -> Option<Duration> {
        self.rule.filter(|_| !self.is_administrator).and_then(|rule| rule.remembered_for())
    }

    /// Whether a device is remembered where nobody says otherwise.
    pub fn remembers_by_default(&self) -> bool {
        self.rule.is_some_and(|rule| rule.remember_device_by_default)
    }

    /// Whether a device may be remembered.
    pub fn may_remember(&self) -> bool {
        self.remembered_for().is_some()
    }

    /// Records which rule answered: a refusal's `code`, or that somebody was let in.
    ///
    /// # Errors
    /// Of the database.
    pub fn record(
        &self,
        tx: &mut Tx<'_>,
        (user, client): (&User, &Client),
        code: Option<&str>,
        env: &Env,
    ) -> Result<(), Error> {
        let kind = EventType::PolicyEvaluateSignOn;
        let mut event = match code {
            None => Event::success(kind, actor(user), client.clone()),
            Some(code) => Event::failure(kind, actor(user), client.clone(), code),
        };
        event.targets.extend(self.by.clone());
        tx.record(&event, env)
    }
}

fn possession_first(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.setting::<AttackProtection>()?.0.verify_knowledge_second_when_2fa_required)
}
