//! Rules that fill groups: the rules, whom they hold, and the queues of whom they must judge.
//!
//! A membership is kept by hand, by any number of rules, or both; it goes when nothing keeps it. All judging of an
//! organisation is done under one lock, [`Tx::lock_rules`], and reads people after it has the lock: so that what two
//! servers judge at once comes out as if one had.

use postern_authn::user::{User, fold};
use postern_codes::id::{Group, GroupRule, Id, User as UserKind};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};
use crate::users::columns as user_columns;

macro_rules! columns {
    () => {
        "id, name, status, expression, fault, walked, judged, activated_by, created_at, updated_at"
    };
}

crate::statements! {
    RULE_INSERT = "INSERT INTO group_rules (org_id, id, name, name_folded, status, expression, uses_groups, created_at, \
                   updated_at) VALUES ($1, $2, $3, $4, 'INACTIVE', $5, $6, $7, $7)";
    RULE_NAMED = "SELECT id FROM group_rules WHERE org_id = $1 AND name_folded = $2 AND ending IS NULL";
    RULE = concat!("SELECT ", columns!(), " FROM group_rules WHERE org_id = $1 AND id = $2 AND ending IS NULL");
    RULES = concat!("SELECT ", columns!(), " FROM group_rules WHERE org_id = $1 AND id > $2 AND ending IS NULL \
                    AND ($3 = '' OR replace(name_folded, $3, '') <> name_folded) ORDER BY id LIMIT $4");
    RULES_ACTIVE = concat!("SELECT ", columns!(), " FROM group_rules WHERE org_id = $1 AND status = 'ACTIVE' \
                           AND ending IS NULL ORDER BY id");
    RULE_COUNT = "SELECT COUNT(*) AS rules FROM group_rules WHERE org_id = $1 AND ending IS NULL";
    RULE_SET = "UPDATE group_rules SET name = $3, name_folded = $4, expression = $5, uses_groups = $6, fault = NULL, \
                status = 'INACTIVE', updated_at = $7 WHERE org_id = $1 AND id = $2";
    RULE_BEGIN = "UPDATE group_rules SET status = 'ACTIVE', fault = NULL, walked = '', judged = 0, activated_by = $3, \
                  updated_at = $4 WHERE org_id = $1 AND id = $2 AND ending IS NULL";
    RULE_STOP = "UPDATE group_rules SET status = $3, fault = $4, walked = NULL, updated_at = $5 \
                 WHERE org_id = $1 AND id = $2";
    RULE_WALKED = "UPDATE group_rules SET walked = $3, judged = judged + $4 WHERE org_id = $1 AND id = $2";
    RULE_END = "UPDATE group_rules SET status = 'INACTIVE', ending = $3, walked = '', updated_at = $4 \
                WHERE org_id = $1 AND id = $2 AND ending IS NULL";
    RULE_DELETE = "DELETE FROM group_rules WHERE org_id = $1 AND id = $2";
    DUE = concat!("SELECT ", columns!(), ", ending FROM group_rules WHERE org_id = $1 AND walked IS NOT NULL \
                  ORDER BY id LIMIT 1");

    TARGETS = "SELECT group_id FROM group_rule_targets WHERE org_id = $1 AND rule_id = $2 ORDER BY group_id";
    TARGET_INSERT = "INSERT INTO group_rule_targets (org_id, rule_id, group_id) VALUES ($1, $2, $3) \
                     ON CONFLICT (org_id, rule_id, group_id) DO NOTHING";
    TARGETS_CLEAR = "DELETE FROM group_rule_targets WHERE org_id = $1 AND rule_id = $2";
    IS_TARGET = "SELECT rule_id FROM group_rule_targets WHERE org_id = $1 AND group_id = $2 LIMIT 1";
    FILLING = "SELECT r.id, r.name FROM group_rule_targets t JOIN group_rules r ON r.org_id = t.org_id AND r.id = t.rule_id \
               WHERE t.org_id = $1 AND t.group_id = $2 AND r.ending IS NULL ORDER BY r.id";
    UNAIM = "DELETE FROM group_rule_targets WHERE org_id = $1 AND group_id = $2";
    EXCLUDED = "SELECT user_id FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2 ORDER BY user_id";
    IS_EXCLUDED = "SELECT rule_id FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2 AND user_id = $3";
    EXCLUSION_INSERT = "INSERT INTO group_rule_exclusions (org_id, rule_id, user_id) VALUES ($1, $2, $3) \
                        ON CONFLICT (org_id, rule_id, user_id) DO NOTHING";
    EXCLUSIONS_CLEAR = "DELETE FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2";

    LOCK = "INSERT INTO rule_heads (org_id, turns) VALUES ($1, 1) \
            ON CONFLICT (org_id) DO UPDATE SET turns = rule_heads.turns + 1";
    CHECK_QUEUE = "INSERT INTO rule_checks (org_id, user_id) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM group_rules \
                   WHERE org_id = $1 AND status = 'ACTIVE') ON CONFLICT (org_id, user_id) DO NOTHING";
    HAS_WORK = "SELECT 1 AS work FROM rule_checks WHERE org_id = $1 UNION ALL SELECT 1 AS work FROM group_rules \
                WHERE org_id = $1 AND walked IS NOT NULL LIMIT 1";
    CHECKS_TAKE = "DELETE FROM rule_checks WHERE org_id = $1 AND user_id IN (SELECT user_id FROM rule_checks \
                   WHERE org_id = $1 ORDER BY user_id LIMIT $2) RETURNING user_id";
    PEOPLE_AFTER = concat!("SELECT ", user_columns!(), " FROM users WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    GROUPS_BY_HAND = "SELECT g.id, g.name FROM groups g WHERE g.org_id = $1 AND (g.kind = 'BUILT_IN' OR EXISTS \
                      (SELECT 1 FROM memberships m WHERE m.org_id = g.org_id AND m.group_id = g.id AND m.user_id = $2 \
                      AND m.by_hand))";

    PLACE = "INSERT INTO memberships (org_id, group_id, user_id, added_at, by_hand) VALUES ($1, $2, $3, $4, FALSE) \
             ON CONFLICT (org_id, group_id, user_id) DO NOTHING";
    HOLD = "INSERT INTO rule_members (org_id, group_id, user_id, rule_id) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (org_id, group_id, user_id, rule_id) DO NOTHING";
    HELD = "SELECT group_id FROM rule_members WHERE org_id = $1 AND rule_id = $2 AND user_id = $3";
    HELD_BY = "SELECT user_id, group_id FROM rule_members WHERE org_id = $1 AND rule_id = $2 ORDER BY user_id LIMIT $3";
    RELEASE = "DELETE FROM rule_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3 AND rule_id = $4";
    KEEP = "UPDATE memberships SET by_hand = TRUE WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    DROP = "DELETE FROM memberships WHERE org_id = $1 AND group_id = $2 AND user_id = $3 AND NOT by_hand AND NOT EXISTS \
            (SELECT 1 FROM rule_members r WHERE r.org_id = $1 AND r.group_id = $2 AND r.user_id = $3)";
    HOLDERS = "SELECT rule_id FROM rule_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    RELEASE_GROUP = "DELETE FROM rule_members WHERE org_id = $1 AND group_id = $2";
    RELEASE_ALL = "DELETE FROM rule_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
}

/// Whether a rule is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStatus {
    /// It is.
    Active,
    /// It is not.
    Inactive,
    /// It cannot be; its fault says why.
    Invalid,
}

impl RuleStatus {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Invalid => "INVALID",
        }
    }
}

impl std::str::FromStr for RuleStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Active, Self::Inactive, Self::Invalid].into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// A rule that fills groups.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub id: Id<GroupRule>,
    /// What people call it.
    pub name: String,
    /// Whether it is carried out.
    pub status: RuleStatus,
    /// Whom it means.
    pub expression: String,
    /// Why it cannot be carried out.
    pub fault: Option<String>,
    /// The groups that it fills.
    pub targets: Vec<Id<Group>>,
    /// Whom it never means.
    pub excluded: Vec<Id<UserKind>>,
    /// Whether a walk over everybody is under way, and how many were judged in the last one.
    pub walk: (bool, u64),
    /// Who began it.
    pub activated_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What somebody wants a rule to be.
#[derive(Debug, Clone)]
pub struct RuleDraft {
    /// What people call it.
    pub name: String,
    /// Whom it means.
    pub expression: String,
    /// Whether that asks for groups.
    pub uses_groups: bool,
    /// The groups that it fills.
    pub targets: Vec<Id<Group>>,
    /// Whom it never means.
    pub excluded: Vec<Id<UserKind>>,
}

/// What a deleted rule does with those whom it put into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// They stay, as if put there by hand.
    Keep,
    /// They go.
    Remove,
}

/// Work that a rule waits for.
#[derive(Debug)]
pub enum Due {
    /// To judge everybody behind this id.
    Walk(Box<Rule>, String),
    /// To let go of whom it holds.
    End(Id<GroupRule>, Ending),
}

/// A membership that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The person is in the group now.
    Into(Id<Group>),
    /// They are no longer.
    OutOf(Id<Group>),
}

impl Tx<'_> {
    /// Makes a rule, not yet carried out; `None` where the name is taken.
    ///
    /// # Errors
    /// Of the database; groups and people that do not exist are the caller's to rule out.
    pub fn insert_rule(&mut self, draft: &RuleDraft, env: &Env) -> Result<Option<Id<GroupRule>>, Error> {
        self.lock_rules()?;
        let (id, folded) = (Id::new(env), fold(&draft.name));
        if self.row(RULE_NAMED, values![&folded])?.is_some() {
            return Ok(None);
        }
        self.one(RULE_INSERT, values![id, &draft.name, folded, &draft.expression, draft.uses_groups, env.now])?;
        for group in &draft.targets {
            self.execute(TARGET_INSERT, values![id, *group])?;
        }
        self.set_exclusions(id, &draft.excluded)?;
        Ok(Some(id))
    }

    /// Gives a rule that is not carried out another name, expression and exclusions; `false` where the name is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_rule(&mut self, id: Id<GroupRule>, draft: &RuleDraft, now: Timestamp) -> Result<bool, Error> {
        let folded = fold(&draft.name);
        let other: Option<Id<GroupRule>> =
            self.row(RULE_NAMED, values![&folded])?.map(|row| row.get("id")).transpose()?;
        if other.is_some_and(|other| other != id) {
            return Ok(false);
        }
        self.one(RULE_SET, values![id, &draft.name, folded, &draft.expression, draft.uses_groups, now])?;
        self.set_exclusions(id, &draft.excluded)?;
        Ok(true)
    }

    fn set_exclusions(&mut self, id: Id<GroupRule>, people: &[Id<UserKind>]) -> Result<(), Error> {
        self.execute(EXCLUSIONS_CLEAR, values![id])?;
        for person in people {
            self.execute(EXCLUSION_INSERT, values![id, *person])?;
        }
        Ok(())
    }

    /// One rule.
    ///
    /// # Errors
    /// Of the database.
    pub fn rule(&mut self, id: Id<GroupRule>) -> Result<Option<Rule>, Error> {
        let Some(row) = self.row(RULE, values![id])? else { return Ok(None) };
        self.whole(&row).map(Some)
    }

    /// Rules behind `after` whose name contains `words`, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub fn rules(&mut self, after: Option<Id<GroupRule>>, words: &str, limit: u32) -> Result<Vec<Rule>, Error> {
        let after = after.map_or_else(String::new, |after| after.to_string());
        let rows = self.rows(RULES, values![after, fold(words), limit])?;
        rows.iter().map(|row| self.whole(row)).collect()
    }

    /// Every rule that is carried out.
    ///
    /// # Errors
    /// Of the database.
    pub fn active_rules(&mut self) -> Result<Vec<Rule>, Error> {
        let rows = self.rows(RULES_ACTIVE, values![])?;
        rows.iter().map(|row| self.whole(row)).collect()
    }

    /// How many rules there are.
    ///
    /// # Errors
    /// Of the database.
    pub fn count_rules(&mut self) -> Result<u64, Error> {
        self.row(RULE_COUNT, values![])?.map_or(Ok(0), |row| row.get("rules"))
    }

    /// Whether a rule fills this group, even one that is being deleted.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_filled_by_rule(&mut self, group: Id<Group>) -> Result<bool, Error> {
        Ok(self.row(IS_TARGET, values![group])?.is_some())
    }

    /// Lets go of a group that is deleted: rules that are being deleted may still hold people there.
    ///
    /// # Errors
    /// Of the database.
    pub(crate) fn let_go_of_rules(&mut self, group: Id<Group>) -> Result<(), Error> {
        self.execute(RELEASE_GROUP, values![group])?;
        self.execute(UNAIM, values![group]).map(drop)
    }

    /// The rules that fill this group, by id and name; those that are being deleted are left out.
    ///
    /// # Errors
    /// Of the database.
    pub fn rules_that_fill(&mut self, group: Id<Group>) -> Result<Vec<(Id<GroupRule>, String)>, Error> {
        self.rows(FILLING, values![group])?.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
    }

    /// Has a rule carried out from now on, by somebody's right; everybody is judged.
    ///
    /// # Errors
    /// Of the database.
    pub fn begin_rule(&mut self, id: Id<GroupRule>, by: &str, now: Timestamp) -> Result<(), Error> {
        self.one(RULE_BEGIN, values![id, by, now])
    }

    /// Has a rule carried out no longer, for good or because of a fault; whom it put into groups stays there.
    ///
    /// # Errors
    /// Of the database.
    pub fn stop_rule(&mut self, id: Id<GroupRule>, fault: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let status = if fault.is_some() { RuleStatus::Invalid } else { RuleStatus::Inactive };
        self.one(RULE_STOP, values![id, status.as_str(), fault, now])
    }

    /// Deletes a rule for everybody who looks; what it holds is let go of little by little.
    ///
    /// # Errors
    /// Of the database.
    pub fn end_rule(&mut self, id: Id<GroupRule>, ending: Ending, now: Timestamp) -> Result<(), Error> {
        let ending = if ending == Ending::Remove { "REMOVE" } else { "KEEP" };
        self.one(RULE_END, values![id, ending, now])
    }

    /// Waits until nobody else judges in this organisation, and keeps others waiting until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn lock_rules(&mut self) -> Result<(), Error> {
        self.one(LOCK, values![])
    }

    /// Has the rules judge a person again, where any rule is carried out.
    pub(crate) fn queue_check(&mut self, person: Id<UserKind>) -> Result<(), Error> {
        self.execute(CHECK_QUEUE, values![person]).map(drop)
    }

    /// Whether there is anybody to judge or to let go of.
    ///
    /// # Errors
    /// Of the database.
    pub fn has_rule_work(&mut self) -> Result<bool, Error> {
        Ok(self.row(HAS_WORK, values![])?.is_some())
    }

    /// Takes people whom the rules must judge off the queue.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_checks(&mut self, limit: u32) -> Result<Vec<Id<UserKind>>, Error> {
        self.rows(CHECKS_TAKE, values![limit])?.iter().map(|row| row.get("user_id")).collect()
    }

    /// A rule that waits for work, if one does.
    ///
    /// # Errors
    /// Of the database.
    pub fn due_rule(&mut self) -> Result<Option<Due>, Error> {
        let Some(row) = self.row(DUE, values![])? else { return Ok(None) };
        let ending: Option<String> = row.get("ending")?;
        Ok(Some(match ending.as_deref() {
            Some("REMOVE") => Due::End(row.get("id")?, Ending::Remove),
            Some(_) => Due::End(row.get("id")?, Ending::Keep),
            None => Due::Walk(Box::new(self.whole(&row)?), row.get("walked")?),
        }))
    }

    /// Notes how far a walk has come; to its end, where there is no id.
    ///
    /// # Errors
    /// Of the database.
    pub fn rule_walked(&mut self, id: Id<GroupRule>, last: Option<Id<UserKind>>, judged: u64) -> Result<(), Error> {
        self.one(RULE_WALKED, values![id, last, judged])
    }

    /// People behind an id, `limit` at most.
    ///
    /// # Errors
    /// Of the database.
    pub fn people_after(&mut self, after: &str, limit: u32) -> Result<Vec<User>, Error> {
        self.rows(PEOPLE_AFTER, values![after, limit])?.iter().map(crate::users::user).collect()
    }

    /// The groups, by id and name, that a person is in whatever the rules say: what a rule may ask for, so that rules do
    /// not feed one another.
    ///
    /// # Errors
    /// Of the database.
    pub fn groups_by_hand(&mut self, person: Id<UserKind>) -> Result<Vec<(String, String)>, Error> {
        let rows = self.rows(GROUPS_BY_HAND, values![person])?;
        rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
    }

    /// Whether a rule leaves a person out.
    ///
    /// # Errors
    /// Of the database.
    pub fn is_excluded(&mut self, rule: Id<GroupRule>, person: Id<UserKind>) -> Result<bool, Error> {
        Ok(self.row(IS_EXCLUDED, values![rule, person])?.is_some())
    }

    /// Has a rule hold a person in the groups that it fills, or not; gives what that changed.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold(
        &mut self,
        rule: &Rule,
        person: Id<UserKind>,
        holds: bool,
        now: Timestamp,
    ) -> Result<Vec<Moved>, Error> {
        let mut moved = Vec::new();
        let held: Vec<Id<Group>> = self
            .rows(HELD, values![rule.id, person])?
            .iter()
            .map(|row| row.get("group_id"))
            .collect::<Result<_, _>>()?;
        if holds {
            for group in rule.targets.iter().filter(|group| !held.contains(group)) {
                if self.execute(PLACE, values![*group, person, now])? == 1 {
                    self.note_members(*group, true, now)?;
                    moved.push(Moved::Into(*group));
                }
                self.execute(HOLD, values![*group, person, rule.id])?;
            }
            return Ok(moved);
        }
        for group in held {
            moved.extend(self.release(rule.id, (group, person), Ending::Remove, now)?);
        }
        Ok(moved)
    }

    /// Lets go of some of those whom a deleted rule holds, and of the rule with the last; gives who left which group.
    ///
    /// # Errors
    /// Of the database.
    pub fn let_go(
        &mut self,
        rule: Id<GroupRule>,
        ending: Ending,
        (limit, now): (u32, Timestamp),
    ) -> Result<Vec<(Id<UserKind>, Moved)>, Error> {
        let held = self.rows(HELD_BY, values![rule, limit])?;
        let mut moved = Vec::new();
        for row in &held {
            let (group, person) = (row.get("group_id")?, row.get("user_id")?);
            moved.extend(self.release(rule, (group, person), ending, now)?.map(|moved| (person, moved)));
        }
        if held.len() < limit as usize {
            self.execute(EXCLUSIONS_CLEAR, values![rule])?;
            self.execute(TARGETS_CLEAR, values![rule])?;
            self.one(RULE_DELETE, values![rule])?;
        }
        Ok(moved)
    }

    fn release(
        &mut self,
        rule: Id<GroupRule>,
        (group, person): (Id<Group>, Id<UserKind>),
        ending: Ending,
        now: Timestamp,
    ) -> Result<Option<Moved>, Error> {
        self.execute(RELEASE, values![group, person, rule])?;
        if ending == Ending::Keep {
            self.execute(KEEP, values![group, person])?;
            return Ok(None);
        }
        let dropped = self.execute(DROP, values![group, person])? == 1;
        self.note_members(group, dropped, now)?;
        Ok(dropped.then_some(Moved::OutOf(group)))
    }

    /// Before somebody is taken out of a group by hand: the rules that hold them there leave them out from now on. Gives
    /// which rules those are.
    pub(crate) fn exclude_from_holders(
        &mut self,
        group: Id<Group>,
        person: Id<UserKind>,
    ) -> Result<Vec<Id<GroupRule>>, Error> {
        let rows = self.rows(HOLDERS, values![group, person])?;
        let rules: Vec<Id<GroupRule>> = rows.iter().map(|row| row.get("rule_id")).collect::<Result<_, _>>()?;
        for rule in &rules {
            self.execute(EXCLUSION_INSERT, values![*rule, person])?;
        }
        self.execute(RELEASE_ALL, values![group, person])?;
        if !rules.is_empty() {
            // Such a rule may fill other groups, too.
            self.queue_check(person)?;
        }
        Ok(rules)
    }

    fn whole(&mut self, row: &Row) -> Result<Rule, Error> {
        let id = row.get("id")?;
        let targets = self.rows(TARGETS, values![id])?;
        let excluded = self.rows(EXCLUDED, values![id])?;
        let walked: Option<String> = row.get("walked")?;
        Ok(Rule {
            id,
            name: row.get("name")?,
            status: row.parse("status")?,
            expression: row.get("expression")?,
            fault: row.get("fault")?,
            targets: targets.iter().map(|row| row.get("group_id")).collect::<Result<_, _>>()?,
            excluded: excluded.iter().map(|row| row.get("user_id")).collect::<Result<_, _>>()?,
            walk: (walked.is_some(), row.get("judged")?),
            activated_by: row.get("activated_by")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}
