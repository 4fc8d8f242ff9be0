//! People as a file: rows for a spreadsheet, a page at a time, so that no file is ever held whole.

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::{Id, Org};
use postern_store::Error;
use postern_store::people::PeopleQuery;

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::users;
use crate::people_file;

/// Whether somebody may have everybody's whole profile in a file.
///
/// # Errors
/// 403 where their role does not show all people whole.
pub fn admit(by: &Caller) -> Result<(), ApiError> {
    let own = by.authority();
    if own.has_everywhere(Permission::UsersRead) && own.attributes_everywhere(Permission::UsersRead).is_all() {
        return Ok(());
    }
    Err(ApiError::forbidden().cause("a file has whole profiles of everybody: your role must show all people whole"))
}

/// People as rows of a file, `limit` of them, with the heading where it is the first page, and where it goes on. That
/// somebody has it is recorded with the first page.
///
/// # Errors
/// 403 as [`admit`]; of the database.
pub async fn page(
    app: &App,
    by: &Allowed<right::UsersRead>,
    query: PeopleQuery,
    limit: u32,
) -> Result<(String, Option<String>), ApiError> {
    admit(by)?;
    let is_first = query.after.is_none();
    let found = users::listed(app, by, query, limit).await?;
    let text = text(app, by.org, (is_first, &found.rows)).await?;
    if is_first {
        let env = app.env();
        app.store.write(by.org, |tx| tx.record(&by.success(EventType::UserExport), &env)).await?;
    }
    Ok((text, found.next))
}

/// Records that the operator has everybody in a file.
///
/// # Errors
/// Of the database.
pub async fn record(app: &App, org: Id<Org>) -> Result<(), Error> {
    let env = app.env();
    let event = Event::success(EventType::UserExport, Actor::system(), Client::default());
    app.store.write(org, |tx| tx.record(&event, &env)).await
}

/// People as rows of a file, behind the heading where they are the first.
///
/// # Errors
/// Of the database.
pub async fn text(app: &App, org: Id<Org>, (is_first, people): (bool, &[User])) -> Result<String, Error> {
    let now = app.env().now;
    let groups = app.store.read(org, |tx| {
        let names = |person: &User| {
            let groups = tx.groups_of(person.id)?.into_iter();
            let own = groups.filter(|group| group.kind == GroupKind::Own);
            Ok(own.map(|group| group.name).collect::<Vec<_>>())
        };
        people.iter().map(names).collect::<Result<Vec<_>, Error>>()
    });
    let mut text = if is_first { people_file::heading() } else { String::new() };
    for (person, groups) in people.iter().zip(groups.await?) {
        text.push_str(&people_file::line(person, &groups, now));
    }
    Ok(text)
}
