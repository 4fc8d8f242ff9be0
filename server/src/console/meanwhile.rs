//! Two people before the same form. What a form showed goes with it, so that whoever comes second sees three things side
//! by side: what was, what they typed, and what somebody else saved meanwhile. Nothing of theirs is lost.

use axum::http::StatusCode;
use postern_codes::{b64, mac};
use serde::Serialize;

use super::form::Form;
use super::part::{Field, Kind, Notice, Ticks, Tone};
use super::words::{Text, say};
use crate::api::ApiError;

/// A mark of what a form shows: the same for the same, whoever saved it and whenever.
pub fn mark(what: &impl Serialize) -> String {
    let words = serde_json::to_vec(what).unwrap_or_default();
    b64::encode(&mac::sha256(&[&words]))
}

/// Whether a change was refused since somebody else came first.
pub fn is_overtaken(refusal: &ApiError) -> bool {
    refusal.status == StatusCode::PRECONDITION_FAILED
}

/// Whether a form shows something else than what there is now. One that shows nothing is no form of ours: its sender means
/// what there is.
pub fn is_stale(form: &Form, now: &str) -> bool {
    form.some("version").is_some_and(|shown| shown != now)
}

/// What stands above the form then.
pub fn notice() -> Notice {
    let notice = Notice::new(Tone::Warning, say("policies-overtaken"), say("policies-overtaken-next"));
    notice.with_code("E0000231")
}

/// What these fields hold, as fields of the form that are not shown.
pub fn before<'f>(fields: impl IntoIterator<Item = &'f Field>) -> Vec<(String, String)> {
    fields.into_iter().map(|field| (was(field.name), field.value.clone())).collect()
}

/// The same, with the mark of what they show.
pub fn shown<'f>(fields: impl IntoIterator<Item = &'f Field>, mark: String) -> Vec<(String, String)> {
    before(fields).into_iter().chain([("version".to_owned(), mark)]).collect()
}

/// Puts into fields what was typed, and beside each what is to be mended.
pub fn mend<'f>(fields: impl IntoIterator<Item = &'f mut Field>, form: &Form, wrong: &[(&str, Text)]) {
    for field in fields.into_iter().filter(|field| form.has(field.name)) {
        form.text(field.name).clone_into(&mut field.value);
        if let Some((_, why)) = wrong.iter().find(|(name, _)| *name == field.name) {
            *field = field.clone().refused(why);
        }
    }
}

/// What a refused form showed first stays with it.
pub fn keep_before(before: &mut [(String, String)], form: &Form) {
    for (name, value) in before {
        form.text(name).clone_into(value);
    }
}

/// The same of what is ticked.
pub fn ticked(ticks: &Ticks) -> (String, String) {
    let on: Vec<&str> = ticks.ticks.iter().filter(|tick| tick.is_on).map(|tick| tick.value.as_str()).collect();
    (was(ticks.name), on.join("\n"))
}

/// Keeps in fields, which show what was saved meanwhile, what was changed by hand; beside it stands what is lost by it.
pub fn keep_typed<'f>(fields: impl IntoIterator<Item = &'f mut Field>, form: &Form) {
    for field in fields.into_iter().filter(|field| form.has(field.name)) {
        let (typed, before) = (form.text(field.name), form.text(&was(field.name)));
        let is_same = |a: &str, b: &str| match field.kind {
            Kind::Lines => lines(a).eq(lines(b)),
            Kind::Long(_) => a.lines().eq(b.lines()),
            _ => a == b,
        };
        if is_same(typed, before) || is_same(typed, &field.value) {
            continue;
        }
        let kept = match field.kind {
            Kind::Lines => merged(before, typed, &field.value).join("\n"),
            _ => typed.to_owned(),
        };
        if !is_same(&field.value, before) {
            field.error = Some(saved(if field.value.is_empty() { None } else { Some(field.in_words()) }));
        }
        field.value = kept;
    }
}

/// The same of what is ticked.
pub fn keep_ticked(ticks: &mut Ticks, form: &Form) {
    let typed: Vec<&str> = form.all(ticks.name).collect();
    let (_, now) = ticked(ticks);
    let kept = merged(form.text(&was(ticks.name)), &typed.join("\n"), &now);
    if lines(&now).eq(lines(form.text(&was(ticks.name)))) || kept.iter().map(String::as_str).eq(lines(&now)) {
        return apply(ticks, &kept);
    }
    ticks.error = Some(saved(if now.is_empty() { None } else { Some(ticks.in_words()) }));
    apply(ticks, &kept);
}

fn apply(ticks: &mut Ticks, on: &[String]) {
    for tick in &mut ticks.ticks {
        tick.is_on = on.contains(&tick.value);
    }
}

fn saved(what: Option<Text>) -> Text {
    say("accounts-saved-meanwhile").with("value", what.unwrap_or_else(|| say("accounts-saved-nothing")))
}

fn was(name: &str) -> String {
    format!("was-{name}")
}

/// The lines of a text, without the blanks around them and without empty ones.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// What is there now, without what was taken out by hand and with what was put in.
fn merged(was: &str, typed: &str, now: &str) -> Vec<String> {
    let has = |text: &str, line: &str| lines(text).any(|own| own == line);
    let kept = lines(now).filter(|line| !has(was, line) || has(typed, line));
    let come = lines(typed).filter(|line| !has(was, line) && !has(now, line));
    kept.chain(come).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::part::Tick;

    fn form(fields: &[(&str, &str)]) -> Form {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Form::read(body.as_bytes()).unwrap()
    }

    #[test]
    fn lines_of_both_stay_and_lines_taken_out_by_either_go() {
        assert_eq!(merged("a\nb\nc", "a\nb\nmine", "a\nc\ntheirs"), ["a", "theirs", "mine"]);
        assert_eq!(merged("", "mine", "theirs"), ["theirs", "mine"]);
        assert_eq!(merged("a\nb", "a\r\n b \r\n", "a"), ["a"]);
    }

    #[test]
    fn what_was_not_touched_by_hand_shows_as_it_was_saved_meanwhile() {
        let mut fields = [Field::new("name", "Name", Kind::Text).holding("Theirs")];
        keep_typed(&mut fields, &form(&[("name", "Old"), ("was-name", "Old")]));
        assert_eq!((fields[0].value.as_str(), fields[0].error.is_some()), ("Theirs", false));
        keep_typed(&mut fields, &form(&[("name", "Mine"), ("was-name", "Old")]));
        assert_eq!((fields[0].value.as_str(), fields[0].error.is_some()), ("Mine", true));
    }

    #[test]
    fn ticks_of_both_stay_and_those_taken_by_either_go() {
        let tick = |value: &str, is_on| Tick { value: value.into(), label: value.into(), about: None, is_on };
        let mut ticks = Ticks::new("scope", "May".into(), vec![tick("A", false), tick("B", true), tick("C", false)]);
        keep_ticked(&mut ticks, &form(&[("scope", "A"), ("scope", "C"), ("was-scope", "A")]));
        let on: Vec<_> = ticks.ticks.iter().map(|tick| tick.is_on).collect();
        assert_eq!((on, ticks.error.is_some()), (vec![false, true, true], true));
    }
}
