//! A mail before it has a language, and whose language and clock it gets: the person's own, else the organisation's.

use std::time::Duration;

use postern_authn::user::{ContactKind, ContactPoint, User};
use postern_codes::Env;
use postern_store::deliveries::Message;
use postern_store::{Error, Tx};
use serde_json::Value;

use crate::api::device_access::settings::DeviceDocument;
use crate::console::help_desk::HelpDesk;
use crate::console::language::{self, Language, Reader};
use crate::console::words::{Text, say};
use crate::organisation::Organisation;

/// For how long an address that was replaced is told too.
const OLD: Duration = Duration::from_hours(30 * 24);

/// What somebody is told. The greeting above it and the help desk below it are the same in every mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// One line.
    pub subject: Text,
    /// Paragraphs.
    pub text: Text,
}

impl Mail {
    /// Queues it to every mail address of a person that stands.
    ///
    /// # Errors
    /// Of the database.
    pub fn to_every_address(&self, tx: &mut Tx<'_>, user: &User, env: &Env) -> Result<(), Error> {
        let message = self.message(tx, user)?;
        let contacts = tx.contacts(user.id)?;
        let standing = contacts.iter().filter(|contact| contact.until_at.is_none());
        for contact in standing.filter(|contact| matches!(contact.kind, ContactKind::Email | ContactKind::SecondEmail))
        {
            tx.enqueue(&contact.value, &message, env)?;
        }
        Ok(())
    }

    /// The same, and to those that were replaced in the last 30 days: whoever took an account over has, perhaps, put an
    /// address of theirs in its place. What came from the organisation's records is told first.
    ///
    /// # Errors
    /// Of the database.
    pub fn to_old_and_new(&self, tx: &mut Tx<'_>, user: &User, env: &Env) -> Result<(), Error> {
        let message = self.message(tx, user)?;
        let is_mail = |contact: &ContactPoint| matches!(contact.kind, ContactKind::Email | ContactKind::SecondEmail);
        let mut contacts = tx.contacts(user.id)?;
        contacts.retain(|contact| is_mail(contact) && contact.until_at.is_none_or(|until| until.plus(OLD) > env.now));
        contacts.sort_by_key(|contact| !contact.is_from_records());
        let mut told: Vec<String> = Vec::new();
        for contact in contacts {
            if !told.contains(&contact.value) {
                tx.enqueue(&contact.value, &message, env)?;
                told.push(contact.value);
            }
        }
        Ok(())
    }

    /// Queues it to the first mail address of a person.
    ///
    /// # Errors
    /// Of the database.
    pub fn to_first_address(&self, tx: &mut Tx<'_>, user: &User, env: &Env) -> Result<(), Error> {
        let message = self.message(tx, user)?;
        tx.enqueue(&user.profile.email, &message, env).map(drop)
    }

    /// What this person reads.
    ///
    /// # Errors
    /// Of the database.
    pub fn message(&self, tx: &mut Tx<'_>, user: &User) -> Result<Message, Error> {
        let ((organisation, _), (DeviceDocument(device), _)) = (tx.setting::<Organisation>()?, tx.setting()?);
        Ok(self.written(user, &organisation, HelpDesk::of(&device, &organisation).as_ref()))
    }

    /// The mail as this person reads it. What people typed stays within its line: nobody adds a paragraph by a name.
    pub fn written(&self, user: &User, organisation: &Organisation, help: Option<&HelpDesk>) -> Message {
        let reader = reader(user, organisation);
        let hello = say("mail-hello").with("name", user.name());
        let words = |text: Text| text.within_its_line().words(&reader);
        let paragraphs = [hello, self.text.clone()].into_iter().chain(help.map(HelpDesk::said));
        let text = paragraphs.map(words).collect::<Vec<_>>().join("\n\n") + "\n";
        Message { subject: words(self.subject.clone()), text }
    }
}

/// The language of a mail: what the person prefers, where we have it, else the organisation's.
pub fn language(preferred: Option<&str>, of_the_organisation: Language) -> Language {
    preferred.and_then(Language::of).unwrap_or(of_the_organisation)
}

/// Who reads what a person is told.
pub fn reader(user: &User, organisation: &Organisation) -> Reader {
    let own = |name: &str| user.profile.further.get(name).and_then(Value::as_str);
    Reader {
        language: language(own("preferredLanguage"), organisation.language),
        zone: own("timezone").and_then(language::zone).unwrap_or_else(|| organisation.zone()),
        accent: None,
        help: None,
    }
}

#[cfg(test)]
mod tests;
