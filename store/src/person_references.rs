//! What is kept of a person to compare a face or a story with.

use postern_authn::recovery::evidence::Reference;
use postern_codes::id::{Id, PersonReference, User};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    REFERENCES = "SELECT id, text, added_at, photo IS NOT NULL AS has_photo FROM person_references \
                  WHERE org_id = $1 AND user_id = $2 ORDER BY added_at, id";
    REFERENCE_INSERT = "INSERT INTO person_references (org_id, id, user_id, text, photo, added_by, added_at) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, user_id, text) DO NOTHING";
    REFERENCE_DELETE = "DELETE FROM person_references WHERE org_id = $1 AND user_id = $2 AND id = $3";
    REFERENCE_PHOTO = "SELECT photo FROM person_references WHERE org_id = $1 AND user_id = $2 AND id = $3";
}

/// A reference as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: Id<PersonReference>,
    /// What evidence is judged by.
    pub reference: Reference,
    /// Whether a photo is kept with it.
    pub has_photo: bool,
}

impl Tx<'_> {
    /// What is kept of a person, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn references_of(&mut self, person: Id<User>) -> Result<Vec<Kept>, Error> {
        self.rows(REFERENCES, values![person])?.iter().map(kept).collect()
    }

    /// Keeps another; nothing where one of this text is kept.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_reference(
        &mut self,
        person: Id<User>,
        (text, photo): (&str, Option<&[u8]>),
        by: Id<User>,
        env: &Env,
    ) -> Result<Option<Id<PersonReference>>, Error> {
        let id = Id::new(env);
        let parameters = values![id, person, text, photo.map(<[u8]>::to_vec), by, env.now];
        Ok((self.execute(REFERENCE_INSERT, parameters)? == 1).then_some(id))
    }

    /// Forgets one; `false` where it is not there.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_reference(&mut self, person: Id<User>, id: Id<PersonReference>) -> Result<bool, Error> {
        Ok(self.execute(REFERENCE_DELETE, values![person, id])? == 1)
    }

    /// The photo that is kept with one.
    ///
    /// # Errors
    /// Of the database.
    pub fn reference_photo(&mut self, person: Id<User>, id: Id<PersonReference>) -> Result<Option<Vec<u8>>, Error> {
        self.row(REFERENCE_PHOTO, values![person, id])?.map_or(Ok(None), |row| row.get("photo"))
    }
}

fn kept(row: &Row) -> Result<Kept, Error> {
    let since: Timestamp = row.get("added_at")?;
    let reference = Reference { text: row.get("text")?, since };
    Ok(Kept { id: row.get("id")?, reference, has_photo: row.get("has_photo")? })
}
