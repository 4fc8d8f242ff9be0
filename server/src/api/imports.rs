//! Files of people: sent in, looked at, carried out, given up. Reading and carrying out is the job of
//! `jobs/import_people.rs`: nothing is changed before somebody has seen what would be.

pub mod export;
mod http;

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody as _};
use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::permission::{Authority, Permission, right};
use postern_codes::id::{Id, Import as ImportKind, Org};
use postern_store::imports::{Import, ImportRow, ImportStatus};
use postern_store::{Error, Tx};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::jobs::import_people::{SYSTEM, target};
use crate::people_file::LONGEST;

pub use http::{routes, shown};

/// The bytes of a file are kept in parts of this size.
pub const PART: usize = 256 * 1024;
/// Most files at once that are not yet done or given up.
const MOST_OPEN: usize = 5;

/// Who sends a file in and has it carried out.
#[derive(Clone, Copy)]
pub enum Sender<'a> {
    /// The operator of the installation, who may do everything to the people of this organisation.
    Operator(Id<Org>),
    /// Somebody by their own right.
    Person(&'a Allowed<right::UsersManage>),
}

impl Sender<'_> {
    fn org(&self) -> Id<Org> {
        match self {
            Self::Operator(org) => *org,
            Self::Person(by) => by.org,
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Operator(_) => SYSTEM.to_owned(),
            Self::Person(by) => by.user().to_string(),
        }
    }

    fn success(&self, kind: EventType) -> Event {
        match self {
            Self::Operator(_) => Event::success(kind, Actor::system(), Client::default()),
            Self::Person(by) => by.success(kind),
        }
    }
}

/// Takes a file in as it comes; its rows are read from then on.
///
/// # Errors
/// 413 where it is too long, 400 while too many others wait.
pub async fn receive(app: &App, by: Sender<'_>, name: &str, mut body: Body) -> Result<Import, ApiError> {
    let id = begin(app, by, name).await?;
    let (mut begins, mut part) = (0, Vec::with_capacity(PART));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| ApiError::malformed())?.into_data() else { continue };
        part.extend_from_slice(&data);
        if part.len() >= PART {
            begins = put(app, by, id, (begins, &part)).await?;
            part.clear();
        }
    }
    put(app, by, id, (begins, &part)).await?;
    close(app, by, id).await
}

/// Makes a file whose bytes are yet to come.
///
/// # Errors
/// 400 while too many others wait, 403 where somebody's right does not reach everybody.
pub async fn begin(app: &App, by: Sender<'_>, name: &str) -> Result<Id<ImportKind>, ApiError> {
    if let Sender::Person(by) = by {
        admit(by)?;
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    let env = app.env();
    let made = app.store.write(by.org(), |tx| {
        let waits = |import: &Import| is_open(import.status) && import.created_by != SYSTEM;
        let open = tx.imports(None, 50)?.into_iter().filter(waits).count();
        // A tool that was killed leaves its file behind; to run it again must not wait for that.
        if open >= MOST_OPEN && matches!(by, Sender::Person(_)) {
            let cause = format!("{open} files wait already: apply or cancel them first");
            return Ok(Err(ApiError::validation("import", [cause])));
        }
        Ok(Ok(tx.insert_import(&name, &by.id(), &env)?))
    });
    made.await?
}

/// Takes the next bytes of a file, which has `begins` so far; gives where they end.
///
/// # Errors
/// 413 where it is too long, 403 where it takes none any more.
pub async fn put(app: &App, by: Sender<'_>, id: Id<ImportKind>, (begins, part): (u64, &[u8])) -> Result<u64, ApiError> {
    let (env, ends) = (app.env(), begins + part.len() as u64);
    if ends > LONGEST {
        let why = "the file is too long";
        let gone = app.store.write(by.org(), |tx| {
            tx.move_import(id, (ImportStatus::Receiving, ImportStatus::Failed), Some(why), env.now)?;
            tx.clear_import_bytes(id)
        });
        gone.await?;
        return Err(ApiError::too_large());
    }
    let is_taken = app.store.write(by.org(), |tx| tx.add_import_part(id, (begins, part), &env)).await?;
    if is_taken { Ok(ends) } else { Err(gone_on()) }
}

/// Says that a file is whole; its rows are read from then on.
///
/// # Errors
/// 403 where it waited for no bytes.
pub async fn close(app: &App, by: Sender<'_>, id: Id<ImportKind>) -> Result<Import, ApiError> {
    let env = app.env();
    let done = app.store.write(by.org(), |tx| {
        if !tx.move_import(id, (ImportStatus::Receiving, ImportStatus::Checking), None, env.now)? {
            return Ok(Err(gone_on()));
        }
        let found = named(tx, id.as_str())?;
        if let Ok(import) = &found {
            tx.record(&by.success(EventType::UserImportCreate).target(target(import)), &env)?;
        }
        Ok(found)
    });
    done.await?
}

/// Has a file carried out that was read.
///
/// # Errors
/// 404 for no such file, 403 where it does not wait for that.
pub async fn apply(app: &App, by: Sender<'_>, which: &str) -> Result<Import, ApiError> {
    let env = app.env();
    let begun = app.store.write(by.org(), |tx| {
        let import = match named(tx, which)? {
            Ok(import) => import,
            Err(refused) => return Ok(Err(refused)),
        };
        // It is carried out by the right of whoever sent it in.
        if import.created_by != by.id() {
            return Ok(Err(ApiError::forbidden().cause("only whoever sent the file in can have it carried out")));
        }
        if !tx.begin_import(import.id, env.now)? {
            return Ok(Err(gone_on()));
        }
        tx.record(&by.success(EventType::UserImportApply).target(target(&import)), &env)?;
        named(tx, which)
    });
    begun.await?
}

/// Gives a file up; rows that were carried out stay so.
///
/// # Errors
/// 404 for no such file, 403 where it is done.
pub async fn cancel(app: &App, by: Sender<'_>, which: &str) -> Result<Import, ApiError> {
    let env = app.env();
    let done = app.store.write(by.org(), |tx| {
        let import = match named(tx, which)? {
            Ok(import) => import,
            Err(refused) => return Ok(Err(refused)),
        };
        let is_moved = is_open(import.status)
            && tx.move_import(import.id, (import.status, ImportStatus::Cancelled), None, env.now)?;
        if !is_moved {
            return Ok(Err(gone_on()));
        }
        tx.forget_import(import.id)?;
        tx.record(&by.success(EventType::UserImportCancel).target(target(&import)), &env)?;
        named(tx, which)
    });
    done.await?
}

/// One file.
///
/// # Errors
/// 404 for no such file.
pub async fn import(app: &App, org: Id<Org>, which: &str) -> Result<Import, ApiError> {
    app.store.read(org, |tx| named(tx, which)).await?
}

/// The rows of a file behind a line, those that are wrong alone where it is said so.
///
/// # Errors
/// 404 for no such file.
pub async fn rows(
    app: &App,
    org: Id<Org>,
    which: &str,
    (after, is_wrong, limit): (u64, bool, u32),
) -> Result<(Import, Vec<ImportRow>), ApiError> {
    let found = app.store.read(org, |tx| match named(tx, which)? {
        Ok(import) => {
            let rows = tx.import_rows(import.id, after, (is_wrong, limit))?;
            Ok(Ok((import, rows)))
        }
        Err(refused) => Ok(Err(refused)),
    });
    found.await?
}

/// Whether somebody may deal with files of people at all.
///
/// # Errors
/// 403 where their right does not reach everybody.
pub fn admit(by: &Caller) -> Result<(), ApiError> {
    if may_import(by.authority()) {
        return Ok(());
    }
    Err(ApiError::forbidden().cause("a file may be about anybody: your role must reach all people"))
}

/// Whether somebody may make and change whomever a file names, in whatever it says.
pub fn may_import(authority: &Authority) -> bool {
    authority.has_everywhere(Permission::UsersManage)
        && authority.has_everywhere(Permission::UsersCreate)
        && authority.attributes_everywhere(Permission::UsersProfileManage).is_all()
}

/// Whether something may still come of a file.
pub const fn is_open(status: ImportStatus) -> bool {
    match status {
        ImportStatus::Applying | ImportStatus::Checked | ImportStatus::Checking | ImportStatus::Receiving => true,
        ImportStatus::Applied | ImportStatus::Cancelled | ImportStatus::Failed => false,
    }
}

/// The file with this id, or that there is none.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<Import, ApiError>, Error> {
    let found = match which.parse() {
        Ok(id) => tx.import(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<ImportKind>(which)))
}

fn gone_on() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000107", "The file is not in a state that allows this.")
}
