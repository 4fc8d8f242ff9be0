//! `/factors/*`: an online second factor at the desktop.

use serde::{Deserialize, Serialize};

use crate::form::{Bytes, Text};
use crate::proof::{AnswerType, Claims};

/// Path of the check, below [`BASE_PATH`](crate::BASE_PATH).
pub const VERIFY: &str = "/factors/verify";
/// Path of what a person can show at a computer, below [`BASE_PATH`](crate::BASE_PATH).
pub const OFFERED: &str = "/factors/offered";
/// Path of a transaction that is not decided yet; its id follows.
pub const TRANSACTIONS: &str = "/factors/transactions/";

/// The name of a TOTP among the factors of a desktop.
pub const TOTP: &str = "OV_TOTP";

/// The request of `offered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedRequest {
    /// The person's login.
    pub login: Text,
}

/// What a person can show, in the order in which it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedAnswer {
    /// One of each kind.
    pub factors: Vec<Offered>,
}

/// A factor that is checked online and answered at a keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// A name of `AllowedFactors`, or a `factorType` of the Factors API.
    pub factor: Text,
    /// Where its codes are sent, masked; nothing, where none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<String>,
}

/// The request of `verify`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyRequest {
    /// The person's login.
    pub login: Text,
    /// A name of `AllowedFactors`, or a `factorType` of the Factors API.
    pub factor: Text,
    /// The code that was typed; without one, a code is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_code: Option<Text>,
    /// Returned in the verdict.
    pub nonce: Bytes<16>,
}

impl std::fmt::Debug for VerifyRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { login, factor, pass_code: _, nonce } = self;
        f.debug_struct("VerifyRequest")
            .field("login", login)
            .field("factor", factor)
            .field("nonce", nonce)
            .finish_non_exhaustive()
    }
}

/// The answer: as the Factors API has it, and a verdict once it is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyAnswer {
    /// `SUCCESS`, `CHALLENGE` where a code was sent, `WAITING`, `REJECTED`, `TIMEOUT` ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_result: Option<String>,
    /// Signed [`FactorClaims`]; only this opens the computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// What the server says of a factor that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactorClaims {
    /// That of the request.
    pub login: Text,
    /// The person.
    pub user_id: Text,
    /// That of the request.
    pub nonce: Bytes<16>,
    /// Whether the factor was right.
    pub granted: bool,
}

impl Claims for FactorClaims {
    const TYPE: AnswerType = AnswerType::Factor;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_not_printed() {
        let request = VerifyRequest {
            login: Text::new("grace").unwrap(),
            factor: Text::new(TOTP).unwrap(),
            pass_code: Text::new("123456"),
            nonce: Bytes([0; 16]),
        };
        assert!(!format!("{request:?}").contains("123456"));
    }
}
