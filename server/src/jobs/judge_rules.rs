//! Fills groups by their rules: judges people who changed, everybody where a rule was begun, and lets go of whom a deleted
//! rule held. A chunk a transaction, each under the lock of the rules, so that it goes on where it was stopped.

use std::time::Duration;

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::expression::{Expression, Subject};
use postern_authn::permission::Permission;
use postern_authn::user::{Status, User};
use postern_codes::Env;
use postern_codes::id::{Group, Id, Org, User as UserKind};
use postern_store::group_rules::{Due, Moved, Rule};
use postern_store::{Error, Tx};

use super::Job;
use crate::App;
use crate::api::profile;

pub(super) const JOB: Job = Job { name: "judge-rules", every: Duration::from_secs(1), run: |app| Box::pin(run(app)) };

/// So many people are judged in one transaction.
const CHUNK: u32 = 200;

async fn run(app: &App) -> Result<(), Error> {
    for org in app.store.system().orgs().await? {
        while app.store.read(org.id, |tx| tx.has_rule_work()).await? {
            chunk(app, org.id).await?;
        }
    }
    Ok(())
}

/// A bounded piece of what there is to do.
async fn chunk(app: &App, org: Id<Org>) -> Result<(), Error> {
    let env = app.env();
    app.store
        .write(org, |tx| {
            tx.lock_rules()?;
            let changed = tx.take_checks(CHUNK)?;
            if !changed.is_empty() {
                let rules = readable(tx, &env)?;
                for id in changed {
                    if let Some(person) = tx.user(id)? {
                        judge(tx, &rules, &person, &env)?;
                    }
                }
                return Ok(());
            }
            match tx.due_rule()? {
                None => Ok(()),
                Some(Due::End(rule, ending)) => {
                    let moved = tx.let_go(rule, ending, (CHUNK, env.now))?;
                    moved.into_iter().try_for_each(|(person, moved)| record(tx, person, moved, &env))
                }
                Some(Due::Walk(rule, after)) => walk(tx, *rule, &after, &env),
            }
        })
        .await
}

fn walk(tx: &mut Tx<'_>, rule: Rule, after: &str, env: &Env) -> Result<(), Error> {
    let id = rule.id;
    let Some(rule) = read(tx, rule, env)? else { return Ok(()) };
    let people = tx.people_after(after, CHUNK)?;
    for person in &people {
        judge(tx, std::slice::from_ref(&rule), person, env)?;
    }
    let last = people.last().filter(|_| people.len() == CHUNK as usize).map(|person| person.id);
    tx.rule_walked(id, last, people.len() as u64)
}

/// The rules that are carried out, with what they mean.
fn readable(tx: &mut Tx<'_>, env: &Env) -> Result<Vec<(Rule, Expression)>, Error> {
    let mut rules = Vec::new();
    for rule in tx.active_rules()? {
        rules.extend(read(tx, rule, env)?);
    }
    Ok(rules)
}

/// A rule that this version cannot read is stopped, and says why.
fn read(tx: &mut Tx<'_>, rule: Rule, env: &Env) -> Result<Option<(Rule, Expression)>, Error> {
    match Expression::parse(&rule.expression, profile::is_member) {
        Ok(expression) => Ok(Some((rule, expression))),
        Err(fault) => {
            tx.stop_rule(rule.id, Some(&fault.to_string()), env.now)?;
            let event = Event::failure(EventType::GroupRuleInvalid, Actor::system(), Client::default(), "expression");
            tx.record(&event.target(Target::new("GroupRule", rule.id, "", &rule.name)), env)?;
            Ok(None)
        }
    }
}

/// Whom a rule newly means it may move only if whoever began it may act on them: a group may decide what is asked of its
/// members, and nobody decides that for those above.
fn judge(tx: &mut Tx<'_>, rules: &[(Rule, Expression)], person: &User, env: &Env) -> Result<(), Error> {
    let asks = rules.iter().any(|(_, expression)| expression.asks_for_groups());
    let groups = if asks { tx.groups_by_hand(person.id)? } else { Vec::new() };
    let subject = Asked { person, groups: &groups };
    for (rule, expression) in rules {
        let is_meant = person.status != Status::Deprovisioned
            && expression.means(&subject)
            && !tx.is_excluded(rule.id, person.id)?
            && is_covered(tx, rule, person.id)?;
        for moved in tx.hold(rule, person.id, is_meant, env.now)? {
            record(tx, person.id, moved, env)?;
        }
    }
    Ok(())
}

fn is_covered(tx: &mut Tx<'_>, rule: &Rule, person: Id<UserKind>) -> Result<bool, Error> {
    let theirs = tx.authority(person)?;
    if !theirs.is_administrator() {
        return Ok(true);
    }
    let Some(by) = rule.activated_by.as_deref().and_then(|by| by.parse().ok()) else { return Ok(false) };
    let own = tx.authority(by)?;
    Ok(own.covers(&theirs)
        && tx.reaches_user(&own.reach_of_administrators(Permission::UsersGroupMembership), person)?)
}

fn record(tx: &mut Tx<'_>, person: Id<UserKind>, moved: Moved, env: &Env) -> Result<(), Error> {
    let (kind, group): (_, Id<Group>) = match moved {
        Moved::Into(group) => (EventType::GroupUserAdd, group),
        Moved::OutOf(group) => (EventType::GroupUserRemove, group),
    };
    let event = Event::success(kind, Actor::system(), Client::default());
    tx.record(&event.target(Target::new("User", person, "", "")).target(Target::new("UserGroup", group, "", "")), env)
}

/// A person as an expression asks about them.
pub struct Asked<'p> {
    /// The person.
    pub person: &'p User,
    /// Their groups by id and name.
    pub groups: &'p [(String, String)],
}

impl Subject for Asked<'_> {
    fn member(&self, name: &str) -> Option<&str> {
        let profile = &self.person.profile;
        match name {
            "email" => Some(&profile.email),
            "firstName" => Some(&profile.first_name),
            "lastName" => Some(&profile.last_name),
            "login" => Some(self.person.login.as_str()),
            further => profile.further.get(further).and_then(serde_json::Value::as_str),
        }
    }

    fn is_in(&self, id: &str) -> bool {
        self.groups.iter().any(|(own, _)| own == id)
    }

    fn is_in_named(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        self.groups.iter().any(|(_, name)| holds(name))
    }
}
