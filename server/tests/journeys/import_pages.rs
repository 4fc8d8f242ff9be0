//! The console's pages of files of people: sent in, looked at, carried out or given up, and everybody as a file.

use axum::http::header;
use postern_server::jobs;
use postern_server::jobs::import_people;
use postern_store::migrate::Engine;
use postern_store::scratch;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::people::organisation;

const ADDRESS: &str = "/admin/people/import";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_first_and_carried_out_when_somebody_has_seen_it() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open("/admin/people").await.expect(200).says(&[ADDRESS, "/admin/people/export.csv"]);
        browser.open(ADDRESS).await.expect(200).says(&["No file was sent in yet.", "enctype=\"multipart/form-data\""]);
        let rows: Vec<String> = (0..300).map(|at| format!("p{at:03},p{at}@harbour.example,P,Q{at}\n")).collect();
        let rows = rows.concat();
        let file = format!("login,email,firstName,lastName\n{rows}=cmd,no address,A,B\nx,x@x,\"A\"x,B\n");
        let page = browser.upload(ADDRESS, ("people.csv", file.as_bytes())).await.leads_to().to_owned();
        browser.open(&page).await.expect(200).says(&["people.csv", "Being read", "<progress", "/standing"]);
        import_people::step(&app.app, ada.org).await.unwrap();
        let live = browser.open(&format!("{page}/standing")).await.expect(200);
        live.says(&["200 rows read", "data-state="]);
        assert!(!live.text().contains("data-final"));
        jobs::once(&app.app).await.unwrap();
        let read = browser.open(&page).await.expect(200);
        read.says(&["Waits for you", "Carry it out: 300 new, 0 changed", "data-final", "Refused rows", "cell 3"]);
        read.says(&["This is not of the right form.", "Something stands behind the closing quote."]);
        let report = browser.open(&format!("{page}/report.csv")).await.expect(200);
        assert!(report.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("attachment"));
        assert!(report.text().contains("302,'=cmd,email,"), "{}", report.text());
        assert!(!browser.open("/admin/people?q=p000").await.text().contains("p0@"), "it was only read");

        browser.submit(&format!("{page}/apply"), &[("x", "")]).await.leads_to();
        browser.open(&page).await.says(&["Being carried out", "This goes on without you."]);
        jobs::once(&app.app).await.unwrap();
        browser.open(&page).await.says(&["Carried out", "data-final"]);
        browser.open(ADDRESS).await.says(&["people.csv", "Carried out"]);
        let people = browser.open("/admin/people/export.csv").await.expect(200).text();
        assert_eq!(people.lines().count(), 302, "heading, Ada and everybody of the file");
        let some = browser.open("/admin/people/export.csv?q=p00").await.expect(200).text();
        assert_eq!(some.lines().count(), 11);
        assert!(some.starts_with('\u{feff}'));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_says_what_to_do_and_a_file_can_be_given_up() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    browser.upload(ADDRESS, ("", b"")).await.expect(400).says(&["Choose a file that is not empty."]);
    browser.submit(ADDRESS, &[("file", "x")]).await.expect(400);
    let long = vec![b'x'; 64 * 1024 * 1024 + 1];
    browser.upload(ADDRESS, ("long.csv", &long)).await.expect(413).says(&["longer than 64 MB"]);
    let page = browser.upload(ADDRESS, ("odd.csv", b"shoeSize\n38\n")).await.leads_to().to_owned();
    jobs::once(&app.app).await.unwrap();
    browser.open(&page).await.says(&["Cannot be read", "There is no such column: &#34;shoeSize&#34;"]);
    let page = browser.upload(ADDRESS, ("a.csv", b"login,email\nx,x@x\n")).await.leads_to().to_owned();
    browser.submit(&format!("{page}/cancel"), &[("x", "")]).await.leads_to();
    browser.open(&page).await.says(&["Given up"]);
    browser.submit(&format!("{page}/apply"), &[("x", "")]).await.expect(403);
    browser.open(&format!("{ADDRESS}/imp00000000000000000")).await.expect(404);
    for _ in 0..5 {
        browser.upload(ADDRESS, ("a.csv", b"login\nx\n")).await.leads_to();
    }
    browser.upload(ADDRESS, ("a.csv", b"login\nx\n")).await.expect(400).says(&["Five files wait already."]);
}
