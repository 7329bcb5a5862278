//! The walkthrough as a program: its blocks of commands, and what follows them.
//!
//! A block starts with `sh` behind its fence, or with `sh database` where it needs MongoDB and RabbitMQ. The list below it
//! says what one sees: in `**Terminal:**` and `**Inbox, TAB:**`, whatever stands as code has to be there; of `**Nowhere:**`,
//! nothing may be in any tab. `**Quota:**` begins with the numbers of errors and transactions: just so many have to arrive.

use std::fs;

use demo::generated::root;
use regex::Regex;

/// Where it is.
pub(crate) const DOCUMENT: &str = "docs/walkthrough.md";

/// A block of commands, and what it promises.
#[derive(Debug)]
pub(crate) struct Step {
    /// Of its first command.
    pub(crate) line: usize,
    pub(crate) needs_database: bool,
    pub(crate) commands: String,
    pub(crate) promises: Vec<Promise>,
    pub(crate) quota: Option<Quota>,
}

/// A text that is to be seen.
#[derive(Debug)]
pub(crate) struct Promise {
    /// `Terminal`, a tab of the inbox, or `Nowhere`.
    pub(crate) place: String,
    pub(crate) text: String,
}

/// What a block costs in Sentry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) errors: u64,
    pub(crate) transactions: u64,
}

pub(crate) fn text() -> String {
    fs::read_to_string(root().join(DOCUMENT)).expect("the walkthrough")
}

/// Every block, in the order of the document.
pub(crate) fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // The lists of stops without commands are for people.
    let mut is_below_block = false;
    let mut lines = document.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```sh") else {
            is_below_block &= !line.starts_with('#');
            if line.starts_with("- **") && is_below_block {
                let mut bullet = line.to_owned();
                while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with("  ")) {
                    bullet.push(' ');
                    bullet.push_str(more.trim());
                }
                read_bullet(&bullet, steps.last_mut().expect("a step"));
            }
            continue;
        };
        let commands: Vec<_> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        is_below_block = true;
        steps.push(Step {
            line: number + 2,
            needs_database: kind.trim() == "database",
            commands: commands.join("\n"),
            promises: Vec::new(),
            quota: None,
        });
    }
    steps
}

fn read_bullet(bullet: &str, step: &mut Step) {
    let parts = Regex::new(r"^- \*\*([A-Za-z, ]+):\*\* (.*)$").expect("a pattern");
    let Some(parts) = parts.captures(bullet) else { panic!("{DOCUMENT}: `{bullet}` names no place") };
    let (place, text) = (&parts[1], &parts[2]);
    if place == "Quota" {
        let numbers = Regex::new(r"^(\d+) errors?, (\d+) transactions?").expect("a pattern");
        let numbers =
            numbers.captures(text).unwrap_or_else(|| panic!("{DOCUMENT}: no numbers in `{bullet}`"));
        let number = |index: usize| numbers[index].parse().expect("a number");
        assert!(step.quota.is_none(), "{DOCUMENT}: `{bullet}` follows another quota");
        step.quota = Some(Quota { errors: number(1), transactions: number(2) });
        return;
    }
    let is_looked_at = ["Terminal", "Nowhere"].contains(&place);
    let Some(place) = place.strip_prefix("Inbox, ").or(is_looked_at.then_some(place)) else { return };
    let code = Regex::new("`([^`]+)`").expect("a pattern");
    let promises = code.captures_iter(text);
    step.promises
        .extend(promises.map(|found| Promise { place: place.to_owned(), text: found[1].to_owned() }));
}

#[test]
fn blocks_are_read_with_what_follows_them() {
    let document = "\
# A\n\n```sh\ncurl a\ncurl b\n```\n\n- **Terminal:** a `x`\n  and `y`\n- **Inbox, Issues:** `z`\n- **Sentry:** `w`\n\
- **Quota:** 2 errors, 1 transaction; and more\n\n```console\n$ none\n```\n\n```sh database\ncurl c\n```\n- **Say:** no";
    let steps = steps(document);
    let [first, second] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((first.line, first.needs_database, first.commands.as_str()), (4, false, "curl a\ncurl b"));
    let promised: Vec<_> = first.promises.iter().map(|it| (it.place.as_str(), it.text.as_str())).collect();
    assert_eq!(promised, [("Terminal", "x"), ("Terminal", "y"), ("Issues", "z")]);
    assert_eq!(first.quota, Some(Quota { errors: 2, transactions: 1 }));
    assert!(second.needs_database && second.promises.is_empty() && second.quota.is_none());
}
