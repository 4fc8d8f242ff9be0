//! Whom a rule that fills groups means: the part of Okta's expression language that such rules use.
//!
//! `user.department == "Sales" AND (String.startsWith(user.title, "Head") OR isMemberOfGroupName("Leads"))`
//!
//! An expression is read once into a tree whose kinds fit, and judged by walking it: there are no loops, no variables and no
//! calls but those below. Length, depth and the number of parts are bounded, and so is every text in between, so that no
//! expression costs more than a fixed time. A member that a person does not have is `null`, which is equal to `null` alone.

mod expected;

pub use expected::Expected;

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 2_000;
/// How deeply brackets, calls and `!` may nest.
pub const MAX_DEPTH: usize = 16;
/// The longest text that an expression makes, in characters.
const LONGEST: usize = 1_000;

/// An expression that says yes or no of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Node);

/// Whom it is asked of.
pub trait Subject {
    /// A member of their profile, by its name.
    fn member(&self, name: &str) -> Option<&str>;
    /// Whether one of their groups is this one, by id.
    fn is_in(&self, id: &str) -> bool;
    /// Whether one of their groups has a name of which this holds.
    fn is_in_named(&self, holds: &dyn Fn(&str) -> bool) -> bool;
}

/// Where an expression stopped making sense, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at character {at}")]
pub struct BadExpression {
    /// Characters from the beginning, counted from 1.
    pub at: usize,
    /// What would have made sense.
    pub expected: Expected,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Call(Function, Vec<Self>),
    Compare(Box<Self>, Sign, Box<Self>),
    Flag(bool),
    Member(String),
    Not(Box<Self>),
    Null,
    Number(i64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    NotEqual,
}

/// What a part of an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Flag,
    Null,
    Number,
    Text,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Flag(bool),
    Null,
    Number(i64),
    Text(String),
}

macro_rules! functions {
    ($($variant:ident $name:literal ($($argument:ident),* $(; $($rest:ident)?)?) $gives:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Function { $($variant),* }

        impl Function {
            /// Name, kinds of the arguments, whether the last may be repeated, and what it gives.
            const ALL: &[(&str, Self, &[Kind], bool, Kind)] = &[
                $(($name, Self::$variant, &[$(Kind::$argument),*], functions!(@rest $($($rest)?)?), Kind::$gives)),*
            ];
        }
    };
    (@rest) => { false };
    (@rest more) => { true };
}

functions! {
    Append "String.append" (Text, Text) Text;
    Contains "String.stringContains" (Text, Text) Flag;
    EndsWith "String.endsWith" (Text, Text) Flag;
    InAnyGroup "isMemberOfAnyGroup" (Text; more) Flag;
    InGroup "isMemberOfGroup" (Text) Flag;
    InGroupNamed "isMemberOfGroupName" (Text) Flag;
    InGroupNameContains "isMemberOfGroupNameContains" (Text) Flag;
    InGroupNameStarts "isMemberOfGroupNameStartsWith" (Text) Flag;
    Length "String.len" (Text) Number;
    Lower "String.toLowerCase" (Text) Text;
    RemoveSpaces "String.removeSpaces" (Text) Text;
    Replace "String.replace" (Text, Text, Text) Text;
    StartsWith "String.startsWith" (Text, Text) Flag;
    SubstringAfter "String.substringAfter" (Text, Text) Text;
    SubstringBefore "String.substringBefore" (Text, Text) Text;
    Upper "String.toUpperCase" (Text) Text;
}

impl Expression {
    /// What can be called in an expression.
    pub fn functions() -> impl Iterator<Item = &'static str> {
        Function::ALL.iter().map(|(name, ..)| *name)
    }

    /// Reads an expression; `is_member` says which members a profile may have.
    ///
    /// # Errors
    /// [`BadExpression`] says where and what was expected.
    pub fn parse(text: &str, is_member: impl Fn(&str) -> bool) -> Result<Self, BadExpression> {
        if text.len() > MAX_LENGTH {
            return Err(BadExpression { at: text.chars().count(), expected: Expected::Shorter });
        }
        let mut reader = Reader { text, at: 0, is_member: &is_member };
        let (node, kind) = reader.any(0)?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.expected(Expected::End));
        }
        if kind != Kind::Flag {
            reader.at = 0;
            return Err(reader.expected(Expected::Verdict));
        }
        Ok(Self(node))
    }

    /// Whether it means this person.
    pub fn means(&self, person: &impl Subject) -> bool {
        self.0.value(person) == Value::Flag(true)
    }

    /// Whether it asks for groups.
    pub fn asks_for_groups(&self) -> bool {
        self.0.asks_for_groups()
    }
}

impl Node {
    fn value(&self, person: &dyn Subject) -> Value {
        let is_true = |node: &Self| node.value(person) == Value::Flag(true);
        match self {
            Self::All(members) => Value::Flag(members.iter().all(is_true)),
            Self::Any(members) => Value::Flag(members.iter().any(is_true)),
            Self::Call(function, arguments) => {
                let arguments: Vec<Value> = arguments.iter().map(|argument| argument.value(person)).collect();
                function.value(&arguments, person)
            }
            Self::Compare(left, sign, right) => Value::Flag(sign.holds(&left.value(person), &right.value(person))),
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Member(name) => person.member(name).map_or(Value::Null, Value::text),
            Self::Not(inner) => Value::Flag(!is_true(inner)),
            Self::Null => Value::Null,
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::text(text),
        }
    }

    fn asks_for_groups(&self) -> bool {
        match self {
            Self::All(members) | Self::Any(members) => members.iter().any(Self::asks_for_groups),
            Self::Call(function, arguments) => {
                use Function as F;
                let asks = match function {
                    F::InAnyGroup | F::InGroup | F::InGroupNamed | F::InGroupNameContains | F::InGroupNameStarts => {
                        true
                    }
                    F::Append
                    | F::Contains
                    | F::EndsWith
                    | F::Length
                    | F::Lower
                    | F::RemoveSpaces
                    | F::Replace
                    | F::StartsWith
                    | F::SubstringAfter
                    | F::SubstringBefore
                    | F::Upper => false,
                };
                asks || arguments.iter().any(Self::asks_for_groups)
            }
            Self::Compare(left, _, right) => left.asks_for_groups() || right.asks_for_groups(),
            Self::Not(inner) => inner.asks_for_groups(),
            Self::Flag(_) | Self::Member(_) | Self::Null | Self::Number(_) | Self::Text(_) => false,
        }
    }
}

impl Value {
    fn text(text: &str) -> Self {
        Self::Text(text.chars().take(LONGEST).collect())
    }
}

impl Sign {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::Text(left), Value::Text(right)) => left.cmp(right),
            (Value::Number(left), Value::Number(right)) => left.cmp(right),
            // Flags are equal or not; nothing is greater than what is missing.
            _ => return self == Self::Equal && left == right || self == Self::NotEqual && left != right,
        };
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::NotEqual => order.is_ne(),
        }
    }
}

impl Function {
    /// What is missing contains nothing and is in no group; a text made of it is missing too.
    fn value(self, arguments: &[Value], person: &dyn Subject) -> Value {
        let texts: Option<Vec<&str>> = arguments
            .iter()
            .map(|argument| match argument {
                Value::Text(text) => Some(text.as_str()),
                Value::Flag(_) | Value::Null | Value::Number(_) => None,
            })
            .collect();
        let Some(texts) = texts else {
            let (_, _, _, _, gives) = Self::ALL.iter().find(|entry| entry.1 == self).expect("every function is listed");
            return if *gives == Kind::Flag { Value::Flag(false) } else { Value::Null };
        };
        match (self, texts.as_slice()) {
            (Self::Append, [first, second]) => Value::text(&format!("{first}{second}")),
            (Self::Contains, [text, part]) => Value::Flag(text.contains(part)),
            (Self::EndsWith, [text, part]) => Value::Flag(text.ends_with(part)),
            (Self::InAnyGroup | Self::InGroup, ids) => Value::Flag(ids.iter().any(|id| person.is_in(id))),
            (Self::InGroupNamed, [name]) => Value::Flag(person.is_in_named(&|own| own == *name)),
            (Self::InGroupNameContains, [part]) => Value::Flag(person.is_in_named(&|own| own.contains(part))),
            (Self::InGroupNameStarts, [part]) => Value::Flag(person.is_in_named(&|own| own.starts_with(part))),
            (Self::Length, [text]) => Value::Number(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
            (Self::Lower, [text]) => Value::text(&text.to_lowercase()),
            (Self::RemoveSpaces, [text]) => Value::text(&text.replace(char::is_whitespace, "")),
            (Self::Replace, [text, "", _]) => Value::text(text),
            (Self::Replace, [text, part, other]) => Value::text(&text.replacen(part, other, LONGEST)),
            (Self::StartsWith, [text, part]) => Value::Flag(text.starts_with(part)),
            (Self::SubstringAfter, [text, part]) => Value::text(text.split_once(part).map_or("", |(_, rest)| rest)),
            (Self::SubstringBefore, [text, part]) => {
                Value::text(text.split_once(part).map_or(text, |(first, _)| first))
            }
            (Self::Upper, [text]) => Value::text(&text.to_uppercase()),
            // The reader lets no other number of arguments through.
            _ => Value::Null,
        }
    }
}

/// The longer before those that they begin with.
const SIGNS: &[(&str, Sign)] = &[
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    (">=", Sign::GreaterOrEqual),
    ("<=", Sign::LessOrEqual),
    (">", Sign::Greater),
    ("<", Sign::Less),
];

struct Reader<'t> {
    text: &'t str,
    at: usize,
    is_member: &'t dyn Fn(&str) -> bool,
}

type Read = Result<(Node, Kind), BadExpression>;

impl<'t> Reader<'t> {
    /// `all *("||" all)`
    fn any(&mut self, depth: usize) -> Read {
        self.joined(depth, Self::all, &["||", "OR"], Node::Any)
    }

    /// `one *("&&" one)`
    fn all(&mut self, depth: usize) -> Read {
        self.joined(depth, Self::one, &["&&", "AND"], Node::All)
    }

    fn joined(
        &mut self,
        depth: usize,
        member: fn(&mut Self, usize) -> Read,
        joins: &[&str],
        many: fn(Vec<Node>) -> Node,
    ) -> Read {
        let begins = self.at;
        let (first, kind) = member(self, depth)?;
        let mut members = vec![first];
        while joins.iter().any(|join| self.take(join)) {
            if kind != Kind::Flag {
                self.at = begins;
                return Err(self.expected(Expected::Truth));
            }
            let begins = self.at;
            let (next, kind) = member(self, depth)?;
            if kind != Kind::Flag {
                self.at = begins;
                return Err(self.expected(Expected::Truth));
            }
            members.push(next);
        }
        Ok(if members.len() == 1 { (members.remove(0), kind) } else { (many(members), Kind::Flag) })
    }

    /// `"!" one / operand [sign operand]`
    fn one(&mut self, depth: usize) -> Read {
        if depth == MAX_DEPTH {
            return Err(self.expected(Expected::Shallower));
        }
        self.skip_space();
        let is_not = !self.text[self.at..].starts_with("!=") && self.take("!") || self.take("NOT");
        if is_not {
            let begins = self.at;
            let (inner, kind) = self.one(depth + 1)?;
            if kind != Kind::Flag {
                self.at = begins;
                return Err(self.expected(Expected::Truth));
            }
            return Ok((Node::Not(Box::new(inner)), Kind::Flag));
        }
        let (left, left_kind) = self.operand(depth)?;
        let Some((_, sign)) = SIGNS.iter().find(|(text, _)| self.take(text)) else { return Ok((left, left_kind)) };
        let begins = self.at;
        let (right, right_kind) = self.operand(depth)?;
        let is_order = !matches!(sign, Sign::Equal | Sign::NotEqual);
        let fit = match (left_kind, right_kind) {
            (Kind::Null, _) | (_, Kind::Null) | (Kind::Flag, Kind::Flag) => !is_order,
            (left, right) => left == right,
        };
        if !fit {
            self.at = begins;
            return Err(self.expected(Expected::Comparable));
        }
        Ok((Node::Compare(Box::new(left), *sign, Box::new(right)), Kind::Flag))
    }

    /// `"(" any ")" / text / number / "true" / "false" / "null" / "user." name / name "(" arguments ")"`
    fn operand(&mut self, depth: usize) -> Read {
        self.skip_space();
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(self.expected(Expected::Closed)) };
        }
        let rest = &self.text[self.at..];
        if rest.starts_with(['"', '\'']) {
            return self.quoted().map(|text| (Node::Text(text), Kind::Text));
        }
        let word = self.word();
        if let Ok(number) = word.parse() {
            self.at += word.len();
            return Ok((Node::Number(number), Kind::Number));
        }
        let constant = match word {
            "true" => Some((Node::Flag(true), Kind::Flag)),
            "false" => Some((Node::Flag(false), Kind::Flag)),
            "null" => Some((Node::Null, Kind::Null)),
            _ => None,
        };
        if let Some(constant) = constant {
            self.at += word.len();
            return Ok(constant);
        }
        if let Some(name) = word.strip_prefix("user.").or_else(|| word.strip_prefix("user.profile.")) {
            let name = name.strip_prefix("profile.").unwrap_or(name);
            if !(self.is_member)(name) {
                return Err(self.expected(Expected::Member));
            }
            self.at += word.len();
            return Ok((Node::Member(name.to_owned()), Kind::Text));
        }
        self.call(word, depth)
    }

    fn call(&mut self, word: &str, depth: usize) -> Read {
        let known = Function::ALL.iter().find(|(name, ..)| *name == word);
        let Some((_, function, kinds, repeats, gives)) = known else {
            return Err(self.expected(Expected::Operand));
        };
        self.at += word.len();
        if !self.take("(") {
            return Err(self.expected(Expected::Opened));
        }
        let mut arguments = Vec::new();
        loop {
            self.skip_space();
            let begins = self.at;
            let wanted = kinds.get(arguments.len()).or(if *repeats { kinds.last() } else { None });
            let Some(wanted) = wanted else { return Err(self.expected(Expected::Closed)) };
            if depth + 1 >= MAX_DEPTH {
                return Err(self.expected(Expected::Shallower));
            }
            let (argument, kind) = self.operand(depth + 1)?;
            if kind != *wanted && kind != Kind::Null {
                self.at = begins;
                return Err(self.expected(Expected::Text));
            }
            arguments.push(argument);
            if !self.take(",") {
                break;
            }
        }
        if arguments.len() < kinds.len() {
            return Err(self.expected(Expected::Argument));
        }
        if !self.take(")") {
            return Err(self.expected(Expected::Closed));
        }
        Ok((Node::Call(*function, arguments), *gives))
    }

    /// Text in double or single quotes; a backslash stands before a quote, a backslash, `n` or `t`.
    fn quoted(&mut self) -> Result<String, BadExpression> {
        let begins = self.at;
        let mut characters = self.text[self.at..].char_indices();
        let quote = characters.next().map(|(_, quote)| quote);
        let mut text = String::new();
        while let Some((at, character)) = characters.next() {
            if Some(character) == quote {
                self.at = begins + at + 1;
                return Ok(text);
            }
            if character != '\\' {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some((_, escaped @ ('"' | '\'' | '\\'))) => text.push(escaped),
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                _ => {
                    self.at = begins + at;
                    return Err(self.expected(Expected::Escape));
                }
            }
        }
        Err(self.expected(Expected::Quote))
    }

    fn word(&self) -> &'t str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
        &rest[..end]
    }

    /// Takes a mark, or a word in any case that ends there.
    fn take(&mut self, wanted: &str) -> bool {
        self.skip_space();
        let rest = &self.text[self.at..];
        let is_word = wanted.starts_with(|c: char| c.is_ascii_alphabetic());
        let found = if is_word { self.word().eq_ignore_ascii_case(wanted) } else { rest.starts_with(wanted) };
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn expected(&self, expected: Expected) -> BadExpression {
        BadExpression { at: self.text[..self.at].chars().count() + 1, expected }
    }
}

#[cfg(test)]
mod tests;
