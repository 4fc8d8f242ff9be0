//! Policies as documents: read or refused, and what was read decides about anybody without a fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_authn::policy::condition::Place;
use postern_authn::policy::{Actions, Conditions, PolicyType, Settings, Situation, decide, default_policy};
use postern_codes::Timestamp;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    for kind in PolicyType::ALL {
        let settings = Settings::read(*kind, &document["settings"]);
        let conditions = Conditions::read(Place::Policy(*kind), &document["conditions"]);
        let of_rule = Conditions::read(Place::Rule(*kind), &document["conditions"]);
        let actions = Actions::read(*kind, &document["actions"]);
        if let (Ok(settings), Ok(conditions), Ok(of_rule), Ok(actions)) = (settings, conditions, of_rule, actions) {
            let ids = ("00p00000000000000000".parse().expect("an id"), "0pr00000000000000000".parse().expect("an id"));
            let everyone = "00g00000000000000000".parse().expect("an id");
            let mut policy = default_policy(*kind, ids, everyone, Timestamp::from_unix_seconds(0));
            policy.settings = settings;
            policy.conditions = conditions;
            for rule in &mut policy.rules {
                rule.conditions = of_rule.clone();
                rule.actions = actions.clone();
            }
            let policies = [policy];
            let _ = decide(&policies, &Situation::default()).outcome;
        }
    }
});
