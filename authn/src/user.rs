//! A person: what they are called, what state their account is in, and when it is locked.

mod status;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use postern_codes::id::{ContactPoint as ContactPointKind, User as UserKind};
use postern_codes::{Id, Timestamp};

pub use status::{Lifecycle, Readiness, Status};

use crate::factor::Kind;

/// How many failures in a row lock an account, where no policy says otherwise.
pub const FAILURES_TO_LOCK: u32 = 10;
/// For how long a lock lasts, where no policy says otherwise.
pub const LOCK: Duration = Duration::from_hours(1);

/// A person of the organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Their id.
    pub id: Id<UserKind>,
    /// What they sign in with.
    pub login: Login,
    /// Where their account stands; a lock is not among these, see [`shown_status`](Self::shown_status).
    pub status: Status,
    /// What they are called.
    pub profile: Profile,
    /// When they were created.
    pub created_at: Timestamp,
    /// When they were last activated.
    pub activated_at: Option<Timestamp>,
    /// When their status last changed.
    pub status_changed_at: Option<Timestamp>,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// When anything about them last changed.
    pub updated_at: Timestamp,
    /// When their password was last set; never, where they have none.
    pub password_changed_at: Option<Timestamp>,
    /// Until when the account is, or last was, locked.
    pub locked_until: Option<Timestamp>,
    /// What they want to be asked where they forgot their password, where they said so.
    pub recovery_question: Option<String>,
    /// Whether their password was chosen by a code that a telephone of theirs got, and nothing else that they hold was
    /// proved since.
    pub password_by_phone: bool,
    /// Rises with each change of status, profile or password.
    pub version: i64,
}

impl User {
    /// Somebody new, with nothing done yet.
    pub fn new(id: Id<UserKind>, login: Login, profile: Profile, status: Status, now: Timestamp) -> Self {
        Self {
            id,
            login,
            status,
            profile,
            created_at: now,
            activated_at: (status == Status::Active).then_some(now),
            status_changed_at: Some(now),
            last_login_at: None,
            updated_at: now,
            password_changed_at: None,
            locked_until: None,
            recovery_question: None,
            password_by_phone: false,
            version: 1,
        }
    }

    /// First and last name.
    pub fn name(&self) -> String {
        self.profile.name()
    }

    /// Until when the account is locked, where it is.
    pub fn lock(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| *until > now)
    }

    /// Whether they have a password.
    pub const fn has_password(&self) -> bool {
        self.password_changed_at.is_some()
    }

    /// Whether a factor of this type may prove them beside their password: the same way twice is one proof.
    pub fn may_prove_by(&self, kind: Kind) -> bool {
        !(self.password_by_phone && kind.is_telephoned())
    }

    /// What they have to sign in with, where a password is asked of them or not.
    pub const fn readiness(&self, needs_password: bool) -> Readiness {
        if self.has_password() || !needs_password { Readiness::Ready } else { Readiness::NeedsPassword }
    }

    /// Whether the right password lets this person in now.
    pub fn may_sign_in(&self, now: Timestamp) -> bool {
        self.status.takes_password() && self.lock(now).is_none()
    }

    /// Whether a lock keeps this person from signing in, which they could otherwise.
    pub fn is_locked_out(&self, now: Timestamp) -> bool {
        self.status.takes_password() && self.lock(now).is_some()
    }

    /// The status as the API shows it: a locked account is `LOCKED_OUT` while the lock lasts.
    pub fn shown_status(&self, now: Timestamp) -> &'static str {
        if self.status == Status::Active && self.lock(now).is_some() { "LOCKED_OUT" } else { self.status.as_str() }
    }
}

/// What a person is called and reached by, without the login.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where notices go.
    pub email: String,
    /// Further members of the API's profile, as they came.
    pub further: BTreeMap<String, serde_json::Value>,
}

impl Profile {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// A name to sign in with: 1 to 100 characters, none of them a blank or a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login(String);

/// The text is no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a login has 1 to 100 characters, and no blanks")]
pub struct NotALogin;

impl Login {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: two logins that differ in case alone are one.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// How names are compared and searched: without regard to case. Each character is folded by itself, so that what a text
/// begins with folds to what the folded text begins with; a sigma at the end of a word is a sigma.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|character| if character == 'ς' { 'σ' } else { character }).collect()
}

impl FromStr for Login {
    type Err = NotALogin;

    fn from_str(text: &str) -> Result<Self, NotALogin> {
        let fits = (1..=100).contains(&text.chars().count())
            && !text.chars().any(|character| character.is_whitespace() || character.is_control());
        fits.then(|| Self(text.to_owned())).ok_or(NotALogin)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One way in which an account is closed to its owner for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// Whatever they sign in from.
    AnyDevice,
    /// From a browser that never signed them in.
    UnknownDevice,
}

impl Block {
    /// Its `appliesTo` in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnyDevice => "ANY_DEVICES",
            Self::UnknownDevice => "UNKNOWN_DEVICES",
        }
    }
}

/// An address or number by which a person is, or was, reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPoint {
    /// Its id.
    pub id: Id<ContactPointKind>,
    /// What kind of address.
    pub kind: ContactKind,
    /// The address or number.
    pub value: String,
    /// Where it came from: `API`, `SETUP` ...
    pub source: String,
    /// Who put it there, by id.
    pub changed_by: String,
    /// Since when.
    pub from_at: Timestamp,
    /// Until when; still, where there is none.
    pub until_at: Option<Timestamp>,
}

impl ContactPoint {
    /// Whether it came from the organisation's records, and neither from the person nor by an administrator's hand.
    pub fn is_from_records(&self) -> bool {
        self.source == "IMPORT"
    }
}

/// A kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// A mail address.
    Email,
    /// A telephone that moves with the person.
    MobilePhone,
    /// A telephone at a place.
    PrimaryPhone,
    /// A second mail address, for when the first is lost.
    SecondEmail,
}

impl ContactKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Email, Self::MobilePhone, Self::PrimaryPhone, Self::SecondEmail];

    /// Its member of the API's profile.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::MobilePhone => "mobilePhone",
            Self::PrimaryPhone => "primaryPhone",
            Self::SecondEmail => "secondEmail",
        }
    }

    /// Whether one can be called there.
    pub const fn is_telephone(self) -> bool {
        matches!(self, Self::MobilePhone | Self::PrimaryPhone)
    }

    /// The address of this kind that a profile names.
    pub fn of(self, profile: &Profile) -> Option<&str> {
        match self {
            Self::Email => Some(profile.email.as_str()),
            Self::MobilePhone | Self::PrimaryPhone | Self::SecondEmail => {
                profile.further.get(self.as_str()).and_then(serde_json::Value::as_str)
            }
        }
        .filter(|value| !value.is_empty())
    }
}

impl FromStr for ContactKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::env::TestWorld;

    fn grace() -> User {
        let env = TestWorld::new().env();
        let profile = Profile {
            first_name: "Grace".into(),
            last_name: "Hopper".into(),
            email: "grace@harbour.example".into(),
            further: BTreeMap::from([("mobilePhone".to_owned(), "+1 555 0100".into())]),
        };
        let login = "Grace@harbour.example".parse().unwrap();
        User::new(Id::new(&env), login, profile, Status::Active, env.now)
    }

    #[test]
    fn a_login_is_compared_without_regard_to_case() {
        let login: Login = "Grace@Harbour.example".parse().unwrap();
        assert_eq!(login.folded(), "grace@harbour.example");
        assert_eq!(login.as_str(), "Grace@Harbour.example");
    }

    #[test]
    fn the_beginning_of_a_text_folds_to_the_beginning_of_the_folded_text() {
        for text in ["ΟΔΟΣΑ", "ὈΔΥΣΣΕΎΣ", "İstanbul", "Straße", "ǅ", "\u{10400}x"] {
            for (at, _) in text.char_indices() {
                assert!(fold(text).starts_with(&fold(&text[..at])), "{text} at {at}");
            }
        }
        assert_eq!(fold("ὈΔΥΣΣΕΎΣ"), fold("ὀδυσσεύς"));
    }

    #[test]
    fn a_blank_or_overlong_login_is_refused() {
        for wrong in ["", "grace hopper", "grace\n", "\u{a0}", &"x".repeat(101)] {
            assert_eq!(wrong.parse::<Login>(), Err(NotALogin), "{wrong:?}");
        }
        assert!("x".repeat(100).parse::<Login>().is_ok());
    }

    #[test]
    fn a_lock_ends_by_itself() {
        let mut user = grace();
        let now = user.created_at;
        user.locked_until = Some(now.plus(LOCK));
        assert_eq!(user.shown_status(now), "LOCKED_OUT");
        assert!(!user.may_sign_in(now));
        assert_eq!(user.shown_status(now.plus(LOCK)), "ACTIVE");
        assert!(user.may_sign_in(now.plus(LOCK)));
    }

    #[test]
    fn a_lock_bars_whoever_could_sign_in_and_shows_over_an_active_account() {
        for status in Status::ALL {
            let user = User { status: *status, ..grace() };
            let now = user.created_at;
            assert_eq!(user.may_sign_in(now), status.takes_password());
            let locked = User { locked_until: Some(now.plus(LOCK)), ..user };
            assert!(!locked.may_sign_in(now));
            assert_eq!(locked.is_locked_out(now), status.takes_password());
            let shown = if *status == Status::Active { "LOCKED_OUT" } else { status.as_str() };
            assert_eq!(locked.shown_status(now), shown);
        }
    }

    #[test]
    fn whoever_has_no_password_is_ready_only_where_none_is_asked() {
        let without = grace();
        let with = User { password_changed_at: Some(without.created_at), ..grace() };
        assert_eq!(without.readiness(true), Readiness::NeedsPassword);
        assert_eq!(without.readiness(false), Readiness::Ready);
        assert_eq!(with.readiness(true), Readiness::Ready);
    }

    #[test]
    fn contacts_are_read_from_the_profile() {
        let user = grace();
        assert_eq!(ContactKind::Email.of(&user.profile), Some("grace@harbour.example"));
        assert_eq!(ContactKind::MobilePhone.of(&user.profile), Some("+1 555 0100"));
        assert_eq!(ContactKind::SecondEmail.of(&user.profile), None);
    }
}
