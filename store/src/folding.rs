//! What people and groups are searched by, kept folded beside what they are called: so that both databases find the same,
//! whatever the alphabet, and every search is a stretch of an index.

use postern_authn::user::{self, Login, Profile};
use postern_codes::id::{Group, Id, Org, User};

use crate::sql::{Error, Store, Tx, values};

crate::statements! {
    FOLD = "UPDATE users SET name_folded = $3, email_folded = $4, first_folded = $5, last_folded = $6, folding = 1 \
            WHERE org_id = $1 AND id = $2";
    /// Unless somebody else has it by now.
    FOLD_LOGIN = "UPDATE users SET login_folded = $3 WHERE org_id = $1 AND id = $2 AND NOT EXISTS \
                  (SELECT 1 FROM users other WHERE other.org_id = $1 AND other.login_folded = $3)";
    UNFOLDED = "SELECT id, login, first_name, last_name, email, profile FROM users WHERE org_id = $1 AND folding < 1 \
                LIMIT 500";
    ATTRIBUTES_CLEAR = "DELETE FROM user_attributes WHERE org_id = $1 AND user_id = $2";
    ATTRIBUTE_INSERT = "INSERT INTO user_attributes (org_id, user_id, name, folded) VALUES ($1, $2, $3, $4)";
    UNFOLDED_GROUPS = "SELECT id, description FROM groups WHERE org_id = $1 AND description_folded = '' \
                       AND description <> '' LIMIT 500";
    FOLD_GROUP = "UPDATE groups SET description_folded = $3 WHERE org_id = $1 AND id = $2";
}

/// As much of a member as is searched, in characters: an index holds no more.
const LONGEST: usize = 255;

impl Store {
    /// Folds what an earlier version wrote.
    pub(crate) async fn fold_all(&self) -> Result<(), Error> {
        for org in self.system().orgs().await? {
            while self.fold_some(org.id).await? > 0 {}
        }
        Ok(())
    }

    async fn fold_some(&self, org: Id<Org>) -> Result<usize, Error> {
        self.write(org, |tx| {
            let (people, groups) = (tx.rows(UNFOLDED, values![])?, tx.rows(UNFOLDED_GROUPS, values![])?);
            for row in &people {
                let (id, login): (_, Login) = (row.get("id")?, row.parse("login")?);
                let profile = Profile {
                    first_name: row.get("first_name")?,
                    last_name: row.get("last_name")?,
                    email: row.get("email")?,
                    further: row.json("profile")?,
                };
                tx.execute(FOLD_LOGIN, values![id, login.folded()])?;
                tx.fold_person(id, &profile)?;
            }
            for row in &groups {
                let (id, description): (Id<Group>, String) = (row.get("id")?, row.get("description")?);
                tx.one(FOLD_GROUP, values![id, user::fold(&description)])?;
            }
            Ok(people.len() + groups.len())
        })
        .await
    }
}

impl Tx<'_> {
    /// Keeps what a person is searched by beside their profile.
    pub(crate) fn fold_person(&mut self, id: Id<User>, profile: &Profile) -> Result<(), Error> {
        let fold = user::fold;
        let (first, last) = (fold(&profile.first_name), fold(&profile.last_name));
        self.one(FOLD, values![id, fold(&profile.name()), fold(&profile.email), first, last])?;
        self.execute(ATTRIBUTES_CLEAR, values![id])?;
        for (name, value) in &profile.further {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let folded: String = fold(&text).chars().take(LONGEST).collect();
            self.one(ATTRIBUTE_INSERT, values![id, name, folded])?;
        }
        // Rules that fill groups ask for members of profiles.
        self.queue_check(id)
    }
}
