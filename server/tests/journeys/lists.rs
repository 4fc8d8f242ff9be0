//! Lists of people, groups and members: what can be asked, in which order, how they go on, and what is refused.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_server::listener::{Connections, Peer};
use postern_store::migrate::Engine;
use postern_store::scratch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::Staff;

fn next(answer: &Answer) -> Option<String> {
    let links = answer.headers.get_all(header::LINK).into_iter().filter_map(|link| link.to_str().ok());
    let next = links.into_iter().find_map(|link| link.strip_suffix("; rel=\"next\"").map(str::to_owned))?;
    next.strip_prefix("<http://localhost:8080").and_then(|rest| rest.strip_suffix('>')).map(str::to_owned)
}

impl Staff {
    /// The member of every entry of every page.
    async fn every(&self, path: &str, member: &str) -> Vec<String> {
        let (mut path, mut seen) = (path.to_owned(), Vec::new());
        loop {
            let page = self.app.get(&path, &self.root.token).await.expect(200);
            let entries = page.json();
            seen.extend(
                entries
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|entry| entry.pointer(member).unwrap().as_str().unwrap().to_owned()),
            );
            match next(&page) {
                Some(beyond) => path = beyond,
                None => return seen,
            }
        }
    }

    async fn person(&self, login: &str, last: &str, department: &str) -> Value {
        self.app.world.advance_seconds(1);
        let profile = json!({ "profile": {
            "login": login, "email": format!("{login}@acme.example"), "firstName": "Grace", "lastName": last,
            "department": department,
        } });
        self.app.post("/api/v1/users?activate=false", &self.root.token, &profile).await.expect(200).json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_searched_sorted_and_paged() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (login, last, department) in [
            ("c", "Ärzte", "Sales"),
            ("b", "zebra", "Support"),
            ("d", "Alpha", "Sales"),
            ("a", "Same", "Sales"),
            ("e", "SAME", "x y"),
        ] {
            staff.person(login, last, department).await;
        }
        let sales = "/api/v1/users?limit=1&search=profile.department+eq+%22SALES%22";
        assert_eq!(staff.every(sales, "/profile/login").await, ["c", "d", "a"], "as they were made");
        let by_name = format!("{sales}&sortBy=profile.lastName");
        assert_eq!(staff.every(&by_name, "/profile/login").await, ["d", "a", "c"]);
        let down = format!("{by_name}&sortOrder=desc");
        assert_eq!(staff.every(&down, "/profile/login").await, ["c", "a", "d"]);
        let all = "/api/v1/users?limit=2&sortBy=profile.lastName&search=status+eq+%22STAGED%22";
        assert_eq!(staff.every(all, "/profile/lastName").await, ["Alpha", "Same", "SAME", "zebra", "Ärzte"]);
        let words = staff.every("/api/v1/users?q=s", "/profile/lastName").await;
        assert_eq!(words, ["Same", "SAME"]);
        let umlaut = staff.every("/api/v1/users?q=%C3%84RZ", "/profile/login").await;
        assert_eq!(umlaut, ["c"]);
        let newest =
            staff.every("/api/v1/users?limit=2&sortBy=created&sortOrder=DESC&search=id+pr", "/profile/login").await;
        assert_eq!(newest.first().map(String::as_str), Some("e"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_whose_account_has_ended_are_found_when_asked_for() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let gone = staff.person("gone", "Hopper", "Sales").await;
        let path = format!("/api/v1/users/{}/lifecycle/deactivate", gone["id"].as_str().unwrap());
        staff.app.post(&path, &staff.root.token, &Value::Null).await.expect(200);
        assert_eq!(staff.every("/api/v1/users", "/profile/login").await, ["root@acme.example"]);
        assert_eq!(staff.every("/api/v1/users?q=hop", "/profile/login").await, [""; 0]);
        let asked = "/api/v1/users?search=profile.lastName+eq+%22hopper%22";
        assert_eq!(staff.every(asked, "/status").await, ["DEPROVISIONED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_the_parts_it_asked_for() {
    let staff = Staff::new(Engine::Sqlite).await;
    staff.person("a", "Hopper", "Sales").await;
    let path = "/api/v1/users?fields=status,profile:(lastName,department)&search=profile.lastName+eq+%22hopper%22";
    let found = staff.app.get(path, &staff.root.token).await.expect(200).json();
    let id = found[0]["id"].clone();
    let expected =
        json!([{ "id": id, "status": "STAGED", "profile": { "lastName": "Hopper", "department": "Sales" } }]);
    assert_eq!(found, expected);
    let request = Request::get("/api/v1/users")
        .header(header::AUTHORIZATION, format!("SSWS {}", staff.root.token))
        .header(header::CONTENT_TYPE, "application/json; okta-response=\"omitCredentials, omitCredentialsLinks\"");
    let found = staff.app.send(request.body(Body::empty()).unwrap()).await.expect(200).json();
    assert!(found[0].get("credentials").is_none() && found[0]["_links"]["self"].is_object(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_members_are_searched_sorted_and_paged() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (name, description) in [("Night", "late shift"), ("day", ""), ("Zürich", "Late Office")] {
            staff.app.world.advance_seconds(1);
            let body = json!({ "profile": { "name": name, "description": description } });
            staff.app.post("/api/v1/groups", &staff.root.token, &body).await.expect(200);
        }
        let named = |path: &str| format!("/api/v1/groups?limit=1&{path}");
        assert_eq!(
            staff.every(&named("sortBy=profile.name"), "/profile/name").await,
            ["day", "Everyone", "Night", "Zürich"]
        );
        let late = named("search=profile.description+co+%22late%22&sortBy=profile.name&sortOrder=desc");
        assert_eq!(staff.every(&late, "/profile/name").await, ["Zürich", "Night"]);
        assert_eq!(staff.every(&named("filter=type+eq+%22BUILT_IN%22"), "/profile/name").await, ["Everyone"]);
        assert_eq!(staff.every(&named("q=Z%C3%9C"), "/profile/name").await, ["Zürich"]);
        let night = &staff.every(&named("q=night"), "/id").await[0];
        for login in ["a", "b", "c"] {
            let person = staff.person(login, "Hopper", "Sales").await;
            let seat = format!("/api/v1/groups/{night}/users/{}", person["id"].as_str().unwrap());
            staff.app.call(Method::PUT, &seat, &staff.root.token, &Value::Null).await.expect(204);
        }
        let members = format!("/api/v1/groups/{night}/users?limit=2");
        assert_eq!(staff.every(&members, "/profile/login").await, ["a", "b", "c"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_its_code() {
    let staff = Staff::new(Engine::Sqlite).await;
    let person = staff.person("a", "Hopper", "Sales").await;
    let id = person["id"].as_str().unwrap();
    for (query, code) in [
        ("users?search=profile.shoeSize+pr".to_owned(), "E0000031"),
        ("users?search=status".to_owned(), "E0000031"),
        ("users?sortBy=profile.shoeSize".to_owned(), "E0000031"),
        ("users?sortBy=lastLogin".to_owned(), "E0000031"),
        ("users?filter=status".to_owned(), "E0000053"),
        ("users?filter=shoeSize+eq+%221%22".to_owned(), "E0000094"),
        ("users?filter=profile.login+eq+true".to_owned(), "E0000094"),
        ("groups?filter=(type+eq+%22x%22".to_owned(), "E0000053"),
        ("groups?filter=profile.size+pr".to_owned(), "E0000094"),
        ("groups?search=type+is+%22x%22".to_owned(), "E0000031"),
        ("users?sortOrder=up".to_owned(), "E0000001"),
        ("users?limit=0".to_owned(), "E0000001"),
        ("users?fields=a,,b".to_owned(), "E0000001"),
        (format!("users?after={id}&sortBy=profile.login"), "E0000001"),
        (format!("users?after={id}.tAAAA"), "E0000001"),
        (format!("users?after={id}.x1"), "E0000001"),
        (format!("groups?after={id}"), "E0000001"),
    ] {
        staff.app.get(&format!("/api/v1/{query}"), &staff.root.token).await.refused(400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_ten_megabytes_is_refused_at_once() {
    let staff = Staff::new(Engine::Sqlite).await;
    let long = "x".repeat(10 * 1024 * 1024);
    let in_path =
        staff.app.get(&format!("/api/v1/users?search=id+eq+%22{}%22", &long[..60_000]), &staff.root.token).await;
    assert!(in_path.text().contains("at most 2000 bytes"), "{}", in_path.text());
    in_path.refused(400, "E0000031");
    for (member, code) in [("filter", "E0000053"), ("q", "E0000001"), ("after", "E0000001")] {
        for list in ["users", "groups"] {
            let path = format!("/api/v1/{list}?{member}={}", &long[..60_000]);
            staff.app.get(&path, &staff.root.token).await.refused(400, code);
        }
    }
    let body = json!({ "profile": { "login": long } });
    staff.app.post("/api/v1/users", &staff.root.token, &body).await.refused(413, "E0000001");

    // No request type holds a path of ten megabytes: as the bytes that a client sends.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Connections::on(listener, &staff.app.app.config).unwrap();
    let service = postern_server::app::router(std::sync::Arc::clone(&staff.app.app));
    let server =
        tokio::spawn(
            async move { axum::serve(connections, service.into_make_service_with_connect_info::<Peer>()).await },
        );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // The server hangs up before it has all.
        let _ = stream.write_all(format!("GET /api/v1/users?search={long} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..length]).into_owned()
    });
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("at once").unwrap();
    server.abort();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_question_however_strange_makes_a_list_fail() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.person("a", "Hopper", "Sales").await;
        let mut runner = TestRunner::deterministic();
        let attribute = prop::sample::select(vec![
            "id",
            "status",
            "profile.email",
            "profile.department",
            "profile.mobilePhone",
            "created",
            "lastLogin",
            "x",
        ]);
        let operator = prop::sample::select(vec!["eq", "ne", "sw", "co", "ew", "gt", "le", "pr"]);
        let one = (attribute, operator, "\\PC{0,8}", "[ ()\"a-z]{0,6}")
            .prop_map(|(attribute, operator, value, tail)| format!("{attribute} {operator} {}{tail}", json!(value)));
        let wild = (one.clone(), prop::sample::select(vec![" and ", " or ", " and not ", " "]), one)
            .prop_map(|(first, join, second)| format!("{first}{join}{second}"));
        let by = prop::sample::select(vec!["", "&sortBy=profile.email", "&sortBy=created&sortOrder=desc", "&q=%CE%A3"]);
        for _ in 0..150 {
            let (filter, by) =
                (wild.new_tree(&mut runner).unwrap().current(), by.new_tree(&mut runner).unwrap().current());
            let encoded: Vec<String> = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = encoded.concat();
            let answer = staff.app.get(&format!("/api/v1/users?search={encoded}{by}"), &staff.root.token).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400), "{filter}: {}", answer.text());
        }
    }
}
