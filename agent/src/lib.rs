//! The daemon on a protected computer.
//!
//! | module | holds |
//! | --- | --- |
//! | [`clock`] | the computer's clocks, read together |
//! | [`disk`] | the few things asked of a disk, so that a test can cut the power at each |
//! | [`state`] | what the computer remembers |
//! | [`unlock`] | whether a recovery PIN opens it |
//! | [`vault`] | the state, sealed in a file that is refused when it is not the last one written |

pub mod client;
pub mod clock;
pub mod config;
pub mod credential;
pub mod disk;
pub mod durable;
pub mod enrol;
pub mod identity;
pub mod log;
pub mod state;
pub mod unlock;
pub mod vault;
