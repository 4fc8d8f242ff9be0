//! The sign-in machine. It is additive: it keeps what was proved, asks the policy what is still missing, and is done when
//! nothing is. It knows the traits of factors and none of their types, so a new factor adds no state.
//!
//! ```text
//!   begin --> Asking --answer(proof)--> Asking ... --> Complete --> a session
//!               |                         |
//!               +-------> Denied <--------+          the policy lets nobody in this way
//! ```
//!
//! A wrong answer is no step: it is counted at the person and the factor, and the machine stays where it was. For a name
//! that nobody has, the machine runs with no user; it asks the same first question and accepts no answer.

use std::time::Duration;

use postern_codes::id::{Factor as FactorKind, Session, User};
use postern_codes::{Id, Timestamp};
use serde::{Deserialize, Serialize};

use crate::factor::{Category, Kind, PASSWORD, Traits};
use crate::policy::sign_on::{Access, SignOn};
use crate::session::FRESH;

/// How long a sign-in waits for the next answer.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// What somebody proves who they are for. A proof made for one purpose serves no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// To be let into the console.
    Console,
    /// To do something weighty in this session.
    StepUp(Id<Session>),
}

/// A sign-in at one of its stages.
#[derive(Debug)]
#[must_use]
pub enum SignIn {
    /// The policy wants more.
    Asking(Asking),
    /// Everything that the policy wants was proved.
    Complete(Complete),
    /// The policy lets nobody in this way.
    Denied(Denied),
}

/// Something is missing. The only stage that is ever stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asking {
    user: Option<Id<User>>,
    purpose: Purpose,
    proofs: Vec<Proof>,
    /// What is wanted next; an answer to anything else is not looked at.
    wanted: Want,
}

/// Everything was proved, by somebody who exists.
#[derive(Debug)]
pub struct Complete {
    user: Id<User>,
    purpose: Purpose,
    proofs: Vec<Proof>,
}

/// Nobody comes in this way.
#[derive(Debug)]
pub struct Denied {
    /// Who tried.
    pub user: Option<Id<User>>,
    /// Why.
    pub reason: Denial,
}

/// Why a policy lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The person has no factor that could give what is missing.
    NothingEnrolled,
    /// A rule lets nobody in like this, or it cannot be told which one answers.
    Policy,
}

impl Denial {
    /// Its stable code, for the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingEnrolled => "nothing_enrolled",
            Self::Policy => "policy",
        }
    }
}

/// Something that was proved. It is made where an answer was accepted and its counter consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// By what.
    pub by: Means,
    /// What it is worth.
    pub traits: Traits,
    /// When.
    pub at: Timestamp,
}

/// What a proof was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Means {
    /// An enrolled factor.
    Factor(Kind, Id<FactorKind>),
    /// The password.
    Password,
}

impl Proof {
    /// The password was right.
    pub const fn password(at: Timestamp) -> Self {
        Self { by: Means::Password, traits: PASSWORD, at }
    }

    /// An enrolled factor gave a right answer, which was consumed.
    pub fn factor(kind: Kind, id: Id<FactorKind>, at: Timestamp) -> Self {
        Self { by: Means::Factor(kind, id), traits: kind.factor().traits(), at }
    }

    /// The word of RFC 8176 for it.
    fn amr(&self) -> &'static str {
        match self.by {
            Means::Factor(kind, _) => kind.factor().amr(),
            Means::Password => "pwd",
        }
    }
}

/// A proof that is wanted, in terms of what it must be worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// What must be proved.
    pub category: Category,
    /// Whether a false page must be unable to pass it on.
    pub phishing_resistant: bool,
    /// Whether its secret must be bound to a device.
    pub device_bound: bool,
}

impl Want {
    /// Anything of this category.
    pub const fn any(category: Category) -> Self {
        Self { category, phishing_resistant: false, device_bound: false }
    }

    /// Whether a proof with these traits will do.
    pub fn is_met_by(&self, traits: &Traits) -> bool {
        traits.proves(self.category)
            && (traits.is_phishing_resistant || !self.phishing_resistant)
            && (traits.is_device_bound || !self.device_bound)
    }
}

/// What a policy judges by.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'s> {
    /// What for.
    pub purpose: Purpose,
    /// What was proved so far.
    pub proofs: &'s [Proof],
    /// The time.
    pub now: Timestamp,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Enough was proved.
    Allow,
    /// This is wanted next.
    Ask(Want),
    /// Nobody comes in this way.
    Deny(Denial),
}

/// Says what is still missing. The policy module plugs in here.
pub trait Policy {
    /// Judges a situation. Whatever it cannot evaluate it denies.
    fn decide(&self, situation: &Situation<'_>) -> Decision;
}

/// The policy of an organisation that has set none: whoever enters the console proves something known and something
/// held; a weighty act wants something held again, proved within five minutes.
#[derive(Debug, Clone, Copy, Default)]
pub struct TwoCategories;

impl Policy for TwoCategories {
    fn decide(&self, situation: &Situation<'_>) -> Decision {
        let wants: &[Category] = match situation.purpose {
            Purpose::Console => &[Category::Knowledge, Category::Possession],
            Purpose::StepUp(_) => &[Category::Possession],
        };
        missing(wants, situation)
    }
}

/// What the sign-on policies of an organisation ask of one person, as their rule answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demands {
    is_let_in: bool,
    wants_two: bool,
    possession_first: bool,
}

impl Demands {
    /// Before anybody knows who it is: the same for every name.
    pub const fn opening(possession_first: bool) -> Self {
        Self { is_let_in: true, wants_two: true, possession_first }
    }

    /// What the rule that answers asks of a person. Whoever administers proves two categories whatever it says; nobody is
    /// let in where none answers.
    pub fn of(rule: Option<&SignOn>, person: Standing, possession_first: bool, now: Timestamp) -> Self {
        let Some(rule) = rule.filter(|rule| rule.access == Access::Allow) else {
            return Self { is_let_in: false, wants_two: true, possession_first };
        };
        let still_holds = |at: &Timestamp, lasts| *at <= now && now < at.plus(lasts);
        let is_remembered =
            person.factor_at.zip(rule.remembered_for()).is_some_and(|(at, lasts)| still_holds(&at, lasts));
        let wants_two = person.is_administrator || rule.require_factor && !is_remembered;
        Self { is_let_in: true, wants_two, possession_first }
    }

    /// Whether anybody is let in at all.
    pub const fn lets_in(&self) -> bool {
        self.is_let_in
    }

    /// Whether a factor is wanted beside the password.
    pub const fn wants_factor(&self) -> bool {
        self.wants_two || self.possession_first
    }
}

/// What a rule's demands depend on beside the rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether they administer anything.
    pub is_administrator: bool,
    /// When a factor was last proved in this browser, where that is remembered.
    pub factor_at: Option<Timestamp>,
}

impl Policy for Demands {
    fn decide(&self, situation: &Situation<'_>) -> Decision {
        if !self.is_let_in {
            return Decision::Deny(Denial::Policy);
        }
        let wants: &[Category] = match (self.possession_first, self.wants_two) {
            (true, _) => &[Category::Possession, Category::Knowledge],
            (false, true) => &[Category::Knowledge, Category::Possession],
            (false, false) => &[Category::Knowledge],
        };
        missing(wants, situation)
    }
}

/// The first category that was not proved freshly.
fn missing(wants: &[Category], situation: &Situation<'_>) -> Decision {
    let is_fresh = |proof: &&Proof| proof.at <= situation.now && situation.now < proof.at.plus(FRESH);
    let has = |category| situation.proofs.iter().filter(is_fresh).any(|proof| proof.traits.proves(category));
    match wants.iter().find(|category| !has(**category)) {
        Some(category) => Decision::Ask(Want::any(*category)),
        None => Decision::Allow,
    }
}

impl SignIn {
    /// Begins for a user, or for a name that nobody has.
    pub fn begin(user: Option<Id<User>>, purpose: Purpose, policy: &dyn Policy, now: Timestamp) -> Self {
        advance(user, purpose, Vec::new(), policy, now)
    }
}

impl Asking {
    /// Who is signing in; nobody, where the name is nobody's.
    pub const fn user(&self) -> Option<Id<User>> {
        self.user
    }

    /// What for.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whether nothing was proved yet.
    pub const fn is_first(&self) -> bool {
        self.proofs.is_empty()
    }

    /// What is wanted next. An answer that would not meet it must not be judged: a code before the password would let
    /// strangers guess, and lock people out.
    pub const fn wanted(&self) -> &Want {
        &self.wanted
    }

    /// Whether the password was right already: only then is anything told of what the person has.
    pub fn has_password(&self) -> bool {
        self.proofs.iter().any(|proof| proof.by == Means::Password)
    }

    /// The step after a right answer: it is kept, and the policy is asked again.
    ///
    /// # Errors
    /// Gives itself back, unchanged, where the proof is not what is wanted or there is nobody to prove anything.
    pub fn answer(self, proof: Proof, policy: &dyn Policy, now: Timestamp) -> Result<SignIn, Self> {
        if self.user.is_none() || !self.wanted.is_met_by(&proof.traits) {
            return Err(self);
        }
        let Self { user, purpose, mut proofs, .. } = self;
        proofs.push(proof);
        Ok(advance(user, purpose, proofs, policy, now))
    }

    /// Ends it where none of what the person has could give what is wanted next.
    pub fn offer(self, enrolled: &[Traits]) -> SignIn {
        let is_password = self.wanted.is_met_by(&PASSWORD);
        if is_password || enrolled.iter().any(|traits| self.wanted.is_met_by(traits)) {
            return SignIn::Asking(self);
        }
        SignIn::Denied(Denied { user: self.user, reason: Denial::NothingEnrolled })
    }
}

impl Complete {
    /// Who proved who they are.
    pub const fn user(&self) -> Id<User> {
        self.user
    }

    /// What for.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// When the newest factor that is not the password was proved.
    pub fn factor_at(&self) -> Option<Timestamp> {
        self.proofs.iter().filter(|proof| proof.by != Means::Password).map(|proof| proof.at).max()
    }

    /// When the newest factor was proved that a false page cannot pass on.
    pub fn resistant_at(&self) -> Option<Timestamp> {
        self.proofs.iter().filter(|proof| proof.traits.is_phishing_resistant).map(|proof| proof.at).max()
    }

    /// How they proved it, in the words of RFC 8176: `mfa` where categories differ.
    pub fn amr(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for proof in &self.proofs {
            if !words.contains(&proof.amr()) {
                words.push(proof.amr());
            }
        }
        let several = self
            .proofs
            .iter()
            .any(|proof| proof.traits.verifies_user || proof.traits.category != self.proofs[0].traits.category);
        if several {
            words.push("mfa");
        }
        words.join(" ")
    }
}

fn advance(
    user: Option<Id<User>>,
    purpose: Purpose,
    proofs: Vec<Proof>,
    policy: &dyn Policy,
    now: Timestamp,
) -> SignIn {
    match (policy.decide(&Situation { purpose, proofs: &proofs, now }), user) {
        (Decision::Allow, Some(user)) => SignIn::Complete(Complete { user, purpose, proofs }),
        // A policy that wants nothing still wants somebody: nobody is asked for a password, like anybody.
        (Decision::Allow, None) => {
            SignIn::Asking(Asking { user, purpose, proofs, wanted: Want::any(Category::Knowledge) })
        }
        (Decision::Ask(wanted), _) => SignIn::Asking(Asking { user, purpose, proofs, wanted }),
        (Decision::Deny(reason), _) => SignIn::Denied(Denied { user, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::Env;
    use postern_codes::env::TestWorld;

    const POLICY: &dyn Policy = &TwoCategories;

    fn env() -> Env {
        TestWorld::new().env()
    }

    fn totp(env: &Env) -> Proof {
        Proof::factor(Kind::Totp, Id::with_prefix("ost", env), env.now)
    }

    fn asking(sign_in: SignIn) -> Asking {
        match sign_in {
            SignIn::Asking(asking) => asking,
            other => panic!("{other:?}"),
        }
    }

    fn begin(env: &Env, purpose: Purpose) -> Asking {
        asking(SignIn::begin(Some(Id::new(env)), purpose, POLICY, env.now))
    }

    #[test]
    fn the_console_wants_something_known_and_something_held() {
        let env = env();
        let first = begin(&env, Purpose::Console);
        assert_eq!(first.wanted().category, Category::Knowledge);
        let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
        assert_eq!(second.wanted().category, Category::Possession);
        let SignIn::Complete(done) = second.answer(totp(&env), POLICY, env.now).unwrap() else { panic!() };
        assert_eq!(done.amr(), "pwd otp mfa");
        assert_eq!(done.factor_at(), Some(env.now));
    }

    fn rule(access: Access, require_factor: bool) -> SignOn {
        SignOn { access, require_factor, ..SignOn::ours() }
    }

    fn asked(demands: Demands, env: &Env) -> SignIn {
        SignIn::begin(Some(Id::new(env)), Purpose::Console, &demands, env.now)
    }

    #[test]
    fn a_rule_that_denies_or_none_at_all_lets_nobody_in() {
        let env = env();
        for rule in [Some(rule(Access::Deny, false)), None] {
            for is_administrator in [true, false] {
                let standing = Standing { is_administrator, ..Standing::default() };
                let demands = Demands::of(rule.as_ref(), standing, false, env.now);
                assert!(matches!(asked(demands, &env), SignIn::Denied(Denied { reason: Denial::Policy, .. })));
            }
        }
    }

    #[test]
    fn one_category_is_enough_where_the_rule_says_so_but_not_for_administrators() {
        let env = env();
        let of = |is_administrator| {
            let standing = Standing { is_administrator, ..Standing::default() };
            let demands = Demands::of(Some(&rule(Access::Allow, false)), standing, false, env.now);
            asking(asked(demands, &env)).answer(Proof::password(env.now), &demands, env.now).unwrap()
        };
        assert!(matches!(of(false), SignIn::Complete(_)));
        assert_eq!(asking(of(true)).wanted().category, Category::Possession);
    }

    #[test]
    fn a_remembered_browser_is_asked_again_when_the_factors_lifetime_is_over() {
        let env = env();
        let mut rule = rule(Access::Allow, true);
        rule.factor_prompt_mode = Some(crate::policy::sign_on::PromptMode::Session);
        rule.factor_lifetime = Some(15);
        let after = |minutes| {
            let now = env.now.plus(Duration::from_mins(minutes));
            let standing = Standing { factor_at: Some(env.now), is_administrator: false };
            let demands = Demands::of(Some(&rule), standing, false, now);
            asking(SignIn::begin(Some(Id::new(&env)), Purpose::Console, &demands, now))
                .answer(Proof::password(now), &demands, now)
                .unwrap()
        };
        assert!(matches!(after(14), SignIn::Complete(_)));
        assert!(matches!(after(15), SignIn::Asking(_)));
    }

    #[test]
    fn something_held_comes_first_where_the_organisation_wants_that() {
        let env = env();
        let demands = Demands::opening(true);
        let first = asking(asked(demands, &env));
        assert_eq!(first.wanted().category, Category::Possession);
        let second = asking(first.answer(totp(&env), &demands, env.now).unwrap());
        assert_eq!(second.wanted().category, Category::Knowledge);
        assert!(matches!(second.answer(Proof::password(env.now), &demands, env.now), Ok(SignIn::Complete(_))));
    }

    #[test]
    fn a_device_that_makes_sure_of_its_owner_needs_no_password() {
        let env = env();
        let passkey = |verifies_user| {
            let proof = Proof::factor(Kind::WebAuthn, Id::with_prefix("fwf", &env), env.now);
            Proof { traits: Traits { verifies_user, ..proof.traits }, ..proof }
        };
        let first = begin(&env, Purpose::Console).answer(passkey(false), POLICY, env.now).unwrap_err();
        let SignIn::Complete(done) = first.answer(passkey(true), POLICY, env.now).unwrap() else { panic!() };
        assert_eq!(done.amr(), "swk mfa");
        assert_eq!((done.factor_at(), done.resistant_at()), (Some(env.now), Some(env.now)));
    }

    #[test]
    fn a_code_before_the_password_is_no_answer() {
        let env = env();
        let same = begin(&env, Purpose::Console).answer(totp(&env), POLICY, env.now).unwrap_err();
        assert_eq!(same.wanted().category, Category::Knowledge);
    }

    #[test]
    fn the_password_twice_is_not_two_factors() {
        let env = env();
        let first = begin(&env, Purpose::Console);
        let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
        assert!(second.answer(Proof::password(env.now), POLICY, env.now).is_err());
    }

    #[test]
    fn nobody_is_asked_the_same_and_never_gets_in() {
        let env = env();
        let decoy = asking(SignIn::begin(None, Purpose::Console, POLICY, env.now));
        assert_eq!(decoy.wanted(), begin(&env, Purpose::Console).wanted());
        let stored = |asking: &Asking| serde_json::to_value(asking).unwrap().as_object().unwrap().len();
        assert_eq!(stored(&decoy), stored(&begin(&env, Purpose::Console)));
        assert!(decoy.answer(Proof::password(env.now), POLICY, env.now).is_err());
    }

    #[test]
    fn a_policy_that_wants_nothing_lets_nobody_in_who_is_nobody() {
        struct Open;
        impl Policy for Open {
            fn decide(&self, _: &Situation<'_>) -> Decision {
                Decision::Allow
            }
        }
        let env = env();
        assert!(matches!(SignIn::begin(None, Purpose::Console, &Open, env.now), SignIn::Asking(_)));
        assert!(matches!(SignIn::begin(Some(Id::new(&env)), Purpose::Console, &Open, env.now), SignIn::Complete(_)));
    }

    #[test]
    fn a_step_up_wants_something_held() {
        let env = env();
        let step_up = begin(&env, Purpose::StepUp(Id::new(&env)));
        let SignIn::Complete(done) = step_up.answer(totp(&env), POLICY, env.now).unwrap() else { panic!() };
        assert_eq!(done.amr(), "otp");
    }

    #[test]
    fn a_person_without_a_second_factor_is_denied_after_the_password() {
        let env = env();
        let first = asking(begin(&env, Purpose::Console).offer(&[]));
        let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
        let SignIn::Denied(denied) = second.offer(&[]) else { panic!() };
        assert_eq!(denied.reason, Denial::NothingEnrolled);
    }

    #[test]
    fn a_want_of_more_is_not_met_by_less() {
        let strict = Want { phishing_resistant: true, ..Want::any(Category::Possession) };
        assert!(!strict.is_met_by(&Kind::Totp.factor().traits()));
        let bound = Want { device_bound: true, ..Want::any(Category::Possession) };
        assert!(!bound.is_met_by(&Kind::Totp.factor().traits()));
        assert!(Want::any(Category::Possession).is_met_by(&Kind::Totp.factor().traits()));
    }

    #[test]
    fn a_proof_from_long_ago_is_wanted_again() {
        let env = env();
        let second = asking(begin(&env, Purpose::Console).answer(Proof::password(env.now), POLICY, env.now).unwrap());
        let later = env.now.plus(FRESH);
        let again = asking(second.answer(Proof { at: later, ..totp(&env) }, POLICY, later).unwrap());
        assert_eq!(again.wanted().category, Category::Knowledge);
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let env = env();
        let second = asking(begin(&env, Purpose::Console).answer(Proof::password(env.now), POLICY, env.now).unwrap());
        let text = serde_json::to_string(&second).unwrap();
        let read: Asking = serde_json::from_str(&text).unwrap();
        assert_eq!((read.user(), read.wanted()), (second.user(), second.wanted()));
    }
}
