//! People by file: what is read, what is carried out, what is refused with its line, and what a killed server leaves.

use axum::body::Body;
use axum::http::{Request, header};
use postern_authn::permission::Role;
use postern_server::jobs::{self, import_people};
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::Staff;

const HEADING: &str = "login,email,firstName,lastName,department,groups";

impl Staff {
    async fn send_file(&self, file: impl Into<Body>, token: &str) -> Answer {
        let request = Request::post("/api/v1/users/imports?name=people.csv")
            .header(header::AUTHORIZATION, format!("SSWS {token}"))
            .header(header::CONTENT_TYPE, "text/csv");
        self.app.send(request.body(file.into()).unwrap()).await
    }

    /// The path of a file that was read.
    async fn checked(&self, file: impl Into<Body>) -> (String, Value) {
        let sent = self.send_file(file, &self.root.token).await.expect(201).json();
        let path = format!("/api/v1/users/imports/{}", sent["id"].as_str().unwrap());
        jobs::once(&self.app.app).await.unwrap();
        (path.clone(), self.app.get(&path, &self.root.token).await.expect(200).json())
    }

    async fn applied(&self, path: &str) -> Value {
        self.app.post(&format!("{path}/lifecycle/apply"), &self.root.token, &Value::Null).await.expect(200);
        jobs::once(&self.app.app).await.unwrap();
        self.app.get(path, &self.root.token).await.expect(200).json()
    }

    /// Line and message of every row that is wrong.
    async fn wrong(&self, path: &str) -> Vec<(u64, String)> {
        let rows = self.app.get(&format!("{path}/rows?outcome=WRONG"), &self.root.token).await.expect(200).json();
        let told = |row: &Value| (row["line"].as_u64().unwrap(), row["message"].as_str().unwrap().to_owned());
        rows.as_array().unwrap().iter().map(told).collect()
    }

    async fn people(&self) -> usize {
        self.app.get("/api/v1/users", &self.root.token).await.json().as_array().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_before_somebody_has_seen_what_would_be() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff
            .app
            .post("/api/v1/groups", &staff.root.token, &json!({ "profile": { "name": "Night" } }))
            .await
            .expect(200);
        let file = format!(
            "\u{feff}{HEADING}\r\nada,ada@acme.example,Ada,\"Love, lace\",Sales,Night\r\nbob,bob@acme.example,Bob,Ross,,\r\n"
        );
        let (path, read) = staff.checked(file.clone()).await;
        assert_eq!((&read["status"], &read["counts"]["made"]), (&json!("CHECKED"), &json!(2)), "{read}");
        assert_eq!(staff.people().await, 1, "it was only read");
        let done = staff.applied(&path).await;
        assert_eq!((&done["status"], &done["counts"]["made"]), (&json!("APPLIED"), &json!(2)), "{done}");
        let ada = staff.app.get("/api/v1/users/ada", &staff.root.token).await.expect(200).json();
        assert_eq!((&ada["profile"]["lastName"], &ada["status"]), (&json!("Love, lace"), &json!("STAGED")));
        let groups = staff.app.get("/api/v1/users/ada/groups", &staff.root.token).await.json();
        assert_eq!(groups[1]["profile"]["name"], "Night");

        let (_, again) = staff.checked(file.replace("Bob,Ross", "Bob,Moss")).await;
        assert_eq!((&again["counts"]["same"], &again["counts"]["changed"]), (&json!(1), &json!(1)));
        let path =
            again["_links"]["self"]["href"].as_str().unwrap().trim_start_matches("http://localhost:8080").to_owned();
        let done = staff.applied(&path).await;
        assert_eq!((&done["counts"]["same"], &done["counts"]["changed"]), (&json!(1), &json!(1)));
        let bob = staff.app.get("/api/v1/users/bob", &staff.root.token).await.json();
        assert_eq!(bob["profile"]["lastName"], "Moss");
        staff
            .app
            .post(&format!("{path}/lifecycle/apply"), &staff.root.token, &Value::Null)
            .await
            .refused(403, "E0000107");
        staff
            .app
            .post(&format!("{path}/lifecycle/cancel"), &staff.root.token, &Value::Null)
            .await
            .refused(403, "E0000107");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_that_is_wrong_says_why_and_spoils_no_other() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let mut file = format!("{HEADING}\n").into_bytes();
        for line in [
            &b"ada,ada@acme.example,Ada,Lovelace,Sales,"[..],
            b"two words,x@acme.example,A,B,,",
            b"bob,no address,B,\"C\"x,,",
            b"cid,cid@acme.example,Cid",
            b"dot,dot@acme.example,D\xff,E,,",
            b"ADA,ada@acme.example,Ada,Again,,",
            b"eve,no address,,E,,",
            b"fay,fay@acme.example,F,F,,Nowhere",
            b"",
            b"gus,gus@acme.example,G,G\"H,,",
            b"hal,hal@acme.example,\"H\nh\",H,,",
            b"ivy,ivy@acme.example,I,I,,Everyone",
        ] {
            file.extend_from_slice(line);
            file.push(b'\n');
        }
        let (path, read) = staff.checked(file).await;
        let wrong = staff.wrong(&path).await;
        let lines: Vec<u64> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 11, 12], "{wrong:?}");
        for (at, word) in [
            (0, "login"),
            (1, "closing quote"),
            (2, "3 cells"),
            (3, "UTF-8"),
            (4, "line 2"),
            (5, "email"),
            (6, "no group"),
            (7, "inside"),
            (8, "one line"),
        ] {
            assert!(wrong[at].1.contains(word), "{:?}", wrong[at]);
        }
        assert_eq!(read["counts"], json!({ "made": 2, "changed": 0, "same": 0, "wrong": 9 }));
        staff.applied(&path).await;
        assert_eq!(staff.people().await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_understood_fails_whole() {
    let staff = Staff::new(Engine::Sqlite).await;
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("login".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let open = format!("{HEADING}\nada,\"ada@acme.example,Ada,{}", "x".repeat(100_000));
    for (file, word) in [
        (Vec::new(), "empty"),
        (b"\xef\xbb\xbf".to_vec(), "empty"),
        (utf16, "UTF-16"),
        (b"firstName,lastName\n".to_vec(), "login"),
        (b"login,shoeSize\n".to_vec(), "shoeSize"),
        (b"login,login\n".to_vec(), "twice"),
        (open.into_bytes(), "line 2"),
        (format!("{HEADING}\nada,\"ada").into_bytes(), "never closed"),
    ] {
        let (path, read) = staff.checked(file).await;
        assert_eq!(read["status"], "FAILED", "{read}");
        assert!(read["fault"].as_str().unwrap().contains(word), "{read}");
        staff
            .app
            .post(&format!("{path}/lifecycle/apply"), &staff.root.token, &Value::Null)
            .await
            .refused(403, "E0000107");
    }
    let long = Body::from(vec![b'x'; 64 * 1024 * 1024 + 1]);
    staff.send_file(long, &staff.root.token).await.refused(413, "E0000001");
    staff.app.get("/api/v1/users/imports/imp00000000000000000", &staff.root.token).await.refused(404, "E0000007");
    for _ in 0..5 {
        staff.send_file("login\n", &staff.root.token).await.expect(201);
    }
    staff.send_file("login\n", &staff.root.token).await.refused(400, "E0000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_by_a_file_whom_they_may_not_touch() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let admin = staff.with("admin", &[Role::Org]).await;
        let file = "login,email\nroot@acme.example,mine@evil.example\n";
        let sent = staff.send_file(file, &admin.token).await.expect(201).json();
        let path = format!("/api/v1/users/imports/{}", sent["id"].as_str().unwrap());
        jobs::once(&staff.app.app).await.unwrap();
        assert_eq!(staff.wrong(&path).await[0].1, "this person may do what you may not");
        // Another's file is not carried out by a greater right than its sender's.
        staff
            .app
            .post(&format!("{path}/lifecycle/apply"), &staff.root.token, &Value::Null)
            .await
            .refused(403, "E0000006");

        let sent =
            staff.send_file("login,email,firstName,lastName\nada,a@acme.example,A,B\n", &admin.token).await.json();
        let path = format!("/api/v1/users/imports/{}", sent["id"].as_str().unwrap());
        jobs::once(&staff.app.app).await.unwrap();
        staff.app.post(&format!("{path}/lifecycle/apply"), &admin.token, &Value::Null).await.expect(200);
        let suspend = format!("/api/v1/users/{}/lifecycle/suspend", admin.id);
        staff.app.post(&suspend, &staff.root.token, &Value::Null).await.expect(200);
        jobs::once(&staff.app.app).await.unwrap();
        let read = staff.app.get(&path, &staff.root.token).await.json();
        assert_eq!(read["status"], "FAILED", "the right is looked at when it is used");
        staff.app.get("/api/v1/users/ada", &staff.root.token).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_where_a_killed_server_left_it() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let rows: Vec<String> = (0..450).map(|at| format!("p{at:03},p{at}@acme.example,P,Q{at},,\n")).collect();
        let sent = staff.send_file(format!("{HEADING}\n{}", rows.concat()), &staff.root.token).await.expect(201).json();
        let path = format!("/api/v1/users/imports/{}", sent["id"].as_str().unwrap());
        assert!(import_people::step(&staff.app.app, staff.org).await.unwrap());
        let half = staff.app.get(&path, &staff.root.token).await.json();
        assert_eq!((&half["status"], &half["progress"]["rows"]), (&json!("CHECKING"), &json!(200)));
        // Two servers go on at once.
        let app = std::sync::Arc::clone(&staff.app.app);
        let other = tokio::spawn(async move { jobs::once(&app).await });
        jobs::once(&staff.app.app).await.unwrap();
        other.await.unwrap().unwrap();
        let read = staff.app.get(&path, &staff.root.token).await.json();
        assert_eq!((&read["status"], &read["counts"]["made"]), (&json!("CHECKED"), &json!(450)));

        staff.app.post(&format!("{path}/lifecycle/apply"), &staff.root.token, &Value::Null).await.expect(200);
        assert!(import_people::step(&staff.app.app, staff.org).await.unwrap());
        let half = staff.app.get(&path, &staff.root.token).await.json();
        assert_eq!((&half["status"], &half["counts"]["made"]), (&json!("APPLYING"), &json!(200)));
        let app = std::sync::Arc::clone(&staff.app.app);
        let other = tokio::spawn(async move { jobs::once(&app).await });
        jobs::once(&staff.app.app).await.unwrap();
        other.await.unwrap().unwrap();
        let done = staff.app.get(&path, &staff.root.token).await.json();
        assert_eq!((&done["status"], &done["counts"]["made"]), (&json!("APPLIED"), &json!(450)));
        let last = staff.app.get("/api/v1/users/p449", &staff.root.token).await.expect(200).json();
        assert_eq!(last["profile"]["lastName"], "Q449");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_can_be_imported_and_holds_no_formula() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let file = "login,email,firstName,lastName,title\nada,ada@acme.example,'=A,\"B, \"\"C\"\"\",'+1\n";
        let (path, _) = staff.checked(file).await;
        staff.applied(&path).await;
        let ada = staff.app.get("/api/v1/users/ada", &staff.root.token).await.expect(200).json();
        assert_eq!((&ada["profile"]["firstName"], &ada["profile"]["title"]), (&json!("=A"), &json!("+1")));
        let page = staff.app.get("/api/v1/users/export?limit=1", &staff.root.token).await.expect(200);
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        let next = page.headers.get_all(header::LINK).iter().next_back().unwrap().to_str().unwrap().to_owned();
        assert!(next.ends_with("rel=\"next\""), "{next}");
        let whole = staff.app.get("/api/v1/users/export", &staff.root.token).await.expect(200).text();
        assert!(whole.contains(",'=A,") && !whole.contains(",=") && !whole.contains(",+"), "{whole}");
        let (_, read) = staff.checked(whole).await;
        assert_eq!(read["counts"], json!({ "made": 0, "changed": 0, "same": 2, "wrong": 0 }), "{read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_given_up_does_no_more() {
    let staff = Staff::new(Engine::Sqlite).await;
    let (path, _) = staff.checked(format!("{HEADING}\nada,ada@acme.example,A,B,,\n")).await;
    let given_up = staff.app.post(&format!("{path}/lifecycle/cancel"), &staff.root.token, &Value::Null).await;
    assert_eq!(given_up.expect(200).json()["status"], "CANCELLED");
    staff.app.post(&format!("{path}/lifecycle/apply"), &staff.root.token, &Value::Null).await.refused(403, "E0000107");
    assert_eq!(staff.people().await, 1);
}

/// SHA-256 of "correct horse battery", made with Python's `hashlib`.
const HASH: &str = "kCjqDRXeyqNbLaIcApCvOxpboKMKWRkG+JtQdOIJ6nI=";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_brings_passwords_to_whom_it_makes_and_to_nobody_else() {
    const HEADING: &str =
        "login,email,firstName,lastName,status,password.hash.algorithm,password.hash.value,password.hash.workFactor";
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let file = format!(
            "{HEADING}\n\
             ada,ada@acme.example,Ada,L,ACTIVE,SHA-256,{HASH},\n\
             bob,bob@acme.example,Bob,R,STAGED,SHA-256,{HASH},\n\
             cid,cid@acme.example,Cid,S,ACTIVE,,,\n\
             dot,dot@acme.example,Dot,T,PROVISIONED,SHA-256,{HASH},\n\
             eve,eve@acme.example,Eve,U,,SHA-256,{HASH}x,\n\
             fay,fay@acme.example,Fay,V,,BCRYPT,x,twelve\n\
             root@acme.example,root@acme.example,root,Example,,SHA-256,{HASH},\n"
        );
        let (path, read) = staff.checked(file.clone()).await;
        assert_eq!(read["counts"], json!({ "made": 3, "changed": 0, "same": 1, "wrong": 3 }), "{read}");
        let wrong = staff.wrong(&path).await;
        assert!(wrong[0].1.starts_with("status: "), "{wrong:?}");
        assert!(wrong[1].1.starts_with("password.hash.value: "), "{wrong:?}");
        assert!(wrong[2].1.starts_with("password.hash.workFactor: "), "{wrong:?}");
        staff.applied(&path).await;
        for (login, status) in [("ada", "ACTIVE"), ("bob", "STAGED"), ("cid", "PROVISIONED")] {
            let person = staff.app.get(&format!("/api/v1/users/{login}"), &staff.root.token).await.expect(200).json();
            assert_eq!(person["status"], status, "{login}");
            assert_eq!(person["credentials"].get("password").is_some(), login != "cid", "{login}");
        }
        let kept = staff.app.app.store.read(staff.org, |tx| {
            let ada = tx.user_by_login(&"ada".parse().unwrap())?.unwrap();
            let root = tx.user_by_login(&staff.root.login.parse().unwrap())?.unwrap();
            let password = tx.user_password(ada.id)?.unwrap();
            let text = tx.keyring().open(&password)?.expose().clone();
            Ok((String::from_utf8(text).unwrap(), tx.user_password(root.id)?.is_some()))
        });
        let (kept, has_root) = kept.await.unwrap();
        assert!(kept.contains(HASH) && !has_root, "{kept}");
        let (_, again) = staff.checked(file).await;
        assert_eq!(again["counts"], json!({ "made": 0, "changed": 0, "same": 4, "wrong": 3 }), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_for_those_to_see_who_reach_everybody() {
    let staff = Staff::new(Engine::Sqlite).await;
    let (path, _) = staff.checked(format!("{HEADING}\nada,ada@acme.example,A,B,,\n")).await;
    let help = staff.with("help", &[Role::HelpDesk]).await;
    for path in ["/api/v1/users/imports".to_owned(), path.clone(), format!("{path}/rows")] {
        assert_eq!(staff.app.get(&path, &help.token).await.status, 403, "{path}");
    }
}
