//! Reads files of people and carries them out, a chunk a transaction: what was done is done and noted together, so that a
//! server that is killed in the midst of it, or another beside it, goes on behind the last row that is noted.

use std::time::Duration;

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::group::GroupKind;
use postern_authn::permission::{Authority, Permission};
use postern_authn::user::{Login, Status, User, fold};
use postern_codes::Env;
use postern_codes::id::{Group, Id, Org};
use postern_store::imports::{Counts, Import, ImportRow, ImportStatus, Stretch};
use postern_store::{Error, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Job;
use crate::App;
use crate::api::imports;
use crate::passwords::{ImportedHash, decoys};
use crate::people_file::csv::{self, Step};
use crate::people_file::{Columns, MOST_ROWS, Row};

pub(super) const JOB: Job = Job { name: "import-people", every: Duration::from_secs(1), run: |app| Box::pin(run(app)) };

/// So many rows are read or carried out in one transaction.
const CHUNK: usize = 200;
/// By whose right an operator's file is carried out.
pub const SYSTEM: &str = "system";

async fn run(app: &App) -> Result<(), Error> {
    for org in app.store.system().orgs().await? {
        while step(app, org.id).await? {}
    }
    Ok(())
}

/// A bounded piece of what there is to do; whether there was any.
///
/// # Errors
/// Of the database.
pub async fn step(app: &App, org: Id<Org>) -> Result<bool, Error> {
    let Some(import) = app.store.read(org, |tx| tx.due_import()).await? else { return Ok(false) };
    match import.status {
        ImportStatus::Applying => apply(app, org, &import).await?,
        ImportStatus::Checking => check(app, org, &import).await?,
        ImportStatus::Applied
        | ImportStatus::Cancelled
        | ImportStatus::Checked
        | ImportStatus::Failed
        | ImportStatus::Receiving => {}
    }
    Ok(true)
}

/// What a row says, as it is kept until it is carried out.
#[derive(Serialize, Deserialize)]
struct Kept {
    members: Map<String, Value>,
    status: Option<String>,
    groups: Vec<String>,
}

/// A row that was read: its line, and what it says or what is wrong.
type Line = (u64, Result<Row, String>);

async fn check(app: &App, org: Id<Org>, import: &Import) -> Result<(), Error> {
    let bytes = app.store.read(org, |tx| tx.import_bytes(import.id, import.at)).await?;
    let read = read(import, &bytes);
    let env = app.env();
    app.store
        .write(org, |tx| {
            let (stretch, lines) = match &read {
                Ok(read) => read,
                Err(fault) => return fail(tx, import, fault, &env),
            };
            if !tx.import_checked(import.id, stretch, Counts::default(), env.now)? {
                return Ok(());
            }
            let Some(right) = Right::of(tx, import)? else { return fail(tx, import, NO_RIGHT, &env) };
            let mut counts = Counts::default();
            for (line, row) in lines {
                keep(tx, import, (*line, row), &right, &mut counts, &env)?;
            }
            tx.count_import(import.id, counts)?;
            if stretch.bytes.1 == import.size {
                tx.move_import(import.id, (ImportStatus::Checking, ImportStatus::Checked), None, env.now)?;
                tx.clear_import_bytes(import.id)?;
            }
            Ok(())
        })
        .await
}

const NO_RIGHT: &str = "whoever began this may not change people any more";

fn fail(tx: &mut Tx<'_>, import: &Import, fault: &str, env: &Env) -> Result<(), Error> {
    if tx.move_import(import.id, (import.status, ImportStatus::Failed), Some(fault), env.now)? {
        tx.forget_import(import.id)?;
        let event = Event::failure(EventType::UserImportEnd, Actor::system(), Client::default(), "failed");
        tx.record(&event.target(target(import)), env)?;
    }
    Ok(())
}

/// The next rows of a file, or why it cannot be read on.
fn read(import: &Import, bytes: &[u8]) -> Result<(Stretch, Vec<Line>), String> {
    let is_all = import.at + bytes.len() as u64 >= import.size;
    let (mut at, mut line, mut lines) = (0, import.line, Vec::new());
    let mut columns = import.columns.as_deref().map(Columns::from_text);
    if import.at == 0 {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err("line 1: the file is UTF-16: save it as UTF-8".to_owned());
        }
        at += if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    }
    while at < bytes.len() && lines.len() < CHUNK {
        let number = line + 1;
        let (row, length, ends) = match csv::row(&bytes[at..], is_all) {
            Step::More => break,
            Step::Lost(why) => return Err(format!("line {number}: {why}")),
            Step::Row(read) => (Ok(read.value), read.length, read.lines),
            Step::Wrong(read) => (Err(read.value), read.length, read.lines),
        };
        at += length;
        line += ends;
        match (&columns, row) {
            (_, Ok(cells)) if cells.iter().all(String::is_empty) && cells.len() == 1 => {}
            (None, Ok(cells)) => {
                columns = Some(Columns::read(&cells).map_err(|why| format!("line {number}: {why}"))?);
            }
            (None, Err(why)) => return Err(format!("line {number}: {why}")),
            (Some(columns), row) => lines.push((number, row.and_then(|cells| columns.row(&cells)))),
        }
    }
    if is_all && at == bytes.len() && columns.is_none() {
        return Err("the file is empty: its first row names the columns".to_owned());
    }
    if at == 0 {
        return Err(format!("line {}: the row is not whole", line + 1));
    }
    if import.rows + lines.len() as u64 > MOST_ROWS {
        return Err(format!("line {line}: a file has at most {MOST_ROWS} rows"));
    }
    let (columns, rows) = (columns.map(|columns| columns.to_text()), lines.len() as u64);
    Ok((Stretch { bytes: (import.at, import.at + at as u64), line, columns, rows }, lines))
}

/// Keeps a row with what would come of it.
fn keep(
    tx: &mut Tx<'_>,
    import: &Import,
    (line, row): (u64, &Result<Row, String>),
    right: &Right,
    counts: &mut Counts,
    env: &Env,
) -> Result<(), Error> {
    let login = row.as_ref().ok().and_then(|row| row.members.get("login")?.as_str()).unwrap_or_default();
    let login: String = login.chars().take(100).collect();
    let come = match row {
        Ok(row) => carry(tx, right, row, Way::Try, env)?,
        Err(why) => Come::Wrong(why.clone()),
    };
    let (body, secret) = match row {
        Ok(Row { members, status, groups, password }) if !matches!(come, Come::Wrong(_)) => {
            let kept = Kept { members: members.clone(), status: status.clone(), groups: groups.clone() };
            (Some(serde_json::to_string(&kept)?), password.clone())
        }
        _ => (None, None),
    };
    let folded = (!login.is_empty()).then(|| fold(&login));
    let kept =
        ImportRow { line, login, outcome: come.word(Way::Try).to_owned(), message: come.message(), body, secret };
    let Some(other) = tx.insert_import_row(import.id, &kept, (folded.as_deref(), env))? else {
        come.count(counts);
        return Ok(());
    };
    let again = Come::Wrong(format!("login: line {other} is about the same one"));
    again.count(counts);
    let (outcome, message) = (again.word(Way::Try).to_owned(), again.message());
    let wrong = ImportRow { outcome, message, body: None, secret: None, ..kept };
    tx.insert_import_row(import.id, &wrong, (None, env)).map(drop)
}

async fn apply(app: &App, org: Id<Org>, import: &Import) -> Result<(), Error> {
    let env = app.env();
    app.store
        .write(org, |tx| {
            let limit = u32::try_from(CHUNK).unwrap_or(u32::MAX);
            let Some(rows) = tx.take_import_rows(import.id, (import.applied, limit), env.now)? else { return Ok(()) };
            let Some(right) = Right::of(tx, import)? else { return fail(tx, import, NO_RIGHT, &env) };
            let mut counts = Counts::default();
            for row in &rows {
                let Some(body) = &row.body else { continue };
                let Kept { members, status, groups } = serde_json::from_str(body)?;
                let wanted = Row { members, status, groups, password: row.secret.clone() };
                let come = carry(tx, &right, &wanted, Way::Act, &env)?;
                // Who was the same was counted when the file was read.
                if row.outcome != "SAME" || come != Come::Same {
                    come.count(&mut counts);
                }
                let message = come.message();
                tx.import_row_done(import.id, row.line, (come.word(Way::Act), message.as_deref()))?;
            }
            tx.count_import(import.id, counts)?;
            if rows.len() < CHUNK {
                tx.move_import(import.id, (ImportStatus::Applying, ImportStatus::Applied), None, env.now)?;
                tx.record(&right.success(EventType::UserImportEnd).target(target(import)), &env)?;
            }
            Ok(())
        })
        .await
}

/// A file as the record names it.
pub fn target(import: &Import) -> Target {
    Target::new("Import", import.id, "", &import.name)
}

/// By whose right a file is carried out, as it is at this moment.
struct Right {
    /// None for the operator, who may do everything.
    authority: Option<Authority>,
    actor: Actor,
    id: String,
}

impl Right {
    fn of(tx: &mut Tx<'_>, import: &Import) -> Result<Option<Self>, Error> {
        let id = import.created_by.clone();
        if id == SYSTEM {
            return Ok(Some(Self { authority: None, actor: Actor::system(), id }));
        }
        let Ok(user) = id.parse() else { return Ok(None) };
        let Some(person) = tx.user(user)?.filter(|person| person.status == Status::Active) else { return Ok(None) };
        let authority = tx.authority(user)?;
        let actor = Actor::user(user, person.login.as_str(), &person.name());
        Ok(imports::may_import(&authority).then_some(Self { authority: Some(authority), actor, id }))
    }

    fn may_fill_groups(&self) -> bool {
        let needed = [Permission::GroupsMembersManage, Permission::UsersGroupMembership];
        self.authority.as_ref().is_none_or(|own| needed.into_iter().all(|needed| own.has_everywhere(needed)))
    }

    fn success(&self, kind: EventType) -> Event {
        Event::success(kind, self.actor.clone(), Client::default())
    }
}

/// Whether a row is only looked at or carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Act,
    Try,
}

/// What comes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Come {
    Changed,
    Made,
    Same,
    Wrong(String),
}

impl Come {
    const fn word(&self, way: Way) -> &'static str {
        match (self, way) {
            (Self::Changed, Way::Act) => "CHANGED",
            (Self::Changed, Way::Try) => "CHANGE",
            (Self::Made, Way::Act) => "MADE",
            (Self::Made, Way::Try) => "MAKE",
            (Self::Same, _) => "SAME",
            (Self::Wrong(_), _) => "WRONG",
        }
    }

    fn message(&self) -> Option<String> {
        match self {
            Self::Wrong(why) => Some(why.clone()),
            Self::Changed | Self::Made | Self::Same => None,
        }
    }

    const fn count(&self, counts: &mut Counts) {
        match self {
            Self::Changed => counts.changed += 1,
            Self::Made => counts.made += 1,
            Self::Same => counts.same += 1,
            Self::Wrong(_) => counts.wrong += 1,
        }
    }
}

/// Makes or changes the person whom a row means, or only says what would come of it.
fn carry(tx: &mut Tx<'_>, right: &Right, row: &Row, way: Way, env: &Env) -> Result<Come, Error> {
    let login = row.members.get("login").and_then(Value::as_str).unwrap_or_default();
    let Ok(known) = login.parse::<Login>() else {
        return Ok(Come::Wrong("login: a login has 1 to 100 characters, and no blanks".to_owned()));
    };
    let present = tx.user_by_login(&known)?;
    if let Some(why) = present.as_ref().map(|person| refusal(tx, right, person, row, env)).transpose()?.flatten() {
        return Ok(Come::Wrong(why));
    }
    let (login, profile) = match row.applied_to(present.as_ref()) {
        Ok(read) => read,
        Err(why) => return Ok(Come::Wrong(why)),
    };
    let groups = match groups(tx, right, row)? {
        Ok(groups) => groups,
        Err(why) => return Ok(Come::Wrong(why)),
    };
    let Some(person) = present else {
        let status = match status_of_new(row) {
            Ok(status) => status,
            Err(why) => return Ok(Come::Wrong(why)),
        };
        if way == Way::Act {
            let mut person = User::new(Id::new(env), login, profile, status, env.now);
            person.password_changed_at = row.password.as_ref().map(|_| env.now);
            person.activated_at = (status == Status::Active).then_some(env.now);
            if !make(tx, right, (&person, row), env)? {
                return Ok(Come::Wrong("login: somebody has it already".to_owned()));
            }
            join(tx, right, &person, &groups, env)?;
        }
        return Ok(Come::Made);
    };
    let mut missing = Vec::new();
    for group in groups {
        if !tx.is_member(group, person.id)? {
            missing.push(group);
        }
    }
    let is_same = person.login == login && person.profile == profile;
    if is_same && missing.is_empty() {
        return Ok(Come::Same);
    }
    if way == Way::Act {
        if !is_same {
            let present = (person.id, person.version);
            if !tx.set_profile(present, (&login, &profile), ("IMPORT", &right.id), env)? {
                return Ok(Come::Wrong("was changed by somebody else at this moment".to_owned()));
            }
            tx.record(&right.success(EventType::UserProfileUpdate).target(person_target(&person)), env)?;
        }
        join(tx, right, &person, &missing, env)?;
    }
    Ok(Come::Changed)
}

/// Whoever has a password may sign in with it; others are yet to choose one.
fn status_of_new(row: &Row) -> Result<Status, String> {
    match (row.status.as_deref(), row.password.is_some()) {
        (None | Some("STAGED"), _) => Ok(Status::Staged),
        (Some("ACTIVE"), true) => Ok(Status::Active),
        (Some("ACTIVE" | "PROVISIONED"), false) => Ok(Status::Provisioned),
        (Some(_), true) => Err("status: somebody new with a password is STAGED or ACTIVE".to_owned()),
        (Some(_), false) => Err("status: somebody new is STAGED or PROVISIONED".to_owned()),
    }
}

/// Makes a person with the password that the row has; `false` where somebody has the login.
fn make(tx: &mut Tx<'_>, right: &Right, (person, row): (&User, &Row), env: &Env) -> Result<bool, Error> {
    if !tx.insert_user(person, "IMPORT", &right.id, env)? {
        return Ok(false);
    }
    tx.record(&right.success(EventType::UserCreate).target(person_target(person)), env)?;
    if let Some(stored) = &row.password {
        if let Some(hash) = ImportedHash::read(stored.expose()) {
            decoys::remember(tx, &hash, env)?;
        }
        tx.set_password(person.id, stored.expose(), env)?;
    }
    if person.status == Status::Active {
        tx.record(&right.success(EventType::UserActivate).target(person_target(person)), env)?;
    }
    Ok(true)
}

/// Why somebody may not be changed by this row.
fn refusal(tx: &mut Tx<'_>, right: &Right, person: &User, row: &Row, env: &Env) -> Result<Option<String>, Error> {
    if let Some(own) = &right.authority {
        let theirs = tx.authority(person.id)?;
        let reach = own.reach_of_administrators(Permission::UsersManage);
        if theirs.is_administrator() && (!own.covers(&theirs) || !tx.reaches_user(&reach, person.id)?) {
            return Ok(Some("this person may do what you may not".to_owned()));
        }
    }
    let now = person.shown_status(env.now);
    // Whom a file asked to be active waits in this status for a password of their own.
    let is_awaited = row.status.as_deref() == Some("ACTIVE") && person.status == Status::Provisioned;
    if row.status.as_deref().is_some_and(|status| status != now) && !is_awaited {
        return Ok(Some(format!("status: is {now}; a file does not change it")));
    }
    Ok((person.status == Status::Deprovisioned).then(|| "the account has ended".to_owned()))
}

/// The groups that a row names; everybody is in the built-in one.
fn groups(tx: &mut Tx<'_>, right: &Right, row: &Row) -> Result<Result<Vec<Id<Group>>, String>, Error> {
    let mut found = Vec::new();
    for name in &row.groups {
        match tx.group_named(name)? {
            None => return Ok(Err(format!("groups: there is no group {name:?}"))),
            Some(group) if group.kind == GroupKind::BuiltIn => {}
            Some(_) if !right.may_fill_groups() => {
                return Ok(Err("groups: you may not put people into groups".to_owned()));
            }
            Some(group) => {
                tx.hold_group(group.id)?;
                if tx.authority_of_group(group.id)?.is_administrator() {
                    return Ok(Err(format!("groups: {name:?} gives administrator roles; a file puts nobody there")));
                }
                found.push(group.id);
            }
        }
    }
    Ok(Ok(found))
}

fn join(tx: &mut Tx<'_>, right: &Right, person: &User, groups: &[Id<Group>], env: &Env) -> Result<(), Error> {
    for group in groups {
        if tx.add_member(*group, person.id, env.now)? {
            let event = right.success(EventType::GroupUserAdd).target(person_target(person));
            tx.record(&event.target(Target::new("UserGroup", group, "", "")), env)?;
        }
    }
    Ok(())
}

fn person_target(person: &User) -> Target {
    Target::new("User", person.id, person.login.as_str(), &person.name())
}
