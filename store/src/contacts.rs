//! Every address and telephone a person has or had, since when, from where and by whom: what a call-back may rely on.
//! A row is closed and a new one opened; none is changed or deleted.

use postern_authn::user::{ContactKind, ContactPoint};
use postern_codes::Env;
use postern_codes::id::{Id, User};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    CONTACTS = "SELECT id, kind, value, source, changed_by, from_at, until_at FROM contact_points \
                WHERE org_id = $1 AND user_id = $2 ORDER BY kind, from_at, id";
    CONTACT_OPEN = "INSERT INTO contact_points (org_id, id, user_id, kind, value, source, changed_by, from_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    CONTACT_CLOSE = "UPDATE contact_points SET until_at = $5 WHERE org_id = $1 AND user_id = $2 AND kind = $3 \
                     AND until_at IS NULL AND value <> $4";
    CONTACT_STANDS = "SELECT id FROM contact_points WHERE org_id = $1 AND user_id = $2 AND kind = $3 AND value = $4 \
                      AND until_at IS NULL";
}

impl Tx<'_> {
    /// Every address a person has or had, oldest first within its kind.
    ///
    /// # Errors
    /// Of the database.
    pub fn contacts(&mut self, user: Id<User>) -> Result<Vec<ContactPoint>, Error> {
        self.rows(CONTACTS, values![user])?.iter().map(contact).collect()
    }

    /// Notes that a person's address of a kind is `value` from now on, or that there is none any more. The same address
    /// again keeps its age.
    ///
    /// # Errors
    /// Of the database.
    pub fn note_contact(
        &mut self,
        user: Id<User>,
        (kind, value): (ContactKind, Option<&str>),
        (source, by): (&str, &str),
        env: &Env,
    ) -> Result<(), Error> {
        // No address is empty, so an empty one closes whatever stands.
        self.execute(CONTACT_CLOSE, values![user, kind.as_str(), value.unwrap_or_default(), env.now])?;
        let Some(value) = value else { return Ok(()) };
        if self.row(CONTACT_STANDS, values![user, kind.as_str(), value])?.is_some() {
            return Ok(());
        }
        self.one(
            CONTACT_OPEN,
            values![
                Id::new(env) as Id<postern_codes::id::ContactPoint>,
                user,
                kind.as_str(),
                value,
                source,
                by,
                env.now
            ],
        )
    }
}

fn contact(row: &Row) -> Result<ContactPoint, Error> {
    Ok(ContactPoint {
        id: row.get("id")?,
        kind: row.parse("kind")?,
        value: row.get("value")?,
        source: row.get("source")?,
        changed_by: row.get("changed_by")?,
        from_at: row.get("from_at")?,
        until_at: row.get("until_at")?,
    })
}
