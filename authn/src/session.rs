//! A console session: how long it lives, and how fresh its second factor is.

use std::time::Duration;

use postern_codes::id::{Session as SessionKind, User};
use postern_codes::{Id, Timestamp};

/// How long a session lives without a request.
pub const IDLE: Duration = Duration::from_mins(30);
/// How long a session lives at most.
pub const LONGEST: Duration = Duration::from_hours(12);
/// How long a second factor counts as fresh: a weighty act asks again after it.
pub const FRESH: Duration = Duration::from_mins(5);
/// How exactly `last_seen_at` is kept: a write a request would cost more than the minute is worth.
pub const SEEN: Duration = Duration::from_mins(1);

/// Somebody signed in, at one browser. The token that names it is kept as its SHA-256 alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which unlike its token may be shown.
    pub id: Id<SessionKind>,
    /// Whose it is.
    pub user: Id<User>,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within [`SEEN`].
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When a second factor was last proved in it.
    pub factor_at: Option<Timestamp>,
    /// How they proved who they are: RFC 8176 words, with blanks between.
    pub amr: String,
    /// Network address at sign-in.
    pub ip: String,
    /// What the browser called itself at sign-in.
    pub user_agent: String,
}

impl Session {
    /// Whether a request at `now` may still use it.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.last_seen_at.plus(IDLE)
    }

    /// Whether a second factor was proved in it within the last five minutes.
    pub fn has_fresh_factor(&self, now: Timestamp) -> bool {
        self.factor_at.is_some_and(|at| at <= now && now < at.plus(FRESH))
    }

    /// Whether `last_seen_at` is old enough to be written again.
    pub fn is_to_be_seen(&self, now: Timestamp) -> bool {
        now >= self.last_seen_at.plus(SEEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::env::TestWorld;

    fn session() -> Session {
        let env = TestWorld::new().env();
        Session {
            id: Id::new(&env),
            user: Id::new(&env),
            created_at: env.now,
            last_seen_at: env.now,
            expires_at: env.now.plus(LONGEST),
            factor_at: Some(env.now),
            amr: "pwd otp mfa".into(),
            ip: String::new(),
            user_agent: String::new(),
        }
    }

    #[test]
    fn an_idle_session_ends() {
        let session = session();
        assert!(session.is_alive(session.created_at.plus(IDLE).minus(Duration::from_micros(1))));
        assert!(!session.is_alive(session.created_at.plus(IDLE)));
    }

    #[test]
    fn a_busy_session_ends_too() {
        let mut session = session();
        session.last_seen_at = session.expires_at.minus(Duration::from_secs(1));
        assert!(session.is_alive(session.last_seen_at));
        assert!(!session.is_alive(session.expires_at));
    }

    #[test]
    fn a_factor_is_fresh_for_five_minutes() {
        let session = session();
        assert!(session.has_fresh_factor(session.created_at));
        assert!(!session.has_fresh_factor(session.created_at.plus(FRESH)));
        assert!(!Session { factor_at: None, ..session.clone() }.has_fresh_factor(session.created_at));
    }

    #[test]
    fn a_clock_set_back_makes_no_factor_fresh() {
        let session = session();
        assert!(!session.has_fresh_factor(session.created_at.minus(Duration::from_secs(1))));
    }
}
