//! Callers who hang up inside a sign-in: nothing is half done, what they did counts, and the next call works.

use axum::http::StatusCode;
use postern_authn::user::Lifecycle;
use postern_store::scratch;
use serde_json::json;

use crate::authn::{Door, PASSWORD};
use crate::factors::{code, id};
use crate::faults::hung_up_after;
use crate::sent_codes::other;

const ANOTHER: &str = "quite another long one";

impl Door {
    /// Waits until as many events of this type failed for one of these reasons: what was hung up on is done meanwhile.
    async fn counted(&self, kind: &str, reasons: &[&str], times: usize) -> usize {
        let mut counted = 0;
        for _ in 0..500 {
            let is_one = |why: &Option<String>| why.as_deref().is_some_and(|why| reasons.contains(&why));
            counted = self.events(kind).await.iter().filter(|why| is_one(why)).count();
            if counted >= times {
                break;
            }
            tokio::task::yield_now().await;
        }
        counted
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_the_password_is_hashed_pays_for_the_guess() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let guess = json!({ "username": door.grace.login, "password": ANOTHER });
        let (mut hung_up, mut limited) = (0, false);
        for turn in 0..200 {
            match hung_up_after(1 + turn / 3, door.post("", &guess)).await {
                None => hung_up += 1,
                Some(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    limited = true;
                    break;
                }
                Some(answer) => answer.refused(401, "E0000004"),
            }
        }
        assert!(limited && hung_up > 0, "hanging up {hung_up} times gave guesses without end");
        let failed = door.counted("user.session.start", &["invalid_credentials", "not_admitted"], 20).await;
        assert_eq!(failed, 20, "as many as there may be in a minute, heard or not");
        assert!(door.is_locked().await);
        // When the lock is over, it goes on as ever.
        door.app().world.advance_seconds(2 * 3600);
        assert_eq!(door.enter().await["status"], "MFA_ENROLL");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_a_factor_is_verified_used_the_code_up_or_did_not() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let mut hung_up = 0;
        for polls in 1..16 {
            door.app().world.advance_seconds(60);
            let (asked, right) = (door.enter().await, code(&door.now(&secret)));
            let answer = hung_up_after(polls, door.step(&verify, &asked, right.clone())).await;
            hung_up += usize::from(answer.is_none());
            // Whoever did not hear it says it again: it counts now, or has counted and the sign-in is over.
            let again = door.step(&verify, &asked, right.clone()).await;
            assert!(matches!(again.status.as_u16(), 200 | 401 | 403), "{}", again.text());
            door.step("", &asked, json!({})).await.refused(401, "E0000011");
            let next = door.enter().await;
            door.step(&verify, &next, right).await.refused(403, "E0000082");
        }
        assert!(hung_up > 0);
        let verified = door.events("user.authentication.auth_via_mfa").await;
        assert_eq!(verified.iter().filter(|why| why.is_none()).count(), 15, "each code once: {verified:?}");
        door.app().world.advance_seconds(60);
        let asked = door.enter().await;
        let done = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_at_a_code_pays_for_the_guess() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let (asked, wrong) = (door.enter().await, code(&other(&door.now(&secret))));
        let mut limited = false;
        for turn in 0..200 {
            let answer = hung_up_after(1 + turn / 4, door.step(&verify, &asked, wrong.clone())).await;
            limited = answer.is_some_and(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
            if limited {
                break;
            }
        }
        assert!(limited, "hanging up gives guesses without end");
        let counted = door.counted("user.authentication.auth_via_mfa", &["invalid_code"], 5).await;
        assert_eq!(counted, 5, "five, heard or not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_a_password_is_changed_has_one_password() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let (mut present, mut new) = (PASSWORD, ANOTHER);
        for polls in [1, 3, 6] {
            app.world.advance_seconds(3600);
            let user = app.app.store.read(door.staff.org, |tx| tx.user(door.grace.id)).await.unwrap().unwrap();
            let now = app.app.env().now;
            let expire = app.app.store.write(door.staff.org, |tx| tx.move_user(&user, Lifecycle::ExpirePassword, now));
            expire.await.unwrap().unwrap();
            let enter = json!({ "username": door.grace.login, "password": present });
            let asked = door.post("", &enter).await.expect(200).json();
            assert_eq!(asked["status"], "PASSWORD_EXPIRED");
            let change = json!({ "oldPassword": present, "newPassword": new });
            let heard = hung_up_after(polls, door.step("/credentials/change_password", &asked, change.clone())).await;
            // Whoever did not hear it says it again: it is done now, or it was.
            if heard.is_none() {
                let again = door.step("/credentials/change_password", &asked, change).await;
                assert!(matches!(again.status.as_u16(), 200 | 401 | 403), "{}", again.text());
            }
            let old = door.post("", &enter).await;
            old.refused(401, "E0000004");
            let enter = json!({ "username": door.grace.login, "password": new });
            assert_eq!(door.post("", &enter).await.expect(200).json()["status"], "SUCCESS");
            (present, new) = (new, if polls == 1 { "a third that is long" } else { "a fourth that is long" });
        }
        assert_eq!(door.events("user.account.update_password").await.iter().filter(|why| why.is_none()).count(), 3);
    }
}
