//! What a sign-in must prove: wanted in terms of what a proof is worth, never of pairs of factor types.

use postern_codes::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Denial, Proof, Purpose};
use crate::factor::{Category, Traits};
use crate::policy::sign_on::{Access, SignOn};
use crate::session::FRESH;

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
            Purpose::Api | Purpose::Console => &[Category::Knowledge, Category::Possession],
            Purpose::Check | Purpose::StepUp(_) => &[Category::Possession],
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
            // Beside the password a rule wants something held, and whoever asks for a check wants that in any case.
            _ if situation.purpose == Purpose::Check => &[Category::Possession],
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
