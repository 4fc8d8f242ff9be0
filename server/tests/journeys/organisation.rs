//! What an organisation says of itself, and the language of its mails.

use axum::http::Method;
use postern_store::scratch;
use serde_json::json;

use crate::staff::Staff;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_in_the_language_that_its_reader_prefers() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (login, preferred, subject, until) in [
            ("dora@acme.example", "de", "Ihr Konto bei Acme", "er gilt einmal, bis"),
            ("dirk@acme.example", "de_AT", "Ihr Konto bei Acme", "er gilt einmal, bis"),
            ("emma@acme.example", "en-GB", "Your account at Acme", "it works once, until"),
            ("tlhi@acme.example", "tlh", "Your account at Acme", "it works once, until"),
        ] {
            let profile = json!({ "login": login, "email": login, "firstName": "Dora", "lastName": "Maar",
                                  "preferredLanguage": preferred });
            staff.act(Method::POST, "", json!({ "profile": profile })).await.expect(200);
            let mail = staff.mail().await;
            let (to, said, text) = &mail[0];
            assert_eq!((mail.len(), to.as_str(), said.as_str()), (1, login, subject));
            assert!(text.contains(until) && text.contains("/welcome/") && text.contains("Dora Maar,"), "{text}");
        }
    }
}
