//! A page about a configuration file, from the structs that read it: names, forms and doc comments cannot drift apart.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use crate::workspace::root;

/// A table of a configuration file: its heading, and the struct that reads it.
pub struct Table {
    /// `[name]` as in the file; empty for what stands above every table.
    pub name: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The struct in it.
    pub of: &'static str,
}

/// The page of a file with these tables.
pub fn page(title: &str, about: &str, tables: &[Table]) -> Result<Option<String>> {
    let mut page = format!("<!-- Written by `cargo xtask generate`. -->\n# `{title}`\n\n{about}\n");
    for table in tables {
        let text =
            fs::read_to_string(root().join(table.file)).with_context(|| format!("cannot read {}", table.file))?;
        let fields = fields(&text, table.of);
        let fields = fields.with_context(|| format!("{} has no struct {}", table.file, table.of))?;
        if !table.name.is_empty() {
            write!(page, "\n## `[{}]`\n", table.name)?;
        }
        page.push_str("\n| name | form | meaning |\n| --- | --- | --- |\n");
        for field in fields {
            writeln!(page, "| `{}` | {} | {} |", field.name, form(&text, &field.kind), field.meaning)?;
        }
    }
    Ok(Some(page))
}

struct Field {
    name: String,
    kind: String,
    meaning: String,
}

/// The public fields of a struct, under the names that serde reads.
fn fields(text: &str, of: &str) -> Option<Vec<Field>> {
    let (mut fields, mut meaning, mut renamed) = (Vec::new(), Vec::new(), None);
    for line in body(text, &format!("pub struct {of} {{"))? {
        if let Some(words) = line.strip_prefix("///") {
            meaning.push(words.trim());
        } else if let Some(attribute) = line.strip_prefix("#[serde(rename = \"") {
            renamed = attribute.split('"').next();
        } else if let Some((name, kind)) = line.strip_prefix("pub ").and_then(|field| field.split_once(": ")) {
            let (name, kind) = (renamed.take().unwrap_or(name).to_owned(), kind.trim_end_matches(',').to_owned());
            let words = std::mem::take(&mut meaning).join(" ");
            fields.push(Field { name, kind, meaning: words.trim_end_matches('.').to_owned() });
        }
    }
    Some(fields)
}

/// What may stand after the `=`, from the type of the field.
fn form(text: &str, kind: &str) -> String {
    let inner = |wrapper: &str| kind.strip_prefix(wrapper)?.strip_suffix('>');
    if let Some(kind) = inner("Option<").or_else(|| inner("Secret<")) {
        return form(text, kind);
    }
    if let Some(range) = inner("Range<") {
        let parts: Vec<_> = range.split(", ").collect();
        if let [least, most, default] = parts[..] {
            let most = if most.contains("MAX") { "or more".to_owned() } else { format!("to {most}") };
            return format!("{least} {most}; {default}");
        }
    }
    match kind {
        "bool" => "`true` or `false`".to_owned(),
        "PathBuf" => "path".to_owned(),
        "PublicUrls" => "URL, or list of URLs".to_owned(),
        "Shown" | "String" => "text".to_owned(),
        "SocketAddr" => "address and port".to_owned(),
        "ComputerNames" | "Gateway" | "Smtp" => "table".to_owned(),
        "u64" => "number".to_owned(),
        _ if kind.starts_with("BTreeMap<") || kind.starts_with("Map<") => "table".to_owned(),
        _ if kind.starts_with("Vec<") => "list of texts".to_owned(),
        _ => words(text, kind).unwrap_or_else(|| kind.to_owned()),
    }
}

/// The words of an enum of the same file, the default one last.
fn words(text: &str, of: &str) -> Option<String> {
    let (mut words, mut default, mut is_default) = (Vec::new(), None, false);
    for line in body(text, &format!("pub enum {of} {{"))? {
        if line == "#[default]" {
            is_default = true;
        } else if !line.starts_with("///") {
            let word = format!("`{}`", line.trim_end_matches(',').to_uppercase());
            default = if std::mem::take(&mut is_default) { Some(word.clone()) } else { default };
            words.push(word);
        }
    }
    let default = default.map_or_else(String::new, |word| format!("; {word}"));
    Some(format!("{}{default}", words.join(", ")))
}

/// The trimmed lines between the head of an item and its closing brace.
fn body<'t>(text: &'t str, head: &str) -> Option<impl Iterator<Item = &'t str>> {
    let (_, rest) = text.split_once(&format!("{head}\n"))?;
    Some(rest.lines().take_while(|line| *line != "}").map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/// Whole.\npub struct Config {\n    /// How long,\n    /// in minutes.\n    #[serde(rename = \
                        \"Minutes\")]\n    pub minutes: Range<1, 60, 5>,\n    /// Which.\n    pub mode: \
                        Option<Mode>,\n}\n\npub enum Mode {\n    /// One.\n    One,\n    /// Two.\n    #[default]\n    \
                        Two,\n}\n";

    #[test]
    fn a_field_is_known_by_the_name_in_the_file() {
        let fields = fields(TEXT, "Config").expect("the struct is there");
        let read: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.meaning.as_str())).collect();
        assert_eq!(read, [("Minutes", "How long, in minutes"), ("mode", "Which")]);
        assert_eq!(form(TEXT, &fields[0].kind), "1 to 60; 5");
        assert_eq!(form(TEXT, &fields[1].kind), "`ONE`, `TWO`; `TWO`");
    }

    #[test]
    fn a_struct_that_is_gone_is_seen() {
        assert!(fields(TEXT, "Other").is_none());
    }
}
