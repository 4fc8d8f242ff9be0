//! Files of people on their way in: the bytes in parts, a row for each line, and how far reading and applying have come.
//! Every step is guarded by the place it starts from, so that it is done once however many servers try.

use postern_codes::id::{Id, Import as ImportKind};
use postern_codes::{Env, Place, Sealed, Secret, Timestamp};

use crate::sql::{Error, Row as SqlRow, Tx, values};

macro_rules! columns {
    () => {
        "id, name, status, fault, columns, size, at, line, applied, rows_read, rows_made, rows_changed, rows_same, \
         rows_wrong, created_by, created_at, updated_at"
    };
}

crate::statements! {
    IMPORT_INSERT = "INSERT INTO imports (org_id, id, name, status, size, created_by, created_at, updated_at) \
                     VALUES ($1, $2, $3, 'RECEIVING', 0, $4, $5, $5)";
    IMPORT = concat!("SELECT ", columns!(), " FROM imports WHERE org_id = $1 AND id = $2");
    IMPORTS = concat!("SELECT ", columns!(), " FROM imports WHERE org_id = $1 AND ($2 = '' OR id < $2) \
                      ORDER BY id DESC LIMIT $3");
    IMPORT_DUE = concat!("SELECT ", columns!(), " FROM imports WHERE org_id = $1 AND status IN ('CHECKING', 'APPLYING') \
                         ORDER BY id LIMIT 1");
    IMPORT_MOVE = "UPDATE imports SET status = $4, fault = $5, updated_at = $6 WHERE org_id = $1 AND id = $2 AND status = $3";
    PART_INSERT = "INSERT INTO import_parts (org_id, import_id, begins, body) VALUES ($1, $2, $3, $4)";
    SIZE_SET = "UPDATE imports SET size = $4, updated_at = $5 \
                WHERE org_id = $1 AND id = $2 AND size = $3 AND status = 'RECEIVING'";
    PARTS = "SELECT begins, body FROM import_parts WHERE org_id = $1 AND import_id = $2 AND begins >= \
             (SELECT MAX(begins) FROM import_parts p WHERE p.org_id = $1 AND p.import_id = $2 AND p.begins <= $3) \
             ORDER BY begins LIMIT 3";
    PARTS_CLEAR = "DELETE FROM import_parts WHERE org_id = $1 AND import_id = $2";
    CHECK_STEP = "UPDATE imports SET at = $4, line = $5, columns = $6, rows_read = rows_read + $7, \
                  rows_made = rows_made + $8, rows_changed = rows_changed + $9, rows_same = rows_same + $10, \
                  rows_wrong = rows_wrong + $11, updated_at = $12 \
                  WHERE org_id = $1 AND id = $2 AND at = $3 AND status = 'CHECKING'";
    APPLY_BEGIN = "UPDATE imports SET status = 'APPLYING', applied = 0, rows_made = 0, rows_changed = 0, updated_at = $3 \
                   WHERE org_id = $1 AND id = $2 AND status = 'CHECKED'";
    APPLY_STEP = "UPDATE imports SET applied = $4, updated_at = $5 \
                  WHERE org_id = $1 AND id = $2 AND applied = $3 AND status = 'APPLYING'";
    APPLY_COUNT = "UPDATE imports SET rows_made = rows_made + $3, rows_changed = rows_changed + $4, \
                   rows_same = rows_same + $5, rows_wrong = rows_wrong + $6 WHERE org_id = $1 AND id = $2";
    ROW_INSERT = "INSERT INTO import_rows (org_id, import_id, line, login_folded, login, outcome, message, body, secret) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ROW_OF_LOGIN = "SELECT line FROM import_rows WHERE org_id = $1 AND import_id = $2 AND login_folded = $3";
    ROWS_TO_APPLY = "SELECT line, login, outcome, message, body, secret FROM import_rows WHERE org_id = $1 AND import_id = $2 \
                     AND line > $3 ORDER BY line LIMIT $4";
    ROW_DONE = "UPDATE import_rows SET outcome = $4, message = $5, body = NULL, secret = NULL \
                WHERE org_id = $1 AND import_id = $2 AND line = $3";
    ROWS_FORGET = "UPDATE import_rows SET body = NULL, secret = NULL \
                   WHERE org_id = $1 AND import_id = $2 AND body IS NOT NULL";
    ROWS = "SELECT line, login, outcome, message, body, secret FROM import_rows WHERE org_id = $1 AND import_id = $2 \
            AND line > $3 ORDER BY line LIMIT $4";
    ROWS_WRONG = "SELECT line, login, outcome, message, body, secret FROM import_rows WHERE org_id = $1 AND import_id = $2 \
                  AND line > $3 AND outcome = 'WRONG' ORDER BY line LIMIT $4";
    /// What is old, and what was broken off on its way in.
    OLD = "SELECT id FROM imports WHERE org_id = $1 AND (created_at < $2 OR status = 'RECEIVING' AND updated_at < $3) \
           ORDER BY id LIMIT 20";
    ROWS_CLEAR = "DELETE FROM import_rows WHERE org_id = $1 AND import_id = $2";
    IMPORT_DELETE = "DELETE FROM imports WHERE org_id = $1 AND id = $2";
}

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// Every row was carried out or said why not.
    Applied,
    /// Rows are being carried out.
    Applying,
    /// Somebody gave it up.
    Cancelled,
    /// Every row was read; nothing was changed yet.
    Checked,
    /// Rows are being read.
    Checking,
    /// It cannot be read or carried out; its fault says why.
    Failed,
    /// Its bytes are coming in.
    Receiving,
}

impl ImportStatus {
    const ALL: &[Self] =
        &[Self::Applied, Self::Applying, Self::Cancelled, Self::Checked, Self::Checking, Self::Failed, Self::Receiving];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Applying => "APPLYING",
            Self::Cancelled => "CANCELLED",
            Self::Checked => "CHECKED",
            Self::Checking => "CHECKING",
            Self::Failed => "FAILED",
            Self::Receiving => "RECEIVING",
        }
    }
}

impl std::str::FromStr for ImportStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text).ok_or(())
    }
}

/// How many rows came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Somebody new.
    pub made: u64,
    /// Somebody who changed.
    pub changed: u64,
    /// Somebody who is so already.
    pub same: u64,
    /// Refused.
    pub wrong: u64,
}

/// A file of people.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: Id<ImportKind>,
    /// What it was called.
    pub name: String,
    /// Where it stands.
    pub status: ImportStatus,
    /// Why it failed.
    pub fault: Option<String>,
    /// Its columns, once they were read.
    pub columns: Option<String>,
    /// How many bytes it has.
    pub size: u64,
    /// Up to which byte it was read.
    pub at: u64,
    /// Up to which line it was read.
    pub line: u64,
    /// Up to which line it was carried out.
    pub applied: u64,
    /// How many rows were read.
    pub rows: u64,
    /// How they come out, or came out.
    pub counts: Counts,
    /// By whose right.
    pub created_by: String,
    /// When it came in.
    pub created_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
}

/// A row of a file. No `Debug`: it may have a hashed password.
pub struct ImportRow {
    /// Its line, the first of the file being 1.
    pub line: u64,
    /// Its login, as far as it has one.
    pub login: String,
    /// `MAKE`, `CHANGE` or `SAME` before, `MADE`, `CHANGED` or `SAME` after; `WRONG` at any time.
    pub outcome: String,
    /// Why it is wrong.
    pub message: Option<String>,
    /// What it says; only until it was carried out.
    pub body: Option<String>,
    /// The hashed password that it has; sealed in the table, and only until it was carried out.
    pub secret: Option<Secret<String>>,
}

/// A stretch of a file that was read.
#[derive(Debug)]
pub struct Stretch {
    /// From which byte, and to which.
    pub bytes: (u64, u64),
    /// The line behind it.
    pub line: u64,
    /// The columns.
    pub columns: Option<String>,
    /// How many rows it has.
    pub rows: u64,
}

impl Tx<'_> {
    /// Makes a file whose bytes are yet to come.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_import(&mut self, name: &str, by: &str, env: &Env) -> Result<Id<ImportKind>, Error> {
        let id = Id::new(env);
        self.one(IMPORT_INSERT, values![id, name, by, env.now])?;
        Ok(id)
    }

    /// Takes the next bytes of a file, which holds `begins` so far; `false` where it takes none any more.
    ///
    /// # Errors
    /// Of the database.
    pub fn add_import_part(
        &mut self,
        id: Id<ImportKind>,
        (begins, body): (u64, &[u8]),
        env: &Env,
    ) -> Result<bool, Error> {
        if self.execute(SIZE_SET, values![id, begins, begins + body.len() as u64, env.now])? == 0 {
            return Ok(false);
        }
        let sealed: Sealed<Vec<u8>> = self.keyring().seal(part_place(id, begins), body, env);
        self.one(PART_INSERT, values![id, begins, &sealed])?;
        Ok(true)
    }

    /// One file.
    ///
    /// # Errors
    /// Of the database.
    pub fn import(&mut self, id: Id<ImportKind>) -> Result<Option<Import>, Error> {
        self.row(IMPORT, values![id])?.as_ref().map(import).transpose()
    }

    /// Files, the newest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn imports(&mut self, after: Option<Id<ImportKind>>, limit: u32) -> Result<Vec<Import>, Error> {
        let after = after.map_or_else(String::new, |after| after.to_string());
        self.rows(IMPORTS, values![after, limit])?.iter().map(import).collect()
    }

    /// A file that waits to be read or carried out, if one does.
    ///
    /// # Errors
    /// Of the database.
    pub fn due_import(&mut self) -> Result<Option<Import>, Error> {
        self.row(IMPORT_DUE, values![])?.as_ref().map(import).transpose()
    }

    /// Moves a file on, if it still stands there.
    ///
    /// # Errors
    /// Of the database.
    pub fn move_import(
        &mut self,
        id: Id<ImportKind>,
        (from, to): (ImportStatus, ImportStatus),
        fault: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.execute(IMPORT_MOVE, values![id, from.as_str(), to.as_str(), fault, now])? == 1)
    }

    /// Begins to carry out a file that was read.
    ///
    /// # Errors
    /// Of the database.
    pub fn begin_import(&mut self, id: Id<ImportKind>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(APPLY_BEGIN, values![id, now])? == 1)
    }

    /// Some hundred kilobytes of a file from a byte on.
    ///
    /// # Errors
    /// Of the database.
    pub fn import_bytes(&mut self, id: Id<ImportKind>, at: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for row in self.rows(PARTS, values![id, at])? {
            let begins: u64 = row.get("begins")?;
            let sealed: Sealed<Vec<u8>> = Sealed::from_storage(part_place(id, begins), row.get("body")?);
            let skip = usize::try_from(at.saturating_sub(begins)).map_err(Error::fault)?;
            bytes.extend(self.keyring().open(&sealed)?.expose().iter().skip(skip));
        }
        Ok(bytes)
    }

    /// Forgets the bytes of a file.
    ///
    /// # Errors
    /// Of the database.
    pub fn clear_import_bytes(&mut self, id: Id<ImportKind>) -> Result<(), Error> {
        self.execute(PARTS_CLEAR, values![id]).map(drop)
    }

    /// Forgets what a file says of people: its bytes, and what its rows would do. How its rows came out stays.
    ///
    /// # Errors
    /// Of the database.
    pub fn forget_import(&mut self, id: Id<ImportKind>) -> Result<(), Error> {
        self.clear_import_bytes(id)?;
        self.execute(ROWS_FORGET, values![id]).map(drop)
    }

    /// Notes that a stretch of a file was read, and what would come of it; `false` where somebody else did so.
    ///
    /// # Errors
    /// Of the database.
    pub fn import_checked(
        &mut self,
        id: Id<ImportKind>,
        stretch: &Stretch,
        counts: Counts,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Counts { made, changed, same, wrong } = counts;
        let (from, to) = stretch.bytes;
        let columns = stretch.columns.clone();
        let values = values![id, from, to, stretch.line, columns, stretch.rows, made, changed, same, wrong, now];
        Ok(self.execute(CHECK_STEP, values)? == 1)
    }

    /// Keeps a row; where another has the same login, gives its line and keeps none.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_import_row(
        &mut self,
        id: Id<ImportKind>,
        row: &ImportRow,
        (folded, env): (Option<&str>, &Env),
    ) -> Result<Option<u64>, Error> {
        if let Some(folded) = folded
            && let Some(other) = self.row(ROW_OF_LOGIN, values![id, folded])?
        {
            return other.get("line").map(Some);
        }
        let ImportRow { line, login, outcome, message, body, secret } = row;
        let sealed: Option<Sealed<String>> =
            secret.as_ref().map(|secret| self.keyring().seal(secret_place(id, *line), secret.expose().as_bytes(), env));
        let (message, body) = (message.as_deref(), body.as_deref());
        let values = values![id, *line, folded, login, outcome, message, body, sealed.as_ref()];
        self.one(ROW_INSERT, values)?;
        Ok(None)
    }

    /// Rows behind a line; of those that are wrong alone, where it is said so.
    ///
    /// # Errors
    /// Of the database.
    pub fn import_rows(
        &mut self,
        id: Id<ImportKind>,
        after: u64,
        (wrong, limit): (bool, u32),
    ) -> Result<Vec<ImportRow>, Error> {
        let statement = if wrong { ROWS_WRONG } else { ROWS };
        let rows = self.rows(statement, values![id, after, limit])?;
        rows.iter().map(|row| self.import_row(id, row)).collect()
    }

    /// Takes rows to be carried out behind `after`; nothing where somebody else did.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_import_rows(
        &mut self,
        id: Id<ImportKind>,
        (after, limit): (u64, u32),
        now: Timestamp,
    ) -> Result<Option<Vec<ImportRow>>, Error> {
        let rows = self.rows(ROWS_TO_APPLY, values![id, after, limit])?;
        let rows: Vec<ImportRow> = rows.iter().map(|row| self.import_row(id, row)).collect::<Result<_, _>>()?;
        let last = rows.last().map_or(after, |row| row.line);
        let taken = self.execute(APPLY_STEP, values![id, after, last, now])? == 1;
        Ok(taken.then_some(rows))
    }

    /// Notes what came of a row.
    ///
    /// # Errors
    /// Of the database.
    pub fn import_row_done(
        &mut self,
        id: Id<ImportKind>,
        line: u64,
        (outcome, message): (&str, Option<&str>),
    ) -> Result<(), Error> {
        self.one(ROW_DONE, values![id, line, outcome, message])
    }

    /// Counts what came of rows.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_import(&mut self, id: Id<ImportKind>, counts: Counts) -> Result<(), Error> {
        let Counts { made, changed, same, wrong } = counts;
        self.one(APPLY_COUNT, values![id, made, changed, same, wrong])
    }

    fn import_row(&self, id: Id<ImportKind>, row: &SqlRow) -> Result<ImportRow, Error> {
        let line = row.get("line")?;
        let sealed: Option<Vec<u8>> = row.get("secret")?;
        let open = |bytes| {
            let plain = self.keyring().open(&Sealed::<String>::from_storage(secret_place(id, line), bytes))?;
            let text = std::str::from_utf8(plain.expose()).map_err(Error::fault)?;
            Ok::<_, Error>(Secret::new(text.to_owned()))
        };
        Ok(ImportRow {
            line,
            login: row.get("login")?,
            outcome: row.get("outcome")?,
            message: row.get("message")?,
            body: row.get("body")?,
            secret: sealed.map(open).transpose()?,
        })
    }

    /// Forgets files that came in before `then`, and those that nobody sent on since `broken_off`.
    pub(crate) fn forget_imports(&mut self, then: Timestamp, broken_off: Timestamp) -> Result<u64, Error> {
        let old = self.rows(OLD, values![then, broken_off])?;
        for row in &old {
            let id: Id<ImportKind> = row.get("id")?;
            self.execute(PARTS_CLEAR, values![id])?;
            self.execute(ROWS_CLEAR, values![id])?;
            self.one(IMPORT_DELETE, values![id])?;
        }
        Ok(old.len() as u64)
    }
}

fn import(row: &SqlRow) -> Result<Import, Error> {
    Ok(Import {
        id: row.get("id")?,
        name: row.get("name")?,
        status: row.parse("status")?,
        fault: row.get("fault")?,
        columns: row.get("columns")?,
        size: row.get("size")?,
        at: row.get("at")?,
        line: row.get("line")?,
        applied: row.get("applied")?,
        rows: row.get("rows_read")?,
        counts: Counts {
            made: row.get("rows_made")?,
            changed: row.get("rows_changed")?,
            same: row.get("rows_same")?,
            wrong: row.get("rows_wrong")?,
        },
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn part_place(id: Id<ImportKind>, begins: u64) -> Place {
    Place::new("import_parts", format!("{id}.{begins}"), "body")
}

fn secret_place(id: Id<ImportKind>, line: u64) -> Place {
    Place::new("import_rows", format!("{id}.{line}"), "secret")
}
