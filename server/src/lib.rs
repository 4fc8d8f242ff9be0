//! The shell: HTTP in, acts on the store, HTML or JSON out. What is decided is decided in `postern-authn`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`app`] | [`App`]: the store, the world, the configuration; router assembly |
//! | [`api`] | a file a noun: the act, then the thin JSON handlers |
//! | [`config`] | `postern.toml` |

pub mod api;
pub mod app;
pub mod config;

pub use app::App;
