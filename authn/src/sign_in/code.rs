//! A code by which somebody comes back without a password, as it is kept while it is awaited.

use std::time::Duration;

use postern_codes::{Timestamp, mac};
use serde::{Deserialize, Serialize};

use crate::factor::Channel;

/// How many wrong answers a code outlives no more.
pub const TRIES: u8 = 5;
/// How long one counts.
pub const LIFE: Duration = Duration::from_mins(5);

/// A code that was sent to whoever lost their password, or to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCode {
    /// By which way.
    pub by: Channel,
    /// The beginning of it: far more than tells six digits apart.
    tag: [u8; 8],
    until: Timestamp,
    tries: u8,
}

impl RecoveryCode {
    /// One that is known again by this tag, and was sent now.
    pub fn new(by: Channel, tag: [u8; 32], now: Timestamp) -> Self {
        Self { by, tag: beginning(&tag), until: now.plus(LIFE), tries: 0 }
    }

    /// Whether it is this one, and counts still.
    pub fn is(&self, tag: &[u8; 32], now: Timestamp) -> bool {
        mac::equal(&self.tag, &beginning(tag)) && self.tries < TRIES && now < self.until
    }

    /// The same after a wrong answer.
    #[must_use]
    pub const fn missed(mut self) -> Self {
        self.tries = self.tries.saturating_add(1);
        self
    }
}

fn beginning(tag: &[u8; 32]) -> [u8; 8] {
    let mut beginning = [0; 8];
    beginning.copy_from_slice(&tag[..8]);
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_counts_for_five_minutes_and_outlives_four_mistakes() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        let code = RecoveryCode::new(Channel::Sms, [1; 32], now);
        assert!(code.is(&[1; 32], now) && !code.is(&[2; 32], now));
        assert!(code.is(&[1; 32], now.plus(LIFE).minus(Duration::from_secs(1))) && !code.is(&[1; 32], now.plus(LIFE)));
        let missed = |times: u8| (0..times).fold(code, |code, _| code.missed());
        assert!(missed(4).is(&[1; 32], now) && !missed(5).is(&[1; 32], now));
    }
}
