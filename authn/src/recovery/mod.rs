//! The way back in: recovery cases, recovery secrets of computers, and the PINs issued from them.
//!
//! A [`case`] is what a help desk does for somebody who lost a factor: [`evidence`] says that they are who they say they
//! are, [`rules`] how much of it which [`action`] needs, and the case itself who may do what in it, and when.
//!
//! A secret belongs to one (computer, person) pair and comes in generations, an [`Enrolment`] each. [`pin`] decides who may
//! issue a PIN when, and what becomes of it; [`readiness`] says beforehand whether one could be issued, and how to mend
//! what stands in the way; [`report`] what a computer's own account of a use means. The codes: `postern_codes::drp1`.

pub mod action;
pub mod case;
pub mod evidence;
pub mod pin;
pub mod readiness;
pub mod red_flags;
pub mod report;
pub mod reset;
pub mod rules;

use std::time::Duration;

use postern_codes::id::{Device, Id, RecoveryEnrolment, User};
use postern_codes::mac::MacKey;
use postern_codes::report::Chain;
use postern_codes::{Sealed, Timestamp};

use crate::device::words;

/// How long a challenge PIN may be issued for a computer that was not seen.
pub const CHALLENGE_OFFLINE: Duration = Duration::from_secs(30 * DAY);
/// How long a retired secret is kept, for late reports only.
pub const RETIRED_SEED_KEPT: Duration = Duration::from_secs(90 * DAY);
/// How long a shown factor proves a registration.
pub const FACTOR_VERDICT_LIFE: Duration = Duration::from_mins(10);
/// How many acknowledgements may fail before somebody is told.
pub const ACK_FAILURES: u32 = 3;
const DAY: u64 = 86_400;

words! {
    /// Where a recovery secret is kept on the computer, weakest last.
    Binding {
        /// A secure enclave.
        Se "se",
        /// A file that only root can read.
        Soft "soft",
        /// A TPM.
        Tpm "tpm",
    }
}

words! {
    /// How the server knows that the person uses the computer.
    LinkProof {
        /// The computer says so.
        Claimed "CLAIMED",
        /// The person showed a factor to the server there.
        Factor "FACTOR",
    }
}

words! {
    /// Where a generation stands.
    EnrolmentStatus {
        /// Acknowledged, the newest: PINs come from it.
        Active "ACTIVE",
        /// Offered, not yet acknowledged.
        Pending "PENDING",
        /// Replaced by a newer one; reports are still taken.
        Retired "RETIRED",
        /// Taken back; reports are still taken.
        Revoked "REVOKED",
    }
}

words! {
    /// Which kind of PIN a computer takes, by the setting of that name.
    ModeRule {
        /// Time PINs while the secret is bound to hardware.
        Auto "AUTO",
        /// Challenge PINs only.
        Challenge "CHALLENGE",
        /// Time PINs for a secret in a file too.
        Time "TIME",
    }
}

/// The settings that decide about PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether recovery PINs are switched on.
    pub is_enabled: bool,
    /// Whether a case must be named.
    pub needs_case: bool,
    /// Which kind of PIN is taken.
    pub mode: ModeRule,
    /// How long a time PIN may be issued for a computer that was not seen.
    pub max_offline: Duration,
    /// How old a secret may be.
    pub validity: Duration,
    /// How long a PIN keeps working after its first use.
    pub duration: Duration,
}

impl Rules {
    /// Whether a time PIN may be issued from a secret kept like this.
    pub const fn allow_time_pin(&self, binding: Binding) -> bool {
        match self.mode {
            ModeRule::Auto => !matches!(binding, Binding::Soft),
            ModeRule::Challenge => false,
            ModeRule::Time => true,
        }
    }
}

/// One generation of a recovery secret.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The `eid` of the wire format.
    pub id: Id<RecoveryEnrolment>,
    /// The computer.
    pub device: Id<Device>,
    /// The person.
    pub user: Id<User>,
    /// The OS account's number there.
    pub os_uid: u64,
    /// From 1; one more than this pair ever had.
    pub generation: u32,
    /// Where it stands.
    pub status: EnrolmentStatus,
    /// The secret, until it is wiped.
    pub seed: Option<Sealed<MacKey>>,
    /// What the registration was bound to.
    pub transcript: [u8; 32],
    /// Where the computer keeps the secret.
    pub binding: Binding,
    /// How the server knows the person.
    pub proof: LinkProof,
    /// The newest time step a PIN was issued for.
    pub last_issued_step: u64,
    /// The newest step that the computer accepted or burnt, as last reported.
    pub last_step: u64,
    /// Attempts since the last success, as last reported.
    pub failures: u64,
    /// Whether entry is locked there, as last reported.
    pub is_locked: bool,
    /// Where its chain of reports stands.
    pub chain: Chain,
    /// Why the computer is asked to replace it, where it is.
    pub rotate_wanted: Option<String>,
    /// When it was offered.
    pub created_at: Timestamp,
    /// When the computer acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was retired or revoked.
    pub retired_at: Option<Timestamp>,
}

impl Enrolment {
    /// How old the secret is; nothing before it was acknowledged.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.acknowledged_at.map(|at| now.since(at))
    }
}

/// A person's link with a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The computer.
    pub device: Id<Device>,
    /// The person.
    pub user: Id<User>,
    /// The OS account's number there.
    pub os_uid: u64,
    /// How the server knows.
    pub proof: LinkProof,
    /// Since when.
    pub since: Timestamp,
}
