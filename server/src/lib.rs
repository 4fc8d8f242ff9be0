//! The shell: HTTP in, acts on the store, HTML or JSON out. What is decided is decided in `postern-authn`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`app`] | [`App`]: the store, the world, the configuration; router assembly |
//! | [`api`] | a file a noun: the act, then the thin JSON handlers |
//! | [`config`] | `postern.toml` |
//! | [`console`] | a file a screen: the view, and its template beside it |
//! | [`delivery`] | a file a sender: how messages leave |
//! | [`jobs`] | a file a job: what the server does by itself |
//! | [`listener`] | the listening socket, with or without TLS |
//! | [`operator`] | what an operator may do at the machine itself |
//! | [`serve`](mod@serve) | a server's life, from the data folder to the last request |

pub mod api;
pub mod app;
pub mod config;
pub mod console;
pub mod delivery;
pub mod jobs;
pub mod listener;
pub mod operator;
pub mod serve;

pub use app::App;
