//! Policies and their rules. Those of one type are few, and are read and written together: a change of one moves the
//! priorities of others, and what it would do to everybody is judged over all of them.

use postern_authn::group::EVERYONE;
use postern_authn::network::Usage;
use postern_authn::policy::{self, Actions, Conditions, Policy, PolicyType, Rule, Settings, Situation, order};
use postern_codes::Timestamp;
use postern_codes::id::{Group, Id, Kind, Policy as PolicyKind, PolicyRule, User, Zone};
use serde_json::Value as Json;

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    POLICIES = "SELECT id, name, description, priority, status, is_system, conditions, settings, created_at, updated_at \
                FROM policies WHERE org_id = $1 AND type = $2 ORDER BY priority, id";
    RULES = "SELECT r.id, r.policy_id, r.name, r.priority, r.status, r.is_system, r.conditions, r.actions, r.created_at, \
             r.updated_at FROM policies p JOIN policy_rules r ON r.org_id = p.org_id AND r.policy_id = p.id \
             WHERE p.org_id = $1 AND p.type = $2 ORDER BY r.policy_id, r.priority, r.id";
    TYPE_OF = "SELECT type FROM policies WHERE org_id = $1 AND id = $2";
    EVERYONES_GROUP = "SELECT id, created_at FROM groups WHERE org_id = $1 AND name_folded = $2 AND kind = 'BUILT_IN'";
    /// Holds every other change of this type off until the commit.
    CHANGE = "INSERT INTO policy_changes (org_id, type, version) VALUES ($1, $2, 1) \
              ON CONFLICT (org_id, type) DO UPDATE SET version = policy_changes.version + 1";
    POLICY_PUT = "INSERT INTO policies (org_id, id, type, name, description, priority, status, is_system, conditions, \
                  settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                  ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name, description = excluded.description, \
                  priority = excluded.priority, status = excluded.status, conditions = excluded.conditions, \
                  settings = excluded.settings, updated_at = excluded.updated_at";
    RULE_PUT = "INSERT INTO policy_rules (org_id, id, policy_id, name, priority, status, is_system, conditions, actions, \
                created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name, priority = excluded.priority, \
                status = excluded.status, conditions = excluded.conditions, actions = excluded.actions, \
                updated_at = excluded.updated_at";
    RULE_DELETE = "DELETE FROM policy_rules WHERE org_id = $1 AND id = $2";
    RULES_DELETE = "DELETE FROM policy_rules WHERE org_id = $1 AND policy_id = $2";
    POLICY_DELETE = "DELETE FROM policies WHERE org_id = $1 AND id = $2";
    REFERENCE_PUT = "INSERT INTO policy_references (org_id, target_id, policy_id) VALUES ($1, $2, $3)";
    REFERENCES_DELETE = "DELETE FROM policy_references WHERE org_id = $1 AND policy_id = $2";
    USED_BY = "SELECT p.name, p.type FROM policy_references f JOIN policies p ON p.org_id = f.org_id AND p.id = f.policy_id \
               WHERE f.org_id = $1 AND f.target_id = $2 ORDER BY p.type, p.priority, p.id";
}

impl Tx<'_> {
    /// The policies of a type with their rules, by priority; the default one is last, whether it was ever changed or not.
    ///
    /// # Errors
    /// Of the database; a fault where a kept document cannot be read.
    pub fn policies(&mut self, kind: PolicyType) -> Result<Vec<Policy>, Error> {
        let rows = self.rows(POLICIES, values![kind.as_str()])?;
        let mut policies = rows.iter().map(|row| policy(kind, row)).collect::<Result<Vec<_>, _>>()?;
        for row in &self.rows(RULES, values![kind.as_str()])? {
            let of: Id<PolicyKind> = row.get("policy_id")?;
            if let Some(policy) = policies.iter_mut().find(|policy| policy.id == of) {
                policy.rules.push(rule(kind, row)?);
            }
        }
        if !policies.iter().any(|policy| policy.is_system) {
            let (everyone, since) = self.everyone()?;
            policies.push(policy::default_policy(kind, self.default_ids(kind)?, everyone, since));
        }
        order::sort(&mut policies);
        for policy in &mut policies {
            order::sort(&mut policy.rules);
        }
        Ok(policies)
    }

    /// The same, to be changed: nobody else changes policies of this type until the commit.
    ///
    /// # Errors
    /// As [`policies`](Self::policies).
    pub fn policies_to_change(&mut self, kind: PolicyType) -> Result<Vec<Policy>, Error> {
        self.hold_configuration()?;
        self.one(CHANGE, values![kind.as_str()])?;
        self.policies(kind)
    }

    /// The type of a policy, where there is one with this id.
    ///
    /// # Errors
    /// Of the database.
    pub fn policy_type(&mut self, id: Id<PolicyKind>) -> Result<Option<PolicyType>, Error> {
        if let Some(row) = self.row(TYPE_OF, values![id])? {
            return row.parse("type").map(Some);
        }
        for kind in PolicyType::ALL {
            if self.default_ids(*kind)?.0 == id {
                return Ok(Some(*kind));
            }
        }
        Ok(None)
    }

    /// Keeps what is different in `after` from `before`, both read by [`policies_to_change`](Self::policies_to_change) in
    /// this transaction.
    ///
    /// # Errors
    /// Of the database.
    pub fn keep_policies(&mut self, kind: PolicyType, before: &[Policy], after: &[Policy]) -> Result<(), Error> {
        for gone in before.iter().filter(|old| !after.iter().any(|new| new.id == old.id)) {
            self.execute(REFERENCES_DELETE, values![gone.id])?;
            self.execute(RULES_DELETE, values![gone.id])?;
            self.one(POLICY_DELETE, values![gone.id])?;
        }
        for new in after {
            let old = before.iter().find(|old| old.id == new.id);
            if old != Some(new) {
                self.keep_policy(kind, old, new)?;
            }
        }
        Ok(())
    }

    /// Names and types of the policies that speak of a group, person or zone.
    ///
    /// # Errors
    /// Of the database.
    pub fn policies_about(&mut self, target: &str) -> Result<Vec<(String, PolicyType)>, Error> {
        self.rows(USED_BY, values![target])?.iter().map(|row| Ok((row.get("name")?, row.parse("type")?))).collect()
    }

    /// What policies judge of a person: their groups, and the zones of an address.
    ///
    /// # Errors
    /// Of the database.
    pub fn situation_of(&mut self, user: Id<User>, ip: &str) -> Result<Situation, Error> {
        let groups = self.groups_of(user)?.into_iter().map(|group| group.id).collect();
        Ok(Situation { user: Some(user), groups, zones: self.zones_of_address(ip)?, ..Situation::default() })
    }

    /// The same of somebody who is to be made in these groups, from nowhere.
    ///
    /// # Errors
    /// Of the database.
    pub fn situation_of_groups(&mut self, groups: &[Id<Group>]) -> Result<Situation, Error> {
        let groups = groups.iter().copied().chain([self.everyone()?.0]).collect();
        Ok(Situation { groups, ..Situation::default() })
    }

    /// The zones that an address lies in; nothing where the text is no address.
    ///
    /// # Errors
    /// Of the database.
    pub fn zones_of_address(&mut self, ip: &str) -> Result<Option<Vec<Id<Zone>>>, Error> {
        ip.parse().ok().map(|address| self.zones_containing(address)).transpose()
    }

    /// Whether there is such a zone that policies may speak of.
    ///
    /// # Errors
    /// Of the database.
    pub fn has_zone(&mut self, id: Id<Zone>) -> Result<bool, Error> {
        Ok(self.zone(id)?.is_some_and(|zone| zone.usage == Usage::Policy))
    }

    /// The group of everybody, and since when it is there.
    ///
    /// # Errors
    /// Of the database; a fault where the organisation has none.
    pub fn everyone(&mut self) -> Result<(Id<Group>, Timestamp), Error> {
        let row = self.row(EVERYONES_GROUP, values![EVERYONE.to_lowercase()])?;
        let row = row.ok_or_else(|| Error::fault("an organisation has no group of everybody"))?;
        Ok((row.get("id")?, row.get("created_at")?))
    }

    /// The ids of a type's default policy and rule: they follow from the organisation's, so that they are the same before
    /// the policy has a row.
    fn default_ids(&self, kind: PolicyType) -> Result<(Id<PolicyKind>, Id<PolicyRule>), Error> {
        let letter = match kind {
            PolicyType::MfaEnroll => 'm',
            PolicyType::OktaSignOn => 's',
            PolicyType::Password => 'p',
            PolicyType::Recovery => 'r',
        };
        let org = self.org();
        let tail = &org.as_str()[3..19];
        Ok((derived::<PolicyKind>(tail, letter)?, derived::<PolicyRule>(tail, letter)?))
    }

    fn keep_policy(&mut self, kind: PolicyType, old: Option<&Policy>, new: &Policy) -> Result<(), Error> {
        self.one(
            POLICY_PUT,
            values![
                new.id,
                kind.as_str(),
                &new.name,
                &new.description,
                new.priority,
                new.status.as_str(),
                new.is_system,
                serde_json::to_string(&new.conditions)?,
                serde_json::to_string(&new.settings)?,
                new.created_at,
                new.updated_at,
            ],
        )?;
        let old_rules = old.map(|old| old.rules.as_slice()).unwrap_or_default();
        for gone in old_rules.iter().filter(|old| !new.rules.iter().any(|rule| rule.id == old.id)) {
            self.one(RULE_DELETE, values![gone.id])?;
        }
        for rule in &new.rules {
            // All of them, where the policy may have had no row before: then its rules had none either.
            if new.is_system || !old_rules.contains(rule) {
                self.keep_rule(new.id, rule)?;
            }
        }
        self.execute(REFERENCES_DELETE, values![new.id])?;
        let conditions = std::iter::once(&new.conditions).chain(new.rules.iter().map(|rule| &rule.conditions));
        let mut targets: Vec<String> = conditions.flat_map(Conditions::references).collect();
        targets.sort_unstable();
        targets.dedup();
        for target in targets {
            self.one(REFERENCE_PUT, values![target, new.id])?;
        }
        Ok(())
    }

    fn keep_rule(&mut self, of: Id<PolicyKind>, rule: &Rule) -> Result<(), Error> {
        self.one(
            RULE_PUT,
            values![
                rule.id,
                of,
                &rule.name,
                rule.priority,
                rule.status.as_str(),
                rule.is_system,
                serde_json::to_string(&rule.conditions)?,
                serde_json::to_string(&rule.actions)?,
                rule.created_at,
                rule.updated_at,
            ],
        )
    }
}

fn derived<K: Kind>(tail: &str, letter: char) -> Result<Id<K>, Error> {
    format!("{}{tail}{letter}", K::PREFIX).parse().map_err(Error::fault)
}

fn policy(kind: PolicyType, row: &Row) -> Result<Policy, Error> {
    Ok(Policy {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        priority: row.get("priority")?,
        status: row.parse("status")?,
        is_system: row.get("is_system")?,
        conditions: row.json("conditions")?,
        settings: Settings::read(kind, &row.json::<Json>("settings")?).map_err(Error::fault)?,
        rules: Vec::new(),
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn rule(kind: PolicyType, row: &Row) -> Result<Rule, Error> {
    Ok(Rule {
        id: row.get("id")?,
        name: row.get("name")?,
        priority: row.get("priority")?,
        status: row.parse("status")?,
        is_system: row.get("is_system")?,
        conditions: row.json("conditions")?,
        actions: Actions::read(kind, &row.json::<Json>("actions")?).map_err(Error::fault)?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
