//! docs/policy-testing.md: every file of it is written, every command run, and what the page shows is what is said.

use crate::verbs::folder::Folder;

const PAGE: &str = include_str!("../../../docs/policy-testing.md");

/// The fenced blocks of the page, each with its language and the file it is, where the line before says so.
fn blocks() -> Vec<(String, Option<String>, String)> {
    let mut blocks = Vec::new();
    let mut file = None;
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("<!-- file: ").and_then(|rest| rest.strip_suffix(" -->")) {
            file = Some(name.to_owned());
        } else if let Some(language) = line.strip_prefix("```") {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), file.take(), text.join("\n") + "\n"));
        }
    }
    blocks
}

#[test]
fn what_the_page_shows_is_what_is_said() {
    let folder = Folder::with(&[]);
    let mut commands = 0;
    for (language, file, text) in blocks() {
        match (language.as_str(), file) {
            (_, Some(file)) => folder.write(&file, &text),
            ("console", None) => commands += session(&folder, &text),
            (other, None) => panic!("a block of {other} that is no file and no command:\n{text}"),
        }
    }
    assert!(commands >= 7, "{commands}");
}

/// Runs the commands of a block, each followed by what it says.
fn session(folder: &Folder, text: &str) -> usize {
    let mut last = 0;
    let mut ran_here = 0;
    for step in text.strip_prefix("$ ").unwrap().split("\n$ ") {
        let (command, shown) = step.split_once('\n').unwrap_or((step, ""));
        if command == "echo" || command.starts_with("echo ") {
            assert_eq!(shown.trim(), last.to_string(), "{text}");
            continue;
        }
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "aegis", "{command}");
        let ran = folder.run(&words[1..]);
        last = ran.code;
        ran_here += 1;
        let said: String = (ran.errors + &ran.said)
            .lines()
            .map(|line| {
                if line.starts_with("snapshot: ") {
                    "snapshot: ...\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        assert_eq!(said.trim_end(), shown.trim_end(), "{command}");
    }
    ran_here
}
