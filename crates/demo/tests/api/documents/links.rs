//! Links of Markdown documents, as GitHub follows them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

/// The document without its blocks of code; the number of its lines stays.
pub(crate) fn without_blocks(document: &str) -> String {
    let mut inside = false;
    let lines = document.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        if inside || is_fence { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The document without any code.
pub(crate) fn prose(document: &str) -> String {
    let code = Regex::new("`[^`\n]*`").expect("a pattern");
    code.replace_all(&without_blocks(document), "code").into_owned()
}

/// What the document links to: Markdown links, images, definitions, and `href`, `src` and `srcset` of HTML.
fn targets(document: &str) -> Vec<String> {
    let link = r#"\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|(?m:^\[[^\]]+\]:\s*(\S+))|(?:href|src|srcset)="([^"]+)""#;
    let link = Regex::new(link).expect("a pattern");
    let target =
        |found: regex::Captures<'_>| Some(found.iter().skip(1).flatten().next()?.as_str().to_owned());
    link.captures_iter(&prose(document)).filter_map(target).collect()
}

/// The anchors of a document: its headings, as GitHub makes them.
fn anchors(document: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for line in without_blocks(document).lines() {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
        let anchor: String =
            kept.flat_map(char::to_lowercase).map(|it| if it == ' ' { '-' } else { it }).collect();
        let times = seen.entry(anchor.clone()).or_default();
        anchors.push(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
        *times += 1;
    }
    anchors
}

/// The links of a document that lead nowhere, with the reason. Other hosts are not asked.
pub(crate) fn dead_links(root: &Path, document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).expect("a document");
    let dead = |target: &String| {
        let why = why_dead(root, document, &text, target)?;
        Some(format!("{}: {target}: {why}", document.strip_prefix(root).unwrap_or(document).display()))
    };
    targets(&text).iter().filter_map(dead).collect()
}

fn why_dead(root: &Path, document: &Path, text: &str, target: &str) -> Option<&'static str> {
    if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let there = if path.is_empty() { Some(document.to_owned()) } else { resolved(document, path) };
    let Some(there) = there.filter(|there| there.starts_with(root)) else {
        return Some("it leaves the repository");
    };
    if !there.exists() {
        return Some("there is no such file");
    }
    let anchor = anchor?;
    let linked =
        if path.is_empty() { text.to_owned() } else { fs::read_to_string(&there).unwrap_or_default() };
    (!anchors(&linked).iter().any(|it| it == anchor)).then_some("it has no such heading")
}

/// The path without `..`; `None` if it leads above the file system's root.
fn resolved(document: &Path, path: &str) -> Option<PathBuf> {
    let mut there = document.parent()?.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => there.push(name),
            Component::ParentDir if !there.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(there)
}

#[test]
fn dead_links_are_found_with_the_reason() {
    let folder = std::env::temp_dir().join(format!("demo-links-{}", std::process::id()));
    fs::create_dir_all(folder.join("docs")).expect("a folder");
    let folder = folder.canonicalize().expect("a folder");
    fs::write(folder.join("docs/b.md"), "# A `b` & C\n## Twice\n## Twice\n").expect("a document");
    let good = "[x](docs/b.md) [y](docs/b.md#a-b--c) [z](#here) [`t`](docs/b.md#twice-1) ![i](docs) \
                [e](https://example.com/none)\n# Here\n```\n[code](none)\n```\n`[code](none)`\n";
    let document = folder.join("a.md");
    fs::write(&document, good).expect("a document");
    assert_eq!(dead_links(&folder, &document), Vec::<String>::new());
    let bad = "[x](none.md) [y](docs/b.md#none) [z](../a.md) [w](/etc) <a href=\"none\"></a> <img src=\"none\"/> \
               <source srcset=\"none\"/>\n[r]: none";
    fs::write(&document, bad).expect("a document");
    let dead = dead_links(&folder, &document);
    let reasons: Vec<_> =
        dead.iter().map(|it| it.split(": ").skip(1).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(
        reasons,
        [
            "none.md: there is no such file",
            "docs/b.md#none: it has no such heading",
            "../a.md: it leaves the repository",
            "/etc: it leaves the repository",
            "none: there is no such file",
            "none: there is no such file",
            "none: there is no such file",
            "none: there is no such file",
        ]
    );
    fs::remove_dir_all(folder).expect("the folder goes");
}
