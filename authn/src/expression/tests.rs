use proptest::prelude::*;

use super::*;

struct Grace;

impl Subject for Grace {
    fn member(&self, name: &str) -> Option<&str> {
        match name {
            "department" => Some("Sales"),
            "title" => Some("Head of Sales"),
            "city" => Some("Lisbon \"Baixa\""),
            _ => None,
        }
    }

    fn is_in(&self, id: &str) -> bool {
        id == "00g1"
    }

    fn is_in_named(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        ["Everyone", "Leads of Sales"].iter().any(|name| holds(name))
    }
}

fn is_member(name: &str) -> bool {
    ["department", "title", "city", "costCenter"].contains(&name)
}

fn means(text: &str) -> bool {
    Expression::parse(text, is_member).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).means(&Grace)
}

#[test]
fn the_forms_that_rules_use_are_understood() {
    for yes in [
        r#"user.department=="Sales""#,
        "user.department == 'Sales'",
        r#"user.profile.department == "Sales""#,
        r#""Sales" == user.department"#,
        r#"user.department != "Support""#,
        r#"String.stringContains(user.title, "of")"#,
        r#"String.startsWith(user.title,"Head") AND String.endsWith(user.title,"Sales")"#,
        r#"user.department == "x" || user.department == "Sales""#,
        r#"user.department == "x" or not (user.department == "y")"#,
        r#"!(user.department == "x") && true"#,
        r#"isMemberOfAnyGroup("00g0", "00g1")"#,
        r#"isMemberOfGroup("00g1") and isMemberOfGroupName("Everyone")"#,
        r#"isMemberOfGroupNameStartsWith("Leads") && isMemberOfGroupNameContains("Sales")"#,
        "user.costCenter == null",
        r#"user.costCenter != "x""#,
        "String.len(user.department) >= 5",
        r#"String.toUpperCase(String.substringBefore(user.title, " ")) == "HEAD""#,
        r#"String.substringAfter(user.title, " of ") == user.department"#,
        r#"String.replace(String.removeSpaces(user.title), "of", "-") == "Head-Sales""#,
        r#"String.append(user.department, "!") == "Sales!""#,
        r#"user.city == "Lisbon \"Baixa\"""#,
    ] {
        assert!(means(yes), "{yes}");
    }
    for no in [
        r#"user.department == "sales""#,
        r#"user.costCenter == "x" AND true"#,
        r#"String.stringContains(user.costCenter, "")"#,
        r#"user.costCenter > "a" OR user.costCenter < "a""#,
        r#"isMemberOfGroup("00g9")"#,
        r#"user.department == "Sales" AND user.title == "x" OR false"#,
    ] {
        assert!(!means(no), "{no}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, at) in [
        ("", 1),
        ("user.department", 1),
        (r#"user.department = "Sales""#, 17),
        (r#"user.shoeSize == "38""#, 1),
        (r#"user.department == "Sales"#, 20),
        ("user.department == 3", 19),
        (r#"user.department == "Sales" AND"#, 31),
        (r#"user.department == "Sales" user.title == "x""#, 28),
        (r#"(user.department == "Sales""#, 28),
        ("String.len(user.title)", 1),
        ("String.len(user.title, user.title) == 1", 24),
        ("String.startsWith(user.title)", 29),
        ("String.format(user.title)", 1),
        ("isMemberOfAnyGroup()", 20),
        ("user.title AND true", 1),
        ("true AND user.title", 9),
        ("true > false", 7),
        ("\"é\" == \"é\" AND x", 16),
        (r#"user.title == "a\x""#, 17),
    ] {
        let refused = Expression::parse(text, is_member).unwrap_err();
        assert_eq!(refused.at, at, "{text}: {refused}");
    }
}

#[test]
fn a_long_or_deep_expression_is_refused_at_once() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(MAX_DEPTH - 1), is_member).is_ok());
    assert!(Expression::parse(&nested(MAX_DEPTH), is_member).is_err());
    assert!(Expression::parse(&"!".repeat(500), is_member).is_err());
    assert!(Expression::parse(&"String.toLowerCase(".repeat(90), is_member).is_err());
    assert!(Expression::parse(&format!("\"{}\" == null", "x".repeat(MAX_LENGTH)), is_member).is_err());
}

#[test]
fn texts_in_between_are_cut() {
    let doubled = r#"String.replace(String.replace(String.replace(String.replace("aaaaaaaa", "a", "aaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaa") == "x""#;
    for _ in 0..100 {
        assert!(!means(doubled));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}|[ ()!&|=<>a-zA-Z.\"'\\\\,0-9é]{0,80}") {
        if let Ok(expression) = Expression::parse(&text, |_| true) {
            expression.means(&Grace);
        }
    }

    #[test]
    fn no_row_of_words_makes_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "user.title", "\"x\"", "'é'", "==", "!=", ">", "AND", "||", "!", "NOT", "(", ")", ",", "String.len", "String.append",
        "isMemberOfAnyGroup", "null", "true", "-1", "9223372036854775807",
    ]), 0..24)) {
        if let Ok(expression) = Expression::parse(&words.join(" "), is_member) {
            expression.means(&Grace);
        }
    }
}
