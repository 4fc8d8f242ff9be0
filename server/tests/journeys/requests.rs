//! How many requests are served: of a part of the API, of a token, of a person, of an address.

use axum::Router;
use axum::http::{Method, Request, header};
use postern_store::deliveries::Carrier;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::Staff;
use crate::zones::From;

const ZONES: &str = "/api/v1/zones";
const LIMITS: &str = "/device-access/api/v1/limits";

impl Staff {
    async fn limit(&self, counts: Value) {
        self.app.call(Method::PUT, LIMITS, &self.root.token, &counts).await.expect(200);
    }

    async fn ask_zones(router: &Router, token: &str) -> Answer {
        let request = Request::get(ZONES).header(header::AUTHORIZATION, format!("SSWS {token}"));
        Answer::of(router, request.body(axum::body::Body::empty()).unwrap()).await
    }

    /// How often events of these kinds are on record.
    async fn told(&self, prefix: &str) -> Vec<String> {
        let events = self.app.get("/api/v1/logs?limit=1000", &self.root.token).await.expect(200).json();
        let events = events.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap().to_owned());
        let mut told: Vec<String> = events.filter(|kind| kind.starts_with(prefix)).collect();
        told.sort();
        told
    }
}

fn reading(answer: &Answer) -> (u32, u32) {
    let number = |name: &str| answer.headers[name].to_str().unwrap().parse().unwrap();
    for name in ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"] {
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
    }
    (number("x-rate-limit-limit"), number("x-rate-limit-remaining"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_its_part_of_a_bucket_exactly() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.limit(json!({ "requests_zones": 20 })).await;
        let (one, other) =
            (staff.with("one", &[postern_authn::permission::Role::ReadOnly]).await, staff.root.token.clone());
        for left in (0..10).rev() {
            let answer = staff.app.get(ZONES, &one.token).await.expect(200);
            assert_eq!(reading(&answer), (10, left));
        }
        let refused = staff.app.get(ZONES, &one.token).await;
        refused.refused(429, "E0000047");
        assert_eq!(refused.json()["errorSummary"], "API call exceeded rate limit due to too many requests.");
        assert_eq!(reading(&refused), (10, 0));
        let reset: i64 = refused.headers["x-rate-limit-reset"].to_str().unwrap().parse().unwrap();
        let now = staff.app.app.env().now.micros() / 1_000_000;
        assert!((now..=now + 61).contains(&reset), "{reset}");
        let wait: i64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&wait));
        // What it was refused is not counted against everybody: the other half is there.
        for _ in 0..10 {
            staff.app.get(ZONES, &other).await.expect(200);
        }
        staff.app.get(ZONES, &other).await.refused(429, "E0000047");
        // Other parts are other buckets.
        staff.app.get("/api/v1/groups", &one.token).await.expect(200);
        staff.app.world.advance_seconds(60);
        assert_eq!(reading(&staff.app.get(ZONES, &one.token).await.expect(200)), (10, 9));
        let told = staff.told("system.").await;
        assert_eq!(told.iter().filter(|kind| *kind == "system.operation.rate_limit.violation").count(), 2, "{told:?}");
        assert_eq!(told.iter().filter(|kind| *kind == "system.operation.rate_limit.warning").count(), 2, "{told:?}");
        assert_eq!(told.iter().filter(|kind| *kind == "system.org.rate_limit.warning").count(), 1, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_counts_for_itself_and_a_setting_holds_on_both() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let second = staff.app.second_server();
    let token = staff.root.token.clone();
    Staff::ask_zones(&second, &token).await.expect(200);
    staff.limit(json!({ "requests_zones": 10 })).await;
    staff.app.world.advance_seconds(60);
    for router in [&second, &staff.app.second_server()] {
        for _ in 0..5 {
            Staff::ask_zones(router, &token).await.expect(200);
        }
        Staff::ask_zones(router, &token).await.refused(429, "E0000047");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_given_more_or_less_of_a_bucket() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let path = "/api/v1/principal-rate-limits";
        let tokens = staff.app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200).json();
        let id = tokens[0]["id"].as_str().unwrap();
        let body =
            |percent: u32| json!({ "principalId": id, "principalType": "SSWS_TOKEN", "defaultPercentage": percent });
        let post = async |body: Value| staff.app.post(path, &staff.root.token, &body).await;
        let made = post(body(25)).await.expect(201).json();
        assert_eq!((&made["principalId"], &made["defaultPercentage"]), (&json!(id), &json!(25)));
        assert_eq!((&made["defaultConcurrencyPercentage"], &made["orgId"]), (&json!(50), &json!(staff.org)));
        assert_eq!(reading(&staff.app.get(ZONES, &staff.root.token).await.expect(200)).0, 150);
        let own = format!("{path}/{}", made["id"].as_str().unwrap());
        let put = async |body: Value| staff.app.call(Method::PUT, &own, &staff.root.token, &body).await;
        assert_eq!(put(body(100)).await.expect(200).json()["defaultPercentage"], 100);
        assert_eq!(reading(&staff.app.get(ZONES, &staff.root.token).await.expect(200)).0, 600);
        assert_eq!(staff.app.get(&own, &staff.root.token).await.expect(200).json()["id"], made["id"]);

        post(body(25)).await.refused(400, "E0000001");
        for percent in [0, 101] {
            put(body(percent)).await.refused(400, "E0000001");
        }
        let mut wrong = body(10);
        wrong["principalId"] = "00Tnothingofthekind0".into();
        post(wrong.clone()).await.refused(404, "E0000007");
        put(wrong).await.refused(400, "E0000001");
        for kind in [json!("OAUTH_CLIENT"), json!("USER"), Value::Null] {
            let mut wrong = body(10);
            wrong["principalType"] = kind;
            post(wrong).await.refused(400, "E0000001");
        }
        staff.app.get(&format!("{path}/prlnothingofthekind0"), &staff.root.token).await.refused(404, "E0000007");
        let listed = |kind: &str| format!("{path}?filter=principalType+eq+%22{kind}%22");
        let list = staff.app.get(&listed("SSWS_TOKEN"), &staff.root.token).await.expect(200).json();
        assert_eq!(list.as_array().unwrap().len(), 1);
        let list = staff.app.get(&listed("OAUTH_CLIENT"), &staff.root.token).await.expect(200).json();
        assert_eq!(list, json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_and_a_browser_are_counted_apart() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.limit(json!({ "requests_client": 5, "requests_address": 20, "requests_sign_in": 30 })).await;
        let post = async |peer: &str, cookie: &str| {
            let mut request = From { peer, forwarded: &[], token: "" }.request(
                Method::POST,
                "/api/v1/sessions",
                &json!({ "sessionToken": "x" }),
            );
            if !cookie.is_empty() {
                request.headers_mut().insert(header::COOKIE, format!("dt={cookie}").parse().unwrap());
            }
            staff.app.send(request).await
        };
        for left in (0..5).rev() {
            let answer = post("203.0.113.5", "").await;
            answer.refused(401, "E0000004");
            assert_eq!(reading(&answer), (5, left));
        }
        post("203.0.113.5", "").await.refused(429, "E0000047");
        // A network of IPv6 is one address; another browser of the same address is another client.
        post("203.0.113.5", &"a".repeat(43)).await.refused(401, "E0000004");
        post("203.0.113.5", "short").await.refused(429, "E0000047");
        for number in 0..5 {
            post(&format!("2001:db8::{number}"), "").await.refused(401, "E0000004");
        }
        post("2001:db8:0:0:ffff::1", "").await.refused(429, "E0000047");
        // Whatever a browser calls itself, its address is counted.
        for number in 0..20 {
            let _ = post("203.0.113.5", &format!("{number:0>40}")).await;
        }
        post("203.0.113.5", &"b".repeat(43)).await.refused(429, "E0000047");
        let bad = From { peer: "203.0.113.5", forwarded: &[], token: "wrong" };
        staff.app.send(bad.request(Method::GET, ZONES, &Value::Null)).await.refused(429, "E0000047");
        // Who holds a token is not held up by who does not.
        let good = From { peer: "203.0.113.5", forwarded: &[], token: &staff.root.token };
        staff.app.send(good.request(Method::GET, ZONES, &Value::Null)).await.expect(200);
        let told = staff.told("system.client.").await;
        assert_eq!(told, vec!["system.client.rate_limit.violation"; 3], "an event a window and client");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_given_its_name_once() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let page = staff.app.get("/signin", "").await.expect(200);
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("dt="), "{cookie}");
    let again = Request::get("/signin").header(header::COOKIE, cookie).body(axum::body::Body::empty()).unwrap();
    assert!(staff.app.send(again).await.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_for_requests_is_read_back_and_holds() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let base = "/api/v1/rate-limit-settings";
        let put = async |path: &str, body: Value| {
            staff.app.call(Method::PUT, &format!("{base}/{path}"), &staff.root.token, &body).await
        };
        let get =
            async |path: &str| staff.app.get(&format!("{base}/{path}"), &staff.root.token).await.expect(200).json();
        assert_eq!(get("admin-notifications").await, json!({ "notificationsEnabled": true }));
        assert_eq!(get("warning-threshold").await, json!({ "warningThreshold": 60 }));
        assert_eq!(get("per-client").await, json!({ "defaultMode": "ENFORCE", "useCaseModeOverrides": {} }));
        for (path, body) in [
            ("admin-notifications", json!({ "notificationsEnabled": false })),
            ("warning-threshold", json!({ "warningThreshold": 90 })),
            (
                "per-client",
                json!({ "defaultMode": "DISABLE", "useCaseModeOverrides": { "LOGIN_PAGE": "PREVIEW", "OAUTH2_AUTHORIZE": "ENFORCE" } }),
            ),
        ] {
            assert_eq!(put(path, body.clone()).await.expect(200).json(), body);
            assert_eq!(get(path).await, body);
        }
        for (path, body) in [
            ("admin-notifications", json!({})),
            ("admin-notifications", json!({ "notificationsEnabled": "no" })),
            ("warning-threshold", json!({ "warningThreshold": 29 })),
            ("warning-threshold", json!({ "warningThreshold": 91 })),
            ("per-client", json!({ "defaultMode": "LOUD" })),
            ("per-client", json!({ "defaultMode": "ENFORCE", "useCaseModeOverrides": { "HOME": "ENFORCE" } })),
        ] {
            put(path, body).await.refused(400, "E0000001");
        }
        // In preview nobody is refused, and it is on record.
        staff.limit(json!({ "requests_client": 5 })).await;
        for _ in 0..7 {
            let request = From { peer: "203.0.113.5", forwarded: &[], token: "" };
            staff
                .app
                .send(request.request(Method::POST, "/api/v1/sessions", &json!({ "sessionToken": "x" })))
                .await
                .refused(401, "E0000004");
        }
        assert_eq!(staff.told("system.client.").await, ["system.client.rate_limit.notification"]);
        for (counts, said) in [
            (json!({ "requests_zones": 4 }), "requests_zones: not a count from 5"),
            (json!({ "requests_nothing": 10 }), "requests_nothing: no such limit"),
        ] {
            let answer = staff.app.call(Method::PUT, LIMITS, &staff.root.token, &counts).await;
            answer.refused(400, "E0000001");
            assert!(answer.text().contains(said), "{}", answer.text());
        }
        assert_eq!(staff.app.get(LIMITS, &staff.root.token).await.json()["requests_client"]["count"], 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybodys_limit_is_told_to_super_administrators_once_an_hour() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.limit(json!({ "requests_groups": 10 })).await;
        for _ in 0..3 {
            for number in 0..4 {
                let person = staff
                    .with(
                        &format!("{}-{number}", staff.app.app.env().now.micros()),
                        &[postern_authn::permission::Role::ReadOnly],
                    )
                    .await;
                for _ in 0..3 {
                    let _ = staff.app.get("/api/v1/groups", &person.token).await;
                }
            }
            staff.app.world.advance_seconds(60);
        }
        let told = staff.told("system.org.").await;
        assert_eq!(told.len(), 6, "a warning and a violation a window: {told:?}");
        let due =
            staff.app.scratch.store.system().claim_deliveries(Carrier::Mail, staff.app.app.env().now).await.unwrap();
        assert_eq!(due.len(), 2, "a mail for each");
    }
}
