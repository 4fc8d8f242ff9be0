//! The way back to a password by the Authentication API: what a link is worth, what strangers learn, and what is repeated.

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::authn::{Door, PASSWORD, path};
use crate::browser::Browser;
use crate::factors::{code, id};
use crate::sent_codes::messages;

const ANOTHER: &str = "quite another long one";

/// The token of the one link that was sent.
async fn mailed(door: &Door, page: &str) -> String {
    let all = messages(door.app()).await.join("\n").replace("=\r\n", "");
    let after = all.split(&format!("/{page}/")).nth(1).unwrap_or_else(|| panic!("a link in {all}"));
    after.chars().take_while(|character| character.is_ascii_alphanumeric() || "-_".contains(*character)).collect()
}

fn stands(transaction: &Value, status: &str, kind: &str) {
    assert_eq!((&transaction["status"], &transaction["recoveryType"]), (&json!(status), &json!(kind)), "{transaction}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_replaced_by_a_link_and_the_factor_is_asked_for_all_the_same() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        messages(door.app()).await;
        let lost = |name: &str| json!({ "username": name, "factorType": "EMAIL", "relayState": "r" });
        let said = door.post("/recovery/password", &lost(&door.grace.login)).await.expect(200).json();
        stands(&said, "RECOVERY_CHALLENGE", "PASSWORD");
        assert_eq!((&said["factorResult"], said.get("stateToken")), (&json!("WAITING"), None));
        let nobody = door.post("/recovery/password", &lost("nobody@acme.example")).await.expect(200).json();
        assert_eq!(said, nobody);
        let token = mailed(&door, "reset").await;
        let begun = door.post("/recovery/token", &json!({ "recoveryToken": token })).await.expect(200).json();
        stands(&begun, "PASSWORD_RESET", "PASSWORD");
        assert_eq!(begun["_embedded"]["user"]["profile"]["login"], json!(door.grace.login));
        door.post("/recovery/token", &json!({ "recoveryToken": token })).await.refused(403, "E0000105");
        door.post("/recovery/token", &json!({ "recoveryToken": "guessed" })).await.refused(401, "E0000011");
        // The link proves nothing but that.
        let verify = format!("/factors/{}/verify", id(&factor));
        door.step(&verify, &begun, code(&door.now(&secret))).await.refused(403, "E0000079");
        door.step("/skip", &begun, json!({})).await.refused(403, "E0000079");
        door.step("/credentials/change_password", &begun, json!({})).await.refused(403, "E0000079");
        let reset = path(&begun["_links"]["next"]);
        door.step(&reset, &begun, json!({})).await.refused(400, "E0000001");
        door.step(&reset, &begun, json!({ "newPassword": "short" })).await.refused(403, "E0000080");
        door.step(&reset, &begun, json!({ "newPassword": PASSWORD })).await.refused(403, "E0000080");
        let asked = door.step(&reset, &begun, json!({ "newPassword": ANOTHER })).await.expect(200).json();
        assert_eq!(asked["status"], "MFA_REQUIRED");
        door.step(&reset, &begun, json!({ "newPassword": PASSWORD })).await.refused(403, "E0000079");
        let done = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
        let old = json!({ "username": door.grace.login, "password": PASSWORD });
        door.post("", &old).await.refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_where_the_policy_wants_it() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let root = &door.staff.root.token;
        let recovery = json!({ "factors": { "recovery_question": { "status": "ACTIVE" } } });
        let body = json!({ "type": "PASSWORD", "name": "Some", "settings": { "recovery": recovery } });
        let made = app.post("/api/v1/policies", root, &body).await.expect(200).json();
        let actions = json!({ "selfServicePasswordReset": { "access": "ALLOW" } });
        let rules = format!("/api/v1/policies/{}/rules", id(&made));
        app.post(&rules, root, &json!({ "name": "r", "actions": actions })).await.expect(200);
        let question = json!({ "credentials": { "recovery_question": { "question": "What do you like?", "answer": "mustard soup" } } });
        app.post(&format!("/api/v1/users/{}", door.grace.id), root, &question).await.expect(200);
        messages(app).await;
        let forget = async || {
            let lost = json!({ "username": door.grace.login, "factorType": "EMAIL" });
            door.post("/recovery/password", &lost).await.expect(200);
            let token = mailed(&door, "reset").await;
            door.post("/recovery/token", &json!({ "recoveryToken": token })).await.expect(200).json()
        };
        let begun = forget().await;
        stands(&begun, "RECOVERY", "PASSWORD");
        assert_eq!(begun["_embedded"]["user"]["recovery_question"]["question"], "What do you like?");
        let reset = "/credentials/reset_password";
        door.step(reset, &begun, json!({ "newPassword": ANOTHER })).await.refused(403, "E0000079");
        let answer = path(&begun["_links"]["next"]);
        door.step(&answer, &begun, json!({ "answer": "ketchup" })).await.refused(403, "E0000087");
        door.step(&answer, &begun, json!({})).await.refused(400, "E0000001");
        let right = json!({ "answer": " Mustard SOUP " });
        let chosen = door.step(&answer, &begun, right.clone()).await.expect(200).json();
        stands(&chosen, "PASSWORD_RESET", "PASSWORD");
        door.step(&answer, &begun, right.clone()).await.refused(403, "E0000079");
        let done = door.step(reset, &begun, json!({ "newPassword": ANOTHER })).await.expect(200).json();
        assert_eq!(done["status"], "MFA_ENROLL");

        // Guessing ends where guessing at a password ends.
        let begun = forget().await;
        for _ in 0..10 {
            door.step(&answer, &begun, json!({ "answer": "ketchup" })).await.refused(403, "E0000087");
        }
        door.step(&answer, &begun, right).await.refused(429, "E0000047");
        let reasons = door.events("user.account.reset_password").await;
        assert_eq!(reasons.iter().filter(|reason| reason.as_deref() == Some("invalid_answer")).count(), 11);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_chooses_a_password_and_enrols_in_one_go() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let root = &door.staff.root.token;
        let login = "new@acme.example";
        let profile = json!({ "firstName": "New", "lastName": "Person", "email": login, "login": login });
        let made = door
            .app()
            .post("/api/v1/users?activate=false", root, &json!({ "profile": profile }))
            .await
            .expect(200)
            .json();
        let path = format!("/api/v1/users/{}/lifecycle/activate?sendEmail=false", id(&made));
        let link = door.app().post(&path, root, &Value::Null).await.expect(200).json();
        let token = &link["activationToken"];
        door.post("", &json!({ "token": "guessed" })).await.refused(401, "E0000004");
        door.post("/recovery/token", &json!({ "recoveryToken": token })).await.refused(401, "E0000011");
        let begun = door.post("", &json!({ "token": token })).await.expect(200).json();
        stands(&begun, "PASSWORD_RESET", "ACCOUNT_ACTIVATION");
        door.post("", &json!({ "token": token })).await.refused(401, "E0000004");
        let reset = "/credentials/reset_password";
        let asked = door.step(reset, &begun, json!({ "newPassword": ANOTHER })).await.expect(200).json();
        assert_eq!(asked["status"], "MFA_ENROLL");
        let shown = door.app().get(&format!("/api/v1/users/{}", id(&made)), root).await.expect(200).json();
        assert_eq!(shown["status"], "ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_ones_own_hands_the_right_on() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (root, grace) = (&door.staff.root.token, &door.grace.token);
        let lost = |name: &str| json!({ "username": name });
        let call = async |token: &str, body: Value| {
            door.app().call(Method::POST, "/api/v1/authn/recovery/password", token, &body).await
        };
        let made = call(root, lost(&door.grace.login)).await.expect(200).json();
        stands(&made, "RECOVERY", "PASSWORD");
        let token = json!({ "recoveryToken": made["recoveryToken"] });
        stands(&door.post("/recovery/token", &token).await.expect(200).json(), "PASSWORD_RESET", "PASSWORD");
        call(root, lost("nobody@acme.example")).await.refused(403, "E0000095");
        // Whoever administers nothing is the public, which is asked how it is to be reached.
        for token in ["", grace] {
            call(token, lost(&door.grace.login)).await.refused(400, "E0000001");
            call(token, json!({ "username": "x", "factorType": "SMS" })).await.refused(403, "E0000034");
            call(token, json!({ "username": "x", "factorType": "PIGEON" })).await.refused(400, "E0000001");
        }
        call("", json!({ "factorType": "EMAIL" })).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_links_are_sent_whoever_asks() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        for name in [door.grace.login.as_str(), "nobody@acme.example"] {
            let lost = json!({ "username": name, "factorType": "EMAIL" });
            for _ in 0..3 {
                door.post("/recovery/password", &lost).await.expect(200);
            }
            door.post("/recovery/password", &lost).await.refused(429, "E0000047");
        }
    }
}

/// Grace guesses until nothing is looked at any more, from wherever.
async fn lock(door: &Door) {
    door.app().world.advance_seconds(60);
    let wrong = json!({ "username": door.grace.login, "password": ANOTHER });
    let times = if door.is_locked().await { 0 } else { 10 };
    for _ in 0..times {
        door.post("", &wrong).await.refused(401, "E0000004");
    }
    assert!(door.is_locked().await);
    messages(door.app()).await;
}

fn by_mail(name: &str) -> Value {
    json!({ "username": name, "factorType": "EMAIL", "relayState": "r" })
}

const UNLOCK: &str = "/recovery/unlock";

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_ended_by_a_link_and_nothing_else_is() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let root = &door.staff.root.token;
        lock(&door).await;
        // Where no policy lets anybody, every name is refused.
        for name in [door.grace.login.as_str(), "nobody@acme.example"] {
            door.post(UNLOCK, &by_mail(name)).await.refused(403, "E0000032");
        }
        door.lets_people_back(json!({})).await;
        let said = door.post(UNLOCK, &by_mail(&door.grace.login)).await.expect(200).json();
        stands(&said, "RECOVERY_CHALLENGE", "UNLOCK");
        assert_eq!(said, door.post(UNLOCK, &by_mail("nobody@acme.example")).await.expect(200).json());
        let token = mailed(&door, "unlock").await;
        let shown = json!({ "recoveryToken": token, "relayState": "r" });
        let done = door.post("/recovery/token", &shown).await.expect(200).json();
        stands(&done, "SUCCESS", "UNLOCK");
        assert_eq!((done.get("sessionToken"), done.get("stateToken"), &done["relayState"]), (None, None, &json!("r")));
        door.post("/recovery/token", &shown).await.refused(403, "E0000105");
        assert!(!door.is_locked().await);
        assert!(messages(door.app()).await.join("\n").contains("unlocked"));
        assert_eq!(door.enter().await["status"], "MFA_ENROLL");
        assert_eq!(door.events("user.account.unlock").await, [None]);

        // Whoever is not locked out has nothing sent, and is told what everybody is.
        assert_eq!(door.post(UNLOCK, &by_mail(&door.grace.login)).await.expect(200).json(), said);
        assert!(messages(door.app()).await.is_empty());
        let call =
            async |body: Value| door.app().call(Method::POST, &format!("/api/v1/authn{UNLOCK}"), root, &body).await;
        call(json!({ "username": door.grace.login })).await.refused(403, "E0000032");
        call(json!({ "username": "nobody@acme.example" })).await.refused(403, "E0000095");

        // A link of before does nothing for an account that has ended or was shut out; a password that is over stays so.
        lock(&door).await;
        let made = call(json!({ "username": door.grace.login })).await.expect(200).json();
        stands(&made, "RECOVERY", "UNLOCK");
        let act = async |step: &str| {
            let path = format!("/api/v1/users/{}/lifecycle/{step}", door.grace.id);
            door.app().post(&path, root, &Value::Null).await.expect(200);
        };
        act("suspend").await;
        let shown = json!({ "recoveryToken": made["recoveryToken"] });
        door.post("/recovery/token", &shown).await.refused(403, "E0000105");
        assert!(door.is_locked().await);
        act("unsuspend").await;
        act("expire_password").await;
        let made = call(json!({ "username": door.grace.login })).await.expect(200).json();
        let shown = json!({ "recoveryToken": made["recoveryToken"] });
        stands(&door.post("/recovery/token", &shown).await.expect(200).json(), "SUCCESS", "UNLOCK");
        let user = door.app().get(&format!("/api/v1/users/{}", door.grace.id), root).await.expect(200).json();
        assert_eq!((&user["status"], door.is_locked().await), (&json!("PASSWORD_EXPIRED"), false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_ended_by_whoever_knows_the_answer_where_one_is_asked() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        door.lets_people_back(json!({ "recovery_question": { "status": "ACTIVE" } })).await;
        let question = json!({ "credentials": { "recovery_question": { "question": "What do you like?", "answer": "mustard soup" } } });
        app.post(&format!("/api/v1/users/{}", door.grace.id), root, &question).await.expect(200);
        lock(&door).await;
        let ask = async || {
            door.post(UNLOCK, &by_mail(&door.grace.login)).await.expect(200);
            mailed(&door, "unlock").await
        };
        let token = ask().await;
        let begun = door.post("/recovery/token", &json!({ "recoveryToken": token })).await.expect(200).json();
        stands(&begun, "RECOVERY", "UNLOCK");
        let reset = json!({ "newPassword": ANOTHER });
        door.step("/credentials/reset_password", &begun, reset).await.refused(403, "E0000079");
        door.step("/recovery/answer", &begun, json!({ "answer": "ketchup" })).await.refused(403, "E0000087");
        assert!(door.is_locked().await);
        let right = json!({ "answer": " Mustard SOUP " });
        let done = door.step("/recovery/answer", &begun, right.clone()).await.expect(200).json();
        stands(&done, "SUCCESS", "UNLOCK");
        assert!(!door.is_locked().await);
        door.step("/recovery/answer", &begun, right).await.refused(401, "E0000011");

        // The same on the page of the link.
        lock(&door).await;
        let link = format!("/unlock/{}", ask().await);
        let mut browser = Browser::new(app);
        browser.open(&link).await.expect(200).says(&["Unlock your account?", "What do you like?"]);
        browser.submit(&link, &[("answer", "ketchup")]).await.expect(400).says(&["not the answer"]);
        assert!(door.is_locked().await);
        browser.submit(&link, &[("answer", "mustard soup")]).await.expect(200).says(&["Your account is unlocked"]);
        assert!(!door.is_locked().await);
        browser.submit(&link, &[("answer", "mustard soup")]).await.expect(404).says(&["does not work"]);
        browser.open(&link).await.expect(404);
        browser.open(&link.replace("unlock", "reset")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_lock_answers_every_name_alike_and_says_where_nobody_can_end_one() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let mut browser = Browser::new(door.app());
        browser.open("/unlock").await.expect(200).says(&["Nobody can unlock"]);
        browser.submit("/unlock", &[("username", &door.grace.login)]).await.expect(409).says(&["Nobody can unlock"]);
        door.lets_people_back(json!({})).await;
        lock(&door).await;
        browser.open("/forgot").await.expect(200).says(&["Locked out?"]);
        browser.submit("/unlock", &[("username", "")]).await.expect(400);
        let known = browser.submit("/unlock", &[("username", &door.grace.login)]).await.expect(200).text();
        let nobody = browser.submit("/unlock", &[("username", "nobody@acme.example")]).await.expect(200).text();
        assert_eq!(known, nobody);
        let link = format!("/unlock/{}", mailed(&door, "unlock").await);
        browser.open(&link).await.expect(200).says(&["Unlock your account?"]);
        browser.submit(&link, &[]).await.expect(200).says(&["Your account is unlocked"]);
        assert!(!door.is_locked().await);
    }
}
