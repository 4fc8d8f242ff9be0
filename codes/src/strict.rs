//! JSON from outside, read strictly: a repeated member is refused at any depth, unknown members are ignored, and a number
//! is a whole one from 0 to 2^53 - 1, so that two readers of the same bytes never see two things.
//!
//! An error names the field and never holds its value: what was sent may be a secret.

use std::fmt;

use serde::Deserialize;
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

/// The largest number that every JSON reader holds exactly.
pub const LARGEST: u64 = (1 << 53) - 1;

/// What was sent is not of the form that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed: {}", .field.as_deref().unwrap_or("not the JSON that this call takes"))]
pub struct Malformed {
    /// The path of the member that is missing or wrong, where one can be named.
    pub field: Option<String>,
}

impl Malformed {
    /// The member `field` is missing or not of its form.
    pub fn at(field: &str) -> Self {
        Self { field: Some(field.to_owned()) }
    }

    /// Not JSON, or of the wrong shape as a whole.
    pub const fn whole() -> Self {
        Self { field: None }
    }

    fn within(self, member: &str) -> Self {
        let field = self.field.map_or_else(|| member.to_owned(), |inner| format!("{member}.{inner}"));
        Self { field: Some(field) }
    }
}

/// Reads one JSON text that is a `T`.
///
/// # Errors
/// [`Malformed`] names the member that is missing or wrong.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    T::deserialize(Node::read(bytes)?)
}

/// A JSON text without repeated members.
pub(crate) enum Node {
    Null,
    Bool(bool),
    Whole(u64),
    /// A number that is negative, broken or too large: it reaches no integer, so it is allowed only where nobody reads it.
    OtherNumber(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(bytes).map_err(|_| Malformed::whole())
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        matches!(self, Self::Object(members) if members.iter().any(|(name, _)| name == member))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(if value <= LARGEST { Node::Whole(value) } else { Node::OtherNumber(f64::INFINITY) })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::OtherNumber(f64::NEG_INFINITY))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::OtherNumber(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((name, value)) = map.next_entry::<String, Node>()? {
            if !seen.insert(name.clone()) {
                return Err(de::Error::custom("a member is repeated"));
            }
            members.push((name, value));
        }
        Ok(Node::Object(members))
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Whole(value) => visitor.visit_u64(value),
            Self::OtherNumber(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Self::Object(members) => visitor.visit_map(Members { rest: members.into_iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if matches!(self, Self::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        match self {
            Self::Text(value) => {
                let name: StringDeserializer<Malformed> = value.into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(Malformed::whole()),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

struct Items(std::vec::IntoIter<Node>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Members {
    rest: std::vec::IntoIter<(String, Node)>,
    value: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        self.value = self.rest.next();
        self.value.as_ref().map(|(name, _)| seed.deserialize(name.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let (name, value) = self.value.take().ok_or_else(Malformed::whole)?;
        seed.deserialize(value).map_err(|fault| fault.within(&name))
    }
}

impl de::Error for Malformed {
    /// Drops the message: serde's holds the value that it could not use.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::whole()
    }

    fn missing_field(field: &'static str) -> Self {
        Self::at(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        pin: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Outer {
        generation: u32,
        #[serde(default)]
        note: Option<String>,
        inner: Vec<Inner>,
    }

    fn fault(text: &str) -> Option<String> {
        from_slice::<Outer>(text.as_bytes()).unwrap_err().field
    }

    #[test]
    fn unknown_members_are_ignored_whatever_they_hold() {
        let read = from_slice::<Outer>(br#"{"generation":1,"inner":[{"pin":"x","a":-1.5}],"b":{"c":[null,1e400]}}"#);
        assert_eq!(read.err(), Some(Malformed::whole()), "1e400 is no JSON number that can be held");
        let read = from_slice(br#"{"generation":1,"inner":[{"pin":"x","a":-1.5}],"b":{"c":[null,1e40]}}"#);
        assert_eq!(read, Ok(Outer { generation: 1, note: None, inner: vec![Inner { pin: "x".into() }] }));
    }

    #[test]
    fn a_repeated_member_is_refused_at_any_depth() {
        assert_eq!(fault(r#"{"generation":1,"generation":1,"inner":[]}"#), None);
        assert_eq!(fault(r#"{"generation":1,"inner":[],"x":[{"a":1,"a":1}]}"#), None);
        assert_eq!(fault(r#"{"generation":1,"inner":[],"a":1,"\u0061":1}"#), None);
    }

    #[test]
    fn an_error_names_the_field_and_never_its_value() {
        assert_eq!(fault(r#"{"inner":[]}"#).as_deref(), Some("generation"));
        assert_eq!(fault(r#"{"generation":1,"inner":[{"pin":483104206}]}"#).as_deref(), Some("inner.pin"));
        assert_eq!(fault(r#"{"generation":1,"inner":[{}]}"#).as_deref(), Some("inner.pin"));
        let shown = from_slice::<Outer>(br#"{"generation":"483104206","inner":[]}"#).unwrap_err().to_string();
        assert_eq!(shown, "malformed: generation");
    }

    #[test]
    fn only_whole_numbers_that_every_reader_holds_are_numbers() {
        for wrong in ["-1", "1.0", "1e2", "9007199254740992", "4294967296", "true", "null", "\"1\""] {
            assert_eq!(
                fault(&format!(r#"{{"generation":{wrong},"inner":[]}}"#)).as_deref(),
                Some("generation"),
                "{wrong}"
            );
        }
        assert_eq!(from_slice::<u64>(b"9007199254740991"), Ok(LARGEST));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for wrong in [&b"{"[..], b"", b"[1,]", b"{}{}", b"\xff", b"\"\xc3\"", b"{\"generation\":1,\"inner\":[]} x"] {
            assert!(from_slice::<Outer>(wrong).is_err());
        }
    }
}
