//! Lists of people: who is found by a search box, a filter, or a group, in which order.

use postern_authn::permission::Reach;
use postern_authn::permission::Role;
use postern_authn::user::{self, User};
use postern_codes::Timestamp;
use postern_codes::id::{Group, Id, User as UserKind};

use crate::reach;
use crate::search::{Attribute, Column, Condition, Word};
use crate::sql::{Error, Tx, Value, values};
use crate::users::columns;
use crate::walk::{Cursor, Found, MOST_EXAMINED, Order, Sorting, Source, Table, Walk};

const PEOPLE: Table = Table {
    name: "users",
    columns: concat!("org_id, ", columns!(), ", login_folded, name_folded, email_folded, first_folded, last_folded"),
};

/// Whose account has not ended, and who is not deleted either; the words that a partial index has.
const PRESENT: &str = "status <> 'DEPROVISIONED'";

macro_rules! members {
    ($($name:literal),*) => {
        &[
            Attribute { name: "activated", column: Column::Time("activated_at") },
            Attribute { name: "created", column: Column::Indexed(&Column::Time("created_at")) },
            Attribute { name: "id", column: Column::Indexed(&Column::Exact("id")) },
            Attribute { name: "lastLogin", column: Column::Time("last_login_at") },
            Attribute { name: "lastUpdated", column: Column::Indexed(&Column::Time("updated_at")) },
            Attribute { name: "passwordChanged", column: Column::Time("password_changed_at") },
            Attribute { name: "profile.email", column: Column::Indexed(&Column::Stored("email_folded")) },
            Attribute { name: "profile.firstName", column: Column::Indexed(&Column::Stored("first_folded")) },
            Attribute { name: "profile.lastName", column: Column::Indexed(&Column::Stored("last_folded")) },
            Attribute { name: "profile.login", column: Column::Indexed(&Column::Stored("login_folded")) },
            Attribute { name: "status", column: Column::State(STATES) },
            Attribute { name: "statusChanged", column: Column::Time("status_changed_at") },
            $(Attribute { name: concat!("profile.", $name), column: Column::Member($name) }),*
        ]
    };
}

/// What people can be searched for.
pub const ATTRIBUTES: &[Attribute] = members!(
    "city",
    "costCenter",
    "countryCode",
    "department",
    "displayName",
    "division",
    "employeeNumber",
    "honorificPrefix",
    "honorificSuffix",
    "locale",
    "manager",
    "managerId",
    "middleName",
    "mobilePhone",
    "nickName",
    "organization",
    "postalAddress",
    "preferredLanguage",
    "primaryPhone",
    "profileUrl",
    "secondEmail",
    "state",
    "streetAddress",
    "timezone",
    "title",
    "userType",
    "zipCode"
);

/// What each word of a status means in the row.
const STATES: &[Word] = &[
    Word { shown: "ACTIVE", stored: "ACTIVE", besides: " AND (locked_until IS NULL OR locked_until <= ?)" },
    Word { shown: "DEPROVISIONED", stored: "DEPROVISIONED", besides: "" },
    Word { shown: "LOCKED_OUT", stored: "ACTIVE", besides: " AND locked_until > ?" },
    Word { shown: "PASSWORD_EXPIRED", stored: "PASSWORD_EXPIRED", besides: "" },
    Word { shown: "PROVISIONED", stored: "PROVISIONED", besides: "" },
    Word { shown: "RECOVERY", stored: "RECOVERY", besides: "" },
    Word { shown: "STAGED", stored: "STAGED", besides: "" },
    Word { shown: "SUSPENDED", stored: "SUSPENDED", besides: "" },
];

/// What people can be sorted by.
pub const ORDERS: &[Order] = &[
    Order { name: "created", column: "created_at", is_unique: false, is_time: true },
    Order::ID,
    Order { name: "lastUpdated", column: "updated_at", is_unique: false, is_time: true },
    Order { name: "profile.email", column: "email_folded", is_unique: false, is_time: false },
    Order { name: "profile.firstName", column: "first_folded", is_unique: false, is_time: false },
    Order { name: "profile.lastName", column: "last_folded", is_unique: false, is_time: false },
    Order { name: "profile.login", column: "login_folded", is_unique: true, is_time: false },
    Order { name: "status", column: "status", is_unique: false, is_time: false },
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
    /// Only those within this reach; everybody where there is none.
    pub within: Option<Reach>,
    /// Whether those are left out whose account has ended.
    pub without_ended: bool,
    /// In which order; the members of a group come in the order of their ids, whatever is said here.
    pub sorting: Sorting,
    /// Only those that follow this one.
    pub after: Option<Cursor<UserKind>>,
}

crate::statements! {
    HOLDERS = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1 AND status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY') AND id IN (\
                            SELECT a.user_id FROM role_assignments a WHERE a.org_id = $1 AND a.role = $2 UNION \
                            SELECT m.user_id FROM role_assignments a JOIN memberships m ON m.org_id = a.org_id \
                            AND m.group_id = a.group_id WHERE a.org_id = $1 AND a.role = $2) ORDER BY id LIMIT 200");
    LOCKED = concat!("SELECT ", columns!(), " FROM users WHERE org_id = $1 AND locked_until > $2 \
              AND status IN ('ACTIVE', 'PASSWORD_EXPIRED', 'RECOVERY') ORDER BY locked_until, id LIMIT $3");
    GROUP_IS_OF = "SELECT kind FROM groups WHERE org_id = $1 AND id = $2";
}

impl Tx<'_> {
    /// Every super administrator whose account is in force, also where the password is locked, expired or to be replaced: whom
    /// alarms reach.
    ///
    /// # Errors
    /// Of the database.
    pub fn super_administrators(&mut self) -> Result<Vec<User>, Error> {
        self.holders_of(Role::Super)
    }

    /// The same of another role, at most 200 of them.
    ///
    /// # Errors
    /// Of the database.
    pub fn holders_of(&mut self, role: Role) -> Result<Vec<User>, Error> {
        self.rows(HOLDERS, values![role.as_str()])?.iter().map(crate::users::user).collect()
    }

    /// Those who are locked out now, whose lock ends first before the others.
    ///
    /// # Errors
    /// Of the database.
    pub fn locked_out(&mut self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        self.rows(LOCKED, values![now, limit])?.iter().map(crate::users::user).collect()
    }

    /// The first `limit` of the people that are wanted, as far as one question may look.
    ///
    /// # Errors
    /// Of the database.
    pub fn people(&mut self, query: &PeopleQuery, limit: u32) -> Result<Vec<User>, Error> {
        let (mut query, mut people, mut examined) = (query.clone(), Vec::new(), 0);
        loop {
            let missing = limit.saturating_sub(u32::try_from(people.len()).unwrap_or(u32::MAX));
            let found = self.some_people(&query, missing)?;
            people.extend(found.rows);
            examined += found.examined;
            match found.next {
                Some(next) if people.len() < limit as usize && examined < MOST_EXAMINED => query.after = Some(next),
                _ => return Ok(people),
            }
        }
    }

    /// At most `limit` of the people that are wanted, found by judging a bounded number.
    ///
    /// # Errors
    /// Of the database.
    pub fn some_people(&mut self, query: &PeopleQuery, limit: u32) -> Result<Found<User, UserKind>, Error> {
        let source = match query.group {
            Some(group) if !self.is_everyone(group)? => Source::Members(Value::from(group)),
            _ => Source::Whole,
        };
        let found = walk(query, source).stride(limit, self)?;
        let rows = found.rows.iter().map(crate::users::user).collect::<Result<_, _>>()?;
        Ok(Found { rows, next: found.next, examined: found.examined })
    }

    /// Everybody is in the built-in group without a row.
    fn is_everyone(&mut self, group: Id<Group>) -> Result<bool, Error> {
        let row = self.row(GROUP_IS_OF, values![group])?;
        Ok(row.map(|row| row.get::<String>("kind")).transpose()?.as_deref() == Some("BUILT_IN"))
    }
}

fn walk(query: &PeopleQuery, source: Source) -> Walk<'_, UserKind> {
    let conditions =
        [query.words.as_deref().map(called), query.condition.clone(), query.within.as_ref().and_then(reach::people)];
    let sorting = if matches!(source, Source::Members(_)) { Sorting::default() } else { query.sorting };
    Walk {
        table: &PEOPLE,
        source,
        always: Some(if query.without_ended { PRESENT } else { "deleted_at IS NULL" }),
        condition: conditions.into_iter().flatten().reduce(Condition::and),
        sorting,
        after: query.after.as_ref().filter(|after| after.fits(&sorting.order)),
    }
}

/// Those of whom something that they are called by begins so.
fn called(words: &str) -> Condition {
    let begins = |column| Condition::beginning(column, &user::fold(words));
    Condition::any(["name_folded", "login_folded", "last_folded", "email_folded"].map(begins).into())
}

/// Every statement that a question may become: for tests of their plans.
#[cfg(feature = "scratch")]
pub fn texts(query: &PeopleQuery) -> Vec<(&'static str, String, usize)> {
    let source = query.group.map_or(Source::Whole, |group| Source::Members(Value::from(group)));
    walk(query, source).texts()
}
