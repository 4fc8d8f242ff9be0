//! The record over the API: its shape, its filters, and that a reader who goes on misses nothing.

use axum::http::header;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::{Member, Staff};

async fn read(staff: &Staff, query: &str) -> Answer {
    staff.app.get(&format!("/api/v1/logs{query}"), &staff.root.token).await.expect(200)
}

fn next(answer: &Answer) -> Option<String> {
    let mut links = answer.headers.get_all(header::LINK).iter().map(|link| link.to_str().unwrap().to_owned());
    let next = links.next_back()?.strip_suffix(">; rel=\"next\"")?.to_owned();
    next.split_once('?').map(|(_, query)| format!("?{query}"))
}

fn kinds(answer: &Answer) -> Vec<String> {
    answer.json().as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap().to_owned()).collect()
}

async fn suspend(staff: &Staff, who: &Member) {
    let path = format!("/api/v1/users/{}/lifecycle/suspend", who.id);
    staff.app.post(&path, &staff.root.token, &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_who_did_what_to_whom_from_where() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let grace = staff.with("grace", &[]).await;
        suspend(&staff, &grace).await;
        let filter = format!("?filter=target.id+eq+%22{}%22+and+eventType+sw+%22user.lifecycle%22", grace.id);
        let event = read(&staff, &filter).await.json()[0].clone();
        assert_eq!(event["eventType"], "user.lifecycle.suspend");
        assert_eq!(event["displayMessage"], "Person suspended");
        assert_eq!(event["severity"], "INFO");
        assert_eq!(event["outcome"]["result"], "SUCCESS");
        assert_eq!(event["actor"]["alternateId"], staff.root.login);
        assert_eq!(event["actor"]["type"], "User");
        assert_eq!(
            event["target"],
            json!([{ "id": grace.id, "type": "User", "alternateId": grace.login, "displayName": "grace Example" }])
        );
        assert!(event["transaction"]["detail"]["requestApiTokenId"].as_str().unwrap().starts_with("00T"), "{event}");
        assert!(event["transaction"]["id"].as_str().unwrap().starts_with("req"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_from_their_link_misses_nothing_and_sees_nothing_twice() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let mut query = "?limit=2&filter=eventType+eq+%22user.lifecycle.suspend%22".to_owned();
        let mut seen = 0;
        for round in 0..3 {
            for n in 0..3 {
                let person = staff.with(&format!("p{round}{n}"), &[]).await;
                suspend(&staff, &person).await;
            }
            // However long they were away.
            staff.app.world.advance_seconds(10 * 86_400);
            loop {
                let page = read(&staff, &query).await;
                let found = kinds(&page).len();
                seen += found;
                query = next(&page).expect("a polled list always goes on");
                if found < 2 {
                    break;
                }
            }
        }
        // The first round is older than the seven days that a first question covers.
        assert_eq!(seen, 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_question_ends() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for name in ["a", "b", "c"] {
            let person = staff.with(name, &[]).await;
            suspend(&staff, &person).await;
        }
        let span = "since=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z";
        let filter = "filter=eventType+eq+%22user.lifecycle.suspend%22+or+eventType+eq+%22x%22";
        let newest = read(&staff, &format!("?{span}&{filter}&sortOrder=DESCENDING&limit=2")).await;
        assert_eq!(newest.json()[0]["target"][0]["displayName"], "c Example");
        let rest = read(&staff, &next(&newest).expect("one is left")).await;
        assert_eq!(rest.json()[0]["target"][0]["displayName"], "a Example");
        assert_eq!(next(&rest), None);
        let before = read(&staff, "?until=2026-11-21T00:00:00Z").await;
        assert_eq!((kinds(&before).len(), next(&before)), (0, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_on_record_with_its_reason() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let reader = staff.with("reader", &[Role::ReadOnly]).await;
        let path = format!("/api/v1/users/{}/lifecycle/suspend", staff.root.id);
        staff.app.post(&path, &reader.token, &Value::Null).await.refused(403, "E0000006");
        let query = format!("?filter=actor.id+eq+%22{}%22+and+outcome.result+eq+%22FAILURE%22", reader.id);
        let event = read(&staff, &query).await.json()[0].clone();
        assert_eq!(event["severity"], "WARN");
        assert_eq!(event["debugContext"]["debugData"]["permission"], "okta.users.lifecycle.suspend");
    }
}
