//! The answer to a question that its owner chose. Of the answer a slow hash is kept, as of a password.

use postern_codes::{Env, Secret, Timestamp};
use serde_json::json;

use super::{
    Answer, Category, Draft, Factor, Held, Kind, NotEnrollable, Outside, Provider, Traits, Verdict, Wanted, has_active,
};
use crate::user::fold;

/// The key of a question that its owner words.
pub const OWN: &str = "custom";
/// Most characters of a question or an answer.
const LONGEST: usize = 100;
/// Fewest characters of an answer.
const SHORTEST: usize = 4;

/// Every question by its key.
pub const QUESTIONS: &[(&str, &str)] = &[
    ("disliked_food", "What is the food you least liked as a child?"),
    ("name_of_first_plush_toy", "What is the name of your first stuffed animal?"),
    ("first_award", "What did you earn your first medal or award for?"),
    ("favorite_security_question", "What is your favorite security question?"),
    ("favorite_toy", "What is the toy/stuffed animal you liked the most as a kid?"),
    ("first_computer_game", "What was the first computer game you played?"),
    ("favorite_movie_quote", "What is your favorite movie quote?"),
    ("first_sports_team_mascot", "What was the mascot of the first sports team you played on?"),
    ("first_music_purchase", "What music album or song did you first purchase?"),
    ("favorite_art_piece", "What is your favorite piece of art?"),
    ("grandmother_favorite_desert", "What was your grandmother's favorite dessert?"),
    ("first_thing_cooked", "What was the first thing you learned to cook?"),
    ("childhood_dream_job", "What was your dream job as a child?"),
    ("first_kiss_location", "Where did you have your first kiss?"),
    ("place_where_significant_other_was_met", "Where did you meet your spouse/significant other?"),
    ("favorite_vacation_location", "Where did you go for your favorite vacation?"),
    ("new_years_two_thousand", "Where were you on New Year's Eve in the year 2000?"),
    ("favorite_speaker_actor", "Who is your favorite speaker/orator?"),
    ("favorite_book_movie_character", "Who is your favorite book/movie character?"),
    ("favorite_sports_player", "Who is your favorite sports player?"),
];

/// The answer to a question.
#[derive(Debug, Clone, Copy)]
pub struct Question;

/// Answers are compared without regard to case and to blanks around them.
pub fn folded(answer: &Secret<String>) -> Secret<String> {
    Secret::new(fold(answer.expose().trim()))
}

impl Factor for Question {
    fn name(&self) -> &'static str {
        "question"
    }

    fn label(&self) -> &'static str {
        "security question"
    }

    fn id_prefix(&self) -> &'static str {
        "ufs"
    }

    fn providers(&self) -> &'static [Provider] {
        const WHY: &str = "an answer can be found out, guessed and passed on (NIST SP 800-63B does not count it)";
        &const { [Provider::off("OKTA", "okta_question", WHY)] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("security_question", "security_question")
    }

    fn traits(&self) -> Traits {
        Traits { category: Category::Knowledge, ..super::PASSWORD }
    }

    fn amr(&self) -> &'static str {
        "kba"
    }

    fn is_active_at_once(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, _: &Env) -> Result<Draft, NotEnrollable> {
        if has_active(wanted.held, Kind::Question, wanted.provider.name) {
            return Err(NotEnrollable::AlreadySetUp);
        }
        let wrong = |name, cause: &str| NotEnrollable::Member(name, cause.to_owned());
        let key = wanted.text("question").ok_or_else(|| wrong("question", "The field cannot be left blank"))?;
        let known = QUESTIONS.iter().find(|(own, _)| *own == key).map(|(_, text)| *text);
        let text = match known {
            Some(text) => text,
            None if key == OWN => wanted.text("questionText").unwrap_or_default(),
            None => return Err(wrong("question", "is the key of no question")),
        };
        if !(1..=LONGEST).contains(&text.chars().count()) || text.contains(char::is_control) {
            return Err(wrong("questionText", "must have 1 to 100 characters on one line"));
        }
        let answer = wanted.text("answer").map(|text| Secret::new(text.to_owned()));
        let answer = folded(&answer.ok_or_else(|| wrong("answer", "The field cannot be left blank"))?);
        if !(SHORTEST..=LONGEST).contains(&answer.expose().chars().count()) {
            return Err(wrong("answer", "must have 4 to 100 characters"));
        }
        if fold(text).contains(answer.expose().as_str()) {
            return Err(wrong("answer", "must not be part of the question"));
        }
        let profile = json!({ "question": key, "questionText": text });
        let secret = Secret::new(answer.expose().as_bytes().to_vec());
        Ok(Draft { profile, secret, is_hashed: true, activation: None })
    }

    fn verify(&self, _: &Held<'_>, answer: &Answer, _: Timestamp) -> Verdict {
        let Answer::Code(typed) = answer else { return Verdict::NotMine };
        let fits = (1..=LONGEST).contains(&typed.expose().trim().chars().count());
        if fits { Verdict::Ask(Outside::Hash) } else { Verdict::NotMine }
    }
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! An answer as the conformance suite drives it; the secret stands for its own hash.

    use std::time::Duration;

    use postern_codes::{Secret, Timestamp};

    use crate::factor::suite::Specimen;
    use crate::factor::{Answer, Kind};

    /// An answer.
    #[derive(Debug)]
    pub struct Remembered;

    impl Specimen for Remembered {
        fn kind(&self) -> Kind {
            Kind::Question
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Secret::new(format!("plum cake {seed}").into_bytes())
        }

        fn right(&self, secret: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            let text = String::from_utf8(secret.expose().clone()).expect("text");
            Answer::Code(Secret::new(format!("  {} ", text.to_uppercase())))
        }

        fn wrong(&self, _: &Secret<Vec<u8>>, _: Timestamp) -> Answer {
            Answer::Code(Secret::new("apple pie".into()))
        }

        fn malformed(&self) -> Answer {
            Answer::Code(Secret::new("  ".into()))
        }

        fn life(&self) -> Option<Duration> {
            None
        }

        fn skew(&self) -> Option<Duration> {
            None
        }

        fn is_used_up(&self) -> bool {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&specimen::Remembered);
    }

    #[test]
    fn every_question_has_a_key_of_its_own() {
        let mut keys: Vec<_> = QUESTIONS.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), QUESTIONS.len()), (20, 20));
        assert!(!keys.contains(&OWN));
    }
}
