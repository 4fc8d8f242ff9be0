//! The daemon on a protected computer: it asks the server, keeps recovery secrets, and opens the door to nobody whom it
//! cannot be sure of.
//!
//! | module | holds |
//! | --- | --- |
//! | [`cli`] | the commands |
//! | [`daemon`] | what the threads share |
//! | [`socket`], [`conversation`] | login programs ask: who may, and what is answered |
//! | [`unlock`], [`activation`] | whether a recovery PIN opens, and for how long |
//! | [`factor`] | an app code, judged by the server |
//! | [`register`] | a person's recovery secret comes into being, or is replaced |
//! | [`sync`] | the regular contact |
//! | [`enrol`], [`credential`], [`client`] | certificate, proofs, signed answers, calls |
//! | [`state`], [`vault`], [`disk`] | what is remembered, sealed, whole |
//! | [`clock`] | the computer's clocks |
//! | [`config`], [`identity`] | how it is set up, what it is called |
//! | [`doctor`], [`log`], [`notice`] | how people find out |

pub mod activation;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod credential;
pub mod daemon;
pub mod disk;
pub mod doctor;
pub mod enrol;
pub mod factor;
pub mod identity;
pub mod log;
pub mod notice;
pub mod register;
pub mod socket;
pub mod state;
pub mod sync;
pub mod unlock;
pub mod vault;
