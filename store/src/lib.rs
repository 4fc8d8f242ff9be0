//! The database: the only crate that knows one exists. SQLite inside by default, PostgreSQL for several servers, one SQL
//! text for both.
//!
//! [`sql`] holds [`Store`] and [`Tx`], the only file that names a driver. A transaction is opened *for* an organisation,
//! whose id it binds as `$1` of every statement. Each further file is a table family: its SQL at the top, methods on
//! [`Tx`] below. What belongs to no organisation is in [`system`]. [`migrate`] renders and applies `migrations/`.

pub mod attempts;
pub mod audit;
pub mod authority;
pub mod callers;
pub mod cases;
pub mod certificates;
pub mod challenges;
pub mod contacts;
pub mod custom_roles;
pub mod deliveries;
pub mod device_users;
pub mod devices;
pub mod enrollment_codes;
pub mod erasure;
pub mod factor_codes;
pub mod factor_profiles;
pub mod factors;
pub mod folding;
pub mod group_owners;
pub mod group_rules;
pub mod groups;
pub mod imports;
pub mod issuances;
pub mod limits;
pub mod links;
pub mod migrate;
pub mod orgs;
pub mod passwords;
pub mod people;
pub mod perimeter;
pub mod person_references;
pub mod policies;
pub mod principal_limits;
pub mod proofs;
pub mod reach;
pub mod recovery;
pub mod reports;
pub mod reset;
pub mod resource_sets;
pub mod roles;
pub mod root_key;
#[cfg(feature = "scratch")]
pub mod scratch;
pub mod search;
pub mod session_tokens;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
pub mod sign_ins;
pub mod slips;
pub mod sms_templates;
pub mod sql;
pub mod sweep;
pub mod system;
pub mod tokens;
pub mod trusted_origins;
pub mod users;
pub mod walk;
pub mod zones;

pub use sql::{Error, Store, Tx};

/// Every static statement on org-owned tables, by file; `tests/statements.rs` prepares and judges each on both engines.
pub const STATEMENTS: &[(&str, &[sql::Statement])] = &[
    ("attempts", attempts::STATEMENTS),
    ("audit", audit::STATEMENTS),
    ("callers", callers::STATEMENTS),
    ("cases", cases::STATEMENTS),
    ("certificates", certificates::STATEMENTS),
    ("challenges", challenges::STATEMENTS),
    ("contacts", contacts::STATEMENTS),
    ("custom_roles", custom_roles::STATEMENTS),
    ("deliveries", deliveries::STATEMENTS),
    ("device_users", device_users::STATEMENTS),
    ("devices", devices::STATEMENTS),
    ("enrollment_codes", enrollment_codes::STATEMENTS),
    ("erasure", erasure::STATEMENTS),
    ("factor_codes", factor_codes::STATEMENTS),
    ("factor_profiles", factor_profiles::STATEMENTS),
    ("factors", factors::STATEMENTS),
    ("folding", folding::STATEMENTS),
    ("group_owners", group_owners::STATEMENTS),
    ("group_rules", group_rules::STATEMENTS),
    ("groups", groups::STATEMENTS),
    ("imports", imports::STATEMENTS),
    ("issuances", issuances::STATEMENTS),
    ("limits", limits::STATEMENTS),
    ("links", links::STATEMENTS),
    ("orgs", orgs::STATEMENTS),
    ("passwords", passwords::STATEMENTS),
    ("people", people::STATEMENTS),
    ("perimeter", perimeter::STATEMENTS),
    ("person_references", person_references::STATEMENTS),
    ("policies", policies::STATEMENTS),
    ("principal_limits", principal_limits::STATEMENTS),
    ("proofs", proofs::STATEMENTS),
    ("reach", reach::STATEMENTS),
    ("recovery", recovery::STATEMENTS),
    ("reports", reports::STATEMENTS),
    ("resource_sets", resource_sets::STATEMENTS),
    ("roles", roles::STATEMENTS),
    ("session_tokens", session_tokens::STATEMENTS),
    ("sessions", sessions::STATEMENTS),
    ("settings", settings::STATEMENTS),
    ("sign_in_attempts", sign_in_attempts::STATEMENTS),
    ("sign_ins", sign_ins::STATEMENTS),
    ("sms_templates", sms_templates::STATEMENTS),
    ("sweep", sweep::STATEMENTS),
    ("tokens", tokens::STATEMENTS),
    ("trusted_origins", trusted_origins::STATEMENTS),
    ("users", users::STATEMENTS),
    ("zones", zones::STATEMENTS),
];
