//! The machine under policies of the tests, and what policies demand.

use super::*;
use crate::factor::Category;
use crate::policy::sign_on::{Access, SignOn};
use crate::session::FRESH;
use postern_codes::Env;
use postern_codes::env::TestWorld;

const POLICY: &dyn Policy = &TwoCategories;

fn env() -> Env {
    TestWorld::new().env()
}

fn totp(env: &Env) -> Proof {
    Proof::factor(Kind::Totp, Id::with_prefix("ost", env), env.now)
}

fn asking(sign_in: SignIn) -> Asking {
    match sign_in {
        SignIn::Asking(asking) => asking,
        other => panic!("{other:?}"),
    }
}

fn begin(env: &Env, purpose: Purpose) -> Asking {
    asking(SignIn::begin(Some(Id::new(env)), purpose, POLICY, env.now))
}

#[test]
fn the_console_wants_something_known_and_something_held() {
    let env = env();
    let first = begin(&env, Purpose::Console);
    assert_eq!(first.wanted().unwrap().category, Category::Knowledge);
    let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
    assert_eq!(second.wanted().unwrap().category, Category::Possession);
    let SignIn::Complete(done) = second.answer(totp(&env), POLICY, env.now).unwrap() else { panic!() };
    assert_eq!(done.amr(), "pwd otp mfa");
    assert_eq!(done.factor_at(), Some(env.now));
}

fn rule(access: Access, require_factor: bool) -> SignOn {
    SignOn { access, require_factor, ..SignOn::ours() }
}

fn asked(demands: Demands, env: &Env) -> SignIn {
    SignIn::begin(Some(Id::new(env)), Purpose::Console, &demands, env.now)
}

#[test]
fn a_rule_that_denies_or_none_at_all_lets_nobody_in() {
    let env = env();
    for rule in [Some(rule(Access::Deny, false)), None] {
        for is_administrator in [true, false] {
            let standing = Standing { is_administrator, ..Standing::default() };
            let demands = Demands::of(rule.as_ref(), standing, false, env.now);
            assert!(matches!(asked(demands, &env), SignIn::Denied(Denied { reason: Denial::Policy, .. })));
        }
    }
}

#[test]
fn one_category_is_enough_where_the_rule_says_so_but_not_for_administrators() {
    let env = env();
    let of = |is_administrator| {
        let standing = Standing { is_administrator, ..Standing::default() };
        let demands = Demands::of(Some(&rule(Access::Allow, false)), standing, false, env.now);
        asking(asked(demands, &env)).answer(Proof::password(env.now), &demands, env.now).unwrap()
    };
    assert!(matches!(of(false), SignIn::Complete(_)));
    assert_eq!(asking(of(true)).wanted().unwrap().category, Category::Possession);
}

#[test]
fn a_remembered_browser_is_asked_again_when_the_factors_lifetime_is_over() {
    let env = env();
    let mut rule = rule(Access::Allow, true);
    rule.factor_prompt_mode = Some(crate::policy::sign_on::PromptMode::Session);
    rule.factor_lifetime = Some(15);
    let after = |minutes| {
        let now = env.now.plus(Duration::from_mins(minutes));
        let standing = Standing { factor_at: Some(env.now), is_administrator: false };
        let demands = Demands::of(Some(&rule), standing, false, now);
        asking(SignIn::begin(Some(Id::new(&env)), Purpose::Console, &demands, now))
            .answer(Proof::password(now), &demands, now)
            .unwrap()
    };
    assert!(matches!(after(14), SignIn::Complete(_)));
    assert!(matches!(after(15), SignIn::Asking(_)));
}

#[test]
fn something_held_comes_first_where_the_organisation_wants_that() {
    let env = env();
    let demands = Demands::opening(true);
    let first = asking(asked(demands, &env));
    assert_eq!(first.wanted().unwrap().category, Category::Possession);
    let second = asking(first.answer(totp(&env), &demands, env.now).unwrap());
    assert_eq!(second.wanted().unwrap().category, Category::Knowledge);
    assert!(matches!(second.answer(Proof::password(env.now), &demands, env.now), Ok(SignIn::Complete(_))));
}

#[test]
fn a_device_that_makes_sure_of_its_owner_needs_no_password() {
    let env = env();
    let passkey = |verifies_user| {
        let proof = Proof::factor(Kind::WebAuthn, Id::with_prefix("fwf", &env), env.now);
        Proof { traits: Traits { verifies_user, ..proof.traits }, ..proof }
    };
    let first = begin(&env, Purpose::Console).answer(passkey(false), POLICY, env.now).unwrap_err();
    let SignIn::Complete(done) = first.answer(passkey(true), POLICY, env.now).unwrap() else { panic!() };
    assert_eq!(done.amr(), "swk mfa");
    assert_eq!((done.factor_at(), done.resistant_at()), (Some(env.now), Some(env.now)));
}

#[test]
fn a_code_before_the_password_is_no_answer() {
    let env = env();
    let same = begin(&env, Purpose::Console).answer(totp(&env), POLICY, env.now).unwrap_err();
    assert_eq!(same.wanted().unwrap().category, Category::Knowledge);
}

#[test]
fn the_password_twice_is_not_two_factors() {
    let env = env();
    let first = begin(&env, Purpose::Console);
    let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
    assert!(second.answer(Proof::password(env.now), POLICY, env.now).is_err());
}

#[test]
fn nobody_is_asked_the_same_and_never_gets_in() {
    let env = env();
    let decoy = asking(SignIn::begin(None, Purpose::Console, POLICY, env.now));
    assert_eq!(decoy.wanted(), begin(&env, Purpose::Console).wanted());
    let stored = |asking: &Asking| serde_json::to_value(asking).unwrap().as_object().unwrap().len();
    assert_eq!(stored(&decoy), stored(&begin(&env, Purpose::Console)));
    assert!(decoy.answer(Proof::password(env.now), POLICY, env.now).is_err());
}

#[test]
fn a_policy_that_wants_nothing_lets_nobody_in_who_is_nobody() {
    struct Open;
    impl Policy for Open {
        fn decide(&self, _: &Situation<'_>) -> Decision {
            Decision::Allow
        }
    }
    let env = env();
    assert!(matches!(SignIn::begin(None, Purpose::Console, &Open, env.now), SignIn::Asking(_)));
    assert!(matches!(SignIn::begin(Some(Id::new(&env)), Purpose::Console, &Open, env.now), SignIn::Complete(_)));
}

#[test]
fn a_step_up_wants_something_held() {
    let env = env();
    let step_up = begin(&env, Purpose::StepUp(Id::new(&env)));
    let SignIn::Complete(done) = step_up.answer(totp(&env), POLICY, env.now).unwrap() else { panic!() };
    assert_eq!(done.amr(), "otp");
}

#[test]
fn a_person_without_a_second_factor_is_denied_after_the_password() {
    let env = env();
    let first = asking(SignIn::Asking(begin(&env, Purpose::Console)).with(&Duties::default()));
    let second = asking(first.answer(Proof::password(env.now), POLICY, env.now).unwrap());
    let SignIn::Denied(denied) = SignIn::Asking(second).with(&Duties::default()) else { panic!() };
    assert_eq!(denied.reason, Denial::NothingEnrolled);
}

#[test]
fn a_want_of_more_is_not_met_by_less() {
    let strict = Want { phishing_resistant: true, ..Want::any(Category::Possession) };
    assert!(!strict.is_met_by(&Kind::Totp.factor().traits()));
    let bound = Want { device_bound: true, ..Want::any(Category::Possession) };
    assert!(!bound.is_met_by(&Kind::Totp.factor().traits()));
    assert!(Want::any(Category::Possession).is_met_by(&Kind::Totp.factor().traits()));
}

/// A sign-in that a program leads, after the password.
fn led(env: &Env) -> Asking {
    asking(begin(env, Purpose::Api).answer(Proof::password(env.now), POLICY, env.now).unwrap())
}

#[test]
fn what_a_person_does_on_the_way_comes_in_its_order() {
    let env = env();
    let held = [Kind::Totp.factor().traits()];
    let duties =
        Duties { enrolled: &held, password: Errand::Change, may_enrol: true, must_enrol: true, is_late: false };
    let wanted = led(&env).place();
    let proving = asking(SignIn::Asking(led(&env)).with(&duties));
    assert_eq!(proving.place(), wanted, "whoever has a factor proves it before a password is changed");
    let proved = proving.answer(totp(&env), POLICY, env.now).unwrap();
    let changing = asking(proved.with(&duties));
    assert_eq!(changing.place(), Place::PasswordExpired);
    let duties = Duties { password: Errand::Nothing, ..duties };
    let enrolling = asking(changing.chose_password(POLICY, env.now).with(&duties));
    assert_eq!(enrolling.place(), Place::Enrol);
    assert!(enrolling.is_proved(POLICY, env.now));
    let duties = Duties { must_enrol: false, ..duties };
    assert!(matches!(enrolling.enrolled(None, POLICY, env.now).with(&duties), SignIn::Complete(_)));
}

#[test]
fn whoever_has_nothing_enrols_it_where_they_may_and_else_stays_outside() {
    let env = env();
    let duties = Duties { password: Errand::Change, may_enrol: true, ..Duties::default() };
    let changing = asking(SignIn::Asking(led(&env)).with(&duties));
    assert_eq!(changing.place(), Place::PasswordExpired);
    let duties = Duties { password: Errand::Nothing, ..duties };
    let enrolling = asking(changing.chose_password(POLICY, env.now).with(&duties));
    assert_eq!(enrolling.place(), Place::Enrol);
    assert!(!enrolling.is_proved(POLICY, env.now));
    assert!(enrolling.clone().answer(totp(&env), POLICY, env.now).is_err(), "nothing is asked there");
    let skipped = asking(enrolling.clone().skipped(POLICY, env.now).with(&duties));
    assert_eq!(skipped.place(), Place::Enrol);
    assert!(matches!(enrolling.enrolled(Some(totp(&env)), POLICY, env.now).with(&duties), SignIn::Complete(_)));
    let denied = SignIn::Asking(led(&env)).with(&Duties::default());
    assert!(matches!(denied, SignIn::Denied(Denied { reason: Denial::NothingEnrolled, .. })));
}

#[test]
fn a_warning_is_given_once_and_stands_in_nobodys_way() {
    let env = env();
    let held = [Kind::Totp.factor().traits()];
    let duties = Duties { enrolled: &held, password: Errand::Warning, ..Duties::default() };
    // Whoever knows the password alone is not told, and changes nothing.
    let proving = asking(SignIn::Asking(led(&env)).with(&duties));
    assert_eq!(proving.place(), led(&env).place());
    let warned = asking(proving.answer(totp(&env), POLICY, env.now).unwrap().with(&duties));
    assert_eq!(warned.place(), Place::PasswordWarn);
    assert!(matches!(warned.skipped(POLICY, env.now).with(&duties), SignIn::Complete(_)));
}

#[test]
fn a_password_alone_adds_no_factor_beside_one_that_is_held() {
    let env = env();
    let lenient = Demands::of(Some(&rule(Access::Allow, false)), Standing::default(), false, env.now);
    let held = [Kind::Totp.factor().traits()];
    let duties = Duties { enrolled: &held, may_enrol: true, must_enrol: true, ..Duties::default() };
    let done = |duties: &Duties<'_>| {
        let first = asking(asked(lenient, &env));
        first.answer(Proof::password(env.now), &lenient, env.now).unwrap().with(duties)
    };
    let proving = asking(done(&duties));
    assert_eq!(proving.wanted().unwrap().category, Category::Possession);
    let enrolling = asking(proving.answer(totp(&env), &lenient, env.now).unwrap().with(&duties));
    assert_eq!(enrolling.place(), Place::Enrol);
    assert!(enrolling.has_possession());
    let nothing_held = Duties { enrolled: &[], ..duties };
    assert_eq!(asking(done(&nothing_held)).place(), Place::Enrol);
}

#[test]
fn a_sign_in_ends_however_often_it_is_touched() {
    let env = env();
    let first = begin(&env, Purpose::Api);
    let hour = std::time::Duration::from_hours(1);
    assert!(!first.is_over(env.now.plus(hour)));
    assert!(first.is_over(env.now.plus(hour).plus(PATIENCE)));
}

#[test]
fn a_link_proves_nothing_and_a_password_that_was_replaced_no_more() {
    let env = env();
    for (asks, place) in
        [(true, Place::Question(Recovering::Password)), (false, Place::PasswordReset(Recovering::Password))]
    {
        let shown = Asking::by_link(Id::new(&env), Recovering::Password, asks, env.now);
        assert_eq!((shown.place(), shown.is_first()), (place, true));
        assert!(shown.clone().answer(Proof::password(env.now), POLICY, env.now).is_err());
        assert!(!shown.is_outdated(None) && !shown.is_outdated(Some(env.now)));
        assert!(shown.is_outdated(Some(env.now.plus(FRESH))), "a link outlives no change of the password");
        let next = asking(shown.chose_password(POLICY, env.now).with(&Duties { may_enrol: true, ..Duties::default() }));
        assert!(next.has_password() && next.place() == Place::Enrol);
        assert!(!next.is_outdated(Some(env.now)) && next.is_outdated(Some(env.now.plus(FRESH))));
    }
}

#[test]
fn a_device_is_remembered_for_a_program_of_the_organisations_own_alone() {
    let env = env();
    for is_trusted in [true, false] {
        let wishes = Wishes { is_trusted, ..Wishes::default() };
        assert_eq!(led(&env).wishing(wishes).remembering(true).wishes().remembers, is_trusted);
    }
}

#[test]
fn a_proof_from_long_ago_is_wanted_again() {
    let env = env();
    let second = asking(begin(&env, Purpose::Console).answer(Proof::password(env.now), POLICY, env.now).unwrap());
    let later = env.now.plus(FRESH);
    let again = asking(second.answer(Proof { at: later, ..totp(&env) }, POLICY, later).unwrap());
    assert_eq!(again.wanted().unwrap().category, Category::Knowledge);
}

#[test]
fn what_is_stored_is_read_back() {
    let env = env();
    let second = asking(begin(&env, Purpose::Console).answer(Proof::password(env.now), POLICY, env.now).unwrap());
    let text = serde_json::to_string(&second).unwrap();
    let read: Asking = serde_json::from_str(&text).unwrap();
    assert_eq!((read.user(), read.wanted()), (second.user(), second.wanted()));
}

/// Somebody who was given a ticket, and what they hold beside it.
fn vouched_for(held: &[Traits], may_enrol: bool) -> Duties<'_> {
    Duties { enrolled: held, may_enrol, ..Duties::default() }
}

fn ticket(env: &Env) -> Proof {
    Proof::factor(Kind::EnrolmentTicket, Id::with_prefix("etk", env), env.now)
}

#[test]
fn a_ticket_leads_with_the_password_to_enrolment_and_nowhere_else() {
    let env = env();
    let held = [Kind::EnrolmentTicket.factor().traits()];
    let duties = vouched_for(&held, true);
    let lenient = Demands::of(Some(&rule(Access::Allow, false)), Standing::default(), false, env.now);
    let first = asking(asked(lenient, &env));
    assert!(!first.takes(&held[0]), "the password comes first");
    // Also where the password alone would let in.
    let shown = asking(first.answer(Proof::password(env.now), &lenient, env.now).unwrap().with(&duties));
    assert!(shown.takes(&held[0]));
    let enrolling = asking(shown.answer(ticket(&env), &lenient, env.now).unwrap().with(&duties));
    assert_eq!(enrolling.place(), Place::Enrol);
    let again = asking(enrolling.clone().skipped(&lenient, env.now).with(&duties));
    assert_eq!(again.place(), Place::Enrol, "nobody leaves it out");
    // What one knows is no end of it; once something held is enrolled, the ticket is gone.
    let knows = [held[0], Kind::Question.factor().traits()];
    let further = asking(enrolling.clone().enrolled(None, &lenient, env.now).with(&vouched_for(&knows, true)));
    assert_eq!(further.place(), Place::Enrol);
    let has = [Kind::Totp.factor().traits()];
    let SignIn::Complete(done) = enrolling.enrolled(Some(totp(&env)), POLICY, env.now).with(&vouched_for(&has, true))
    else {
        panic!()
    };
    assert_eq!(done.amr(), "pwd otp mfa");
}

#[test]
fn a_ticket_alone_proves_nothing() {
    let env = env();
    let held = [Kind::EnrolmentTicket.factor().traits()];
    let denied = SignIn::Asking(led(&env)).with(&vouched_for(&held, false));
    assert!(matches!(denied, SignIn::Denied(Denied { reason: Denial::NothingEnrolled, .. })), "{denied:?}");
    for purpose in [Purpose::Check, Purpose::StepUp(Id::new(&env))] {
        assert!(!begin(&env, purpose).takes(&held[0]), "{purpose:?}");
    }
    // Where something held comes first, the password still comes.
    let strict = Demands::of(Some(&SignOn::ours()), Standing::default(), true, env.now);
    let first = asking(asked(strict, &env));
    let second = asking(first.answer(ticket(&env), &strict, env.now).unwrap().with(&vouched_for(&held, true)));
    assert_eq!(second.wanted().unwrap().category, Category::Knowledge);
    let third =
        asking(second.answer(Proof::password(env.now), &strict, env.now).unwrap().with(&vouched_for(&held, true)));
    assert_eq!(third.place(), Place::Enrol);
}

#[test]
fn whoever_is_too_late_stays_outside() {
    let env = env();
    let late = Duties { may_enrol: true, is_late: true, ..Duties::default() };
    assert!(matches!(SignIn::Asking(led(&env)).with(&late), SignIn::Denied(_)));
}
