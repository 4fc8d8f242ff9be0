//! The conversation of a sign-in at a computer, after the password: what PAM and a terminal both run.
//!
//! [`script`] is pure: it talks to a [`Conversation`] (the screen) and an [`Agent`] (the computer's daemon), and gives
//! an [`Outcome`]. [`words`] holds every sentence. [`socket`] reaches the agent. Nothing here decides whether a code is
//! right: only the agent's word "opened" opens, and whatever else happens keeps the door shut.

pub mod script;
pub mod socket;
pub mod words;

/// The words of the agent's socket: whoever runs the conversation speaks them, and depends on this crate alone.
pub use postern_wire as wire;
pub use script::{Agent, AgentFault, Conversation, Echo, HungUp, Outcome, Shut, remind, sign_in};
