//! The sign-in machine. It is additive: it keeps what was proved, asks the policy what is still missing, and is done when
//! nothing is. It knows the traits of factors and none of their types, so a new factor adds no state.
//!
//! ```text
//!   begin --> Asking --answer(proof)--> Asking ... --> Complete --> a session, or the right to open one
//!               |                         |
//!               +-------> Denied <--------+          the policy lets nobody in this way
//! ```
//!
//! Where a program leads somebody through it, [`SignIn::with`] puts in between what the person must do beside proving who
//! they are: enrol what is missing, choose another password.
//!
//! A wrong answer is no step: it is counted at the person and the factor, and the machine stays where it was. For a name
//! that nobody has, the machine runs with no user; it asks the same first question and accepts no answer.

mod code;
mod course;
mod demands;

use std::time::Duration;

use postern_codes::id::{Factor as FactorKind, Session, User};
use postern_codes::{Id, Timestamp};
use serde::{Deserialize, Serialize};

pub use code::RecoveryCode;
pub use course::{Duties, Errand, Place, Recovering, Wishes};
pub use demands::{Decision, Demands, Policy, Situation, Standing, TwoCategories, Want};

use crate::factor::{Category, Kind, PASSWORD, Traits};
use course::Course;

/// How long a sign-in waits for the next answer.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// What somebody proves who they are for. A proof made for one purpose serves no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// To be given the right to open a session, by a program that leads through the sign-in.
    Api,
    /// To prove a factor to a program of the organisation's own that knows who it is, and nothing else.
    Check,
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
    course: Course,
    /// What is waited for; an answer to anything else is not looked at.
    place: Place,
}

/// Everything was proved, by somebody who exists.
#[derive(Debug)]
pub struct Complete {
    user: Id<User>,
    course: Course,
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

    /// Whether it says anything of who is there: that somebody vouched does not.
    fn proves_its_person(&self) -> bool {
        !self.traits.proves(Category::Vouched)
    }

    /// The word of RFC 8176 for it.
    fn amr(&self) -> &'static str {
        match self.by {
            Means::Factor(kind, _) => kind.factor().amr(),
            Means::Password => "pwd",
        }
    }
}

impl SignIn {
    /// Begins for a user, or for a name that nobody has.
    pub fn begin(user: Option<Id<User>>, purpose: Purpose, policy: &dyn Policy, now: Timestamp) -> Self {
        Course::new(user, purpose, now).advance(policy, now)
    }
}

impl Asking {
    /// Who is signing in; nobody, where the name is nobody's.
    pub const fn user(&self) -> Option<Id<User>> {
        self.course.user
    }

    /// What for.
    pub const fn purpose(&self) -> Purpose {
        self.course.purpose
    }

    /// What was asked for along with it.
    pub fn wishes(&self) -> &Wishes {
        &self.course.wishes
    }

    /// The same with these wishes.
    #[must_use]
    pub fn wishing(mut self, wishes: Wishes) -> Self {
        *self.course.wishes = wishes;
        self
    }

    /// Where it stands.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Whether nothing was proved yet, nor is it known who it is.
    pub fn is_first(&self) -> bool {
        self.course.proofs.is_empty() && self.course.purpose != Purpose::Check
    }

    /// What is wanted next, where a proof is.
    pub const fn wanted(&self) -> Option<Want> {
        self.place.wanted()
    }

    /// Whether a proof of this worth is what is wanted. An answer that is not must not be judged: a code before the
    /// password would let strangers guess, and lock people out.
    ///
    /// Where something held is wanted for a session, the word of somebody who vouched is heard too. It does not meet what
    /// is wanted: it leads to enrolment.
    pub fn takes(&self, traits: &Traits) -> bool {
        let leads_on = matches!(self.purpose(), Purpose::Api | Purpose::Console);
        let is_heard =
            |wanted: &Want| leads_on && wanted.category == Category::Possession && traits.proves(Category::Vouched);
        self.wanted().is_some_and(|wanted| wanted.is_met_by(traits) || is_heard(&wanted))
    }

    /// Whether the password was right already: only then is anything told of what the person has.
    pub fn has_password(&self) -> bool {
        self.course.proofs.iter().any(|proof| proof.by == Means::Password)
    }

    /// Whether it goes by a password that was replaced since, or by a link that was shown before that.
    pub fn is_outdated(&self, password_changed_at: Option<Timestamp>) -> bool {
        let mut proofs = self.course.proofs.iter();
        let by_link = self.place.recovering().is_some() && Some(self.course.begun_at) < password_changed_at;
        by_link || proofs.any(|proof| proof.by == Means::Password && Some(proof.at) < password_changed_at)
    }

    /// The step after a right answer: it is kept, and the policy is asked again.
    ///
    /// # Errors
    /// Gives itself back, unchanged, where the proof is not what is wanted or there is nobody to prove anything.
    pub fn answer(mut self, proof: Proof, policy: &dyn Policy, now: Timestamp) -> Result<SignIn, Self> {
        if self.course.user.is_none() || !self.takes(&proof.traits) {
            return Err(self);
        }
        self.course.proofs.push(proof);
        Ok(self.course.advance(policy, now))
    }
}

impl Complete {
    /// Who proved who they are.
    pub const fn user(&self) -> Id<User> {
        self.user
    }

    /// What for.
    pub const fn purpose(&self) -> Purpose {
        self.course.purpose
    }

    /// What was asked for along with it.
    pub fn wishes(&self) -> &Wishes {
        &self.course.wishes
    }

    /// When the newest factor that is not the password was proved.
    pub fn factor_at(&self) -> Option<Timestamp> {
        let proofs = self.course.proofs.iter().filter(|proof| proof.proves_its_person());
        proofs.filter(|proof| proof.by != Means::Password).map(|proof| proof.at).max()
    }

    /// When the newest factor was proved that a false page cannot pass on.
    pub fn resistant_at(&self) -> Option<Timestamp> {
        let proofs = self.course.proofs.iter();
        proofs.filter(|proof| proof.traits.is_phishing_resistant).map(|proof| proof.at).max()
    }

    /// How they proved it, in the words of RFC 8176: `mfa` where categories differ.
    pub fn amr(&self) -> String {
        let proofs: Vec<_> = self.course.proofs.iter().filter(|proof| proof.proves_its_person()).collect();
        let mut words: Vec<&str> = Vec::new();
        for proof in &proofs {
            if !words.contains(&proof.amr()) {
                words.push(proof.amr());
            }
        }
        let differs = |proof: &&Proof| proof.traits.verifies_user || proof.traits.category != proofs[0].traits.category;
        if proofs.iter().any(differs) {
            words.push("mfa");
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests;
