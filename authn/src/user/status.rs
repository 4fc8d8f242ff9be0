//! Where an account stands, and how it moves on: a machine without memory. What is kept is the [`Status`]; a lock is laid
//! over it by time alone, and [`User::shown_status`](super::User::shown_status) says what others see.

use std::str::FromStr;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// May sign in.
    Active,
    /// Ended, kept for the record.
    Deprovisioned,
    /// May sign in, and must choose a new password then.
    PasswordExpired,
    /// Activated, but has not chosen a password yet.
    Provisioned,
    /// The password is void; a new one is chosen by a mailed link.
    Recovery,
    /// Created, not activated.
    Staged,
    /// Shut out for a while.
    Suspended,
}

impl Status {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Active,
        Self::Deprovisioned,
        Self::PasswordExpired,
        Self::Provisioned,
        Self::Recovery,
        Self::Staged,
        Self::Suspended,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Deprovisioned => "DEPROVISIONED",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::Provisioned => "PROVISIONED",
            Self::Recovery => "RECOVERY",
            Self::Staged => "STAGED",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// Whether the person belongs here now: their sessions, tokens and computers go on. A password that is expired or
    /// being reset takes none of these away.
    pub const fn is_in_force(self) -> bool {
        match self {
            Self::Active | Self::PasswordExpired | Self::Recovery => true,
            Self::Deprovisioned | Self::Provisioned | Self::Staged | Self::Suspended => false,
        }
    }

    /// Whether the right password is taken at sign-in. In recovery it is not: it may be in the wrong hands.
    pub const fn takes_password(self) -> bool {
        match self {
            Self::Active | Self::PasswordExpired => true,
            Self::Deprovisioned | Self::Provisioned | Self::Recovery | Self::Staged | Self::Suspended => false,
        }
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text).ok_or(())
    }
}

/// Whether somebody has what they need to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Readiness {
    /// They must choose a password first.
    NeedsPassword,
    /// They have a password, or what is asked of them needs none.
    Ready,
}

/// What happens to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Lets a new or deactivated person in.
    Activate(Readiness),
    /// Ends the account.
    Deactivate,
    /// Wants another password at the next sign-in.
    ExpirePassword,
    /// Begins again what was not completed: activation or recovery.
    Reactivate(Readiness),
    /// Makes the password void until a new one is chosen.
    ResetPassword,
    /// Gives the account a password that its owner means to keep.
    SetPassword,
    /// Shuts out for a while.
    Suspend,
    /// Lets in again.
    Unsuspend,
}

impl Lifecycle {
    /// Every step.
    pub const ALL: &[Self] = &[
        Self::Activate(Readiness::NeedsPassword),
        Self::Activate(Readiness::Ready),
        Self::Deactivate,
        Self::ExpirePassword,
        Self::Reactivate(Readiness::NeedsPassword),
        Self::Reactivate(Readiness::Ready),
        Self::ResetPassword,
        Self::SetPassword,
        Self::Suspend,
        Self::Unsuspend,
    ];

    /// The status after it, or nothing where the status before it forbids it.
    pub const fn apply(self, status: Status) -> Option<Status> {
        use Readiness as R;
        use Status as S;
        match (self, status) {
            (Self::Activate(R::Ready), S::Deprovisioned | S::Staged)
            | (Self::Reactivate(R::Ready), S::Provisioned)
            | (Self::SetPassword, S::Active | S::PasswordExpired | S::Provisioned | S::Recovery)
            | (Self::Unsuspend, S::Suspended) => Some(S::Active),
            (Self::Activate(R::NeedsPassword), S::Deprovisioned | S::Staged)
            | (Self::Reactivate(R::NeedsPassword), S::Provisioned) => Some(S::Provisioned),
            (
                Self::Deactivate,
                S::Active | S::PasswordExpired | S::Provisioned | S::Recovery | S::Staged | S::Suspended,
            ) => Some(S::Deprovisioned),
            (Self::ExpirePassword, S::Active | S::PasswordExpired) => Some(S::PasswordExpired),
            // Whether the old password will do is not asked: what was begun is a recovery.
            (Self::Reactivate(_), S::Recovery)
            | (Self::ResetPassword, S::Active | S::PasswordExpired | S::Provisioned | S::Recovery | S::Staged) => {
                Some(S::Recovery)
            }
            // A password alone lets nobody in who was not let in before.
            (Self::SetPassword, S::Staged) => Some(S::Staged),
            (Self::SetPassword, S::Suspended) | (Self::Suspend, S::Active) => Some(S::Suspended),
            (Self::Activate(_), S::Active | S::PasswordExpired | S::Provisioned | S::Recovery | S::Suspended)
            | (Self::Deactivate | Self::SetPassword, S::Deprovisioned)
            | (Self::ExpirePassword, S::Deprovisioned | S::Provisioned | S::Recovery | S::Staged | S::Suspended)
            | (Self::Reactivate(_), S::Active | S::Deprovisioned | S::PasswordExpired | S::Staged | S::Suspended)
            | (Self::ResetPassword, S::Deprovisioned | S::Suspended)
            | (
                Self::Suspend,
                S::Deprovisioned | S::PasswordExpired | S::Provisioned | S::Recovery | S::Staged | S::Suspended,
            )
            | (
                Self::Unsuspend,
                S::Active | S::Deprovisioned | S::PasswordExpired | S::Provisioned | S::Recovery | S::Staged,
            ) => None,
        }
    }

    /// Whether a person who stands so can be led through it at all, ready or not.
    pub const fn is_open_to(self, status: Status) -> bool {
        self.apply(status).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every step from every status, as a table for people: a row a step, a column a status of [`Status::ALL`].
    const TABLE: &str = "
        step                  | ACTIVE           DEPROVISIONED PASSWORD_EXPIRED PROVISIONED   RECOVERY      STAGED        SUSPENDED
        Activate needs        | -                PROVISIONED   -                -             -             PROVISIONED   -
        Activate ready        | -                ACTIVE        -                -             -             ACTIVE        -
        Deactivate            | DEPROVISIONED    -             DEPROVISIONED    DEPROVISIONED DEPROVISIONED DEPROVISIONED DEPROVISIONED
        ExpirePassword        | PASSWORD_EXPIRED -             PASSWORD_EXPIRED -             -             -             -
        Reactivate needs      | -                -             -                PROVISIONED   RECOVERY      -             -
        Reactivate ready      | -                -             -                ACTIVE        RECOVERY      -             -
        ResetPassword         | RECOVERY         -             RECOVERY         RECOVERY      RECOVERY      RECOVERY      -
        SetPassword           | ACTIVE           -             ACTIVE           ACTIVE        ACTIVE        STAGED        SUSPENDED
        Suspend               | SUSPENDED        -             -                -             -             -             -
        Unsuspend             | -                -             -                -             -             -             ACTIVE
    ";

    #[test]
    fn every_step_from_every_status_goes_where_the_table_says() {
        let rows: Vec<&str> = TABLE.lines().filter(|line| line.contains('|')).skip(1).collect();
        assert_eq!(rows.len(), Lifecycle::ALL.len());
        for (step, row) in Lifecycle::ALL.iter().zip(rows) {
            let (name, cells) = row.split_once('|').unwrap();
            assert!(format!("{step:?}").starts_with(name.split_whitespace().next().unwrap()), "{step:?} {name}");
            let cells: Vec<&str> = cells.split_whitespace().collect();
            assert_eq!(cells.len(), Status::ALL.len(), "{row}");
            for (status, wanted) in Status::ALL.iter().zip(cells) {
                let after = step.apply(*status).map_or("-", Status::as_str);
                assert_eq!(after, wanted, "{step:?} from {status:?}");
            }
        }
    }

    #[test]
    fn nobody_leaves_the_end_or_a_suspension_but_by_being_let_in() {
        for step in Lifecycle::ALL {
            let lets_in = matches!(step, Lifecycle::Activate(_));
            assert_eq!(step.is_open_to(Status::Deprovisioned), lets_in, "{step:?}");
            let after = step.apply(Status::Suspended);
            let lets_in = matches!(step, Lifecycle::Unsuspend);
            assert_eq!(after.is_some_and(Status::is_in_force), lets_in, "{step:?}");
        }
    }

    #[test]
    fn a_password_that_is_taken_is_one_of_somebody_in_force() {
        for status in Status::ALL {
            assert!(status.is_in_force() || !status.takes_password(), "{status:?}");
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
    }
}
