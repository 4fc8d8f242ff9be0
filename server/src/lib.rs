//! The shell: HTTP in, acts on the store, HTML or JSON out. What is decided is decided in `postern-authn`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`account`] | one-time links by which people choose a password |
//! | [`api`] | a file a noun: the act, then the thin JSON handlers |
//! | [`app`] | [`App`]: the store, the world, the configuration; router assembly |
//! | [`config`] | `postern.toml` |
//! | [`console`] | a file a screen: the view, and its template beside it |
//! | [`delivery`] | a file a sender: how messages leave |
//! | [`device_ca`] | the certificate authority of computers |
//! | [`factors`] | what is done to a person's factors, whichever way in asks for it |
//! | [`jobs`] | a file a job: what the server does by itself |
//! | [`listener`] | the listening socket, with or without TLS |
//! | [`not_me`] | what a person says by the link in a notice |
//! | [`notices`] | what people are told of recovery and of their account |
//! | [`operator`] | what an operator may do at the machine itself |
//! | [`org_keys`] | the keys that every organisation has from its first moment |
//! | [`passwords`] | hashing, a bounded number at once |
//! | [`people_file`] | people as a file: its columns, its rows |
//! | [`perimeter`] | what every request passes before its route: whose address it comes from, and who is shut out |
//! | [`portal`] | the pages that people use without the console |
//! | [`serve`](mod@serve) | a server's life, from the data folder to the last request |
//! | [`service_key`] | signs the answers that computers act on |
//! | [`sign_in`] | signing in, stepping up, signing out, setting up |

pub mod account;
pub mod api;
pub mod app;
pub mod cases;
pub mod config;
pub mod console;
pub mod delivery;
pub mod device_ca;
pub mod factors;
pub mod jobs;
pub mod listener;
pub mod not_me;
pub mod notices;
pub mod operator;
pub mod org_keys;
pub mod organisation;
pub mod passwords;
pub mod people_file;
pub mod perimeter;
pub mod portal;
pub mod serve;
pub mod service_key;
pub mod sign_in;

pub use app::App;
pub(crate) use console::words::say;
