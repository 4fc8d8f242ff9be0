//! The record: the closed list of events, and what an event says.
//!
//! Every change and every refusal writes its event in the transaction that makes it. To add an event, add a line to the
//! list. An event names people by id in its body; names, addresses and clients are kept apart, so that they can be erased
//! while the record stays provable.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use postern_codes::Id;
use postern_codes::id::{ApiToken, Device, Request, User};
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($variant:ident $severity:ident $text:literal $message:literal;)*) => {
        /// What happened, by Okta's name for it, or in the same style where Okta has none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType { $(#[doc = $message] $variant),* }

        impl EventType {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in the record.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// A sentence for people.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),* }
            }

            /// How much it matters when it succeeds; a failure is at least a warning.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }
        }
    };
}

/// What runbooks of help desks call some events. A filter of the record takes either name.
pub const RUNBOOK_NAMES: &[(&str, EventType)] = &[
    ("mfa.factor_admin_reset", EventType::FactorResetAll),
    ("mfa.factor_enrolled", EventType::FactorActivate),
    ("user.password_set_by_admin", EventType::UserPasswordExpire),
];

/// Our name for an event of either name.
pub fn known_name(text: &str) -> &str {
    RUNBOOK_NAMES.iter().find(|(name, _)| *name == text).map_or(text, |(_, kind)| kind.as_str())
}

events! {
    ApiTokenCreate Info "system.api_token.create" "API token made";
    ApiTokenOutside Warn "system.api_token.request_outside_allowed_range" "API token used from where it may not be";
    ApiTokenRevoke Info "system.api_token.revoke" "API token revoked";
    CaseApprove Info "recovery.case.approve" "Action in a recovery case approved";
    CaseClose Info "recovery.case.close" "Recovery case closed";
    CaseEscalate Warn "recovery.case.escalate" "Recovery case handed to another role";
    CaseEvidence Info "recovery.case.evidence" "Evidence taken in a recovery case";
    CaseIncident Error "recovery.case.incident" "The wrong person was let in, or may have been";
    CaseLapse Warn "recovery.case.lapse" "Nobody enrolled in time after a recovery case: account suspended";
    CaseManager Info "recovery.case.manager" "Manager asked, or answered, in a recovery case";
    CaseNote Info "recovery.case.note" "Note written in a recovery case";
    CaseOpen Info "recovery.case.open" "Recovery case opened";
    CasePress Warn "recovery.case.press" "The caller in a recovery case pressed the agent";
    CaseRefuse Warn "recovery.case.refuse" "Recovery case refused";
    CaseRestore Warn "recovery.case.restore" "Account given back after an incident";
    CaseStop Warn "recovery.case.stop" "A person stopped a recovery case of theirs";
    CaseTake Info "recovery.case.take" "Recovery case taken by an agent";
    CaseTicket Warn "recovery.case.ticket" "Enrolment ticket given in a recovery case";
    CaseUse Warn "recovery.case.act" "Action in a recovery case carried out";
    ClientConcurrencyViolation Warn "system.client.concurrency_rate_limit.violation" "Too many attempts to sign in at once";
    ClientRateLimitNotification Info "system.client.rate_limit.notification" "A browser would have been refused";
    ClientRateLimitViolation Warn "system.client.rate_limit.violation" "Too many requests from a browser or address";
    ApiTokenUpdate Info "system.api_token.update" "API token changed";
    BindingAdd Info "iam.resourceset.bindings.add" "Role bound to a resource set";
    BindingDelete Info "iam.resourceset.bindings.delete" "Binding of a role ended";
    BrowsersForget Info "user.browsers.forget" "Remembered browsers forgotten";
    ConfigurationUpdate Info "device.desktop_mfa.configuration.update" "Desktop MFA settings changed";
    DeviceActivate Info "device.lifecycle.activate" "Computer activated";
    DeviceCertificateRenew Info "device.certificate.renew" "Certificate of a computer renewed";
    DeviceDeactivate Info "device.lifecycle.deactivate" "Computer deactivated";
    DeviceDelete Info "device.lifecycle.delete" "Computer deleted";
    DeviceEnroll Info "device.enrollment.create" "Computer enrolled";
    DeviceEnrollmentCodeCreate Info "device.enrollment_code.create" "Enrolment code made";
    DeviceSuspend Info "device.lifecycle.suspend" "Computer suspended";
    DeviceUnsuspend Info "device.lifecycle.unsuspend" "Computer unsuspended";
    DeviceUserAdd Info "device.user.add" "Person linked to computer";
    DeviceUserRemove Info "device.user.remove" "Person unlinked from computer";
    FactorActivate Info "user.mfa.factor.activate" "Factor enrolled";
    FactorCloneSuspect Error "user.mfa.factor.clone_suspected" "A copy of somebody's security key may be in use";
    FactorDeactivate Info "user.mfa.factor.deactivate" "Factor removed";
    FactorEnrol Info "user.mfa.factor.enroll" "Enrolment of a factor begun";
    FactorProfileCreate Info "system.mfa.factor_profile.create" "Factor profile made";
    FactorProfileDelete Info "system.mfa.factor_profile.delete" "Factor profile deleted";
    FactorResetAll Warn "user.mfa.factor.reset_all" "Every factor reset";
    GroupCreate Info "group.lifecycle.create" "Group made";
    GroupDelete Info "group.lifecycle.delete" "Group deleted";
    GroupOwnerAdd Info "group.owner.add" "Owner of group named";
    GroupOwnerRemove Info "group.owner.remove" "Owner of group removed";
    GroupPrivilegeGrant Info "group.privilege.grant" "Administrator role given to a group";
    GroupPrivilegeRevoke Info "group.privilege.revoke" "Administrator role taken from a group";
    GroupRuleActivate Info "group.user_membership.rule.trigger" "Group rule begun";
    GroupRuleCreate Info "group.user_membership.rule.create" "Group rule made";
    GroupRuleDeactivate Info "group.user_membership.rule.deactivated" "Group rule stopped";
    GroupRuleDelete Info "group.user_membership.rule.delete" "Group rule deleted";
    GroupRuleExclude Info "group.user_membership.rule.add_exclusion" "Person excluded from group rule";
    GroupRuleInvalid Warn "group.user_membership.rule.invalidate" "Group rule cannot be carried out";
    GroupRuleUpdate Info "group.user_membership.rule.update" "Group rule changed";
    GroupUpdate Info "group.profile.update" "Group changed";
    GroupUserAdd Info "group.user_membership.add" "Person added to group";
    GroupUserRemove Info "group.user_membership.remove" "Person removed from group";
    OperationConcurrencyViolation Warn "system.operation.concurrency_limit.violation" "Too many requests at once";
    OperationRateLimitWarning Info "system.operation.rate_limit.warning" "Much of a limit is used up by one caller";
    OrgCreate Info "org.create" "Organisation made";
    OrgRateLimitBurst Warn "system.org.rate_limit.burst" "A limit on requests is used up; more is served for now";
    OrgRateLimitViolation Warn "system.org.rate_limit.violation" "A limit on requests is used up";
    OrgRateLimitWarning Warn "system.org.rate_limit.warning" "Much of a limit on requests is used up";
    OrgFactorActivate Info "system.mfa.factor.activate" "Factor allowed";
    OrgFactorDeactivate Warn "system.mfa.factor.deactivate" "Factor allowed no more";
    OrgFactorUpdate Info "system.mfa.factor.update" "What is demanded of a factor changed";
    OrgSettingUpdate Info "org.setting.update" "Organisation setting changed";
    PermissionDenied Warn "core.access.denied" "Action refused";
    PolicyActivate Info "policy.lifecycle.activate" "Policy activated";
    PolicyCreate Info "policy.lifecycle.create" "Policy made";
    PolicyDeactivate Warn "policy.lifecycle.deactivate" "Policy deactivated";
    PolicyDelete Warn "policy.lifecycle.delete" "Policy deleted";
    PolicyEvaluateSignOn Info "policy.evaluate_sign_on" "Sign-on policy evaluated";
    PolicyRuleActivate Info "policy.rule.activate" "Policy rule activated";
    PolicyRuleAdd Info "policy.rule.add" "Policy rule made";
    PolicyRuleDeactivate Warn "policy.rule.deactivate" "Policy rule deactivated";
    PolicyRuleDelete Warn "policy.rule.delete" "Policy rule deleted";
    PolicyRuleUpdate Warn "policy.rule.update" "Policy rule changed";
    PolicyUpdate Warn "policy.lifecycle.update" "Policy changed";
    PrivilegeGrant Info "user.account.privilege.grant" "Administrator role given";
    PrivilegeRevoke Info "user.account.privilege.revoke" "Administrator role taken";
    RateLimitConfigurationUpdate Info "system.rate_limit.configuration.update" "Limits on requests changed";
    RateLimitViolation Warn "system.operation.rate_limit.violation" "Limit reached";
    RecoveryBindingWeakened Error "device.desktop_mfa.enrollment.binding_weakened" "A recovery secret moved from hardware into a file";
    RecoveryChainBroken Error "device.desktop_mfa.recovery_pin.chain_broken" "A computer's reports do not follow one another";
    RecoveryEnroll Info "device.desktop_mfa.enrollment.create" "Computer registered for recovery";
    RecoveryOffer Info "device.desktop_mfa.enrollment.offer" "Registration for recovery begun";
    RecoveryPinActivate Info "device.desktop_mfa.recovery_pin.activate" "Recovery PIN used";
    RecoveryPinDeny Warn "device.desktop_mfa.recovery_pin.deny" "Recovery PIN refused";
    RecoveryPinEnd Info "device.desktop_mfa.recovery_pin.end" "Recovery access ended";
    RecoveryPinGenerate Info "device.desktop_mfa.recovery_pin.generate" "Recovery PIN made";
    RecoveryPinRevoke Info "device.desktop_mfa.recovery_pin.revoke" "Recovery PIN revoked";
    RecoveryPinUnissued Error "device.desktop_mfa.recovery_pin.activation_without_issuance" "A computer opened with a PIN that was never issued";
    RecoveryRegisterFailed Warn "device.recovery.register_failed" "Registration for recovery failed";
    RecoveryRotate Info "device.desktop_mfa.recovery_pin.rotate_secret" "Recovery secret renewed";
    ReferenceAdd Info "recovery.reference.add" "Something to compare a person with kept";
    ReferenceRemove Warn "recovery.reference.remove" "Something to compare a person with removed";
    ReportSuspicious Warn "user.account.report_suspicious_activity_by_enduser" "A person said: this was not me";
    RequestBlocked Warn "security.request.blocked" "A blocked address was refused";
    ResourceSetCreate Info "iam.resourceset.create" "Resource set made";
    ResourceSetDelete Info "iam.resourceset.delete" "Resource set deleted";
    ResourceSetResourcesAdd Info "iam.resourceset.resources.add" "Resources added to a set";
    ResourceSetResourcesDelete Info "iam.resourceset.resources.delete" "Resources removed from a set";
    ResourceSetUpdate Info "iam.resourceset.update" "Resource set changed";
    RoleConditionsAdd Info "iam.role.permission.conditions.add" "Permission of a role limited";
    RoleConditionsDelete Info "iam.role.permission.conditions.delete" "Limit of a permission of a role ended";
    RoleCreate Info "iam.role.create" "Role made";
    RoleDelete Info "iam.role.delete" "Role deleted";
    RolePermissionsAdd Info "iam.role.permissions.add" "Permission added to a role";
    RolePermissionsDelete Info "iam.role.permissions.delete" "Permission taken from a role";
    RoleUpdate Info "iam.role.update" "Role changed";
    RecoveryCall Info "system.voice.send_password_reset_call" "Code to choose a password said by a call";
    RecoverySms Info "system.sms.send_password_reset_message" "Code to choose a password sent by text message";
    SessionEnd Info "user.session.end" "Signed out";
    SessionsClear Info "user.session.clear" "Signed out everywhere";
    SendCall Info "system.voice.send_mfa_challenge_call" "Code said by a call";
    SendEmail Info "system.email.send_factor_verify_message" "Code sent by e-mail";
    SendSms Info "system.sms.send_factor_verify_message" "Code sent by text message";
    SessionStart Info "user.session.start" "Signed in";
    TrustedOriginActivate Info "security.trusted_origin.activate" "Trusted origin activated";
    TrustedOriginCreate Info "security.trusted_origin.create" "Trusted origin made";
    TrustedOriginDeactivate Info "security.trusted_origin.deactivate" "Trusted origin deactivated";
    TrustedOriginDelete Info "security.trusted_origin.delete" "Trusted origin deleted";
    TrustedOriginUpdate Info "security.trusted_origin.update" "Trusted origin changed";
    UserAccountLock Warn "user.account.lock" "Account locked";
    UserActivate Info "user.lifecycle.activate" "Person activated";
    UserAuthFactor Info "user.authentication.auth_via_mfa" "Second factor checked";
    UserCreate Info "user.lifecycle.create" "Person created";
    UserDeactivate Info "user.lifecycle.deactivate" "Person deactivated";
    UserDelete Info "user.lifecycle.delete.completed" "Person deleted";
    UserExport Info "user.export" "People exported";
    UserImportApply Info "user.import.apply" "Import of people begun";
    UserImportCancel Info "user.import.cancel" "Import of people given up";
    UserImportCreate Info "user.import.create" "File of people received";
    UserImportEnd Info "user.import.end" "Import of people done";
    UserPasswordExpire Info "user.account.expire_password" "Password expired";
    UserPasswordReset Info "user.account.reset_password" "Password reset begun";
    UserPasswordUpdate Info "user.account.update_password" "Password set";
    UserProfileUpdate Info "user.account.update_profile" "Profile changed";
    UserReactivate Info "user.lifecycle.reactivate" "Activation begun again";
    UserRecoveryQuestionUpdate Info "user.account.update_recovery_question" "Recovery question changed";
    UserSuspend Info "user.lifecycle.suspend" "Person suspended";
    UserTokenUse Info "user.account.use_token" "One-time link used";
    UserUnlock Info "user.account.unlock_by_admin" "Account unlocked";
    UserUnlockBegin Info "user.account.unlock_token" "Unlock asked for";
    UserUnlockOwn Info "user.account.unlock" "Account unlocked by its owner";
    UnlockCall Info "system.voice.send_account_unlock_call" "Code to unlock an account said by a call";
    UnlockSms Info "system.sms.send_account_unlock_message" "Code to unlock an account sent by text message";
    UserUnsuspend Info "user.lifecycle.unsuspend" "Person unsuspended";
    UserVerify Info "user.authentication.verify" "Factor proved to a program";
    ZoneActivate Info "zone.activate" "Network zone activated";
    ZoneCreate Info "zone.create" "Network zone made";
    ZoneDeactivate Info "zone.deactivate" "Network zone deactivated";
    ZoneDelete Info "zone.delete" "Network zone deleted";
    ZoneMakeBlocklist Info "zone.make_blacklist" "Network zone made a blocklist";
    ZoneRemoveBlocklist Info "zone.remove_blacklist" "Network zone is a blocklist no longer";
    ZoneUpdate Info "zone.update" "Network zone changed";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much an event matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Nothing to look at.
    Info,
    /// Worth a look.
    Warn,
    /// Somebody must look now.
    Error,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused, for this reason (a stable code).
    Failure(String),
    /// It was done.
    Success,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// Their id, or `system` or `anonymous`.
    pub id: String,
    /// `User`, `Device`, `System` or `Anonymous`.
    pub kind: String,
    /// The login or serial number; personal.
    pub alternate_id: String,
    /// The name; personal.
    pub display_name: String,
    /// The API token they acted through.
    pub token: Option<Id<ApiToken>>,
}

impl Actor {
    /// A person.
    pub fn user(id: Id<User>, login: &str, name: &str) -> Self {
        Self {
            id: id.to_string(),
            kind: "User".into(),
            alternate_id: login.into(),
            display_name: name.into(),
            token: None,
        }
    }

    /// A computer.
    pub fn device(id: Id<Device>, serial: &str, name: &str) -> Self {
        Self {
            id: id.to_string(),
            kind: "Device".into(),
            alternate_id: serial.into(),
            display_name: name.into(),
            token: None,
        }
    }

    /// The program itself, or an operator at its console.
    pub fn system() -> Self {
        Self {
            id: "system".into(),
            kind: "System".into(),
            alternate_id: "system".into(),
            display_name: "Postern".into(),
            token: None,
        }
    }

    /// Somebody unknown.
    pub fn anonymous() -> Self {
        Self { id: "anonymous".into(), kind: "Anonymous".into(), ..Self::default() }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// `User`, `Device`, `Group` ...
    pub kind: &'static str,
    /// The login or serial number; personal.
    pub alternate_id: String,
    /// The name; personal.
    pub display_name: String,
}

impl Target {
    /// Something of `kind` with this id and these names.
    pub fn new(kind: &'static str, id: impl fmt::Display, alternate_id: &str, display_name: &str) -> Self {
        Self { id: id.to_string(), kind, alternate_id: alternate_id.into(), display_name: display_name.into() }
    }
}

/// Where the request came from; personal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The network address, or empty.
    pub ip: String,
    /// The proxies that the request came through, the nearest last.
    pub proxies: Vec<IpAddr>,
    /// What the program called itself, or empty.
    pub user_agent: String,
    /// The request, for correlation with the answer's `X-Okta-Request-Id`.
    pub request: Option<Id<Request>>,
    /// SHA-256 of the token by which a browser is known again, where it showed one. It is in no entry.
    pub browser: Option<[u8; 32]>,
}

impl Client {
    /// The network address and those of the proxies.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.ip.parse().ok().into_iter().chain(self.proxies.iter().copied())
    }
}

/// One entry of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventType,
    /// Who did it.
    pub actor: Actor,
    /// What it was done to.
    pub targets: Vec<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// Where the request came from.
    pub client: Client,
    /// Further facts by name, such as a reason or a ticket. Never a code, a PIN or a token.
    pub details: BTreeMap<&'static str, String>,
}

impl Event {
    /// A success by `actor`.
    pub fn success(kind: EventType, actor: Actor, client: Client) -> Self {
        Self { kind, actor, targets: Vec::new(), outcome: Outcome::Success, client, details: BTreeMap::new() }
    }

    /// A refusal, with its stable code.
    pub fn failure(kind: EventType, actor: Actor, client: Client, code: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failure(code.into()), ..Self::success(kind, actor, client) }
    }

    /// Names something it was done to.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Adds a fact; an empty one is left out.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.details.insert(name, value);
        }
        self
    }

    /// How much it matters, as it ended.
    pub fn severity(&self) -> Severity {
        match self.outcome {
            Outcome::Failure(_) => self.kind.severity().max(Severity::Warn),
            Outcome::Success => self.kind.severity(),
        }
    }
}
