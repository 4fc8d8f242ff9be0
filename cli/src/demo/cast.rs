//! Who plays.

/// Somebody of the organisation.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Their first name; in lower case also their account on the computer.
    pub first: &'static str,
    /// Their last name.
    pub last: &'static str,
}

/// The organisation.
pub const ORG: &str = "Analytical Engines";

/// Who may do everything.
pub const SUPER_ADMIN: Role = Role { first: "Margaret", last: "Hamilton" };
/// Who answers the phone.
pub const HELP_DESK: Role = Role { first: "Annie", last: "Easley" };
/// Who is locked out.
pub const GRACE: Role = Role { first: "Grace", last: "Hopper" };
/// Whose name and password an impostor has.
pub const ADA: Role = Role { first: "Ada", last: "Lovelace" };
/// A colleague with an account on the same computer, who overhears a PIN.
pub const CHARLES: Role = Role { first: "Charles", last: "Babbage" };

/// Those who share Grace's computer and whom the frauds are about.
pub const COLLEAGUES: [Role; 2] = [ADA, CHARLES];

impl Role {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// What they sign in with.
    pub fn login(&self) -> String {
        format!("{}.{}@engines.example", self.first, self.last).to_lowercase()
    }

    /// Their account on the computer.
    pub fn account(&self) -> String {
        self.first.to_lowercase()
    }
}
