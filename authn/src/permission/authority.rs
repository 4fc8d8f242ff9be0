//! What somebody may do in all: the union of what they were granted.

use std::collections::{BTreeMap, BTreeSet};

use postern_codes::id::{Device, Group, Id, User};

use super::{Area, Attributes, Permission, Resource, Role, Scope};

/// One role, held over a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    label: String,
    standard: Option<Role>,
    permissions: BTreeMap<Permission, Attributes>,
    scope: Scope,
}

impl Grant {
    /// A standard role.
    pub fn standard(role: Role, scope: Scope) -> Self {
        let permissions = role.permissions().iter().map(|permission| (*permission, Attributes::all()));
        Self { standard: Some(role), ..Self::custom(role.label(), permissions, scope) }
    }

    /// A standard role over everything.
    pub fn everywhere(role: Role) -> Self {
        Self::standard(role, Scope::Everything)
    }

    /// A role that an organisation made.
    pub fn custom(
        label: impl Into<String>,
        permissions: impl IntoIterator<Item = (Permission, Attributes)>,
        scope: Scope,
    ) -> Self {
        let mut held: BTreeMap<Permission, Attributes> = BTreeMap::new();
        for (permission, attributes) in permissions {
            for implied in permission.with_implied() {
                // What a permission includes, it includes whole.
                let own = if implied == permission { attributes.clone() } else { Attributes::all() };
                let before = held.remove(&implied).unwrap_or_else(Attributes::none);
                held.insert(implied, before.or(own));
            }
        }
        Self { label: label.into(), standard: None, permissions: held, scope }
    }

    /// What people call the role.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Which standard role it is, if it is one.
    pub const fn role(&self) -> Option<Role> {
        self.standard
    }

    /// Over what it is held.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// A permission over a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hold {
    resource: Resource,
    attributes: Attributes,
    reaches_administrators: bool,
}

impl Hold {
    fn covers(&self, other: &Self, permission: Permission) -> bool {
        self.resource.covers(other.resource, permission)
            && self.attributes.covers(&other.attributes)
            && (self.reaches_administrators || !other.reaches_administrators)
    }
}

/// What one person may do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authority {
    grants: Vec<Grant>,
    /// Whether managing computers includes issuing their recovery PINs; an organisation may switch that off.
    manage_implies_pin: bool,
}

impl Authority {
    /// The authority of somebody with `grants`.
    pub const fn new(grants: Vec<Grant>, manage_implies_pin: bool) -> Self {
        Self { grants, manage_implies_pin }
    }

    /// The authority that `grant` alone would give in the same organisation.
    #[must_use]
    pub fn of(&self, grant: Grant) -> Self {
        Self::new(vec![grant], self.manage_implies_pin)
    }

    /// What was granted.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether any role is held: whether the console is for them at all.
    pub const fn is_administrator(&self) -> bool {
        !self.grants.is_empty()
    }

    /// Whether a standard role is held.
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.standard == Some(role))
    }

    /// Whether this may be done to anything at all.
    pub fn has(&self, permission: Permission) -> bool {
        !self.held(permission).is_empty()
    }

    /// Whether this may be done somewhere with all of these attributes.
    pub fn has_with(&self, permission: Permission, attributes: &Attributes) -> bool {
        self.held(permission).iter().any(|hold| hold.attributes.covers(attributes))
    }

    /// Whether this may be done to everything of its area.
    pub fn has_everywhere(&self, permission: Permission) -> bool {
        self.held(permission).iter().any(|hold| hold.resource == Resource::All(permission.area()))
    }

    /// To what this may be done.
    pub fn reach(&self, permission: Permission) -> Reach {
        Reach::of(self.held(permission).iter(), permission)
    }

    /// To what this may be done where it belongs to an administrator.
    pub fn reach_of_administrators(&self, permission: Permission) -> Reach {
        Reach::of(self.held(permission).iter().filter(|hold| hold.reaches_administrators), permission)
    }

    /// Whether everything `other` may do, this may do too, wherever and however far: nobody acts on somebody who is
    /// above them, and nobody grants what they do not hold.
    pub fn covers(&self, other: &Self) -> bool {
        Permission::ALL.iter().all(|permission| {
            let own = self.held(*permission);
            other.held(*permission).iter().all(|theirs| own.iter().any(|hold| hold.covers(theirs, *permission)))
        })
    }

    /// The attributes that may be seen or changed of somebody who lies within the resources for which `is_within` holds.
    pub fn attributes(&self, permission: Permission, is_within: impl Fn(Resource) -> bool) -> Attributes {
        let held = self.held(permission).into_iter().filter(|hold| is_within(hold.resource));
        held.fold(Attributes::none(), |sum, hold| sum.or(hold.attributes))
    }

    /// Over what this may be done.
    pub fn resources(&self, permission: Permission) -> Vec<Resource> {
        self.held(permission).into_iter().map(|hold| hold.resource).collect()
    }

    /// The attributes that may be seen or changed of everybody within reach.
    pub fn attributes_everywhere(&self, permission: Permission) -> Attributes {
        let mut held = self.held(permission).into_iter().map(|hold| hold.attributes);
        let first = held.next().unwrap_or_else(Attributes::none);
        held.fold(first, Attributes::and)
    }

    /// What becomes possible over somebody who comes into `group`: every permission that is held over its members.
    pub fn over_members(&self, group: Id<Group>) -> Vec<Permission> {
        let members = Resource::Members(group);
        let holds = |permission: &Permission| self.held(*permission).iter().any(|hold| hold.resource == members);
        Permission::ALL.iter().copied().filter(holds).collect()
    }

    fn held(&self, permission: Permission) -> Vec<Hold> {
        let mut held = Vec::new();
        for grant in &self.grants {
            let own = grant.permissions.get(&permission).cloned();
            let implied = permission == Permission::RecoveryPinGenerate
                && self.manage_implies_pin
                && grant.permissions.contains_key(&Permission::DevicesManage);
            let sources = [
                own.map(|attributes| (attributes, permission)),
                implied.then(|| (Attributes::all(), Permission::DevicesManage)),
            ];
            for (attributes, source) in sources.into_iter().flatten() {
                // The PINs that managing computers includes are those of the computers that are managed.
                held.extend(grant.scope.resources(source).into_iter().map(|resource| Hold {
                    resource,
                    attributes: attributes.clone(),
                    reaches_administrators: grant.standard.is_some_and(Role::reaches_administrators),
                }));
            }
        }
        held
    }
}

/// To what something may be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Everything of the permission's area.
    pub whole: bool,
    /// Everybody, and for computers those that somebody is linked with.
    pub everybody: bool,
    /// These computers.
    pub devices: BTreeSet<Id<Device>>,
    /// These groups.
    pub groups: BTreeSet<Id<Group>>,
    /// The people in these groups.
    pub members: BTreeSet<Id<Group>>,
    /// These people.
    pub users: BTreeSet<Id<User>>,
}

impl Reach {
    fn of<'h>(held: impl Iterator<Item = &'h Hold>, permission: Permission) -> Self {
        let mut reach = Self::default();
        for hold in held {
            match hold.resource {
                Resource::All(area) if area == permission.area() => reach.whole = true,
                Resource::All(Area::Users) => reach.everybody = true,
                Resource::All(_) => {}
                Resource::Device(id) => drop(reach.devices.insert(id)),
                Resource::Group(id) => drop(reach.groups.insert(id)),
                Resource::Members(id) => drop(reach.members.insert(id)),
                Resource::User(id) => drop(reach.users.insert(id)),
            }
        }
        // To hold roles, or a computer, is of everybody; to be in a group is asked of the person too.
        reach.everybody |= reach.whole && permission.area() != Area::Groups;
        reach
    }

    /// Everything: for what is looked up on nobody's behalf.
    pub fn everything() -> Self {
        Self { whole: true, everybody: true, ..Self::default() }
    }
}
