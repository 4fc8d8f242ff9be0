//! The regular contact with the server: time, policy and commands come; reports, rotations and renewals go.

use std::process::Command as Process;
use std::time::Duration;

use postern_codes::id::RecoveryEnrolment;
use postern_codes::{Env, Id, Timestamp};
use postern_wire::check_in::{
    BeaconClaims, CHECK_IN, CheckInAnswer, CheckInRequest, Command, EnrolmentState, PolicyClaims,
};
use postern_wire::error::{DeviceError, Remedy};
use postern_wire::report::{MAX_ENTRIES, REPORTS, ReportsAnswer, ReportsRequest};
use postern_wire::{Bytes, Text, Whole};

use crate::client::{Client, Failed};
use crate::credential::{Credential, Forged, Unusable, describe};
use crate::daemon::Daemon;
use crate::log::Category;
use crate::register::{NotRegistered, Right, Wanted, register, resume};
use crate::state::Policy;
use crate::vault::{Counter as _, Fault};
use crate::{enrol, identity, notice};

/// How often the clocks are read and running access is counted.
const TICK: Duration = Duration::from_secs(30);
/// How often the server is asked while all is well, and how soon again when it is not.
const EVERY: Duration = Duration::from_mins(15);
const AGAIN: Duration = Duration::from_mins(1);
/// Nobody waits for a contact in the background.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Ticks and contacts for as long as the agent runs.
pub fn keep_in_touch(daemon: &Daemon) -> ! {
    let mut due = daemon.clock.read().boottime;
    let mut notices = notice::Told::default();
    loop {
        let wanted = daemon.wait(TICK);
        let over = daemon.door(|door| {
            let over = door.tick()?;
            Ok(over)
        });
        match over {
            Ok(over) => over.into_iter().for_each(|os_uid| {
                daemon.log.info(
                    Category::SignIn,
                    "access_ended",
                    format_args!("access by recovery PIN of uid {os_uid} ended"),
                );
            }),
            Err(fault) => daemon.log.error(Category::Recovery, "state_refused", &fault, "follow the message"),
        }
        notices.tell(daemon);
        let now = daemon.clock.read().boottime;
        if wanted || now >= due {
            let online = contact(daemon).is_ok();
            due = daemon.clock.read().boottime + if online { EVERY } else { AGAIN };
        }
    }
}

/// Why a contact failed.
#[derive(Debug, thiserror::Error)]
pub enum NoContact {
    /// The computer's own state.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The server, or the way to it.
    #[error(transparent)]
    Server(#[from] Failed),
    /// There is no certificate to ask with.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<NotRegistered> for NoContact {
    fn from(why: NotRegistered) -> Self {
        match why {
            NotRegistered::Fault(fault) => Self::Fault(fault),
            NotRegistered::Server(failed) => Self::Server(failed),
            NotRegistered::Unusable(unusable) => Self::Unusable(unusable),
        }
    }
}

impl From<Forged> for NoContact {
    fn from(forged: Forged) -> Self {
        Self::Server(Failed::Forged(forged))
    }
}

/// One contact, logged: check-in, commands, reports, rotations, renewal.
///
/// # Errors
/// [`NoContact`]; what was done before stays done, the rest is tried at the next contact.
pub fn contact(daemon: &Daemon) -> Result<(), NoContact> {
    let _turn = daemon.in_turn();
    let outcome = run(daemon);
    daemon.note_online(matches!(outcome, Ok(()) | Err(NoContact::Server(Failed::Forged(_) | Failed::Refused(_)))));
    if let Err(why) = &outcome {
        match why {
            NoContact::Unusable(_) => {
                daemon.log.refused(Category::Recovery, DeviceError::CertificateMissing, None);
            }
            NoContact::Server(failed) if failed.word().is_some() => refused(daemon, failed),
            NoContact::Fault(_) | NoContact::Server(_) => {
                daemon.log.error(
                    Category::CheckIn,
                    "no_contact",
                    why,
                    "check network and server; the computer tries again by itself",
                );
            }
        }
    }
    outcome
}

fn run(daemon: &Daemon) -> Result<(), NoContact> {
    let mut credential = daemon.credential()?;
    let client = daemon.client(&credential.server).map_err(|fault| Failed::Unreachable(format!("{fault:#}")))?;
    let commands = check_in(daemon, &client, &mut credential)?;
    obey(daemon, commands)?;
    let told = tell(daemon, &client, &credential);
    // Whatever the server refuses of a person, the computer keeps its certificate.
    renew(daemon, &client, credential).and(told)
}

fn tell(daemon: &Daemon, client: &Client, credential: &Credential) -> Result<(), NoContact> {
    resume(daemon, TIMEOUT)?;
    send_reports(daemon, client, credential)?;
    Ok(rotate(daemon)?)
}

/// Logs a refusal of the whole computer, and does what it asks for.
fn refused(daemon: &Daemon, failed: &Failed) {
    let Some(word) = failed.word() else { return };
    daemon.log.refused(Category::Recovery, word, None);
    if word.remedy() == Remedy::EnrolAgain
        && let Err(fault) = daemon.leave()
    {
        daemon.log.error(Category::Enrollment, "state_refused", fault, "follow the message");
    }
}

/// Tells the state, takes time and policy, and gives the commands.
fn check_in(daemon: &Daemon, client: &Client, credential: &mut Credential) -> Result<Vec<Command>, NoContact> {
    let settings = daemon.settings();
    let sent = daemon.clock.read();
    let nonce = Bytes(Env::of(&daemon.world).bytes::<16>());
    let corrupt = || Fault::Corrupt("state");
    let request = CheckInRequest {
        agent_version: Text::cut(env!("CARGO_PKG_VERSION")).ok_or_else(corrupt)?,
        os_version: Text::cut(&identity::os_version()).ok_or_else(corrupt)?,
        boot_id: Text::cut(&sent.boot_id).ok_or_else(corrupt)?,
        wall: Whole::clamped(sent.wall.micros()),
        nonce,
        enrolments: enrolments(daemon)?,
        effective: Some(settings.by_name()),
    };
    let (answer, body): (CheckInAnswer, _) = client.post(credential, CHECK_IN, &request, TIMEOUT)?;
    let beacon: BeaconClaims = credential.open(&answer.beacon, &body)?;
    let policy: PolicyClaims = credential.open(&answer.policy, &body)?;
    if beacon.nonce != nonce {
        return Err(Forged::Elsewhere.into());
    }
    if daemon.door(|door| door.beacon(Timestamp::from_micros(beacon.time.signed()), &sent))?.is_err() {
        daemon.log.info(Category::CheckIn, "beacon_too_slow", "the server's time came too late to be used");
    }
    let pins = enrol::pins(&policy.service_keys).map_err(|_| Forged::Form)?;
    daemon.vault(|vault| {
        vault.change(|state, _| {
            let not_after = Timestamp::from_micros(policy.not_after.signed());
            state.policy = Some(Policy { settings: policy.settings, version: policy.version.get(), not_after });
            Ok(())
        })
    })?;
    if pins != credential.pins {
        credential.pins = pins;
        daemon.keep(credential).map_err(Fault::from)?;
    }
    Ok(beacon.commands)
}

/// The state of each completed recovery secret.
fn enrolments(daemon: &Daemon) -> Result<Vec<EnrolmentState>, Fault> {
    let now = daemon.now();
    daemon.vault(|vault| {
        let mut states = Vec::new();
        for person in &vault.state().people {
            let record = vault.record(person.user)?;
            for generation in person.generations.iter().filter(|generation| generation.done) {
                states.push(EnrolmentState {
                    eid: Text::new(generation.eid.as_str()).ok_or(Fault::Corrupt("state"))?,
                    generation: generation.number.into(),
                    last_step: Whole::new(record.last_step).unwrap_or_default(),
                    failures: Whole::new(record.failures()).unwrap_or_default(),
                    locked: now < record.locked_until,
                });
            }
        }
        Ok(states)
    })
}

fn obey(daemon: &Daemon, commands: Vec<Command>) -> Result<(), Fault> {
    for command in commands {
        match command {
            Command::Burn { eid, step } => {
                if let Ok(eid) = eid.parse::<Id<RecoveryEnrolment>>() {
                    daemon.vault(|vault| vault.burn(eid, step.get()))?;
                }
            }
            Command::Retire { eid } => {
                if let Ok(eid) = eid.parse::<Id<RecoveryEnrolment>>() {
                    daemon.door(|door| door.retire(eid))?;
                    daemon.log.info(
                        Category::Recovery,
                        "retired",
                        "the server took a recovery secret back; its access ended",
                    );
                }
            }
            Command::Rotate { eid } => {
                if let Ok(eid) = eid.parse::<Id<RecoveryEnrolment>>() {
                    daemon.vault(|vault| vault.rotate(eid))?;
                }
            }
            Command::SignOut { os_uid } => sign_out(daemon, os_uid.get()),
        }
    }
    Ok(())
}

/// Ends an account's sessions. Root's and the agent's own account are left alone: the way in for repair stays.
fn sign_out(daemon: &Daemon, os_uid: u64) {
    if os_uid == 0 || os_uid == u64::from(nix::unistd::geteuid().as_raw()) {
        return;
    }
    let ended = Process::new("loginctl").arg("terminate-user").arg(os_uid.to_string()).output();
    match ended {
        Ok(output) if output.status.success() => {
            daemon.log.info(
                Category::SignIn,
                "signed_out",
                format_args!("the server ended the sessions of uid {os_uid}"),
            );
        }
        Ok(_) | Err(_) => daemon.log.error(
            Category::SignIn,
            "sign_out_failed",
            format_args!("the sessions of uid {os_uid} could not be ended"),
            "end them by hand: loginctl terminate-user",
        ),
    }
}

fn send_reports(daemon: &Daemon, client: &Client, credential: &Credential) -> Result<(), NoContact> {
    let outboxes: Vec<_> = daemon.vault(|vault| Ok(vault.state().unsent().cloned().collect()))?;
    for outbox in outboxes {
        for entries in outbox.unsent.chunks(MAX_ENTRIES) {
            let request = ReportsRequest {
                eid: Text::new(outbox.eid.as_str()).ok_or(Fault::Corrupt("state"))?,
                generation: outbox.generation.into(),
                entries: entries.to_vec(),
            };
            match client.post::<ReportsAnswer>(credential, REPORTS, &request, TIMEOUT) {
                Ok((answer, _)) => daemon.vault(|vault| vault.sent(outbox.eid, answer.accepted_through.get()))?,
                Err(failed) => match failed.word() {
                    Some(word @ (DeviceError::ReportChainBroken | DeviceError::EnrolmentUnknown)) => {
                        daemon.log.refused(Category::Recovery, word, None);
                        daemon.vault(|vault| vault.chain_broken(outbox.eid))?;
                        break;
                    }
                    _ => return Err(failed.into()),
                },
            }
        }
    }
    Ok(())
}

/// Replaces recovery secrets that are due. One that cannot be replaced now keeps working.
fn rotate(daemon: &Daemon) -> Result<(), Fault> {
    let days = daemon.settings().recovery_validity_days.get();
    let now = daemon.now();
    let due: Vec<Wanted> = daemon.vault(|vault| {
        let due = vault.state().people.iter().filter(|person| person.rotation_due(now, days));
        Ok(due
            .map(|person| Wanted {
                login: person.login.clone(),
                os_uid: person.os_uid,
                right: Right::Present(person.user),
            })
            .collect())
    })?;
    for wanted in due {
        match register(daemon, &wanted, TIMEOUT) {
            Ok(()) | Err(NotRegistered::Server(_) | NotRegistered::Unusable(_)) => {}
            Err(NotRegistered::Fault(fault)) => return Err(fault),
        }
    }
    Ok(())
}

/// Renews the certificate after two thirds of its life.
fn renew(daemon: &Daemon, client: &Client, credential: Credential) -> Result<(), NoContact> {
    let Some(certificate) = describe(&credential.certificate, &daemon.paths.state_dir) else {
        return Err(Fault::Corrupt("state").into());
    };
    let (from, to) = (certificate.not_before.signed(), certificate.not_after.signed());
    if daemon.now().unix_seconds() < from + (to - from) / 3 * 2 {
        return Ok(());
    }
    match enrol::renew(client, credential) {
        Ok(renewed) => {
            daemon.keep(&renewed).map_err(Fault::from)?;
            // A recovery secret is renewed with the certificate that vouched for it.
            daemon.vault(|vault| {
                vault.change(|state, _| {
                    state.people.iter_mut().for_each(|person| person.rotate = true);
                    Ok(())
                })
            })?;
            daemon.log.info(Category::Enrollment, "certificate_renewed", "the certificate was renewed");
        }
        Err(fault) => daemon.log.error(
            Category::Enrollment,
            "renew_failed",
            format_args!("{fault:#}"),
            "the computer tries again at the next contact; before the certificate expires, enrol it again",
        ),
    }
    Ok(())
}
