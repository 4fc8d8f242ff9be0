//! The way back in of one person at one computer, as a row says it and as the PIN dialog needs it.

use std::time::Duration;

use postern_authn::permission::{Permission, right};
use postern_authn::recovery::pin::IssuanceStatus;
use postern_authn::recovery::readiness::Check;
use postern_authn::recovery::{CHALLENGE_OFFLINE, LinkProof};
use postern_codes::Timestamp;
use postern_codes::id::{Device, Id, User};
use postern_codes::report::Mode;

use super::part::{Link, Moment, Notice, State, Tone};
use super::people::capital;
use super::pin_state;
use super::viewer::Viewer;
use crate::App;
use crate::api::ApiError;
use crate::api::recovery_pins::{self, Pair, Readiness};

/// A computer that was in contact within this time counts as online: it reports by itself.
pub const CONTACT: Duration = Duration::from_mins(20);
/// A link younger than this may be the work of whoever calls now.
const NEW_LINK: Duration = Duration::from_hours(1);

/// A person of a computer, or a computer of a person.
pub struct Recovery {
    /// The person (on a computer's page) or the computer (on a person's).
    pub who: Link,
    /// Sign-in name or serial number.
    pub detail: String,
    /// Since when person and computer are linked.
    pub since: Moment,
    /// How the link was proved, or that it is minutes old.
    pub proof: State,
    /// Whether a PIN could be made now.
    pub readiness: State,
    /// Why not, and the fix; the code small beside it.
    pub fix: Option<(String, String)>,
    /// What became of the newest PIN, for those who may make one: its state, when it was made, its page.
    pub newest: Option<(State, Moment, String)>,
    /// The PIN dialog, for those who may; `None` shows no action.
    pub action: Option<String>,
}

/// How a PIN can be made now.
pub enum Way {
    /// From the caller's nine digits alone, for this reason.
    Challenge(String),
    /// Not at all, for this reason.
    None(Notice),
    /// From the time; the caller's nine digits will do too.
    Time,
}

/// The address of the PIN dialog.
pub fn address(pair: Pair) -> String {
    format!("/admin/devices/{}/people/{}/recovery", pair.device, pair.user)
}

/// The row of a pair.
///
/// # Errors
/// 404 where computer or person are gone; of the database.
pub async fn row(
    app: &App,
    viewer: &Viewer,
    (device, user): (Id<Device>, Id<User>),
    (who, detail): (Link, String),
) -> Result<Recovery, ApiError> {
    let pair = Pair { device, user };
    let by = viewer.require::<right::DevicesRead>(app).await?;
    let known = recovery_pins::readiness(app, &by, pair).await?;
    let way = way(&known, viewer.now);
    let fix = match &way {
        Way::Challenge(why) => Some((why.clone(), "challenge_required".to_owned())),
        Way::None(why) => Some((format!("{} {}", why.happened, why.next), why.code.clone().unwrap_or_default())),
        Way::Time => None,
    };
    let may_make = viewer.may(Permission::RecoveryPinGenerate);
    let newest = if may_make { newest(app, viewer, pair).await? } else { None };
    Ok(Recovery {
        who,
        detail,
        since: viewer.moment(known.link.map_or(viewer.now, |link| link.since)),
        proof: proof(&known, viewer.now),
        readiness: state(&way),
        fix,
        newest,
        action: may_make.then(|| address(pair)),
    })
}

async fn newest(app: &App, viewer: &Viewer, pair: Pair) -> Result<Option<(State, Moment, String)>, ApiError> {
    let by = viewer.require::<right::RecoveryPinGenerate>(app).await?;
    let issued = recovery_pins::list(app, &by, pair).await?;
    Ok(issued.first().map(|newest| {
        let state = pin_state::word(newest.state(viewer.now));
        (state, viewer.moment(newest.issued_at), format!("{}/{}", address(pair), newest.id))
    }))
}

/// Whether a PIN could be made, in a word or two.
pub fn state(way: &Way) -> State {
    match way {
        Way::Challenge(_) => State::new(Tone::Warning, "With the caller's nine digits"),
        Way::None(_) => State::new(Tone::Danger, "Not possible"),
        Way::Time => State::new(Tone::Good, "Ready"),
    }
}

/// How the link of person and computer was proved. A new one is what a taken-over account looks like.
pub fn proof(known: &Readiness, now: Timestamp) -> State {
    let Some(link) = known.link else { return State::new(Tone::Danger, "Not linked") };
    let is_new = now.since(link.since) < NEW_LINK;
    match (link.proof, is_new) {
        (LinkProof::Claimed, true) => State::new(Tone::Danger, "New, and only the computer says so"),
        (LinkProof::Claimed, false) => State::new(Tone::Warning, "Only the computer says so"),
        (LinkProof::Factor, true) => State::new(Tone::Danger, "New, proved with a factor"),
        (LinkProof::Factor, false) => State::new(Tone::Plain, "Proved with a factor"),
    }
}

/// How a PIN can be made for a pair now.
pub fn way(known: &Readiness, now: Timestamp) -> Way {
    let computer = &known.device.profile.display_name;
    let failed = |code: &str| known.checks.iter().find(|check| check.code == code && !check.ok);
    let is_advice = |check: &&Check| matches!(check.code, "clock_skew" | "entry_locked" | "offline_too_long");
    if let Some(check) = known.checks.iter().find(|check| !check.ok && !is_advice(check)) {
        return Way::None(explained(check));
    }
    if let Some(check) = failed("offline_too_long") {
        let Some(seen) = known.device.last_seen_at else { return Way::None(explained(check)) };
        let days = now.since(seen).as_secs() / 86_400;
        let since = Moment::new(seen, now).exact;
        if now.since(seen) <= CHALLENGE_OFFLINE {
            return Way::Challenge(format!(
                "{computer} was last online on {since} ({days} days ago), too long for a PIN that goes by the time."
            ));
        }
        let happened = format!("{computer} was last online on {since} ({days} days ago).");
        let next = format!("{}.", capital(&check.fix));
        return Way::None(Notice::new(Tone::Danger, happened, next).with_code(check.code));
    }
    if let Some(check) = failed("clock_skew") {
        return Way::Challenge(format!("{}.", capital(&check.detail)));
    }
    match known.mode {
        Mode::Challenge => Way::Challenge(format!("{computer} takes only PINs that answer the digits on its screen.")),
        Mode::Time => Way::Time,
    }
}

/// A check that does not hold: what it means and what to do.
fn explained(check: &Check) -> Notice {
    let (happened, next) = (format!("{}.", capital(&check.detail)), format!("{}.", capital(&check.fix)));
    Notice::new(Tone::Danger, happened, next).with_code(check.code)
}

/// A span in words: "1 hour", "90 minutes".
pub fn lasting(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (1, 0) => "1 hour".to_owned(),
        (hours, 0) if hours > 0 => format!("{hours} hours"),
        _ if minutes == 1 => "1 minute".to_owned(),
        _ => format!("{minutes} minutes"),
    }
}

/// Whether a PIN with this state could still be taken back.
pub const fn may_be_revoked(state: IssuanceStatus) -> bool {
    matches!(state, IssuanceStatus::Activated | IssuanceStatus::Expired | IssuanceStatus::Issued)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_as_people_say_it() {
        assert_eq!(lasting(60), "1 hour");
        assert_eq!(lasting(1), "1 minute");
        assert_eq!(lasting(90), "90 minutes");
        assert_eq!(lasting(1440), "24 hours");
    }
}
