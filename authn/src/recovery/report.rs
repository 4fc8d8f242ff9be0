//! What a computer's own account of a PIN means to the server that issued it, or did not.

use postern_codes::report::{Entry, Kind, Mode};

use super::pin::{Issuance, IssuanceStatus, Source, Terms};

/// What an entry leads to.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The first use of an issued PIN, as yet unknown.
    Activation,
    /// The first use that the server itself had granted.
    ActivationKnown,
    /// A computer opened with a PIN that was never issued, or opened twice as if for the first time.
    ActivationWithoutIssuance,
    /// Access by an issued PIN ended.
    End,
    /// Worth the record, no more: wrong entries.
    Failure,
    /// Nothing that the record needs.
    Nothing,
}

/// Whether `entry` speaks of this PIN.
pub fn is_of(entry: &Entry, issuance: &Issuance) -> bool {
    match (&issuance.terms, entry.mode) {
        (Terms::Time(step), Mode::Time) => entry.step == Some(*step),
        (Terms::Challenge(challenge), Mode::Challenge) => entry.challenge_hash == Some(challenge.hash()),
        _ => false,
    }
}

/// What `entry` means, given the issued PIN it speaks of.
pub fn meaning(entry: &Entry, issuance: Option<&Issuance>) -> Meaning {
    match entry.kind {
        Kind::Activated => match issuance {
            None => Meaning::ActivationWithoutIssuance,
            Some(issuance) if issuance.report_seq.is_some() => Meaning::ActivationWithoutIssuance,
            Some(issuance) if issuance.source == Some(Source::Online) => Meaning::ActivationKnown,
            Some(_) => Meaning::Activation,
        },
        Kind::Ended if issuance.is_some_and(|issuance| issuance.status == IssuanceStatus::Activated) => Meaning::End,
        Kind::Failed | Kind::Locked => Meaning::Failure,
        Kind::Ended | Kind::Reused => Meaning::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postern_codes::Id;
    use postern_codes::drp1::Challenge;
    use postern_codes::env::TestWorld;

    use super::*;

    fn issued(terms: Terms) -> Issuance {
        let env = TestWorld::new().env();
        Issuance {
            id: Id::new(&env),
            enrolment: Id::new(&env),
            device: Id::new(&env),
            user: Id::new(&env),
            terms,
            status: IssuanceStatus::Issued,
            source: None,
            reason: String::new(),
            case: None,
            ticket: None,
            requested_by: String::new(),
            duration: Duration::from_mins(1),
            issued_at: env.now,
            expires_at: env.now,
            activated_at: None,
            ended_at: None,
            report_seq: None,
        }
    }

    fn entry(kind: Kind, step: u64) -> Entry {
        Entry {
            kind,
            mode: Mode::Time,
            step: Some(step),
            challenge_hash: None,
            wall: TestWorld::new().env().now,
            boottime: 0,
            boot_id: "boot".into(),
            counter: 1,
        }
    }

    #[test]
    fn a_use_nobody_issued_is_an_alert() {
        assert_eq!(meaning(&entry(Kind::Activated, 7), None), Meaning::ActivationWithoutIssuance);
        let told = Issuance { report_seq: Some(1), ..issued(Terms::Time(7)) };
        assert_eq!(meaning(&entry(Kind::Activated, 7), Some(&told)), Meaning::ActivationWithoutIssuance, "told twice");
    }

    #[test]
    fn a_use_that_the_server_granted_counts_once() {
        let granted =
            Issuance { status: IssuanceStatus::Activated, source: Some(Source::Online), ..issued(Terms::Time(7)) };
        assert_eq!(meaning(&entry(Kind::Activated, 7), Some(&granted)), Meaning::ActivationKnown);
        assert_eq!(meaning(&entry(Kind::Activated, 7), Some(&issued(Terms::Time(7)))), Meaning::Activation);
    }

    #[test]
    fn an_entry_speaks_of_one_pin_only() {
        assert!(is_of(&entry(Kind::Activated, 7), &issued(Terms::Time(7))));
        assert!(!is_of(&entry(Kind::Activated, 7), &issued(Terms::Time(8))));
        let challenge = Challenge::new(&TestWorld::new().env());
        let mut answered = entry(Kind::Activated, 7);
        (answered.mode, answered.challenge_hash) = (Mode::Challenge, Some(challenge.hash()));
        assert!(is_of(&answered, &issued(Terms::Challenge(challenge))));
        assert!(!is_of(&answered, &issued(Terms::Time(7))));
    }
}
