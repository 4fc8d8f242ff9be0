//! Every rule of the server, without I/O: who may do what, what a factor proves, when a PIN is issued, what is recorded.
//!
//! A rule is handed rows, the time and randomness ([`Env`](postern_codes::Env)) and gives back a value: what was decided
//! and what must be written. A refusal is such a value too. Nothing here is async, speaks SQL or HTTP.
//!
//! | module | decides |
//! | --- | --- |
//! | [`audit`] | which events exist, and what an event says |
//! | [`demand`] | what a privileged action demands of its session |
//! | [`device`] | what a computer may do in each state of its life |
//! | [`expression`] | whom a rule that fills groups means |
//! | [`factor`] | what a factor proves, and how an answer is judged |
//! | [`filter`] | what the text of a filter means |
//! | [`group`] | what a group may be called |
//! | [`limit`] | which actions are limited, by how much, for whom |
//! | [`network`] | which addresses a range or zone holds, whose address a request comes from, which web origins can be trusted |
//! | [`org`] | what an organisation may be called and may set for itself |
//! | [`password`] | what a new password must be |
//! | [`permission`] | what an administrator may do |
//! | [`policy`] | which rule answers a situation, and why |
//! | [`recovery`] | what a recovery case needs before anything is done; who may issue a recovery PIN, and what becomes of it |
//! | [`session`] | how long a session lives, and how fresh its second factor is |
//! | [`sign_in`] | what is asked next of somebody who signs in |
//! | [`token`] | what an API token may be made for |
//! | [`user`] | what a person's account is, and when it is locked |

pub mod audit;
pub mod demand;
pub mod device;
pub mod expression;
pub mod factor;
pub mod filter;
pub mod group;
pub mod limit;
pub mod network;
pub mod org;
pub mod password;
pub mod permission;
pub mod policy;
pub mod recovery;
pub mod session;
pub mod sign_in;
pub mod token;
pub mod user;
