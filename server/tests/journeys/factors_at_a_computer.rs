//! Factors at a locked computer, checked online: which are offered, whose code is sent, what opens.

use postern_authn::factor::{Kind, NewFactor, Status};
use postern_codes::Secret;
use postern_codes::id::{Id, Org, User};
use postern_server::api::backup_codes;
use postern_server::factors::Doer;
use postern_store::factors::OrgFactors;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::computer::Computer;
use crate::harbour::Harbour;
use crate::people::client;
use crate::sent_codes::{code_of, messages};

const NUMBER: &str = "+15554151337";

/// Gives somebody a telephone and a question, and allows every factor.
pub async fn further_factors(app: &TestApp, org: Id<Org>, user: Id<User>) {
    let (app, env) = (&app.app, app.app.env());
    let hash = app.passwords.hash(Secret::new("blue ribbon".to_owned()), &env).await.expect("a hash");
    let of_theirs = |kind: Kind, profile: Value, secret: Vec<u8>| {
        let (provider, status) = ("OKTA", Status::Active);
        NewFactor { user, kind, provider, status, profile, secret: Secret::new(secret), counter: 0 }
    };
    let made = app.store.write(org, |tx| {
        tx.put_setting(&OrgFactors::all(), env.now)?;
        tx.insert_factor(&of_theirs(Kind::Sms, json!({ "phoneNumber": NUMBER }), Vec::new()), &env)?;
        let question = json!({ "question": "first_award", "questionText": "What did you earn your first medal for?" });
        tx.insert_factor(&of_theirs(Kind::Question, question, hash.expose().as_bytes().to_vec()), &env)
    });
    made.await.expect("the database serves");
}

/// Grace has more than her app.
async fn harbour(engine: postern_store::migrate::Engine) -> Harbour {
    let harbour = Harbour::new(engine).await;
    further_factors(&harbour.app, harbour.ada.org, harbour.grace.id).await;
    harbour
}

async fn offered(harbour: &Harbour, computer: &Computer) -> Vec<Value> {
    let answer = computer.post(&harbour.app, "/factors/offered", &json!({ "login": "grace" })).await.expect(200).json();
    answer["factors"].as_array().expect("a list").clone()
}

async fn shows(harbour: &Harbour, computer: &Computer, factor: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "login": "grace", "factor": factor, "nonce": "AAAAAAAAAAAAAAAAAAAAAA" });
    if let Some(code) = code {
        body["passCode"] = json!(code);
    }
    computer.post(&harbour.app, "/factors/verify", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_can_show_is_offered_in_the_order_of_the_settings() {
    for engine in scratch::engines() {
        let harbour = harbour(engine).await;
        let computer = harbour.computer().await;
        let names = |offered: &[Value]| offered.iter().map(|offer| offer["factor"].clone()).collect::<Vec<_>>();
        let all = offered(&harbour, &computer).await;
        assert_eq!(names(&all), ["OV_TOTP", "sms"], "after a password an answer proves nothing more");
        assert_eq!(all[0], json!({ "factor": "OV_TOTP" }));
        assert_eq!(all[1], json!({ "factor": "sms", "sentTo": "+1 XXX-XXX-1337" }), "the number is not shown whole");

        harbour.settings(&json!({ "AllowedFactors": ["sms", "call", "OV_TOTP"], "RecoveryMode": "TIME" })).await;
        assert_eq!(names(&offered(&harbour, &computer).await), ["sms", "OV_TOTP"]);
        // What the organisation no longer allows is offered nowhere.
        let off = "/api/v1/org/factors/okta_sms/lifecycle/deactivate";
        let browser = &mut crate::browser::Browser::of(&harbour.app, &harbour.ada).await;
        browser.call(off, &json!({})).await.expect(200);
        assert_eq!(names(&offered(&harbour, &computer).await), ["OV_TOTP"]);
        shows(&harbour, &computer, "sms", None).await.refused(403, "factor_required");
        harbour.settings(&json!({ "OnlineLoginAllowed": false, "RecoveryMode": "TIME" })).await;
        assert!(offered(&harbour, &computer).await.is_empty());

        let nobody = computer.post(&harbour.app, "/factors/offered", &json!({ "login": "nobody" })).await;
        nobody.refused(404, "user_unknown");
        computer.post(&harbour.app, "/factors/offered", &json!({})).await.refused(400, "malformed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_and_opens_the_computer_that_asked() {
    for engine in scratch::engines() {
        let harbour = harbour(engine).await;
        let (computer, other) = (harbour.computer().await, harbour.computer().await);
        let sent = shows(&harbour, &computer, "sms", None).await.expect(200).json();
        assert_eq!(sent, json!({ "factorResult": "CHALLENGE" }), "nothing is granted by a code that was sent");
        let all = messages(&harbour.app).await;
        assert!(all.len() == 1 && all[0].contains(NUMBER), "{all:?}");
        let code = code_of(&all[0]);
        shows(&harbour, &computer, "sms", None).await.refused(429, "E0000109");
        // A code for one computer opens no other, and no factor of another kind.
        shows(&harbour, &other, "sms", Some(&code)).await.refused(403, "E0000068");
        shows(&harbour, &computer, "OV_TOTP", Some(&code)).await.refused(403, "E0000068");
        let granted = shows(&harbour, &computer, "sms", Some(&code)).await.expect(200).json();
        assert_eq!(granted["factorResult"], "SUCCESS");
        assert!(granted["verdict"].is_string());
        shows(&harbour, &computer, "sms", Some(&code)).await.refused(403, "E0000068");

        // An app sends nothing, and an unknown factor is none.
        shows(&harbour, &computer, "OV_TOTP", None).await.refused(400, "malformed");
        for unknown in ["question", "webauthn", "pigeon", ""] {
            shows(&harbour, &computer, unknown, Some("blue ribbon")).await.refused(400, "malformed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_code_opens_it_too() {
    for engine in scratch::engines() {
        let harbour = harbour(engine).await;
        let computer = harbour.computer().await;
        let doer = Doer::signing_in(&harbour.grace, &client());
        let codes = backup_codes::generate(&harbour.app.app, harbour.ada.org, &doer, &harbour.grace).await;
        let code = codes.expect("ten codes")[0].expose().replace('-', "");
        // It counts where an app code does, once.
        shows(&harbour, &computer, "sms", Some(&code)).await.refused(403, "E0000068");
        shows(&harbour, &computer, "OV_TOTP", Some(&code)).await.expect(200);
        shows(&harbour, &computer, "OV_TOTP", Some(&code)).await.refused(403, "E0000068");
    }
}
