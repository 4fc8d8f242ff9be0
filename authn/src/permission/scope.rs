//! Over what something may be done: everything, or a set of resources.

use std::collections::BTreeSet;
use std::fmt;

use postern_codes::id::{Device, Group, Id, User};

use super::{Permission, Role};

/// What a permission is about. Of people, groups and computers a scope can name single ones; the others are whole or
/// not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Computers.
    Devices,
    /// Groups.
    Groups,
    /// Administrator roles, resource sets, and who holds them.
    Iam,
    /// The record.
    Logs,
    /// What holds for the whole organisation.
    Org,
    /// Policies.
    Policies,
    /// People.
    Users,
}

impl Area {
    /// Every area.
    pub const ALL: &[Self] =
        &[Self::Devices, Self::Groups, Self::Iam, Self::Logs, Self::Org, Self::Policies, Self::Users];

    /// Its word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Groups => "groups",
            Self::Iam => "iam",
            Self::Logs => "logs",
            Self::Org => "org",
            Self::Policies => "policies",
            Self::Users => "users",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that a scope names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Everything of an area.
    All(Area),
    /// One computer.
    Device(Id<Device>),
    /// One group, not the people in it.
    Group(Id<Group>),
    /// The people in a group.
    Members(Id<Group>),
    /// One person.
    User(Id<User>),
}

impl Resource {
    /// Whether a permission can be held over it.
    pub const fn is_of(self, permission: Permission) -> bool {
        let area = permission.area();
        match self {
            Self::All(own) => {
                own as u8 == area as u8 || (own as u8 == Area::Users as u8 && permission.follows_people())
            }
            Self::Device(_) => matches!(area, Area::Devices),
            Self::Group(_) => matches!(area, Area::Groups),
            Self::Members(_) | Self::User(_) => matches!(area, Area::Users) || permission.follows_people(),
        }
    }

    /// Whether whatever lies within `other` lies within this, for a permission that can be held over both. Who is in a
    /// group changes, so a group's members cover no single person.
    pub fn covers(self, other: Self, permission: Permission) -> bool {
        match (self, other) {
            (Self::All(area), _) if area == permission.area() => true,
            (Self::All(Area::Users), Self::Members(_) | Self::User(_)) => true,
            (own, other) => own == other,
        }
    }
}

/// Over what something is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything there is.
    Everything,
    /// These alone; what is not among them is out of reach, even where the set is empty.
    Only(BTreeSet<Resource>),
}

impl Scope {
    /// What a standard role reaches that is limited to `groups`: those groups and the people in them. A group membership
    /// administrator brings people into them, so for that role the groups alone are limited.
    pub fn of_groups(role: Role, groups: impl IntoIterator<Item = Id<Group>>) -> Self {
        let mut resources = BTreeSet::new();
        for group in groups {
            resources.insert(Resource::Group(group));
            resources.insert(Resource::Members(group));
        }
        if role == Role::GroupMembership {
            resources.insert(Resource::All(Area::Users));
        }
        Self::Only(resources)
    }

    /// The resources over which it gives `permission`.
    pub fn resources(&self, permission: Permission) -> Vec<Resource> {
        match self {
            Self::Everything => vec![Resource::All(permission.area())],
            Self::Only(resources) => resources.iter().copied().filter(|one| one.is_of(permission)).collect(),
        }
    }
}
