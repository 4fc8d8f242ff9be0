//! Who is told of a case, in the transaction that makes the news: what was queued is sent after the commit, and again
//! until it is through.

use postern_authn::audit::EventType;
use postern_authn::permission::Role;
use postern_authn::recovery::case::Done;
use postern_codes::Env;
use postern_store::links::LinkPurpose;
use postern_store::{Error, Tx};

use super::Known;
use crate::App;
use crate::console::words::{Text, say, say_of};
use crate::notices::NOT_ME_LIFE;
use crate::notices::mail::Mail;

/// The person: a case of theirs was opened. The word in it is what the agent must be able to say.
///
/// # Errors
/// Of the database.
pub fn opened(tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
    let text = say("mail-case-opened")
        .with("number", known.case.number.to_string())
        .with("word", known.case.words.agent.clone());
    Mail { subject: say("mail-case-opened-subject"), text }.of_case(tx, app, known, env)
}

/// The person: something was done in their name.
///
/// # Errors
/// Of the database.
pub fn acted(tx: &mut Tx<'_>, app: &App, known: &Known, done: &Done, env: &Env) -> Result<(), Error> {
    if !done.action.gives_access() {
        return Ok(());
    }
    let text = say("mail-case-acted")
        .with("number", known.case.number.to_string())
        .with("action", say_of("mail-case-action", done.action.as_str()));
    Mail { subject: say("mail-case-acted-subject"), text }.of_case(tx, app, known, env)
}

/// The person: they have a factor again, and the case is over.
///
/// # Errors
/// Of the database.
pub fn enrolled(tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
    let mut actions: Vec<_> =
        known.case.done.iter().map(|done| done.action).filter(|action| action.gives_access()).collect();
    actions.dedup();
    let actions = actions.into_iter().map(|action| say_of("mail-case-action", action.as_str()));
    let text = say("mail-case-enrolled")
        .with("number", known.case.number.to_string())
        .with("actions", Text::list(actions))
        .with("page", format!("{}/account", app.config.public_url.first()));
    Mail { subject: say("mail-case-enrolled-subject"), text }.of_case(tx, app, known, env)
}

/// The person: they did not enrol in time, and their account is suspended.
///
/// # Errors
/// Of the database.
pub fn lapsed(tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
    let text = say("mail-case-lapsed").with("number", known.case.number.to_string());
    Mail { subject: say("mail-case-lapsed-subject"), text }.of_case(tx, app, known, env)
}

/// The manager: a case of somebody of theirs asks for their word.
///
/// # Errors
/// Of the database.
pub fn manager_asked(tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
    let Some(manager) = &known.manager else { return Ok(()) };
    let text = say("mail-case-manager")
        .with("number", known.case.number.to_string())
        .with("person", known.person.name())
        .with("login", known.person.login.as_str().to_owned())
        .with("page", format!("{}/account", app.config.public_url.first()));
    Mail { subject: say("mail-case-manager-subject"), text }.to_every_address(tx, manager, env)
}

/// Whoever holds the role that a case was handed to.
///
/// # Errors
/// Of the database.
pub fn escalated(tx: &mut Tx<'_>, app: &App, known: &Known, role: Role, env: &Env) -> Result<(), Error> {
    let mail =
        Mail { subject: say("mail-case-escalated-subject"), text: about(say("mail-case-escalated"), app, known) };
    for holder in tx.holders_of(role)? {
        if holder.id != known.person.id && !known.case.barred.contains(&holder.id) {
            mail.to_every_address(tx, &holder, env)?;
        }
    }
    Ok(())
}

/// The person and the super administrators: the wrong one was let in.
///
/// # Errors
/// Of the database.
pub fn incident(tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
    let (subject, number) = (say("mail-case-shut-subject"), known.case.number.to_string());
    Mail { subject, text: say("mail-case-shut").with("number", number) }.to_old_and_new(tx, &known.person, env)?;
    let what = say_of("domain-event", EventType::CaseIncident.as_str());
    let mail = Mail {
        subject: say("mail-alert-subject").with("what", what),
        text: about(say("mail-case-incident"), app, known),
    };
    for admin in tx.super_administrators()? {
        mail.to_every_address(tx, &admin, env)?;
    }
    Ok(())
}

impl Mail {
    /// Tells the person of a case, at every address of theirs, with the link that says "this was not me".
    fn of_case(self, tx: &mut Tx<'_>, app: &App, known: &Known, env: &Env) -> Result<(), Error> {
        let token = tx.new_link(LinkPurpose::CaseNotMe, known.case.id.as_str(), NOT_ME_LIFE, env)?;
        let link = format!("{}/not-me/case/{}", app.config.public_url.first(), token.expose());
        let text = say("mail-case-with-link").with("text", self.text).with("link", link);
        Mail { text, ..self }.to_old_and_new(tx, &known.person, env)
    }
}

fn about(text: Text, app: &App, known: &Known) -> Text {
    text.with("number", known.case.number.to_string())
        .with("person", known.person.name())
        .with("login", known.person.login.as_str().to_owned())
        .with("page", format!("{}/admin/cases/{}", app.config.public_url.first(), known.case.id))
}
