//! The console: one file a screen, each with the view that its template in `templates/console/` shows.
//!
//! A view holds what a reader sees, ready to be shown: words, [`part::Moment`]s and [`part::State`]s, never rows or
//! rules. Handlers fill a view and answer with [`page::page`]. What is used on more than one screen is a [`part`], with a
//! template of its own; `/admin/parts` shows every state of each.
//!
//! Not here: what is allowed and what happens (`api/` and `authn`).

pub mod accent;
pub mod account;
pub mod administrator;
pub mod administrator_new;
pub mod administrators;
pub mod assets;
pub mod bulk;
pub mod case;
pub mod cases;
pub mod choose;
pub mod cookie;
pub mod demands;
pub mod device;
pub mod devices;
pub mod enrolment_code;
pub mod events;
pub mod export;
pub mod factor_fields;
pub mod factor_settings;
pub mod factor_words;
pub mod features;
pub mod form;
pub mod form_page;
pub mod group;
pub mod group_form;
pub mod group_members;
pub mod groups;
pub mod help_desk;
pub mod home;
pub mod import_file;
pub mod import_words;
pub mod imports;
pub mod language;
pub mod limits;
pub mod list;
pub mod meanwhile;
pub mod networks;
pub mod not_me;
pub mod not_me_case;
pub mod organisation;
pub mod page;
pub mod part;
pub mod part_page;
pub mod parts;
pub mod people;
pub mod people_export;
pub mod person;
pub mod person_acts;
pub mod person_factors;
pub mod person_form;
pub mod person_references;
pub mod pin;
pub mod pin_request;
pub mod pin_state;
pub mod policies;
pub mod problem;
pub mod qr;
pub mod recovery;
pub mod reports;
pub mod resets;
pub mod role_form;
pub mod roles;
pub mod rule_form;
pub mod rules;
pub mod search;
pub mod security;
pub mod set_form;
pub mod set_up;
pub mod sets;
pub mod shell;
pub mod sign_in;
pub mod stale;
pub mod step_up;
pub mod stream;
pub mod token;
pub mod token_new;
pub mod token_share;
pub mod tokens;
pub mod upload;
pub mod viewer;
pub mod what_if;
pub mod words;

use axum::response::Redirect;

use crate::api::routes::{Access, Routes};

/// Every screen, and what screens are made with.
pub fn routes() -> Routes {
    Routes::new()
        .get("/", Access::Anyone, async || Redirect::to("/admin"))
        .merge(assets::routes())
        .merge(accent::routes())
        .merge(account::routes())
        .merge(administrator::routes())
        .merge(administrator_new::routes())
        .merge(administrators::routes())
        .merge(bulk::routes())
        .merge(case::routes())
        .merge(cases::routes())
        .merge(choose::routes())
        .merge(demands::routes())
        .merge(device::routes())
        .merge(devices::routes())
        .merge(enrolment_code::routes())
        .merge(export::routes())
        .merge(factor_settings::routes())
        .merge(features::routes())
        .merge(group::routes())
        .merge(group_form::routes())
        .merge(group_members::routes())
        .merge(groups::routes())
        .merge(home::routes())
        .merge(import_file::routes())
        .merge(imports::routes())
        .merge(limits::routes())
        .merge(networks::routes())
        .merge(not_me::routes())
        .merge(not_me_case::routes())
        .merge(organisation::routes())
        .merge(parts::routes())
        .merge(people::routes())
        .merge(people_export::routes())
        .merge(person::routes())
        .merge(person_acts::routes())
        .merge(person_factors::routes())
        .merge(person_form::routes())
        .merge(person_references::routes())
        .merge(pin::routes())
        .merge(pin_request::routes())
        .merge(policies::routes())
        .merge(reports::routes())
        .merge(resets::routes())
        .merge(role_form::routes())
        .merge(roles::routes())
        .merge(rule_form::routes())
        .merge(rules::routes())
        .merge(search::routes())
        .merge(security::routes())
        .merge(set_form::routes())
        .merge(set_up::routes())
        .merge(sets::routes())
        .merge(sign_in::routes())
        .merge(step_up::routes())
        .merge(token::routes())
        .merge(token_new::routes())
        .merge(token_share::routes())
        .merge(tokens::routes())
        .merge(what_if::routes())
}

#[cfg(test)]
mod tests;
