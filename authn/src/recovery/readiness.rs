//! Whether a recovery PIN could be issued now for a person at a computer, check by check, and how to mend what could not.
//!
//! The checks are those of [`pin::decide`](super::pin::decide), less what depends on who asks.

use std::time::Duration;

use postern_codes::Timestamp;
use serde::Serialize;

use super::pin::Refusal;
use super::{CHALLENGE_OFFLINE, Enrolment, EnrolmentStatus, Rules};
use crate::device::DeviceStatus;

/// A clock that is off by more than this makes a computer ask for a challenge.
const CLOCK: Duration = Duration::from_mins(5);

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable word: that of the refusal it would be.
    pub code: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What stands in the way, or nothing.
    pub detail: String,
    /// What can be done about it, or nothing.
    pub fix: String,
}

/// What was read to judge.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The settings.
    pub rules: &'a Rules,
    /// Where the computer stands.
    pub device: DeviceStatus,
    /// When it last proved itself.
    pub last_seen_at: Option<Timestamp>,
    /// How far its clock was ahead, in microseconds.
    pub clock_offset: Option<i64>,
    /// The end of its newest certificate that was not revoked.
    pub certificate_expires_at: Option<Timestamp>,
    /// Whether the person may sign in at all.
    pub user_is_active: bool,
    /// The newest acknowledged generation.
    pub enrolment: Option<&'a Enrolment>,
}

/// Every check, in the order of the refusals, and whether all of those hold that a PIN needs.
pub fn checks(facts: &Facts<'_>) -> (bool, Vec<Check>) {
    let Facts { now, rules, .. } = *facts;
    let active = facts.enrolment.filter(|enrolment| enrolment.status == EnrolmentStatus::Active);
    let takes_time = active.is_some_and(|enrolment| rules.allow_time_pin(enrolment.binding));
    let within = if takes_time { rules.max_offline } else { CHALLENGE_OFFLINE };
    let is_seen = facts.last_seen_at.is_some_and(|at| now.since(at) <= within);
    let is_certified = facts.certificate_expires_at.is_some_and(|end| end > now);
    let is_young = active.and_then(|enrolment| enrolment.age(now)).is_some_and(|age| age <= rules.validity);
    let mut checks = vec![
        check(rules.is_enabled, &Refusal::FeatureDisabled),
        check(facts.device != DeviceStatus::Suspended, &Refusal::DeviceSuspended),
        check(matches!(facts.device, DeviceStatus::Active | DeviceStatus::Suspended), &Refusal::DeviceDeactivated),
        check(facts.user_is_active, &Refusal::UserSuspended),
        check(active.is_some(), &Refusal::NotRegistered),
        check(is_seen, &Refusal::OfflineTooLong(facts.last_seen_at)),
        check(is_certified, &Refusal::CertificateExpired),
        check(is_young, &Refusal::SecretTooOld),
    ];
    let is_ready = checks.iter().all(|check| check.ok);
    checks.push(clock(facts.clock_offset));
    checks.push(lock(active));
    (is_ready, checks)
}

fn check(ok: bool, refusal: &Refusal) -> Check {
    let [detail, fix] = if ok { [""; 2] } else { [refusal.meaning(), refusal.fix()] };
    Check { code: refusal.code(), ok, detail: detail.to_owned(), fix: fix.to_owned() }
}

fn clock(offset: Option<i64>) -> Check {
    let off = Duration::from_micros(offset.unwrap_or(0).unsigned_abs());
    if off <= CLOCK {
        return Check { code: "clock_skew", ok: true, detail: String::new(), fix: String::new() };
    }
    Check {
        code: "clock_skew",
        ok: false,
        detail: format!("the computer's clock was off by {} minutes at its last contact", off.as_secs() / 60),
        fix: "set the clock; until then the computer may ask for a PIN that answers nine digits".to_owned(),
    }
}

fn lock(enrolment: Option<&Enrolment>) -> Check {
    let is_locked = enrolment.is_some_and(|enrolment| enrolment.is_locked);
    let told =
        ["entry was locked after wrong PINs at its last contact", "wait, or connect the computer to the network"];
    let [detail, fix] = if is_locked { told } else { [""; 2] };
    Check { code: "entry_locked", ok: !is_locked, detail: detail.to_owned(), fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use postern_codes::env::TestWorld;

    use super::*;
    use crate::recovery::ModeRule;

    #[test]
    fn whatever_is_not_in_order_says_how_to_mend_it() {
        let now = TestWorld::new().env().now;
        let rules = Rules {
            is_enabled: false,
            needs_case: false,
            mode: ModeRule::Auto,
            max_offline: Duration::ZERO,
            validity: Duration::ZERO,
            duration: Duration::ZERO,
        };
        let facts = Facts {
            now,
            rules: &rules,
            device: DeviceStatus::Suspended,
            last_seen_at: None,
            clock_offset: Some(3_600_000_000),
            certificate_expires_at: None,
            user_is_active: false,
            enrolment: None,
        };
        let (is_ready, checks) = checks(&facts);
        assert!(!is_ready);
        let wrong: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
        assert_eq!(wrong.len(), 8);
        assert!(wrong.iter().all(|check| !check.detail.is_empty() && !check.fix.is_empty()));
    }
}
