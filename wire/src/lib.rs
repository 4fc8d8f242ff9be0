//! What is said between a computer and the server, and between a login program and the agent on that computer.
//!
//! Types only: a value that parsed is of the form that the device access API demands, so nothing is validated later.
//! Identifiers travel as [`Text`]; the crates that use them turn them into typed ids. What a signature covers, and who
//! may say what, is not decided here.
//!
//! | module | holds |
//! | --- | --- |
//! | [`form`] | the forms of values: [`Text`], [`Bytes`], [`Blob`], [`Whole`], [`Range`] |
//! | [`proof`] | `Device-Proof`, and the claims that every signed answer carries |
//! | [`enroll`] | a computer gets, and renews, its certificate |
//! | [`check_in`] | the regular contact: beacon, policy, commands |
//! | [`recovery`] | registering a recovery secret, and asking the server about a PIN |
//! | [`report`] | the chain of entries by which the use of PINs becomes known |
//! | [`factors`] | a second factor at the desktop, asked online |
//! | [`settings`] | device settings: names, ranges, defaults, and whose word counts |
//! | [`error`] | every word with which the server refuses, and what the computer then does |
//! | [`place`] | where a conversation happens, and whether recovery PINs are taken there |
//! | [`socket`] | frames of the agent's local socket |

pub mod check_in;
pub mod enroll;
pub mod error;
pub mod factors;
pub mod form;
pub mod place;
pub mod proof;
pub mod recovery;
pub mod report;
pub mod settings;
pub mod socket;

pub use form::{Blob, Bytes, Range, Text, Whole};

/// Where the device calls live, before every path of this crate.
pub const BASE_PATH: &str = "/device-access/api/v1";

/// The longest body of a device call, in bytes; a longer one is answered with 413.
pub const MAX_BODY: usize = 64 * 1024;
