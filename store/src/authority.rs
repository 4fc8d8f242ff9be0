//! What somebody may do: their roles and those of their groups, with what each reaches, read in one go.

use std::collections::BTreeSet;

use postern_authn::org::RoleSettings;
use postern_authn::permission::{Area, Authority, Grant, Resource, Role, Scope};
use postern_codes::id::{Group, Id, ResourceSet, Role as RoleKind, User};

use crate::roles::{Held, RoleAssignment};
use crate::settings::Setting;
use crate::sql::{Error, Tx};

impl Setting for RoleSettings {
    const NAME: &'static str = "roles";
}

impl Tx<'_> {
    /// What a person may do.
    ///
    /// # Errors
    /// Of the database.
    pub fn authority(&mut self, user: Id<User>) -> Result<Authority, Error> {
        let mut held = self.role_assignments(user)?;
        held.extend(self.role_assignments_by_groups(user)?);
        self.authority_of(&held)
    }

    /// What everybody in a group may do by being in it.
    ///
    /// # Errors
    /// Of the database.
    pub fn authority_of_group(&mut self, group: Id<Group>) -> Result<Authority, Error> {
        let held = self.role_assignments_of_group(group)?;
        self.authority_of(&held)
    }

    /// What these roles give together.
    ///
    /// # Errors
    /// Of the database.
    pub fn authority_of(&mut self, held: &[RoleAssignment]) -> Result<Authority, Error> {
        let mut grants = Vec::new();
        for one in held {
            grants.push(match one.held {
                Held::Custom { role, set, .. } => self.custom_grant(role, set)?,
                Held::Standard(role) if one.is_limited => {
                    let groups = self.role_targets(one.id)?;
                    self.limited_grant(role, &groups)?
                }
                Held::Standard(role) => Grant::everywhere(role),
            });
        }
        self.granting(grants)
    }

    /// What grants give here.
    ///
    /// # Errors
    /// Of the database.
    pub fn granting(&mut self, grants: Vec<Grant>) -> Result<Authority, Error> {
        let (settings, _) = self.setting::<RoleSettings>()?;
        Ok(Authority::new(grants, settings.manage_implies_recovery_pin))
    }

    /// What a standard role gives that is limited to groups.
    ///
    /// # Errors
    /// Of the database.
    pub fn limited_grant(&mut self, role: Role, groups: &[Id<Group>]) -> Result<Grant, Error> {
        let scope = Scope::of_groups(role, groups.iter().copied());
        Ok(Grant::standard(role, self.with_everybody(scope)?))
    }

    /// What a role gives over a resource set.
    ///
    /// # Errors
    /// Of the database.
    pub fn custom_grant(&mut self, role: Id<RoleKind>, set: Id<ResourceSet>) -> Result<Grant, Error> {
        let scope = self.scope_of_set(set)?;
        self.custom_grant_over(role, scope)
    }

    /// What a role gives over a scope.
    ///
    /// # Errors
    /// Of the database.
    pub fn custom_grant_over(&mut self, role: Id<RoleKind>, scope: Scope) -> Result<Grant, Error> {
        let label = self.custom_role(role)?.map_or_else(String::new, |role| role.label);
        let permissions = self.role_permissions(role)?;
        let permissions = permissions.into_iter().map(|own| (own.permission, own.conditions.attributes()));
        Ok(Grant::custom(label, permissions, scope))
    }

    /// What a resource set reaches.
    ///
    /// # Errors
    /// Of the database.
    pub fn scope_of_set(&mut self, set: Id<ResourceSet>) -> Result<Scope, Error> {
        let resources: BTreeSet<Resource> = self.resources_of_set(set)?.into_iter().map(|one| one.resource).collect();
        self.with_everybody(Scope::Only(resources))
    }

    /// The same scope; whoever reaches the people of the built-in group reaches everybody.
    ///
    /// # Errors
    /// Of the database.
    pub fn with_everybody(&mut self, scope: Scope) -> Result<Scope, Error> {
        let Scope::Only(mut resources) = scope else { return Ok(scope) };
        let (everyone, _) = self.everyone()?;
        if resources.contains(&Resource::Members(everyone)) {
            resources.insert(Resource::All(Area::Users));
        }
        Ok(Scope::Only(resources))
    }
}
