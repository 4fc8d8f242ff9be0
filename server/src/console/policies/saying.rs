//! Policies in words: what a rule answers, what was refused.

use postern_authn::policy::Actions;
use postern_authn::policy::sign_on::{Access as Entry, PromptMode};

use crate::api::ApiError;
use crate::api::error::Reason;
use crate::api::policies::Denial;
use crate::console::part::{Notice, Tone};
use crate::console::words::{Text, say, say_of};

/// What a rule answers, in plain words.
pub fn answer(actions: &Actions) -> Text {
    match actions {
        Actions::MfaEnroll(enroll) => {
            let word = serde_json::to_value(enroll.enroll.by_oneself).ok();
            say_of("policies-choice", word.as_ref().and_then(|word| word.as_str()).unwrap_or_default())
        }
        Actions::OktaSignOn(actions) => {
            let rule = actions.signon;
            if rule.access == Entry::Deny {
                return say("policies-answer-deny");
            }
            let proof = match (rule.require_factor, rule.factor_prompt_mode) {
                (false, _) => say("policies-answer-password"),
                (true, Some(PromptMode::Device)) => say("policies-answer-device"),
                (true, Some(PromptMode::Session)) => {
                    say("policies-answer-session").with("minutes", rule.factor_lifetime.unwrap_or_default())
                }
                (true, Some(PromptMode::Always) | None) => say("policies-answer-always"),
            };
            let lasts = say("policies-answer-lasts").with("idle", rule.session.max_session_idle_minutes);
            Text::sentences([proof, lasts])
        }
        Actions::Password(actions) => {
            let may = [
                (actions.password_change.access, say("policies-setting-passwordchange")),
                (actions.self_service_password_reset.access, say("policies-setting-selfservicepasswordreset")),
                (actions.self_service_unlock.access, say("policies-setting-selfserviceunlock")),
            ];
            let may: Vec<_> = may.into_iter().filter(|(access, _)| *access == Entry::Allow).collect();
            if may.is_empty() {
                say("policies-answer-nothing")
            } else {
                Text::list(may.into_iter().map(|(_, text)| text))
            }
        }
        Actions::Recovery(actions) => {
            let rules = &actions.recovery;
            let most = rules.actions.values().map(|needed| u32::from(needed.evidence)).max().unwrap_or_default();
            let approved = rules.actions.values().filter(|needed| needed.approvals > 0).map(|_| 1_u32).sum::<u32>();
            say("policies-answer-recovery").with("most", most).with("approved", approved)
        }
    }
}

/// What an act was refused for, above the page that it began on.
pub fn refusal(refused: &ApiError) -> Notice {
    let nothing = say("policies-nothing-changed");
    let (happened, next) = match &refused.reason {
        Some(Reason::Missing(id)) => (nothing, say("policies-missing").with("id", id.clone())),
        Some(Reason::ShutsOut(out)) => {
            let whom = if out.is_caller { say("policies-shuts-out-you") } else { say("policies-shuts-out-everybody") };
            let why = match &out.why {
                Denial::CannotTell(policy) => say("policies-denied-unclear").with("policy", policy.clone()),
                Denial::Nothing => say("policies-denied-nothing"),
                Denial::Rule { rule, policy } => {
                    say("policies-denied-rule").with("rule", rule.clone()).with("policy", policy.clone())
                }
            };
            (say("policies-shuts-out"), Text::sentences([whom, why, say("policies-shuts-out-next")]))
        }
        Some(Reason::TooMany(most)) => (nothing, say("policies-too-many").with("most", *most)),
        None => {
            let happened = say_of("domain-error", refused.code).or(refused.summary.clone());
            (happened, refused.causes.join(". ").into())
        }
    };
    Notice::new(Tone::Danger, happened, next).with_code(refused.code)
}
