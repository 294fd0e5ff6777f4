//! The demo's MCP tools: what they are called, what they take, what they do to the documents.
//!
//! May import `model`. Start reading at [`Tool`]; the wire around the calls is in `mcp.rs`.

use serde_json::{Map, Value, json};

use crate::demo::DemoTools;
use crate::demo::error::DemoError;
use crate::demo::state::Data;

/// Most matches `search_docs` answers with.
const MAX_MATCHES: usize = 20;

/// A tool of the demo server. One variant a tool, so that its name, schema and work cannot drift apart unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// Find lines in the documents.
    SearchDocs,
    /// The text of one document.
    ReadFile,
    /// Remove one document for good.
    DeleteFile,
    /// Pretend to send an email.
    SendEmail,
}

/// What a tool answers: text for the model, and whether the tool itself failed (`isError`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ToolAnswer {
    /// The text content.
    pub(super) text: String,
    /// The call was understood but could not be done.
    pub(super) is_error: bool,
}

/// Calls the tool called `name` with `arguments`, counting that the call reached it.
///
/// # Errors
/// [`DemoError::UnknownTool`], or [`DemoError::BadArguments`] when the arguments do not fit the tool's schema.
pub(super) fn call(
    tools: &DemoTools,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<ToolAnswer, DemoError> {
    let tool = Tool::ALL.into_iter().find(|tool| tool.name() == name).ok_or(DemoError::UnknownTool)?;
    tools.with(|data| {
        data.count(tool.name());
        tool.run(data, arguments)
    })
}

impl Tool {
    /// Every tool, in the order they are listed.
    pub(super) const ALL: [Self; 4] = [Self::SearchDocs, Self::ReadFile, Self::DeleteFile, Self::SendEmail];

    /// The name callers use, which is also its key in the call counter.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SearchDocs => "search_docs",
            Self::ReadFile => "read_file",
            Self::DeleteFile => "delete_file",
            Self::SendEmail => "send_email",
        }
    }

    /// The tool's entry in `tools/list`.
    pub(super) fn definition(self) -> Value {
        let (title, description, annotations) = match self {
            Self::SearchDocs => (
                "Search the documents",
                "Find the lines of the team's documents that contain a text, upper and lower case alike.",
                json!({"readOnlyHint": true, "openWorldHint": false}),
            ),
            Self::ReadFile => (
                "Read a document",
                "Return the whole text of one document.",
                json!({"readOnlyHint": true, "openWorldHint": false}),
            ),
            Self::DeleteFile => (
                "Delete a document",
                "Delete one document. This cannot be undone.",
                json!({"readOnlyHint": false, "destructiveHint": true, "idempotentHint": true, "openWorldHint": false}),
            ),
            Self::SendEmail => (
                "Send an email",
                "Send a plain-text email to one person. The demo only counts it.",
                json!({"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": true}),
            ),
        };
        json!({
            "name": self.name(),
            "title": title,
            "description": description,
            "inputSchema": self.input_schema(),
            "annotations": annotations,
        })
    }

    /// The arguments the tool takes, each a string and each required, with a word about it.
    const fn parameters(self) -> &'static [(&'static str, &'static str)] {
        const PATH: (&str, &str) = ("path", "Path of the document, such as handbook/refunds.md");
        match self {
            Self::SearchDocs => &[("query", "Text to look for")],
            Self::ReadFile | Self::DeleteFile => &[PATH],
            Self::SendEmail => {
                &[("to", "Email address"), ("subject", "Subject line"), ("body", "Text of the message")]
            }
        }
    }

    fn input_schema(self) -> Value {
        let mut properties = Map::new();
        for (name, description) in self.parameters() {
            properties.insert((*name).to_owned(), json!({"type": "string", "description": description}));
        }
        let required: Vec<&str> = self.parameters().iter().map(|(name, _)| *name).collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    fn run(self, data: &mut Data, arguments: &Map<String, Value>) -> Result<ToolAnswer, DemoError> {
        self.check_names(arguments)?;
        match self {
            Self::SearchDocs => Ok(search(data, self.text(arguments, "query")?)),
            Self::ReadFile => Ok(read(data, self.text(arguments, "path")?)),
            Self::DeleteFile => Ok(delete(data, self.text(arguments, "path")?)),
            Self::SendEmail => {
                let to = self.text(arguments, "to")?;
                self.text(arguments, "subject")?;
                self.text(arguments, "body")?;
                Ok(send(data, to))
            }
        }
    }

    fn check_names(self, arguments: &Map<String, Value>) -> Result<(), DemoError> {
        let known = self.parameters();
        if arguments.keys().all(|key| known.iter().any(|(name, _)| name == key)) {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        Err(self.bad_arguments(format!("it takes only {}", names.join(", "))))
    }

    fn text<'a>(self, arguments: &'a Map<String, Value>, name: &str) -> Result<&'a str, DemoError> {
        let value = arguments.get(name).and_then(Value::as_str);
        value.ok_or_else(|| self.bad_arguments(format!("{name} must be a string")))
    }

    fn bad_arguments(self, detail: String) -> DemoError {
        DemoError::BadArguments { tool: self.name(), detail }
    }
}

impl ToolAnswer {
    fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: false }
    }

    fn failed(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: true }
    }
}

fn search(data: &Data, query: &str) -> ToolAnswer {
    let query = query.trim().to_lowercase();
    if query.is_empty() {
        return ToolAnswer::failed("The query is empty: give a word to look for.");
    }
    let mut matches = Vec::new();
    for (path, text) in &data.documents {
        let hits = text.lines().enumerate().filter(|(_, line)| line.to_lowercase().contains(&query));
        matches.extend(hits.map(|(index, line)| format!("{path}:{}: {line}", index + 1)));
    }
    matches.truncate(MAX_MATCHES);
    if matches.is_empty() {
        return ToolAnswer::done("No document contains that text.");
    }
    ToolAnswer::done(matches.join("\n"))
}

fn read(data: &Data, path: &str) -> ToolAnswer {
    match data.documents.get(path) {
        Some(text) => ToolAnswer::done(*text),
        None => no_such_file(),
    }
}

fn delete(data: &mut Data, path: &str) -> ToolAnswer {
    match data.documents.remove_entry(path) {
        Some((path, _)) => ToolAnswer::done(format!("Deleted {path}.")),
        None => no_such_file(),
    }
}

fn send(data: &mut Data, to: &str) -> ToolAnswer {
    if !to.contains('@') {
        return ToolAnswer::failed("The recipient is not an email address.");
    }
    data.emails_sent += 1;
    ToolAnswer::done(format!("Message {} accepted for delivery.", data.emails_sent))
}

fn no_such_file() -> ToolAnswer {
    ToolAnswer::failed("No such file. search_docs shows the paths of the documents that contain a text.")
}
