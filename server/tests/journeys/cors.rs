//! Trusted origins over the API, and what pages of other origins may do.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::{Staff, founded, member};

const ORIGINS: &str = "/api/v1/trustedOrigins";
const APP: &str = "https://app.example.com";

impl Staff {
    async fn origins(&self, method: Method, path: &str, body: Value) -> Answer {
        // Events of one moment have no order.
        self.app.world.advance_seconds(1);
        self.app.call(method, path, &self.root.token, &body).await
    }

    async fn trusted(&self, name: &str, origin: &str, scopes: &[&str]) -> Value {
        self.origins(Method::POST, ORIGINS, draft(name, origin, scopes)).await.expect(200).json()
    }

    async fn asked(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.send(request.body(Body::empty()).unwrap()).await
    }
}

fn draft(name: &str, origin: &str, scopes: &[&str]) -> Value {
    let scopes: Vec<Value> = scopes.iter().map(|scope| json!({ "type": scope })).collect();
    json!({ "name": name, "origin": origin, "scopes": scopes })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_is_trusted_found_changed_switched_and_gone() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let made = staff.trusted("App", "https://App.example.com:443/", &["REDIRECT", "CORS"]).await;
        assert_eq!((&made["origin"], &made["status"]), (&json!(APP), &json!("ACTIVE")));
        assert_eq!(made["scopes"], json!([{ "type": "CORS" }, { "type": "REDIRECT" }]));
        assert_eq!((&made["createdBy"], &made["lastUpdatedBy"]), (&json!(staff.root.id), &json!(staff.root.id)));
        let path = format!("{ORIGINS}/{}", made["id"].as_str().unwrap());
        assert_eq!(staff.app.get(&path, &staff.root.token).await.expect(200).json(), made);
        let mut body = draft("The app", APP, &["IFRAME_EMBED"]);
        body["scopes"][0]["allowedOktaApps"] = json!(["OKTA_ENDUSER"]);
        let changed = staff.origins(Method::PUT, &path, body.clone()).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["scopes"]), (&json!("The app"), &body["scopes"]));
        for (act, status) in [("deactivate", "INACTIVE"), ("deactivate", "INACTIVE"), ("activate", "ACTIVE")] {
            let answer = staff.origins(Method::POST, &format!("{path}/lifecycle/{act}"), Value::Null).await;
            assert_eq!(answer.expect(200).json()["status"], status);
        }
        staff.origins(Method::DELETE, &path, Value::Null).await.expect(204);
        staff.origins(Method::GET, &path, Value::Null).await.refused(404, "E0000007");
        let events = staff.app.get("/api/v1/logs", &staff.root.token).await.expect(200).json();
        let events = events.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap());
        let events: Vec<&str> = events.filter_map(|kind| kind.strip_prefix("security.trusted_origin.")).collect();
        assert_eq!(events, ["create", "update", "deactivate", "activate", "delete"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_origin_is_refused_and_named() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.trusted("App", APP, &["CORS"]).await;
        let frame = json!({ "name": "F", "origin": "https://f.example", "scopes": [{ "type": "CORS", "allowedOktaApps": ["OKTA_ENDUSER"] }] });
        let other = json!({ "name": "F", "origin": "https://f.example", "scopes": [{ "type": "IFRAME_EMBED", "allowedOktaApps": ["ADMIN"] }] });
        for (body, said) in [
            (draft("aPP", "https://b.example", &["CORS"]), "name: An object with this field already exists"),
            (draft("B", "https://APP.example.com:443", &["CORS"]), "origin: An object with this field already exists"),
            (draft("", "https://b.example", &["CORS"]), "name: a trusted origin's name"),
            (draft("B", "https://b.example/x", &["CORS"]), "origin: must be scheme, host and port alone"),
            (draft("B", "https://*.b.example", &["CORS"]), "origin: must be"),
            (draft("B", "https://b.example", &[]), "scopes: each of"),
            (draft("B", "https://b.example", &["CORS", "CORS"]), "scopes: each of"),
            (draft("B", "https://b.example", &["POST"]), "scopes: type must be"),
            (json!({ "name": "B", "scopes": [] }), "origin: The field cannot be left blank"),
            (json!({ "origin": "https://b.example" }), "name: The field cannot be left blank"),
            (frame, "allowedOktaApps:"),
            (other, "allowedOktaApps:"),
        ] {
            let answer = staff.origins(Method::POST, ORIGINS, body).await;
            answer.refused(400, "E0000001");
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_are_searched_and_anothers_are_not_there() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.trusted("One", "https://one.example", &["CORS"]).await;
        staff.trusted("Two", "https://two.example", &["REDIRECT"]).await;
        let off = staff.trusted("Three", "https://three.example", &["CORS", "REDIRECT"]).await;
        let path = format!("{ORIGINS}/{}/lifecycle/deactivate", off["id"].as_str().unwrap());
        staff.origins(Method::POST, &path, Value::Null).await.expect(200);
        let names = async |query: &str| {
            let found = staff.app.get(&format!("{ORIGINS}{query}"), &staff.root.token).await.expect(200).json();
            found.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("").await, ["One", "Two", "Three"]);
        assert_eq!(names("?limit=2").await, ["One", "Two"]);
        assert_eq!(names("?q=t").await, ["Two", "Three"]);
        assert_eq!(names("?q=https://o").await, ["One"]);
        assert_eq!(names("?filter=type+eq+%22CORS%22").await, ["One", "Three"]);
        assert_eq!(names("?filter=type+eq+%22CORS%22+and+status+eq+%22ACTIVE%22").await, ["One"]);
        assert_eq!(names("?q=t&filter=name+eq+%22two%22+or+origin+eq+%22https://one.example%22").await, ["Two"]);

        let elsewhere = founded(&staff.app, "Elsewhere").await;
        let stranger = member(&staff.app, elsewhere, "stranger", &[Role::Super]).await;
        let draft = postern_authn::network::OriginDraft::new(
            "Theirs".parse().unwrap(),
            "https://theirs.example".parse().unwrap(),
            vec![postern_authn::network::ScopeGrant { scope: "CORS".parse().unwrap(), apps: vec![] }],
        );
        let (draft, env) = (draft.unwrap(), staff.app.app.env());
        let made =
            staff.app.scratch.store.write(elsewhere, |tx| tx.insert_trusted_origin(&draft, stranger.id.as_str(), &env));
        let path = format!("{ORIGINS}/{}", made.await.unwrap().unwrap());
        let body = json!({ "name": "Mine", "origin": "https://mine.example", "scopes": [{ "type": "CORS" }] });
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::PUT, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/lifecycle/activate")),
            (Method::POST, format!("{path}/lifecycle/deactivate")),
        ] {
            staff.origins(method, &path, body.clone()).await.refused(404, "E0000007");
        }
        assert_eq!(names("?filter=origin+eq+%22https://theirs.example%22").await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_whose_pages_may_ask_what() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let app = staff.trusted("App", APP, &["CORS"]).await;
        staff.trusted("Redirect", "https://redirect.example", &["REDIRECT"]).await;
        let (open, shut) = ("/api/v1/sessions/me", "/api/v1/users");
        for (origin, path, is_allowed) in [
            (APP, open, true),
            (APP, "/api/v1/sessions/me/lifecycle/refresh", true),
            (APP, "/api/v1/users/me", true),
            (APP, shut, false),
            (APP, "/admin", false),
            (APP, "/signin", false),
            (APP, ORIGINS, false),
            ("https://redirect.example", open, false),
            ("https://evil.example", open, false),
            ("http://app.example.com", open, false),
            ("https://app.example.com:8443", open, false),
            ("https://app.example.com.evil.example", open, false),
            ("https://APP.example.com", open, false),
            ("null", open, false),
            ("", open, false),
        ] {
            let ask = [
                ("origin", origin),
                ("access-control-request-method", "DELETE"),
                ("access-control-request-headers", "x-okta-user-agent-extended, accept-language"),
            ];
            let answer = staff.asked(Method::OPTIONS, path, &ask).await;
            assert_eq!(answer.status == 204, is_allowed, "{origin} {path}: {}", answer.status);
            assert_eq!(text(&answer.headers, "access-control-allow-origin"), if is_allowed { origin } else { "" });
            if is_allowed {
                assert_eq!(text(&answer.headers, "access-control-allow-credentials"), "true");
                assert!(text(&answer.headers, "access-control-allow-methods").contains("DELETE"));
                let headers = text(&answer.headers, "access-control-allow-headers");
                assert!(headers.contains("X-Okta-User-Agent-Extended") && headers.contains("Accept-Language"));
                assert!(!headers.contains('*'));
            }
            let answer = staff.asked(Method::GET, path, &[("origin", origin)]).await;
            assert_eq!(
                text(&answer.headers, "access-control-allow-origin"),
                if is_allowed { origin } else { "" },
                "{path}"
            );
            if is_allowed {
                let exposed = text(&answer.headers, "access-control-expose-headers");
                for header in
                    ["Link", "X-Okta-Request-Id", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"]
                {
                    assert!(exposed.contains(header), "{exposed}");
                }
            }
            let is_open = [open, "/api/v1/users/me"].iter().any(|prefix| path.starts_with(prefix));
            assert_eq!(text(&answer.headers, "vary").contains("origin"), is_open, "{path}");
        }
        // Neither for long, nor for two.
        let two = staff.asked(Method::GET, open, &[("origin", APP), ("origin", "https://evil.example")]).await;
        assert!(two.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
        let path = format!("{ORIGINS}/{}/lifecycle/deactivate", app["id"].as_str().unwrap());
        staff.origins(Method::POST, &path, Value::Null).await.expect(200);
        let answer = staff.asked(Method::GET, open, &[("origin", APP)]).await;
        assert!(answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    }
}
