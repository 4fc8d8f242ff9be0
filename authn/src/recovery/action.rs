//! What can be done in a recovery case. An [`Action`] that gives access needs what the policy asks for; one that only
//! takes it away, or tells, needs nothing.

use crate::device::words;

words! {
    /// Something that can be done in a case.
    Action {
        /// Sign the person out everywhere.
        EndSessions "END_SESSIONS",
        /// Make backup codes for the person.
        GenerateCodes "GENERATE_CODES",
        /// Write something down.
        Note "NOTE",
        /// Make a recovery PIN for a computer of theirs.
        RecoveryPin "RECOVERY_PIN",
        /// Take one factor away while another stays required.
        ResetFactor "RESET_FACTOR",
        /// Take every factor away.
        ResetFactors "RESET_FACTORS",
        /// Suspend the account.
        Suspend "SUSPEND",
        /// Set a password that must be changed at the first sign-in.
        TemporaryPassword "TEMPORARY_PASSWORD",
        /// Walk the person through a backup code of theirs.
        UseBackupCode "USE_BACKUP_CODE",
    }
}

impl Action {
    /// Whether it lets somebody in, or makes it easier. What it needs is the policy's.
    pub const fn gives_access(self) -> bool {
        match self {
            Self::GenerateCodes
            | Self::RecoveryPin
            | Self::ResetFactor
            | Self::ResetFactors
            | Self::TemporaryPassword => true,
            Self::EndSessions | Self::Note | Self::Suspend | Self::UseBackupCode => false,
        }
    }

    /// Whether the person must enrol afterwards.
    pub const fn awaits_enrolment(self) -> bool {
        matches!(self, Self::ResetFactor | Self::ResetFactors)
    }

    /// Whether it takes the place of the password.
    pub const fn replaces_password(self) -> bool {
        matches!(self, Self::TemporaryPassword)
    }

    /// Whether it takes the place of the other factors.
    pub const fn replaces_factors(self) -> bool {
        matches!(self, Self::GenerateCodes | Self::ResetFactor | Self::ResetFactors)
    }

    /// What people call it, in the middle of a sentence.
    pub const fn label(self) -> &'static str {
        match self {
            Self::EndSessions => "sign out everywhere",
            Self::GenerateCodes => "backup codes for the person",
            Self::Note => "a note",
            Self::RecoveryPin => "a recovery PIN",
            Self::ResetFactor => "reset of one factor",
            Self::ResetFactors => "reset of every factor",
            Self::Suspend => "suspension",
            Self::TemporaryPassword => "a temporary password",
            Self::UseBackupCode => "a backup code of their own",
        }
    }
}
