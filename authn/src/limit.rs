//! Every limited action: how often, for whom it is counted, and what its refusal says.
//!
//! To limit another action, add a line. Counts live in the database, whatever the session, route or server. How many
//! requests are served is another thing, counted in each server's memory: [`requests`].

pub mod requests;

use std::collections::BTreeMap;
use std::time::Duration;

use postern_codes::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($(#[$doc:meta])* $variant:ident $name:literal, $count:literal in $seconds:expr, $message:literal;)*) => {
        /// An action that is limited.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Limit { $($(#[$doc])* $variant),* }

        impl Limit {
            /// Every limited action.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, in the table of counts and in settings.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How often it may be done where the organisation sets nothing else.
            pub const fn default_allowance(self) -> Allowance {
                match self { $(Self::$variant => Allowance { count: $count, window: Duration::from_secs($seconds) }),* }
            }

            /// What the refusal says, before the time of the next try.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),* }
            }
        }
    };
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

limits! {
    /// Recovery PINs issued for a computer and person, in an hour.
    PinsOfPairHourly "pins_pair_hour", 3 in HOUR, "too many PINs were made for this person and computer in the last hour";
    /// Recovery PINs issued for a computer and person, in a day.
    PinsOfPairDaily "pins_pair_day", 10 in DAY, "too many PINs were made for this person and computer today";
    /// Recovery PINs issued by an administrator, in an hour.
    PinsOfAdministrator "pins_admin_hour", 20 in HOUR, "you made too many PINs in the last hour";
    /// Recovery cases opened for a person.
    CasesOfPerson "cases_person", 5 in DAY, "too many recovery cases were opened for this person today";
    /// Enrolment tickets given anew in a recovery case.
    TicketsOfCase "case_tickets", 5 in HOUR, "too many tickets were given in this case in the last hour";
    /// Numbers for the help desk that were asked for in a name, whether it exists or not.
    HelpOfName "help_name", 5 in HOUR, "too many numbers were asked for in this name";
    /// The same, from a network address.
    HelpOfAddress "help_address", 20 in HOUR, "too many numbers were asked for from this address";
    /// Recovery cases opened by an agent.
    CasesOfAgent "cases_agent", 20 in HOUR, "you opened too many recovery cases in the last hour";
    /// Entries that a computer asked about and that matched no issued PIN, for a generation.
    ConfirmFailures "confirm_failures", 10 in HOUR, "too many wrong PINs were entered on this computer";
    /// Proofs that name no certificate of ours, from a network address: more of them are refused without a record.
    UnknownProofs "unknown_proofs", 30 in MINUTE, "too many calls with an unknown certificate from this address";
    /// Registrations begun for a computer and person.
    RegistrationsBegun "begin", 6 in HOUR, "this computer began too many registrations for this person";
    /// Enrolment attempts from a network address.
    Enrolments "enroll", 10 in MINUTE, "too many enrolment attempts from this address";
    /// Links to choose another password that were asked for in a name, whether it exists or not.
    ForgottenOfName "forgotten_name", 3 in HOUR, "too many links were asked for in this name";
    /// The same, from a network address.
    ForgottenOfAddress "forgotten_address", 20 in HOUR, "too many links were asked for from this address";
    /// Codes that were typed by whoever lost the password of a name, or the lock of whose account is to end.
    RecoveryCodes "recovery_codes", 20 in DAY, "too many recovery codes were typed for this name today";
    /// Present passwords and recovery answers that were given for a person to change their credentials.
    CredentialChecks "credential_checks", 10 in 5 * MINUTE, "too many tries of the present password or answer";
    /// First answers that were given for a factor that waits for one.
    FactorActivations "factor_activations", 5 in 5 * MINUTE, "too many tries of the first code";
    /// Codes that were sent to a mail address.
    EmailsOfAddress "email_address", 1 in 5, "a code was sent to this address just now";
    /// Codes that were sent to a telephone.
    MessagesOfNumber "sms_number", 1 in 30, "a code was sent to this number just now";
    /// Calls to a telephone that said a code.
    CallsOfNumber "call_number", 1 in 30, "this number was called just now";
    /// Codes that were sent to a person, by whatever way.
    CodesOfPerson "codes_person", 30 in HOUR, "too many codes were sent to this person in the last hour";
    /// Codes that a computer had sent.
    CodesOfComputer "codes_computer", 30 in HOUR, "this computer had too many codes sent in the last hour";
    /// Codes that were sent to telephones of the organisation.
    Messages "sms_day", 1000 in DAY, "too many text messages were sent today";
    /// Calls to telephones of the organisation that said a code.
    Calls "call_day", 200 in DAY, "too many calls were made today";
    /// Wrong codes for a factor.
    FactorFailures "factor_failures", 5 in 5 * MINUTE, "too many wrong codes";
    /// Passkeys asked for at the sign-in page, from a network address.
    PasskeyChallenges "passkey_challenges", 120 in MINUTE, "too many passkeys were asked for from this address";
    /// Sign-in attempts for a name, whether it exists or not.
    SignIns "sign_in", 20 in MINUTE, "too many sign-in attempts for this name";
    /// Sign-in attempts from a network address.
    SignInsOfAddress "sign_in_address", 120 in MINUTE, "too many sign-in attempts from this address";
}

/// So many in so long. The window begins with the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Duration,
}

/// What an organisation sets for its limits: another count, by the limit's name. Windows stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LimitSettings(pub BTreeMap<String, u32>);

impl LimitSettings {
    /// How often `limit` may be reached here.
    pub fn allowance(&self, limit: Limit) -> Allowance {
        let default = limit.default_allowance();
        Allowance { count: self.0.get(limit.name()).copied().unwrap_or(default.count), ..default }
    }
}

/// Whether a limited action may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Charge {
    /// It was counted and may be done.
    Allowed,
    /// It was done too often; at this time it may be done again.
    RetryAt(Timestamp),
}
