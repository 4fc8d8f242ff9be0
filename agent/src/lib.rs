//! The daemon on a protected computer.

pub mod client;
pub mod config;
pub mod credential;
pub mod durable;
pub mod enrol;
pub mod identity;
pub mod log;
