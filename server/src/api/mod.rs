//! The API: a file a noun, each with its act, its shapes, its thin handlers and its routes.

pub mod attack_protection;
pub mod authn;
pub mod backup_codes;
pub mod body;
pub mod caller;
pub mod change;
pub mod client;
pub mod demands;
pub mod device_access;
pub mod devices;
pub mod error;
pub mod factor_profiles;
pub mod factors;
pub mod features;
pub mod group_owners;
pub mod group_rules;
pub mod groups;
pub mod hal;
pub mod iam;
pub mod imports;
pub mod logs;
pub mod org;
pub mod org_factors;
pub mod origin;
pub mod page;
pub mod path;
pub mod person_references;
pub mod policies;
pub mod profile;
pub mod rate_limits;
pub mod recovery_cases;
pub mod recovery_pins;
pub mod recovery_settings;
pub mod roles;
pub mod routes;
pub mod sessions;
pub mod sms_templates;
pub mod tokens;
pub mod trusted_origins;
pub mod users;
pub mod zones;

pub use body::Json;
pub use caller::{Allowed, Caller};
pub use error::ApiError;
use routes::Routes;

/// Every route of the API.
pub fn routes() -> Routes {
    Routes::new()
        .merge(attack_protection::routes())
        .merge(authn::routes())
        .merge(backup_codes::routes())
        .merge(demands::routes())
        .merge(device_access::routes())
        .merge(devices::routes())
        .merge(factor_profiles::routes())
        .merge(factors::routes())
        .merge(features::routes())
        .merge(group_owners::routes())
        .merge(group_rules::routes())
        .merge(groups::routes())
        .merge(iam::routes())
        .merge(imports::routes())
        .merge(logs::routes())
        .merge(org::routes())
        .merge(org_factors::routes())
        .merge(person_references::routes())
        .merge(policies::routes())
        .merge(rate_limits::routes())
        .merge(recovery_cases::routes())
        .merge(recovery_pins::routes())
        .merge(recovery_settings::routes())
        .merge(roles::routes())
        .merge(sessions::routes())
        .merge(sms_templates::routes())
        .merge(tokens::routes())
        .merge(trusted_origins::routes())
        .merge(users::routes())
        .merge(zones::routes())
}
