//! The Sessions API: one's own, those of others, one for a session token, and which pages may ask.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_authn::session::{LONGEST, Session};
use postern_codes::id::{Id, Org, User};
use postern_codes::{Secret, mac};
use postern_store::scratch;
use postern_store::session_tokens::SessionGrant;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::staff::{Staff, founded, member};

const ME: &str = "/api/v1/sessions/me";

/// A session in the console; its id and its cookie.
async fn signed_in(app: &TestApp, org: Id<Org>, user: Id<User>) -> (String, String) {
    let env = app.app.env();
    let (token, id) = (env.token(), Id::new(&env));
    let session = Session {
        id,
        user,
        created_at: env.now,
        last_seen_at: env.now,
        expires_at: env.now.plus(LONGEST),
        factor_at: Some(env.now),
        amr: "pwd otp mfa user".into(),
        ip: String::new(),
        user_agent: String::new(),
    };
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    app.scratch.store.write(org, |tx| tx.insert_session(&session, hash)).await.unwrap();
    (id.to_string(), format!("__Host-postern={}", token.expose()))
}

async fn ask(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    app.send(request.body(body).unwrap()).await
}

async fn token_for(staff: &Staff, user: Id<User>) -> Secret<String> {
    let env = staff.app.app.env();
    let grant = SessionGrant { user, factor_at: Some(env.now), amr: "pwd otp mfa".into() };
    staff.app.scratch.store.write(staff.org, |tx| tx.insert_session_token(&grant, &env)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_session_is_seen_prolonged_and_ended() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let person = staff.with("person", &[]).await;
        let (id, cookie) = signed_in(&staff.app, staff.org, person.id).await;
        let own = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
        let seen = ask(&staff.app, Method::GET, ME, &own, &Value::Null).await.expect(200).json();
        assert_eq!(
            (&seen["id"], &seen["userId"], &seen["login"]),
            (&json!(id), &json!(person.id), &json!(person.login))
        );
        assert_eq!(
            (&seen["status"], &seen["amr"]),
            (&json!("ACTIVE"), &json!(["pwd", "otp", "mfa"])),
            "known words alone"
        );
        assert_eq!(seen["_links"]["self"]["hints"]["allow"], json!(["GET", "DELETE"]));
        assert_eq!(seen["idp"], json!({ "id": staff.org, "type": "OKTA" }));
        assert!(seen["lastPasswordVerification"].is_string() && seen["lastFactorVerification"].is_string());

        staff.app.world.advance_seconds(20 * 60);
        let path = format!("{ME}/lifecycle/refresh");
        let later = ask(&staff.app, Method::POST, &path, &own, &Value::Null).await.expect(200).json();
        assert!(later["expiresAt"].as_str() > seen["expiresAt"].as_str(), "{later}");
        staff.app.world.advance_seconds(20 * 60);
        let by_id = format!("/api/v1/sessions/{id}");
        assert_eq!(ask(&staff.app, Method::GET, &by_id, &own, &Value::Null).await.expect(200).json()["id"], id);
        let gone = ask(&staff.app, Method::DELETE, ME, &own, &Value::Null).await.expect(204);
        assert_eq!(gone.headers.get_all(header::SET_COOKIE).iter().count(), 2);
        ask(&staff.app, Method::GET, ME, &own, &Value::Null).await.refused(404, "E0000007");
        ask(&staff.app, Method::GET, &by_id, &own, &Value::Null).await.refused(403, "E0000005");
        // Without a session there is none: with a token neither.
        for headers in [&[][..], &[("authorization", &*format!("SSWS {}", staff.root.token))][..]] {
            ask(&staff.app, Method::GET, ME, headers, &Value::Null).await.refused(404, "E0000007");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_session_is_for_those_who_may_and_are_not_below() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        let reader = staff.with("reader", &[Role::ReadOnly]).await;
        let person = staff.with("person", &[]).await;
        let (own, _) = signed_in(&staff.app, staff.org, person.id).await;
        let (above, _) = signed_in(&staff.app, staff.org, staff.root.id).await;
        let elsewhere = founded(&staff.app, "Elsewhere").await;
        let stranger = member(&staff.app, elsewhere, "stranger", &[]).await;
        let (theirs, _) = signed_in(&staff.app, elsewhere, stranger.id).await;
        let path = |id: &str| format!("/api/v1/sessions/{id}");
        let call = async |method, path: &str, token: &str| staff.app.call(method, path, token, &Value::Null).await;

        call(Method::GET, &path(&own), &reader.token).await.expect(200);
        for (method, path) in
            [(Method::DELETE, path(&own)), (Method::POST, format!("{}/lifecycle/refresh", path(&own)))]
        {
            call(method, &path, &reader.token).await.refused(403, "E0000006");
        }
        call(Method::GET, &path(&above), &person.token).await.refused(403, "E0000006");
        call(Method::GET, &path("102nothingofthekind0"), &person.token).await.refused(403, "E0000006");
        call(Method::GET, &path(&own), &person.token).await.expect(200);
        call(Method::DELETE, &path(&above), &desk.token).await.refused(403, "E0000006");
        call(Method::GET, &path(&above), &staff.root.token).await.expect(200);
        for id in [&theirs, "102nothingofthekind0", "x"] {
            for method in [Method::GET, Method::DELETE] {
                call(method, &path(id), &staff.root.token).await.refused(404, "E0000007");
            }
            call(Method::POST, &format!("{}/lifecycle/refresh", path(id)), &staff.root.token)
                .await
                .refused(404, "E0000007");
        }
        call(Method::POST, &format!("{}/lifecycle/refresh", path(&own)), &desk.token).await.expect(200);
        call(Method::DELETE, &path(&own), &desk.token).await.expect(204);
        call(Method::GET, &path(&own), &desk.token).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_token_opens_one_session() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let person = staff.with("person", &[]).await;
        let token = token_for(&staff, person.id).await;
        let body = json!({ "sessionToken": token.expose() });
        let open = async |body: &Value| ask(&staff.app, Method::POST, "/api/v1/sessions", &[], body).await;
        let opened = open(&body).await.expect(200);
        assert_eq!(opened.json()["userId"], json!(person.id));
        assert!(opened.headers.get(header::SET_COOKIE).is_none(), "a program has no use for a cookie");
        open(&body).await.refused(401, "E0000004");
        let late = token_for(&staff, person.id).await;
        staff.app.world.advance_seconds(5 * 60);
        open(&json!({ "sessionToken": late.expose() })).await.refused(401, "E0000004");
        open(&json!({ "sessionToken": "" })).await.refused(401, "E0000004");
        open(&json!({})).await.refused(400, "E0000001");
        let body = json!({ "sessionToken": token_for(&staff, person.id).await.expose() });
        staff
            .app
            .post(&format!("/api/v1/users/{}/lifecycle/suspend", person.id), &staff.root.token, &Value::Null)
            .await
            .expect(200);
        open(&body).await.refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_show_a_session_token_at_once_one_is_let_in() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let person = staff.with("person", &[]).await;
        let (second, token) = (staff.app.second_server(), token_for(&staff, person.id).await);
        let body = json!({ "sessionToken": token.expose() }).to_string();
        let request = || Request::post("/api/v1/sessions").body(Body::from(body.clone())).unwrap();
        let (one, other) = tokio::join!(staff.app.send(request()), Answer::of(&second, request()));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_trusted_origin_uses_its_session_and_no_other_page_does() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let admin = staff.with("admin", &[Role::Org]).await;
        let app = "https://app.example.com";
        let trusted = json!({ "name": "App", "origin": app, "scopes": [{ "type": "CORS" }] });
        staff.app.post("/api/v1/trustedOrigins", &staff.root.token, &trusted).await.expect(200);
        let open = async |origin: &str| {
            let body = json!({ "sessionToken": token_for(&staff, admin.id).await.expose() });
            ask(
                &staff.app,
                Method::POST,
                "/api/v1/sessions",
                &[("origin", origin), ("sec-fetch-site", "cross-site")],
                &body,
            )
            .await
        };
        assert!(open("https://evil.example").await.expect(200).headers.get(header::SET_COOKIE).is_none());
        let opened = open(app).await.expect(200);
        let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(
            cookie.starts_with("sid=") && cookie.ends_with("; Path=/api/v1; Secure; HttpOnly; SameSite=None"),
            "{cookie}"
        );
        let cookie = cookie.split(';').next().unwrap();
        let from = |origin: &'static str| [("cookie", cookie), ("origin", origin), ("sec-fetch-site", "cross-site")];
        let (good, bad) = (from("https://app.example.com"), from("https://evil.example"));
        let call = async |method, path: &str, headers: &[(&str, &str)]| {
            ask(&staff.app, method, path, headers, &Value::Null).await
        };

        assert_eq!(call(Method::GET, ME, &good).await.expect(200).json()["userId"], json!(admin.id));
        call(Method::GET, "/api/v1/users/me", &good).await.expect(200);
        call(Method::POST, &format!("{ME}/lifecycle/refresh"), &good).await.expect(200);
        let refused = call(Method::POST, &format!("{ME}/lifecycle/refresh"), &bad).await;
        assert_eq!((refused.status.as_u16(), refused.json()["errorCode"].clone()), (403, json!("cross_origin")));
        // The cookie opens nothing else, whatever it is called.
        call(Method::GET, "/api/v1/users", &good).await.refused(401, "E0000011");
        assert_eq!(call(Method::GET, "/admin", &good).await.status, 303);
        let renamed = cookie.replace("sid=", "__Host-postern=");
        call(Method::GET, "/api/v1/users", &[("cookie", &renamed)]).await.refused(403, "E0000005");
        // The console's cookie does not serve as this one either, and other pages cannot use it.
        let (_, console) = signed_in(&staff.app, staff.org, admin.id).await;
        call(Method::GET, ME, &[("cookie", &console.replace("__Host-postern=", "sid="))])
            .await
            .refused(404, "E0000007");
        let console = |origin| [("cookie", console.as_str()), ("origin", origin), ("sec-fetch-site", "same-site")];
        call(Method::POST, &format!("{ME}/lifecycle/refresh"), &console(app)).await.expect(200);
        call(Method::DELETE, ME, &console("https://evil.example")).await.refused(403, "cross_origin");
        call(Method::DELETE, "/api/v1/groups/x", &console(app)).await.refused(403, "cross_origin");
        call(Method::DELETE, ME, &good).await.expect(204);
        call(Method::GET, ME, &good).await.refused(404, "E0000007");
    }
}
