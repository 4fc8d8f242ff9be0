//! Making and changing a rule: what is wrong with its expression is shown where it is, and before it is saved it can be
//! tried on the people who are there.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::expression::{Expression, MAX_LENGTH};
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_store::group_rules::{Rule, RuleStatus};
use postern_store::{Error, Tx};

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Link, Notice, Tone};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use super::{people, rules};
use crate::App;
use crate::api::group_rules::{self, Meant};
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, users};

/// Where an expression stops making sense.
pub struct Wrong {
    /// What stands before.
    pub before: String,
    /// What stands there and behind it.
    pub rest: String,
    /// From which character on.
    pub at: usize,
    /// What was expected.
    pub expected: Text,
}

/// Whom an expression means.
pub struct Tried {
    /// How many, in words.
    pub words: Text,
    /// Some of them.
    pub sample: Vec<Link>,
}

/// The form.
#[derive(Template)]
#[template(path = "console/rule_form.html")]
pub struct RuleForm {
    /// The frame.
    pub shell: Shell,
    /// What is done.
    pub title: Text,
    /// Where the form goes.
    pub action: String,
    /// Where to go without saving.
    pub back: String,
    /// The rule that is changed; empty for a new one.
    pub rule: String,
    /// Its name.
    pub name: Field,
    /// Whom it means, as it was typed.
    pub expression: String,
    /// What is wrong with that.
    pub wrong: Option<Wrong>,
    /// The names of the groups that it fills, a line each.
    pub groups: String,
    /// What is wrong with them.
    pub groups_error: Option<Text>,
    /// Whether they can be chosen: those of a rule that is there stay.
    pub are_groups_open: bool,
    /// The sign-in names of those whom it never means, a line each.
    pub excluded: String,
    /// What is wrong with them.
    pub excluded_error: Option<Text>,
    /// Whom the expression means.
    pub tried: Option<Tried>,
    /// What else was refused.
    pub notice: Option<Notice>,
}

/// `/admin/groups/rules/new`, `/admin/groups/rules/ID/edit`, and where an expression is tried.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::GroupsManage);
    Routes::new()
        .get("/admin/groups/rules/new", manage, ask)
        .post("/admin/groups/rules/new", manage, make)
        .post("/admin/groups/rules/try", manage, try_it)
        .get("/admin/groups/rules/{group_rule}/edit", manage, edit)
        .post("/admin/groups/rules/{group_rule}/edit", manage, save)
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::GroupsManage>(&app).await?;
    Ok(page(form_of(&viewer, "", &Form::default())))
}

async fn edit(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require::<right::GroupsManage>(&app).await?;
    let (rule, groups, excluded) = found(&app, &viewer, &id).await?;
    let mut view = form_of(&viewer, &id, &Form::default());
    view.name = view.name.holding(rule.name);
    (view.expression, view.groups, view.excluded) = (rule.expression, groups, excluded);
    view.notice = (rule.status == RuleStatus::Active)
        .then(|| Notice::new(Tone::Warning, say("rules-is-active"), say("rules-is-active-next")));
    Ok(page(view))
}

async fn make(app: Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let mut view = form_of(&viewer, "", &form);
    let Some((groups, excluded)) = read(&app, &by, &mut view).await? else {
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    };
    let made = match group_rules::draft(&view.name.value, &view.expression, (&groups, &excluded)) {
        Ok(draft) => group_rules::create(&app, &by, &draft).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(rule) => Ok(Redirect::to(&rules::address(rule.id)).into_response()),
        Err(error) => refused(view, error),
    }
}

async fn save(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let (rule, groups, _) = found(&app, &viewer, &id).await?;
    let mut view = form_of(&viewer, &id, &form);
    view.groups = groups;
    let Some((_, excluded)) = read(&app, &by, &mut view).await? else {
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    };
    let targets: Vec<String> = rule.targets.iter().map(ToString::to_string).collect();
    let saved = match group_rules::draft(&view.name.value, &view.expression, (&targets, &excluded)) {
        Ok(draft) => group_rules::update(&app, &by, &id, &draft).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(rule) => Ok(Redirect::to(&rules::address(rule.id)).into_response()),
        Err(error) => refused(view, error),
    }
}

/// The form as it was typed, with whom its expression means.
async fn try_it(app: Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::GroupsManage>(&app).await?;
    let id = form.text("rule").to_owned();
    let mut view = form_of(&viewer, &id, &form);
    if !id.is_empty() {
        view.groups = found(&app, &viewer, &id).await?.1;
    }
    if view.wrong.is_some() {
        return Ok(page_with(StatusCode::BAD_REQUEST, view));
    }
    view.tried = Some(tried(&group_rules::count(&app, &by, &view.expression).await?));
    Ok(page(view))
}

fn tried(meant: &Meant) -> Tried {
    let words = if meant.is_everybody { say("rules-means") } else { say("rules-means-so-far") };
    let link = |person: &User| Link::new(person.name(), people::address(person));
    Tried {
        words: words.with("count", meant.people).with("asked", meant.asked),
        sample: meant.sample.iter().map(link).collect(),
    }
}

/// A rule with the names of its groups and of those whom it leaves out, a line each.
async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<(Rule, String, String), ApiError> {
    let by = viewer.require::<right::GroupsRead>(app).await?;
    let rule = group_rules::rule(app, &by, id).await?;
    let read = app.store.read(by.org, |tx| {
        let (mut groups, mut excluded) = (Vec::new(), Vec::new());
        for id in &rule.targets {
            groups.extend(tx.group(*id)?.map(|group| group.name));
        }
        for id in &rule.excluded {
            let person = tx.user(*id)?.filter(|_| by.authority().has_everywhere(Permission::UsersRead));
            excluded.push(person.map_or_else(|| id.to_string(), |person| person.login.to_string()));
        }
        Ok::<_, Error>((groups.join("\n"), excluded.join("\n")))
    });
    let (groups, excluded) = read.await?;
    Ok((rule, groups, excluded))
}

/// The form with what was typed, judged as far as that takes no look at groups and people.
fn form_of(viewer: &Viewer, rule: &str, form: &Form) -> RuleForm {
    let expression = form.text("expression").to_owned();
    let is_new = rule.is_empty();
    RuleForm {
        shell: viewer.shell(Place::Groups),
        title: if is_new { say("rules-new") } else { say("rules-edit") },
        action: if is_new { format!("{}/new", rules::ADDRESS) } else { format!("{}/edit", rules::address(rule)) },
        back: if is_new { rules::ADDRESS.to_owned() } else { rules::address(rule) },
        rule: rule.to_owned(),
        name: Field::new("name", say("rules-name"), Kind::Text).holding(form.text("name")).first(),
        wrong: if expression.is_empty() { None } else { wrong(&expression) },
        expression,
        groups: form.text("groups").to_owned(),
        groups_error: None,
        are_groups_open: is_new,
        excluded: form.text("excluded").to_owned(),
        excluded_error: None,
        tried: None,
        notice: None,
    }
}

fn wrong(expression: &str) -> Option<Wrong> {
    let wrong = group_rules::judge(expression).err()?;
    let split = expression.char_indices().nth(wrong.at - 1).map_or(expression.len(), |(at, _)| at);
    let (before, rest) = expression.split_at(split);
    let functions: Vec<&str> = Expression::functions().collect();
    let expected = say_of("rules-expected", wrong.expected.as_str()).with("functions", functions.join(", "));
    let expected = expected.with("most", MAX_LENGTH);
    Some(Wrong { before: before.to_owned(), rest: rest.to_owned(), at: wrong.at, expected })
}

/// The ids of the groups and people that a form names; nothing where something in it is to be mended first.
async fn read(
    app: &App,
    by: &Allowed<right::GroupsManage>,
    view: &mut RuleForm,
) -> Result<Option<(Vec<String>, Vec<String>)>, ApiError> {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (groups, excluded) = (lines(&view.groups), lines(&view.excluded));
    let read = app.store.read(by.org, |tx| {
        let mut found = (Vec::new(), Vec::new());
        for name in &groups {
            match tx.group_named(name)? {
                Some(group) => found.0.push(group.id.to_string()),
                None => return Ok(Err((true, name.clone()))),
            }
        }
        for login in &excluded {
            match person(tx, by, login)? {
                Some(person) => found.1.push(person.id.to_string()),
                None => return Ok(Err((false, login.clone()))),
            }
        }
        Ok(Ok(found))
    });
    if view.expression.is_empty() {
        view.wrong = wrong("");
    }
    match read.await? {
        Err((true, name)) => view.groups_error = Some(say("rules-no-group").with("name", name)),
        Err((false, login)) => view.excluded_error = Some(say("rules-nobody").with("login", login)),
        Ok((groups, _)) if groups.is_empty() => view.groups_error = Some(say("rules-groups-missing")),
        Ok(found) if view.wrong.is_none() => return Ok(Some(found)),
        Ok(_) => {}
    }
    Ok(None)
}

fn person(tx: &mut Tx<'_>, by: &Allowed<right::GroupsManage>, login: &str) -> Result<Option<User>, Error> {
    let Some(person) = users::named(tx, by, login)? else { return Ok(None) };
    Ok(if users::is_seen(tx, by, Permission::UsersRead, person.id)? { Some(person) } else { None })
}

/// The form again, with what to mend; what belongs to none of its fields goes to the page of problems.
fn refused(mut view: RuleForm, error: ApiError) -> Result<Response, ApiError> {
    let cause = error.causes.first().map(String::as_str).unwrap_or_default();
    if cause.starts_with("name: another") {
        view.name = view.name.refused(say("rules-name-taken"));
    } else if cause.starts_with("name: ") {
        view.name = view.name.refused(say("rules-name-wrong"));
    } else if error.code == "E0000192" {
        view.groups_error = Some(say("rules-group-has-roles"));
    } else if cause.starts_with("actions: ") {
        view.groups_error = Some(say("rules-group-is-everyone"));
    } else if cause.starts_with("status: ") {
        view.notice = Some(Notice::new(Tone::Warning, say("rules-is-active"), say("rules-is-active-next")));
    } else {
        return Err(error);
    }
    Ok(page_with(error.status, view))
}
