//! The course of a sign-in: what was proved, where it stands, and what a person does on the way beside proving who they are.

use std::time::Duration;

use postern_codes::id::{Factor, User as UserKind};
use postern_codes::{Id, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Asking, Complete, Decision, Denial, Denied, Means, Policy, Proof, Purpose, RecoveryCode, SignIn, Situation, Want,
};
use crate::factor::{Category, Enrolled, Kind, PASSWORD, Traits};
use crate::user::User;

/// How long a sign-in goes on at most.
const LONGEST: Duration = Duration::from_hours(1);

/// Where a sign-in stands: what the next answer is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// A proof of this is wanted, and one factor was asked for it.
    Challenged(Want, Id<Factor>),
    /// The same, and every factor of a type was.
    ChallengedKind(Want, Kind),
    /// A code was sent to whoever recovers, or to nobody.
    Code(Recovering, RecoveryCode),
    /// Factors are to be enrolled.
    Enrol,
    /// One of them waits for its first answer.
    Enrolling(Id<Factor>),
    /// The password must be changed.
    PasswordExpired,
    /// A password is to be chosen by whoever showed a one-time link.
    PasswordReset(Recovering),
    /// The password ends soon, and may be changed.
    PasswordWarn,
    /// A proof of this is wanted; the person chooses by what.
    Proof(Want),
    /// The recovery question is to be answered by whoever showed a one-time link.
    Question(Recovering),
    /// Nobody has said yet who it is.
    Unnamed,
}

/// What somebody without a password comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Recovering {
    /// Their first password.
    Activation,
    /// One in place of another that is lost.
    Password,
    /// The end of a lock, and no password.
    Unlock,
}

impl Place {
    /// What somebody without a password comes for, where one does.
    pub const fn recovering(self) -> Option<Recovering> {
        match self {
            Self::Code(recovering, _) | Self::PasswordReset(recovering) | Self::Question(recovering) => {
                Some(recovering)
            }
            Self::Challenged(..)
            | Self::ChallengedKind(..)
            | Self::Enrol
            | Self::Enrolling(_)
            | Self::PasswordExpired
            | Self::PasswordWarn
            | Self::Proof(_)
            | Self::Unnamed => None,
        }
    }

    /// What is to be proved, where anything is.
    pub const fn wanted(self) -> Option<Want> {
        match self {
            Self::Challenged(wanted, _) | Self::ChallengedKind(wanted, _) | Self::Proof(wanted) => Some(wanted),
            Self::Code(..)
            | Self::Enrol
            | Self::Enrolling(_)
            | Self::PasswordExpired
            | Self::PasswordReset(_)
            | Self::PasswordWarn
            | Self::Question(_)
            | Self::Unnamed => None,
        }
    }
}

/// What was asked for when the sign-in began, and holds to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "independent wishes, each a member of the request")]
pub struct Wishes {
    /// What a program has somebody step up for.
    pub audience: Option<String>,
    /// Given back at every step, unread.
    pub relay_state: Option<String>,
    /// Whether the person is told of a password that ends soon.
    pub warns_of_expiry: bool,
    /// Whether factors that may be enrolled are offered beside those that must be.
    pub offers_optional: bool,
    /// Whether a program of the organisation's own leads through it.
    pub is_trusted: bool,
    /// Whether the factor need not be proved again for a while on this device.
    pub remembers: bool,
    /// SHA-256 of what the device is known again by.
    pub device: Option<[u8; 32]>,
}

/// What a password asks of its person beside being right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Errand {
    /// To be changed before anything else.
    Change,
    /// Nothing.
    #[default]
    Nothing,
    /// To be changed soon.
    Warning,
}

/// What a person has, and must do on the way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Duties<'d> {
    /// What their factors prove.
    pub enrolled: &'d [Traits],
    /// What their password asks of them.
    pub password: Errand,
    /// Whether they may enrol factors here.
    pub may_enrol: bool,
    /// Whether a factor is missing that they must have.
    pub must_enrol: bool,
    /// Whether the time is over in which they had to enrol by their password.
    pub is_late: bool,
}

/// What is kept of a sign-in whatever its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Course {
    pub user: Option<Id<UserKind>>,
    pub purpose: Purpose,
    pub proofs: Vec<Proof>,
    pub wishes: Box<Wishes>,
    /// When it began.
    #[serde(default)]
    pub begun_at: Timestamp,
    /// Whether the person has seen that their password ends soon.
    is_warned: bool,
    /// Whether a telephone of theirs proved that they may choose a password.
    #[serde(default)]
    by_phone: bool,
}

impl Course {
    pub(super) fn new(user: Option<Id<UserKind>>, purpose: Purpose, begun_at: Timestamp) -> Self {
        Self { user, purpose, proofs: Vec::new(), wishes: Box::default(), begun_at, is_warned: false, by_phone: false }
    }

    /// Enrols, by whoever proved something held where they hold anything: a password alone adds nothing beside it.
    fn enrol(self, duties: &Duties<'_>) -> SignIn {
        let proves = |traits: &Traits| traits.proves(Category::Possession);
        let has_proved = self.proofs.iter().any(|proof| proves(&proof.traits));
        if !has_proved && duties.enrolled.iter().any(proves) {
            return self.at(Place::Proof(Want::any(Category::Possession)));
        }
        self.at(Place::Enrol)
    }

    /// The way of somebody for whom others vouched: with the password to enrolment, whatever the policies ask for.
    fn by_ticket(self, duties: &Duties<'_>, has_shown: bool) -> SignIn {
        if !duties.may_enrol {
            return SignIn::Denied(Denied { user: self.user, reason: Denial::NothingEnrolled });
        }
        if !has_shown {
            return self.at(Place::Proof(Want::any(Category::Possession)));
        }
        if !self.proofs.iter().any(|proof| proof.by == Means::Password) {
            return self.at(Place::Proof(Want::any(Category::Knowledge)));
        }
        if duties.password == Errand::Change {
            return self.at(Place::PasswordExpired);
        }
        self.at(Place::Enrol)
    }

    /// Whether somebody vouched for whoever is there.
    fn has_ticket(&self) -> bool {
        self.proofs.iter().any(|proof| proof.traits.proves(Category::Vouched))
    }

    /// Asks the policy what is missing.
    pub(super) fn advance(self, policy: &dyn Policy, now: Timestamp) -> SignIn {
        let situation = Situation { purpose: self.purpose, proofs: &self.proofs, now };
        match (policy.decide(&situation), self.user) {
            (Decision::Allow, Some(user)) => SignIn::Complete(Complete { user, course: self }),
            // A policy that wants nothing still wants somebody: nobody is asked for a password, like anybody.
            (Decision::Allow, None) => self.at(Place::Proof(Want::any(Category::Knowledge))),
            (Decision::Ask(wanted), _) => self.at(Place::Proof(wanted)),
            (Decision::Deny(reason), user) => SignIn::Denied(Denied { user, reason }),
        }
    }

    const fn at(self, place: Place) -> SignIn {
        SignIn::Asking(Asking { course: self, place })
    }
}

impl SignIn {
    /// Puts in between what the person must do on the way. A password that is over is changed once nothing that the
    /// person has is left to be proved; where nothing they have could prove what is wanted, they enrol it, or nobody
    /// comes in.
    pub fn with(self, duties: &Duties<'_>) -> Self {
        let (course, missing) = match self {
            Self::Asking(asking) if asking.takes(&PASSWORD) || asking.wanted().is_none() => {
                return Self::Asking(asking);
            }
            Self::Asking(asking) => {
                let can_prove = duties.enrolled.iter().any(|traits| asking.takes(traits));
                let place = asking.place;
                (asking.course, Some((place, can_prove)))
            }
            Self::Complete(complete) => (complete.course, None),
            Self::Denied(denied) => return Self::Denied(denied),
        };
        let is_warned = course.is_warned || duties.password != Errand::Warning;
        if duties.is_late {
            return Self::Denied(Denied { user: course.user, reason: Denial::NothingEnrolled });
        }
        // Whoever was given a ticket and has nothing else comes by it, or not at all.
        let holds = |category| duties.enrolled.iter().any(|traits| traits.proves(category));
        let has_shown = course.has_ticket();
        if course.user.is_some() && holds(Category::Vouched) && (has_shown || !holds(Category::Possession)) {
            return course.by_ticket(duties, has_shown);
        }
        match missing {
            Some((_, false)) if !duties.may_enrol => {
                Self::Denied(Denied { user: course.user, reason: Denial::NothingEnrolled })
            }
            Some((place, true)) => course.at(place),
            _ if !is_warned => course.at(Place::PasswordWarn),
            _ if duties.password == Errand::Change => course.at(Place::PasswordExpired),
            Some(_) => course.enrol(duties),
            None if duties.must_enrol => course.enrol(duties),
            None => match course.user {
                Some(user) => Self::Complete(Complete { user, course }),
                None => Self::Denied(Denied { user: None, reason: Denial::Policy }),
            },
        }
    }
}

impl Asking {
    /// A sign-in that begins by a one-time link: nothing is proved by it before a password is chosen.
    pub fn by_link(user: Id<UserKind>, recovering: Recovering, asks_question: bool, now: Timestamp) -> Self {
        let place = if asks_question { Place::Question(recovering) } else { Place::PasswordReset(recovering) };
        Self { course: Course::new(Some(user), Purpose::Api, now), place }
    }

    /// A sign-in of whoever will say who they are.
    pub fn unnamed(now: Timestamp) -> Self {
        Self { course: Course::new(None, Purpose::Api, now), place: Place::Unnamed }
    }

    /// A sign-in that begins by a code, for somebody or for nobody.
    pub fn by_code(user: Option<Id<UserKind>>, recovering: Recovering, code: RecoveryCode, now: Timestamp) -> Self {
        Self { course: Course::new(user, Purpose::Api, now), place: Place::Code(recovering, code) }
    }

    /// The same once the code was right: nothing is proved by it before a password is chosen, nor by that telephone after.
    #[must_use]
    pub fn came_by_phone(mut self, recovering: Recovering, asks_question: bool) -> Self {
        self.course.by_phone = true;
        self.place = if asks_question { Place::Question(recovering) } else { Place::PasswordReset(recovering) };
        self
    }

    /// Whether the password of this sign-in was, or is to be, chosen by a code that a telephone got.
    pub const fn is_by_phone(&self) -> bool {
        self.course.by_phone
    }

    /// Whether what is wanted could be proved by nothing but the way that the password came.
    pub fn has_gone_every_way(&self, user: &User, own: &[Enrolled]) -> bool {
        let mut fitting = own.iter().filter(|factor| self.takes(&factor.traits())).peekable();
        fitting.peek().is_some() && fitting.all(|factor| !user.may_prove_by(factor.kind))
    }

    /// The same, elsewhere: a factor was asked, or begun, or is not any more.
    #[must_use]
    pub fn moved(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same, with what the first answer of a factor proved that was enrolled.
    #[must_use]
    pub fn proved(mut self, proof: Option<Proof>) -> Self {
        self.course.proofs.extend(proof);
        self
    }

    /// The step after a factor was enrolled; its first answer, where it gave one, proves as much as any other.
    pub fn enrolled(self, proof: Option<Proof>, policy: &dyn Policy, now: Timestamp) -> SignIn {
        self.proved(proof).course.advance(policy, now)
    }

    /// The step after another password was chosen, by whoever knew the one before or showed a one-time link.
    pub fn chose_password(mut self, policy: &dyn Policy, now: Timestamp) -> SignIn {
        self.course.proofs.retain(|proof| proof.by != Means::Password);
        self.course.proofs.insert(0, Proof::password(now));
        self.course.is_warned = true;
        self.course.advance(policy, now)
    }

    /// The step after what may be left undone was: the warning, or the factors that may be enrolled.
    pub fn skipped(mut self, policy: &dyn Policy, now: Timestamp) -> SignIn {
        self.course.is_warned |= self.place == Place::PasswordWarn;
        self.course.advance(policy, now)
    }

    /// Whether a device is to be known again from here on.
    #[must_use]
    pub fn remembering(mut self, remembers: bool) -> Self {
        self.course.wishes.remembers |= remembers && self.course.wishes.is_trusted;
        self
    }

    /// Whether somebody vouched for whoever is there.
    pub fn has_ticket(&self) -> bool {
        self.course.has_ticket()
    }

    /// Whether something held was proved.
    pub fn has_possession(&self) -> bool {
        self.course.proofs.iter().any(|proof| proof.traits.proves(Category::Possession))
    }

    /// Whether it goes on for too long, however often it was touched.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.course.begun_at) > LONGEST
    }

    /// Whether everything that the policy wants is proved, so that what is offered may be left.
    pub fn is_proved(&self, policy: &dyn Policy, now: Timestamp) -> bool {
        let situation = Situation { purpose: self.course.purpose, proofs: &self.course.proofs, now };
        self.course.user.is_some() && policy.decide(&situation) == Decision::Allow
    }
}
