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
use super::words::{Text, say, say_of};
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
    pub detail: Text,
    /// Since when person and computer are linked.
    pub since: Moment,
    /// How the link was proved, or that it is minutes old.
    pub proof: State,
    /// Whether a PIN could be made now.
    pub readiness: State,
    /// Why not, and the fix; the code small beside it.
    pub fix: Option<(Text, String)>,
    /// What became of the newest PIN, for those who may make one: its state, when it was made, its page.
    pub newest: Option<(State, Moment, String)>,
    /// The PIN dialog, for those who may; `None` shows no action.
    pub action: Option<String>,
}

/// How a PIN can be made now.
pub enum Way {
    /// From the caller's nine digits alone, for this reason.
    Challenge(Text),
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
    (who, detail): (Link, Text),
) -> Result<Recovery, ApiError> {
    let pair = Pair { device, user };
    let by = viewer.require::<right::DevicesRead>(app).await?;
    let known = recovery_pins::readiness(app, &by, pair).await?;
    let way = way(&known, viewer.now);
    let fix = match &way {
        Way::Challenge(why) => Some((why.clone(), "challenge_required".to_owned())),
        Way::None(why) => {
            Some((Text::sentences([why.happened.clone(), why.next.clone()]), why.code.clone().unwrap_or_default()))
        }
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
        Way::Challenge(_) => State::new(Tone::Warning, say("readiness-challenge")),
        Way::None(_) => State::new(Tone::Danger, say("readiness-impossible")),
        Way::Time => State::new(Tone::Good, say("readiness-ready")),
    }
}

/// How the link of person and computer was proved. A new one is what a taken-over account looks like.
pub fn proof(known: &Readiness, now: Timestamp) -> State {
    let Some(link) = known.link else { return State::new(Tone::Danger, say("readiness-not-linked")) };
    let is_new = now.since(link.since) < NEW_LINK;
    match (link.proof, is_new) {
        (LinkProof::Claimed, true) => State::new(Tone::Danger, say("readiness-new-claimed")),
        (LinkProof::Claimed, false) => State::new(Tone::Warning, say("readiness-claimed")),
        (LinkProof::Factor, true) => State::new(Tone::Danger, say("readiness-new-proved")),
        (LinkProof::Factor, false) => State::new(Tone::Plain, say("readiness-proved")),
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
        let told = |text: Text| text.with("computer", computer).with("since", seen).with("days", days);
        if now.since(seen) <= CHALLENGE_OFFLINE {
            return Way::Challenge(told(say("readiness-offline-challenge")));
        }
        let happened = told(say("readiness-offline"));
        let next = sentence(say_of("domain-fix", check.code).or(capital(&check.fix)));
        return Way::None(Notice::new(Tone::Danger, happened, next).with_code(check.code));
    }
    if let Some(check) = failed("clock_skew") {
        return Way::Challenge(sentence(say_of("domain-meaning", check.code).or(capital(&check.detail))));
    }
    match known.mode {
        Mode::Challenge => Way::Challenge(say("readiness-only-challenge").with("computer", computer)),
        Mode::Time => Way::Time,
    }
}

/// A check that does not hold: what it means and what to do.
fn explained(check: &Check) -> Notice {
    let happened = sentence(say_of("domain-meaning", check.code).or(capital(&check.detail)));
    let next = sentence(say_of("domain-fix", check.code).or(capital(&check.fix)));
    Notice::new(Tone::Danger, happened, next).with_code(check.code)
}

fn sentence(words: Text) -> Text {
    say("readiness-sentence").with("words", words)
}

/// A span in words: "1 hour", "90 minutes".
pub fn lasting(minutes: u64) -> Text {
    match (minutes / 60, minutes % 60) {
        (hours, 0) if hours > 0 => say("readiness-lasting-hours").with("count", hours),
        _ => say("readiness-lasting-minutes").with("count", minutes),
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
        assert_eq!(lasting(60).to_string(), "1 hour");
        assert_eq!(lasting(1).to_string(), "1 minute");
        assert_eq!(lasting(90).to_string(), "90 minutes");
        assert_eq!(lasting(1440).to_string(), "24 hours");
    }
}
