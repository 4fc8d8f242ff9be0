//! Lists of people: who is found by a search box, a filter, or a group.

use postern_authn::user::{self, User};
use postern_codes::id::{Group, Id, User as UserKind};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Tx, values};
use crate::users::columns;

const LIST: &str = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1");

macro_rules! contact {
    ($name:literal) => {
        Attribute {
            name: concat!("profile.", $name),
            column: Column::AnyOf(
                concat!(
                    "EXISTS (SELECT 1 FROM contact_points c WHERE c.org_id = users.org_id AND c.user_id = users.id \
                     AND c.until_at IS NULL AND c.kind = '",
                    $name,
                    "'"
                ),
                "c.value",
            ),
        }
    };
}

/// What people can be searched for.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "activated", column: Column::Time("activated_at") },
    Attribute { name: "created", column: Column::Time("created_at") },
    Attribute { name: "id", column: Column::Exact("id") },
    Attribute { name: "lastLogin", column: Column::Time("last_login_at") },
    Attribute { name: "lastUpdated", column: Column::Time("updated_at") },
    Attribute { name: "passwordChanged", column: Column::Time("password_changed_at") },
    Attribute { name: "profile.email", column: Column::Folded("email") },
    Attribute { name: "profile.firstName", column: Column::Folded("first_name") },
    Attribute { name: "profile.lastName", column: Column::Folded("last_name") },
    Attribute { name: "profile.login", column: Column::Folded("login") },
    contact!("mobilePhone"),
    contact!("primaryPhone"),
    contact!("secondEmail"),
    Attribute { name: "status", column: Column::Exact("status") },
    Attribute { name: "statusChanged", column: Column::Time("status_changed_at") },
];

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Beginning of the name, the last name, the login or the mail address, in any case.
    pub words: Option<String>,
    /// A filter over [`ATTRIBUTES`].
    pub condition: Option<Condition>,
    /// Only members of this group.
    pub group: Option<Id<Group>>,
    /// Whether those are left out whose account has ended.
    pub without_ended: bool,
    /// Only those that follow this one.
    pub after: Option<Id<UserKind>>,
}

crate::statements! {
    SUPER_ADMINISTRATORS = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1 AND status = 'ACTIVE' AND id IN \
                            (SELECT user_id FROM role_assignments WHERE org_id = $1 AND role = 'SUPER_ADMIN') ORDER BY id");
}

impl Tx<'_> {
    /// Every super administrator who can sign in.
    ///
    /// # Errors
    /// Of the database.
    pub fn super_administrators(&mut self) -> Result<Vec<User>, Error> {
        self.rows(SUPER_ADMINISTRATORS, values![])?.iter().map(crate::users::user).collect()
    }

    /// People, those first who were created first.
    ///
    /// # Errors
    /// Of the database.
    pub fn people(&mut self, query: &PeopleQuery, limit: u32) -> Result<Vec<User>, Error> {
        let words = query.words.as_deref().map(|words| {
            let (folded, lower) = (user::fold(words), words.to_ascii_lowercase());
            Condition::new(
                "(substr(name_folded, 1, length(CAST(? AS TEXT))) = ? \
                 OR substr(login_folded, 1, length(CAST(? AS TEXT))) = ? \
                 OR substr(lower(last_name), 1, length(CAST(? AS TEXT))) = ? \
                 OR substr(lower(email), 1, length(CAST(? AS TEXT))) = ?)",
                values![&folded, &folded, &folded, &folded, &lower, &lower, &lower, &lower],
            )
        });
        // Everybody is in the built-in group without a row.
        let group = query.group.map(|group| {
            Condition::new(
                "EXISTS (SELECT 1 FROM groups g WHERE g.org_id = users.org_id AND g.id = ? AND (g.kind = 'BUILT_IN' \
                 OR EXISTS (SELECT 1 FROM memberships m WHERE m.org_id = g.org_id AND m.group_id = g.id \
                 AND m.user_id = users.id)))",
                values![group],
            )
        });
        Search::of(LIST)
            .and_if(words)
            .and_if(query.condition.clone())
            .and_if(group)
            .and_if(query.without_ended.then(|| Condition::new("status <> ?", values!["DEPROVISIONED"])))
            .and_if(query.after.map(|after| Condition::new("id > ?", values![after])))
            .run(self, "id", limit)?
            .iter()
            .map(crate::users::user)
            .collect()
    }
}
