//! Journeys through HTTP against the real router, on both databases, with a clock that moves when told to.
//!
//! A file a journey; [`app::TestApp`] is what they share.

mod account_links;
mod accounts;
mod administrator_pages;
mod app;
mod authorisation;
mod bad_input;
mod browser;
mod computer;
mod console;
mod cors;
mod credentials;
mod devices;
mod directory;
mod escalation;
mod faults;
mod frame;
mod group_pages;
mod group_rules;
mod harbour;
mod hostile;
mod iam;
mod import_pages;
mod imports;
mod lists;
mod lockout;
mod logs;
mod operator;
mod passkey;
mod passwords;
mod people;
mod people_pages;
mod pin_dialog;
mod policies;
mod policy_pages;
mod readers;
mod recovery_pin;
mod requests;
mod scopes;
mod sessions;
mod sign_in;
mod staff;
mod token_pages;
mod tokens;
mod zones;
