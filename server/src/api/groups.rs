//! Groups and who is in them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::demand::Class;
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::permission::{Permission, Right, Role, right};
use postern_codes::Env;
use postern_codes::id::{Group as GroupKindId, Id, User as UserKind};
use postern_store::groups::{self, Group, GroupQuery};
use postern_store::people::PeopleQuery;
use postern_store::reach;
use postern_store::roles::Loss;
use postern_store::walk::Sorting;
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal::{self, Links};
use crate::api::page::{Gathering, Listed, Page, Query};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::users::veil::Veil;
use crate::api::users::{self, Refusal};
use crate::api::{demands, policies};

/// A person in a group, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// In it.
    Member,
    /// Not in it.
    Stranger,
}

/// Makes a group.
///
/// # Errors
/// 400 where the name is taken.
pub async fn create(app: &App, by: &Allowed<right::GroupsCreate>, profile: &GroupProfile) -> Result<Group, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let Some(id) = tx.insert_group(GroupKind::Own, profile, &env)? else { return Ok(Err(name_taken())) };
        let made = named(tx, id.as_str())?;
        if let Ok(group) = &made {
            tx.record(&by.success(EventType::GroupCreate).target(target(group)), &env)?;
        }
        Ok(made)
    });
    made.await?
}

/// Gives a group another profile.
///
/// # Errors
/// 404 for no group, 400 for the built-in one and where the name is taken.
pub async fn update(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    which: &str,
    profile: &GroupProfile,
) -> Result<Group, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        let group = match reached(tx, by, which, EventType::GroupUpdate, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        if !tx.set_group(group.id, profile, env.now)? {
            return Ok(Err(name_taken()));
        }
        tx.record(&by.success(EventType::GroupUpdate).target(target(&group)), &env)?;
        named(tx, which)
    });
    changed.await?
}

/// Deletes a group; those who were in it stay.
///
/// # Errors
/// 404 for no group, 400 for the built-in one, for one that a policy speaks of and for one that a rule fills.
pub async fn delete(app: &App, by: &Allowed<right::GroupsManage>, which: &str) -> Result<(), ApiError> {
    let env = app.env();
    let deleted = app.store.write(by.org, |tx| {
        let group = match reached(tx, by, which, EventType::GroupDelete, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Err(refused) = policies::refuse_if_used(tx, group.id.as_str(), &group.name)? {
            tx.record(&by.failure(EventType::GroupDelete, "in_use").target(target(&group)), &env)?;
            return Ok(Err(refused));
        }
        if tx.authority_of_group(group.id)?.holds(Role::Super) && tx.leaves_no_super(Loss::Group(group.id))? {
            return refuse(tx, by, EventType::GroupDelete, &group, Refusal::LastSuper, &env);
        }
        if tx.is_filled_by_rule(group.id)? {
            tx.record(&by.failure(EventType::GroupDelete, "in_use").target(target(&group)), &env)?;
            return Ok(Err(ApiError::validation("group", ["group: a rule fills it; delete the rule first"])));
        }
        tx.delete_group(group.id)?;
        tx.record(&by.success(EventType::GroupDelete).target(target(&group)), &env)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// Puts a person into a group or takes them out. To repeat it changes nothing.
///
/// # Errors
/// 404 for no group or nobody, 400 for the built-in group, 403 where the person is above the caller: a group may decide
/// what is asked of its members.
pub async fn set_member(
    app: &App,
    by: &Allowed<right::GroupsMembersManage>,
    (which, who): (&str, &str),
    wanted: Membership,
) -> Result<(), ApiError> {
    let env = app.env();
    let done = app.store.write(by.org, |tx| {
        let kind = match wanted {
            Membership::Member => EventType::GroupUserAdd,
            Membership::Stranger => EventType::GroupUserRemove,
        };
        let group = match reached(tx, by, which, kind, &env)? {
            Ok(group) => group,
            Err(refused) => return Ok(Err(refused)),
        };
        let person = match users::reached_with(tx, by, Permission::UsersGroupMembership, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(refusal) = hindrance(tx, by, &group, person.id, wanted)? {
            return users::refuse(tx, by, kind, &person, refusal, &env);
        }
        let changed = match wanted {
            Membership::Member => tx.add_member(group.id, person.id, env.now)?,
            Membership::Stranger => {
                let holders = tx.remove_member(group.id, person.id, env.now)?;
                for rule in holders.iter().flatten() {
                    let event = by.success(EventType::GroupRuleExclude).target(users::target(&person));
                    tx.record(&event.target(Target::new("GroupRule", rule, "", "")), &env)?;
                }
                holders.is_some()
            }
        };
        if changed {
            tx.record(&by.success(kind).target(users::target(&person)).target(target(&group)), &env)?;
        }
        Ok(Ok(()))
    });
    done.await?
}

/// Why the caller may not put a person into a group or take them out: it would bring them within reach of what the caller
/// holds over the group's people alone, or take the last super administrator.
fn hindrance(
    tx: &mut Tx<'_>,
    by: &Caller,
    group: &Group,
    person: Id<UserKind>,
    wanted: Membership,
) -> Result<Option<Refusal>, Error> {
    match wanted {
        Membership::Member if tx.is_member(group.id, person)? => {}
        Membership::Member => {
            for permission in by.authority().over_members(group.id) {
                if !users::is_seen(tx, by, permission, person)? {
                    return Ok(Some(Refusal::OutOfScope));
                }
            }
        }
        Membership::Stranger => {
            let is_super = tx.authority_of_group(group.id)?.holds(Role::Super);
            if is_super && tx.leaves_no_super(Loss::Member(group.id, person))? {
                return Ok(Some(Refusal::LastSuper));
            }
        }
    }
    Ok(None)
}

/// A page of the groups that are wanted and that the caller may see.
///
/// # Errors
/// E0000031 where none is found among as many as one question may look at.
pub async fn listed(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    mut query: GroupQuery,
    limit: u32,
) -> Result<Listed<Group>, ApiError> {
    query.within = Some(by.authority().reach(Permission::GroupsRead));
    let mut gathering = Gathering::new(limit, query.after.take());
    while let Some((after, missing)) = gathering.turn() {
        query.after = after;
        gathering.add(app.store.read(by.org, |tx| tx.some_groups(&query, missing)).await?);
    }
    gathering.end()
}

/// The groups that are wanted and that the caller may see, one more than `limit` where there are more.
///
/// # Errors
/// As [`listed`].
pub async fn list(
    app: &App,
    by: &Allowed<right::GroupsRead>,
    query: GroupQuery,
    limit: u32,
) -> Result<Vec<Group>, ApiError> {
    Ok(listed(app, by, query, limit.saturating_add(1)).await?.rows)
}

/// One group.
///
/// # Errors
/// 404 where there is none.
pub async fn group(app: &App, by: &Allowed<right::GroupsRead>, which: &str) -> Result<Group, ApiError> {
    app.store.read(by.org, |tx| seen(tx, by, which)).await?
}

/// A group to look at: within the scope in which the caller holds `R`.
///
/// # Errors
/// Of the database.
pub fn seen<R: Right>(tx: &mut Tx<'_>, by: &Allowed<R>, which: &str) -> Result<Result<Group, ApiError>, Error> {
    let reach = by.authority().reach(R::PERMISSION);
    Ok(named(tx, which)?.and_then(|group| {
        let is_seen = reach::reaches_group(&reach, group.id);
        if is_seen { Ok(group) } else { Err(ApiError::not_found::<GroupKindId>(which)) }
    }))
}

/// A group to change: one that an administrator made, within the scope in which the caller holds `R`. A group that holds
/// roles is changed by those alone who could give them. A group that the caller may not see is not there; that they may not
/// change it is recorded. Until the commit nobody else changes who is in it, or which roles it holds.
///
/// # Errors
/// Of the database.
pub fn reached<R: Right>(
    tx: &mut Tx<'_>,
    by: &Allowed<R>,
    which: &str,
    kind: EventType,
    env: &Env,
) -> Result<Result<Group, ApiError>, Error> {
    let group = match named(tx, which)? {
        Ok(group) => group,
        Err(unknown) => return Ok(Err(unknown)),
    };
    if !reach::reaches_group(&by.authority().reach(R::PERMISSION), group.id) {
        tx.record(&by.failure(kind, "out_of_scope").target(target(&group)), env)?;
        let is_seen = reach::reaches_group(&by.authority().reach(Permission::GroupsRead), group.id);
        return Ok(Err(if is_seen {
            ApiError::forbidden().cause("your role does not reach this group")
        } else {
            ApiError::not_found::<GroupKindId>(which)
        }));
    }
    if group.kind == GroupKind::BuiltIn {
        let why = "group: everybody is in the built-in group; it cannot be changed";
        return Ok(Err(ApiError::validation("group", [why])));
    }
    tx.hold_group(group.id)?;
    let theirs = tx.authority_of_group(group.id)?;
    if theirs.is_administrator() && !(by.authority().has(Permission::RolesManage) && by.authority().covers(&theirs)) {
        return refuse(tx, by, kind, &group, Refusal::Above, env);
    }
    // Who comes into such a group is given roles, and who leaves it loses them.
    if theirs.is_administrator()
        && let Err(refused) = demands::hold_in(tx, by, Class::Roles, env)?
    {
        return Ok(Err(refused));
    }
    Ok(Ok(group))
}

/// Records that the caller may not act on a group, and says so.
fn refuse<T>(
    tx: &mut Tx<'_>,
    by: &Caller,
    kind: EventType,
    group: &Group,
    refusal: Refusal,
    env: &Env,
) -> Result<Result<T, ApiError>, Error> {
    tx.record(&by.failure(kind, refusal.code()).target(target(group)), env)?;
    let error: ApiError = refusal.into();
    let why = "the group holds administrator roles that you could not give";
    Ok(Err(if refusal == Refusal::Above { ApiError::forbidden().cause(why) } else { error }))
}

/// A group by id.
///
/// # Errors
/// Of the database.
pub fn named(tx: &mut Tx<'_>, which: &str) -> Result<Result<Group, ApiError>, Error> {
    let found = match which.parse::<Id<GroupKindId>>() {
        Ok(id) => tx.group(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<GroupKindId>(which)))
}

/// A group as the record names it.
pub fn target(group: &Group) -> Target {
    Target::new("UserGroup", group.id, "", &group.name)
}

fn name_taken() -> ApiError {
    ApiError::validation("name", ["name: An object with this field already exists in the current organization"])
}

/// A group as answers have it.
pub fn shown(app: &App, group: &Group) -> Value {
    let path = format!("/api/v1/groups/{}", group.id);
    let links = Links::new(app).to("self", "GET", &path).to("apps", "GET", format!("{path}/apps")).to(
        "users",
        "GET",
        format!("{path}/users"),
    );
    json!({
        "id": group.id,
        "created": hal::time(group.created_at),
        "lastUpdated": hal::time(group.updated_at),
        "lastMembershipUpdated": hal::time(group.members_changed_at),
        "objectClass": ["okta:user_group"],
        "type": group.kind.as_str(),
        "profile": { "name": group.name, "description": group.description },
        "_links": Value::from(links),
    })
}

/// Groups as answers have them, each with its statistics where `expand=stats` asks for them.
async fn with_stats(app: &App, by: &Caller, query: &Query, groups: &[Group]) -> Result<Vec<Value>, ApiError> {
    let mut answers: Vec<Value> = groups.iter().map(|group| shown(app, group)).collect();
    if !asks_for_stats(query) {
        return Ok(answers);
    }
    let counted = app.store.read(by.org, |tx| {
        let mut counted = Vec::new();
        for group in groups {
            counted.push((size(tx, group)?, tx.authority_of_group(group.id)?.is_administrator()));
        }
        Ok(counted)
    });
    for (answer, (people, is_admin)) in answers.iter_mut().zip(counted.await?) {
        // The API's description misspells the last member; clients made from it read that one.
        answer["_embedded"] = json!({ "stats": {
            "usersCount": people,
            "appsCount": 0,
            "groupPushMappingsCount": 0,
            "hasAdminPrivilege": is_admin,
            "hasAdminPrivlege": is_admin,
        } });
    }
    Ok(answers)
}

fn asks_for_stats(query: &Query) -> bool {
    query.text("expand").is_some_and(|expand| expand.split(',').any(|word| word.trim() == "stats"))
}

/// How many people are in a group.
///
/// # Errors
/// Of the database.
pub fn size(tx: &mut Tx<'_>, group: &Group) -> Result<u64, Error> {
    match group.kind {
        GroupKind::BuiltIn => tx.count_people(),
        GroupKind::Own => tx.count_members(group.id),
    }
}

/// The routes of groups.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsManage);
    let members = Access::Permission(Permission::GroupsMembersManage);
    let read = Access::Permission(Permission::GroupsRead);
    Routes::new()
        .get("/api/v1/groups", read, get_groups)
        .post("/api/v1/groups", Access::Permission(Permission::GroupsCreate), post_groups)
        .get("/api/v1/groups/{group}", read, get_group)
        .put("/api/v1/groups/{group}", manage, put_group)
        .delete("/api/v1/groups/{group}", manage, delete_group)
        .get("/api/v1/groups/{group}/apps", read, get_apps)
        .get("/api/v1/groups/{group}/users", read, get_members)
        .put("/api/v1/groups/{group}/users/{who}", members, put_member)
        .delete("/api/v1/groups/{group}/users/{who}", members, delete_member)
        .get("/api/v1/users/{who}/groups", read, get_groups_of)
}

#[derive(Deserialize)]
struct GroupBody {
    profile: ProfileBody,
}

#[derive(Deserialize)]
struct ProfileBody {
    name: String,
    description: Option<String>,
}

impl GroupBody {
    fn parse(self) -> Result<GroupProfile, ApiError> {
        let profile = GroupProfile::new(&self.profile.name, &self.profile.description.unwrap_or_default());
        profile.map_err(|wrong| ApiError::validation("profile", [wrong.to_string()]))
    }
}

async fn get_groups(app: State<Arc<App>>, caller: Caller, query: Result<Query, ApiError>) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let name = query.text("q").map(str::to_owned);
    let most = if asks_for_stats(&query) { 1_000 } else { 10_000 };
    let limit = query.page_size(if name.is_some() { 300 } else { most }, most)?;
    let condition = query.demanded(groups::ATTRIBUTES, app.env().now)?;
    let sorting = query.sorting(groups::ORDERS)?;
    let wanted = GroupQuery { name, condition, sorting, after: query.after(sorting)?, within: None };
    let found = listed(&app, &by, wanted, limit).await?;
    let answers = with_stats(&app, &by, &query, &found.rows).await?;
    Ok(Page::new(&app, &query, answers, found.next))
}

async fn post_groups(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<GroupBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require_everywhere::<right::GroupsCreate>(&app).await?;
    let group = create(&app, &by, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &group)))
}

async fn get_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let group = group(&app, &by, &which.0).await?;
    Ok(Json(with_stats(&app, &by, &query?, &[group]).await?.remove(0)))
}

/// No application is assigned to groups here.
async fn get_apps(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    group(&app, &by, &which.0).await?;
    Ok(Page::new(&app, &query?, Vec::new(), None))
}

async fn put_group(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<GroupBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    let group = update(&app, &by, &which.0, &body?.0.parse()?).await?;
    Ok(Json(shown(&app, &group)))
}

async fn delete_group(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_members(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    // Who is in a group is about people.
    let people = by.caller().clone().require::<right::UsersRead>(&app).await?;
    let query = query?;
    let group = group(&app, &by, &which.0).await?;
    let limit = query.page_size(1_000, 1_000)?;
    let after = query.after(Sorting::default())?;
    let wanted = PeopleQuery { group: Some(group.id), without_ended: true, after, ..PeopleQuery::default() };
    let found = users::listed(&app, &people, wanted, limit).await?;
    let now = app.env().now;
    let veil = Veil::of(&app, &people, &found.rows).await?;
    Ok(Page::listed(&app, &query, found, |person| veil.over(person.id, users::shown(&app, person, now))))
}

async fn put_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, who)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsMembersManage>(&app).await?;
    set_member(&app, &by, (&which, &who), Membership::Member).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_member(
    app: State<Arc<App>>,
    caller: Caller,
    Path((which, who)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::GroupsMembersManage>(&app).await?;
    set_member(&app, &by, (&which, &who), Membership::Stranger).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_groups_of(
    app: State<Arc<App>>,
    caller: Caller,
    Path(who): Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Page, ApiError> {
    let by = caller.require::<right::GroupsRead>(&app).await?;
    let query = query?;
    let reach = by.authority().reach(Permission::GroupsRead);
    let found = app.store.read(by.org, |tx| {
        let Some(person) = users::named(tx, &by, &who)? else { return Ok(None) };
        if person.id != by.user() && !users::is_seen(tx, &by, Permission::UsersRead, person.id)? {
            return Ok(None);
        }
        let groups = tx.groups_of(person.id)?;
        Ok(Some(groups.into_iter().filter(|group| reach::reaches_group(&reach, group.id)).collect::<Vec<_>>()))
    });
    let found = found.await?.ok_or_else(|| ApiError::not_found::<UserKind>(&who))?;
    Ok(Page::new(&app, &query, found.iter().map(|group| shown(&app, group)).collect(), None))
}
