//! The reset of every factor: a plan of all that ends with it, so that neither the old factors nor a half-made enrolment
//! lets anybody in again.
//!
//! The same [`Plan`] is the preview, what the transaction carries out, and the trail of it.

use crate::factor::Kind;

/// What a reset ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The factors, with those that wait for their first answer and the sheet of backup codes, oldest first.
    pub factors: Vec<Kind>,
    /// How many sessions, and rights to open one.
    pub sessions: u64,
    /// How many sign-ins under way, with whatever was proved in them.
    pub sign_ins: u64,
    /// How many browsers for which the second step was remembered.
    pub browsers: u64,
    /// How many links that were sent.
    pub links: u64,
}

impl Plan {
    /// Its lines, by their names in the record: what, and how many. A line of nothing is left out.
    pub fn lines(&self) -> impl Iterator<Item = (Line, u64)> {
        let count = |line: Line| match line {
            Line::Browsers => self.browsers,
            Line::Factors => u64::try_from(self.factors.len()).unwrap_or(u64::MAX),
            Line::Links => self.links,
            Line::Sessions => self.sessions,
            Line::SignIns => self.sign_ins,
        };
        Line::ALL.iter().map(move |line| (*line, count(*line))).filter(|(_, count)| *count > 0)
    }

    /// The types of the factors, with blanks between.
    pub fn kinds(&self) -> String {
        let kinds: Vec<_> = self.factors.iter().map(|kind| kind.as_str()).collect();
        kinds.join(" ")
    }
}

crate::device::words! {
    /// A line of the plan.
    Line {
        /// Factors of every type.
        Factors "retired",
        /// Sessions.
        Sessions "sessions",
        /// Sign-ins under way.
        SignIns "signIns",
        /// Remembered browsers.
        Browsers "browsers",
        /// Links in messages.
        Links "links",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_nothing_is_left_out() {
        assert_eq!(Plan::default().lines().count(), 0);
        let plan = Plan { factors: vec![Kind::Totp, Kind::WebAuthn], sessions: 1, ..Plan::default() };
        assert_eq!(plan.lines().collect::<Vec<_>>(), [(Line::Factors, 2), (Line::Sessions, 1)]);
        assert_eq!(plan.kinds(), format!("{} {}", Kind::Totp.as_str(), Kind::WebAuthn.as_str()));
    }
}
