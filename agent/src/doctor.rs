//! Whether recovery would work now, for the computer and each person, and how to mend what would not.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use postern_codes::Timestamp;
use postern_wire::Whole;
use postern_wire::error::DeviceError;
use postern_wire::settings::DeviceSettings;
use postern_wire::socket::{
    Certificate, ChallengeReason, Finding, PersonStatus, RecoveryWay, Refusal, RefusalWord, Status,
};

use crate::credential::describe;
use crate::daemon::Daemon;
use crate::register::probe;
use crate::state::{Person, State};
use crate::sync;
use crate::unlock::{Refused, Way};
use crate::vault::{Counter as _, Link};

const DAY: i64 = 24 * 3600;

/// Every check, in the order in which they should be mended; asks the server.
pub fn findings(daemon: &Daemon) -> Vec<Finding> {
    let contact = sync::contact(daemon);
    let mut findings = vec![log_finding(daemon)];
    let state = match daemon.vault(|vault| Ok(vault.state().clone())) {
        Ok(state) => state,
        Err(fault) => {
            findings.push(mend("computer", "state_refused", fault, "follow the message"));
            return findings;
        }
    };
    let credential = match daemon.credential() {
        Ok(credential) => credential,
        Err(unusable) => {
            let missing = DeviceError::CertificateMissing;
            findings.push(mend("computer", missing.word(), unusable, missing.fix()));
            return findings;
        }
    };
    findings.push(certificate(describe(&credential.certificate, &daemon.paths.state_dir), daemon.now()));
    findings.push(match &contact {
        Ok(()) => fine("computer", "server", format_args!("{} answers", credential.server)),
        Err(sync::NoContact::Server(failed)) if failed.word().is_some() => {
            let fix = failed.word().map_or("", DeviceError::fix);
            mend("computer", failed.word().map_or("refused", DeviceError::word), failed, fix)
        }
        Err(why) => mend(
            "computer",
            "no_contact",
            why,
            "connect the computer to the network; time PINs work for a while without",
        ),
    });
    let settings = daemon.settings();
    findings.push(last_contact(daemon.now(), state.last_contact, &settings));
    findings.push(clock(daemon, &state));
    if daemon.config.users.is_empty() && daemon.config.user_domain.is_none() {
        findings.push(mend(
            "computer",
            "nobody_linked",
            "no account stands for a person at the server",
            "give accounts their logins in agent.toml, under [users], or set UserDomain",
        ));
    }
    findings.extend(
        people(daemon, &state)
            .into_iter()
            .map(|(account, login)| person(daemon, &state, &account, &login, &settings, contact.is_ok())),
    );
    findings
}

fn log_finding(daemon: &Daemon) -> Finding {
    let path = daemon.paths.log.display();
    match OpenOptions::new().create(true).append(true).mode(0o640).open(&daemon.paths.log) {
        Ok(_) => fine("computer", "log", format_args!("{path} can be written")),
        Err(fault) => mend(
            "computer",
            "log",
            format_args!("{path} cannot be written: {fault}"),
            "make its folder, for root alone",
        ),
    }
}

fn certificate(found: Option<Certificate>, now: Timestamp) -> Finding {
    let Some(found) = found else {
        let missing = DeviceError::CertificateMissing;
        return mend("computer", missing.word(), "the certificate cannot be read", missing.fix());
    };
    let left = found.not_after.signed() - now.unix_seconds();
    let days = left / DAY;
    let end = day(Timestamp::from_unix_seconds(found.not_after.signed()));
    let detail = format!("{} by {}, until {end} ({days} days); key {}", found.subject, found.issuer, found.key);
    if left < 0 {
        let expired = DeviceError::CertificateExpired;
        return mend("computer", expired.word(), detail, expired.fix());
    }
    fine("computer", "certificate", detail)
}

fn last_contact(now: Timestamp, last: Option<Timestamp>, settings: &DeviceSettings) -> Finding {
    let most = u64::from(settings.recovery_max_offline_days.get());
    let Some(last) = last else {
        return mend(
            "computer",
            "never_in_contact",
            "the server was never reached since enrolment",
            "connect the computer to the network",
        );
    };
    let since = now.since(last);
    let days = since.as_secs() / DAY.unsigned_abs();
    let detail = format!("last contact on {}, {days} days ago; a time PIN needs {most} days or less", day(last));
    if since > Duration::from_hours(24 * most) {
        return mend("computer", "offline_too_long", detail, "connect the computer to the network, or use a challenge");
    }
    fine("computer", "last_contact", detail)
}

fn clock(daemon: &Daemon, state: &State) -> Finding {
    let reading = daemon.clock.read();
    match state.time.as_ref().map(|time| time.trusted(&reading)) {
        Some(Ok(_)) => fine("computer", "clock", "the clock can be trusted"),
        Some(Err(why)) => mend(
            "computer",
            "clock_untrusted",
            why,
            "connect the computer to the network; until then it asks for a challenge",
        ),
        None => {
            mend("computer", "clock_untrusted", "no time from the server yet", "connect the computer to the network")
        }
    }
}

/// Accounts and logins: those that are configured, and those that are registered under another name.
fn people(daemon: &Daemon, state: &State) -> BTreeMap<String, String> {
    let mut people = daemon.config.users.clone();
    for person in &state.people {
        if !people.values().any(|login| *login == person.login) {
            let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(person.os_uid)).ok().flatten();
            people.insert(user.map_or_else(|| person.os_uid.to_string(), |user| user.name), person.login.clone());
        }
    }
    people
}

fn person(
    daemon: &Daemon,
    state: &State,
    account: &str,
    login: &str,
    settings: &DeviceSettings,
    online: bool,
) -> Finding {
    let known = state.people.iter().find(|person| person.login == login);
    let Some(os_uid) = daemon.config.uid(account).or_else(|| known.map(|person| person.os_uid)) else {
        let detail = format!("{login}: there is no account {account} on this computer");
        return mend(account, "no_account", detail, "correct [users] in agent.toml");
    };
    let way = match daemon.door(|door| door.way(os_uid, login)) {
        Ok(way) => way,
        Err(fault) => return mend(account, "state_refused", fault, "follow the message"),
    };
    if let Some(finding) = known.and_then(|known| registration(daemon, account, known, online)) {
        return finding;
    }
    let age =
        known.and_then(|person| person.generations.first()).map(|newest| daemon.now().since(newest.since).as_secs());
    let days = age.unwrap_or_default() / DAY.unsigned_abs();
    if days > u64::from(settings.recovery_validity_days.get()) {
        let detail = format!("{login}: the recovery secret is {days} days old; no PIN can be issued for it");
        return mend(
            account,
            "secret_too_old",
            detail,
            "connect the computer to the network: it is replaced by itself",
        );
    }
    match way {
        Way::Time => fine(account, "ready", format_args!("{login}: a time PIN would work now")),
        Way::Challenge(why) => {
            fine(account, "ready", format_args!("{login}: a challenge PIN would work now ({})", challenge_reason(why)))
        }
        Way::None(refused) => match refused.word {
            RefusalWord::NotRegistered => mend(
                account,
                "not_registered",
                format_args!("{login} has not signed in here with a factor while the computer was online"),
                "sign in online once with a factor",
            ),
            _ => mend(
                account,
                "locked",
                format_args!("{login}: too many wrong PINs"),
                "wait, or connect the computer to the network",
            ),
        },
    }
}

/// What keeps the server from making PINs of a person's secret, as far as it can be asked now.
fn registration(daemon: &Daemon, account: &str, person: &Person, online: bool) -> Option<Finding> {
    let login = &person.login;
    let Some(present) = person.generations.iter().find(|generation| generation.done) else {
        let detail = format!("{login}: the registration was begun and is not complete");
        let fix = "connect the computer to the network; if that does not help, sign in online once with a factor";
        return Some(mend(account, "not_registered", detail, fix));
    };
    let asked = online.then(|| probe(daemon, &Link::of(person, present), present.ack));
    let word = asked?.err()?.word()?;
    Some(mend(account, word.word(), format_args!("{login}: {}", word.meaning()), word.fix()))
}

const fn challenge_reason(why: ChallengeReason) -> &'static str {
    match why {
        ChallengeReason::Clock => "the clock cannot be trusted",
        ChallengeReason::HardLock => "too many wrong time PINs",
        ChallengeReason::Policy => "the settings demand it",
        ChallengeReason::SoftBinding => "the secret lies in a file, and RecoveryMode is AUTO",
    }
}

fn fine(subject: &str, code: &str, detail: impl std::fmt::Display) -> Finding {
    Finding {
        subject: subject.to_owned(),
        code: code.to_owned(),
        ok: true,
        detail: detail.to_string(),
        fix: String::new(),
    }
}

fn mend(subject: &str, code: &str, detail: impl std::fmt::Display, fix: &str) -> Finding {
    Finding {
        subject: subject.to_owned(),
        code: code.to_owned(),
        ok: false,
        detail: detail.to_string(),
        fix: fix.to_owned(),
    }
}

fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    at.map(|at| at.strftime("%-d %b %Y, %H:%M").to_string()).unwrap_or_default()
}

/// A refusal of the door, as the socket has it.
pub(crate) fn refusal(daemon: &Daemon, refused: Refused) -> Refusal {
    Refusal { word: refused.word, until: refused.until.map(|end| daemon.until(end)), detail: refused.detail }
}

/// The state of the agent and of everybody it knows. Asks nobody.
pub fn status(daemon: &Daemon) -> Status {
    let state = daemon.vault(|vault| Ok(vault.state().clone())).unwrap_or_default();
    let device = daemon.credential().ok();
    let device = device.as_ref();
    let reading = daemon.clock.read();
    let logins = people(daemon, &state);
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        server: device.map(|device| device.server.clone()),
        org_id: device.map(|device| device.org_id.to_string()),
        device_id: device.map(|device| device.device_id.to_string()),
        computer: daemon.computer.clone(),
        certificate: device.and_then(|device| describe(&device.certificate, &daemon.paths.state_dir)),
        last_contact: state.last_contact.map(|at| Whole::clamped(at.micros())),
        online: daemon.is_online(),
        clock_trusted: state.time.as_ref().is_some_and(|time| time.trusted(&reading).is_ok()),
        settings: daemon.settings().by_name(),
        people: logins.iter().filter_map(|(account, login)| person_status(daemon, &state, account, login)).collect(),
    }
}

fn person_status(daemon: &Daemon, state: &State, account: &str, login: &str) -> Option<PersonStatus> {
    let known = state.people.iter().find(|person| person.login == login);
    let os_uid = daemon.config.uid(account).or_else(|| known.map(|person| person.os_uid))?;
    let newest = known.and_then(|person| person.generations.first());
    let (way, until, failures) = daemon
        .door(|door| {
            let record = known.map(|person| door.vault.record(person.user)).transpose()?.unwrap_or_default();
            Ok((door.way(os_uid, login)?, door.access(os_uid, login), record.failures()))
        })
        .unwrap_or((Way::None(Refused { word: RefusalWord::Fault, until: None, detail: None }), None, 0));
    let unsent: usize = known.iter().flat_map(|person| &person.generations).map(|one| one.outbox.unsent.len()).sum();
    Some(PersonStatus {
        login: login.to_owned(),
        os_uid: os_uid.into(),
        eid: newest.map(|newest| newest.eid.to_string()),
        generation: newest.map(|newest| newest.number.into()),
        recovery: match way {
            Way::Challenge(why) => RecoveryWay::Challenge { why },
            Way::None(refused) => RecoveryWay::None { why: refusal(daemon, refused) },
            Way::Time => RecoveryWay::Time,
        },
        failures: Whole::new(failures).unwrap_or_default(),
        active_until: until.map(|end| daemon.until(end)),
        unsent_reports: Whole::new(u64::try_from(unsent).unwrap_or_default()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(2_000_000_000 + seconds)
    }

    #[test]
    fn a_certificate_that_expired_an_hour_ago_is_not_fine() {
        let name = || "name".to_owned();
        let (not_before, not_after) = (Whole::clamped(0), Whole::clamped(at(0).unix_seconds()));
        let found = Certificate { subject: name(), issuer: name(), serial: name(), not_before, not_after, key: name() };
        assert!(certificate(Some(found.clone()), at(-1)).ok);
        assert_eq!(certificate(Some(found), at(3600)).code, DeviceError::CertificateExpired.word());
    }

    #[test]
    fn seven_days_and_a_minute_without_contact_are_too_long() {
        let settings = DeviceSettings::default();
        assert!(last_contact(at(7 * DAY), Some(at(0)), &settings).ok);
        assert_eq!(last_contact(at(7 * DAY + 60), Some(at(0)), &settings).code, "offline_too_long");
        assert_eq!(last_contact(at(0), None, &settings).code, "never_in_contact");
    }
}
